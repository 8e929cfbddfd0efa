import type { MouseEvent } from "react";
import { t } from "../../text/text.ts";
import type { BillingView, PaymentMethodView, PlanStanding } from "../../view/billing.ts";
import { CheckoutButton } from "../billing/checkout.tsx";
import type { BillingActions } from "../billing/source.ts";
import { fetchAsViewer } from "../session/page-viewer.ts";
import { Section } from "./section.tsx";

const kindLabels: Record<PaymentMethodView["kind"], () => string> = {
	card: () => t("card_card"),
	link: () => t("card_link"),
	"bank account": () => t("card_bank"),
	other: () => t("card_other"),
};

interface PaymentMethodsProps {
	view: BillingView;
	actions: BillingActions;
	plan: PlanStanding | undefined;
}

/** The cards on file, and a button to add one unless the plan section already offers to replace it. */
export function PaymentMethods({ view: { paymentMethods, portalUrl }, actions, plan }: PaymentMethodsProps) {
	if (!plan && paymentMethods.length === 0) return null;
	return (
		<Section title={t("account_payment")}>
			{paymentMethods.length === 0 ? (
				<p className="text-soft">{t("account_no_card")}</p>
			) : (
				<ul className="flex flex-col gap-1">
					{paymentMethods.map((method) => (
						<li key={method.id}>
							{labelOf(method)}
							{method.isDefault && <span className="text-soft"> · {t("account_default")}</span>}
						</li>
					))}
				</ul>
			)}
			<div className="mt-4 flex flex-wrap items-center gap-x-4 gap-y-3">
				{plan?.state !== "owed" && plan?.state !== "unpaid" && (
					<CheckoutButton label={t("account_add_card")} main={false} open={() => actions.addPaymentMethod(plan?.id)} />
				)}
				{portalUrl && (
					<a href={portalUrl} className="link" target="_blank" rel="noopener" onClick={(event) => void openOurs(event, portalUrl)}>
						{t("account_portal")}
					</a>
				)}
			</div>
		</Section>
	);
}

function labelOf({ kind, brand, last4, expires }: PaymentMethodView): string {
	const name = brand ? brand.charAt(0).toUpperCase() + brand.slice(1) : kindLabels[kind]();
	const ending = last4 ? t("card_ending", { name, last4 }) : name;
	if (!expires) return ending;
	return t("card_expires", { name: ending, date: `${String(expires.month).padStart(2, "0")}/${expires.year}` });
}

/** Our own link to the portal first requires a recent proof of identity, for which a new tab has no dialog. */
async function openOurs(event: MouseEvent, portalUrl: string): Promise<void> {
	if (!portalUrl.startsWith("/")) return;
	event.preventDefault();
	const asked = await fetchAsViewer("/api/billing/prove", { method: "POST" }).catch(() => null);
	if (asked?.ok) location.assign(portalUrl);
}
