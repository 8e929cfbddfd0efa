import type { BillingView, PaymentMethodView, PlanStanding } from "../../view/billing.ts";
import { CheckoutButton } from "../billing/checkout.tsx";
import type { BillingActions } from "../billing/source.ts";
import { Section } from "./section.tsx";

const kindLabels: Record<PaymentMethodView["kind"], string> = {
	card: "Card",
	link: "Link",
	"bank account": "Bank account",
	other: "Other",
};

interface PaymentMethodsProps {
	view: BillingView;
	actions: BillingActions;
	plan: PlanStanding | undefined;
}

/** The cards on file, and a button that adds one unless the plan section already replaces it. */
export function PaymentMethods({ view: { paymentMethods, portalUrl }, actions, plan }: PaymentMethodsProps) {
	if (!plan && paymentMethods.length === 0) return null;
	return (
		<Section title="Payment">
			{paymentMethods.length === 0 ? (
				<p className="text-soft">No card on file.</p>
			) : (
				<ul className="flex flex-col gap-1">
					{paymentMethods.map((method) => (
						<li key={method.id}>
							{labelOf(method)}
							{method.isDefault && <span className="text-soft"> · default</span>}
						</li>
					))}
				</ul>
			)}
			<div className="mt-4 flex flex-wrap items-center gap-x-4 gap-y-3">
				{plan?.state !== "owed" && plan?.state !== "unpaid" && (
					<CheckoutButton label="Add a card" main={false} open={() => actions.addPaymentMethod(plan?.id)} />
				)}
				{portalUrl && (
					<a href={portalUrl} className="link" target="_blank" rel="noopener">
						Open the billing portal
					</a>
				)}
			</div>
		</Section>
	);
}

function labelOf({ kind, brand, last4, expires }: PaymentMethodView): string {
	const name = brand ? brand.charAt(0).toUpperCase() + brand.slice(1) : kindLabels[kind];
	const ending = last4 ? ` ending in ${last4}` : "";
	return name + ending + (expires ? ` · expires ${String(expires.month).padStart(2, "0")}/${expires.year}` : "");
}
