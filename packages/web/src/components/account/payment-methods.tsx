import { CheckoutButton } from "../billing/checkout.tsx";
import type { Billing, Plan } from "./plan.ts";
import { addCard } from "./plan-section.tsx";
import { Section } from "./section.tsx";

type PaymentMethod = Billing["paymentMethods"][number];

/** The provider's names of what is not a card. */
const kinds: Record<PaymentMethod["type"], string> = {
	card: "Card",
	link: "Link",
	us_bank_account: "Bank account",
	sepa_debit: "Bank account",
};

export function PaymentMethods({ billing, plan }: { billing: Billing; plan: Plan | undefined }) {
	const { paymentMethods, billingPortalUrl } = billing;
	const isOwed = plan?.status === "past_due" || plan?.status === "unpaid";
	if (!plan && paymentMethods.length === 0) return null;
	return (
		<Section title="Payment">
			{paymentMethods.length === 0 ? (
				<p className="text-soft">There is no card yet.</p>
			) : (
				<ul className="flex flex-col gap-1">
					{paymentMethods.map((method) => (
						<li key={method.id}>
							{wordsOf(method)}
							{method.default && <span className="text-soft">, used for payments</span>}
						</li>
					))}
				</ul>
			)}
			<div className="mt-4 flex flex-wrap items-center gap-x-4 gap-y-3">
				{!isOwed && <CheckoutButton label="Add a card" main={false} open={() => addCard(billing, plan)} />}
				{billingPortalUrl && (
					<a href={billingPortalUrl} className="link" target="_blank" rel="noopener">
						Open the billing portal
					</a>
				)}
			</div>
		</Section>
	);
}

function wordsOf({ type, paymentMethodData: data }: PaymentMethod): string {
	const brand = typeof data.brand === "string" ? data.brand.charAt(0).toUpperCase() + data.brand.slice(1) : kinds[type];
	const ending = typeof data.last4 === "string" ? ` ending in ${data.last4}` : "";
	const expires = typeof data.exp_month === "number" && typeof data.exp_year === "number";
	return brand + ending + (expires ? `, to ${String(data.exp_month).padStart(2, "0")}/${data.exp_year}` : "");
}
