import type { FlowgladBilling } from "../../../view/flowglad.ts";

/** How long a checkout can be paid. */
const CHECKOUT_LIVES_MS = 24 * 3_600_000;

/**
 * Whether a paid plan can start. Flowglad ends a free plan for it only while that is active. A renewing free plan is past due after its first month;
 * then the card is taken and no plan starts (flowglad.md, 0.3). So the free plan must stay active as long as a checkout can be paid.
 * `as-new-customer`: after archiving and recreating the customer, which frees its id and loses nothing if nothing was ever bought.
 */
export function planStart(
	billing: FlowgladBilling & { invoices?: readonly { invoiceLineItems?: readonly { price: number; quantity: number }[] }[] },
	nowMs: number,
): "possible" | "as-new-customer" | "impossible" {
	const { subscriptions = [], currentSubscriptions, purchases = [], invoices = [] } = billing;
	const current = currentSubscriptions ?? subscriptions.filter((one) => one.current);
	const isInTheWay = current.some(({ isFreePlan, status, renews, currentBillingPeriodEnd }) => {
		if (!isFreePlan) return false;
		const renewsAtMs = renews === false ? null : currentBillingPeriodEnd;
		return status !== "active" || (typeof renewsAtMs === "number" && renewsAtMs <= nowMs + CHECKOUT_LIVES_MS);
	});
	if (!isInTheWay) return "possible";
	// A renewing free plan with a card has invoices of $0.
	const hasPaid = invoices.some(({ invoiceLineItems: lines }) => !lines || lines.some(({ price, quantity }) => price * quantity !== 0));
	const hasBought = hasPaid || purchases.some(({ status }) => status === "paid");
	return hasBought || subscriptions.some(({ isFreePlan }) => isFreePlan === false) ? "impossible" : "as-new-customer";
}
