/** Changes of plan or quantity within a subscription. It keeps its id and therefore its credits. */
import type { State } from "../../state.ts";
import { grantAdjustedCredits } from "../credits.ts";
import { charge } from "../payments/charges.ts";
import { invoiceProration } from "../payments/invoices.ts";
import type { BillingPeriod, Subscription, SubscriptionPrice } from "../records.ts";
import { Refusal } from "../refusal.ts";
import { cardOf, customerOf, featureItemsOf, latestPeriod, quantityOf, requireNoScheduledChange, subscriptionPriceOf } from "./find.ts";
import { replaceItems } from "./items.ts";

export interface Adjustment {
	price: SubscriptionPrice;
	quantity: number;
	timing: "immediately" | "at_end_of_current_billing_period" | "auto";
	/** Whether the change is charged now. False: nothing is charged before the next period. */
	prorate: boolean;
	atMs: number;
}

/**
 * Adjusts a subscription. `auto` means immediately unless the price decreases, else at the period's end. An immediate change costs
 * the difference for the rest of the period, at least 0, and takes effect when that is paid. A declined card changes nothing and is
 * not an error. Without a charge the change takes effect here.
 * @throws Refusal
 */
export function adjust(state: State, subscription: Subscription, adjustment: Adjustment) {
	requireAdjustable(subscription);
	requireNoScheduledChange(state, subscription, "adjusting");
	const { price, quantity, timing, prorate, atMs } = adjustment;
	const period = latestPeriod(state, subscription.id);
	if (period === undefined) throw new Refusal("NOT_FOUND", `BillingPeriod with id subscription:${subscription.id} not found`);
	const oldTotal = subscriptionPriceOf(state, subscription).unitPrice * quantityOf(state, subscription);
	const newTotal = price.unitPrice * quantity;
	const isUpgrade = newTotal > oldTotal;
	const immediately = timing === "auto" ? newTotal >= oldTotal : timing === "immediately";
	if (!immediately && isUpgrade)
		throw new Refusal(
			"BAD_REQUEST",
			"EndOfCurrentBillingPeriod adjustments are only allowed for downgrades (zero or negative net charge).",
		);
	const dueCents = immediately && prorate ? netChargeCents(state, period, oldTotal, newTotal, atMs) : 0;
	const card = cardOf(state, subscription);
	if (dueCents > 0 && card === undefined)
		throw new Refusal("BAD_REQUEST", "No payment method found for subscription. It is required for immediate adjustments with proration.");
	state.scheduledAdjustments = state.scheduledAdjustments.filter(({ subscriptionId }) => subscriptionId !== subscription.id);
	if (!immediately) state.scheduledAdjustments.push({ subscriptionId: subscription.id, priceId: price.id, quantity });
	else if (card !== undefined && dueCents > 0) {
		const invoice = invoiceProration(state, {
			customer: customerOf(state, subscription),
			subscription,
			period,
			amountCents: dueCents,
			atMs,
		});
		const purpose = { type: "adjustment", subscriptionId: subscription.id, priceId: price.id, quantity } as const;
		charge(state, { invoice, card, purpose, atMs });
	} else applyAdjustment(state, subscription, { price, quantity, atMs });
	return {
		isUpgrade,
		resolvedTiming: immediately ? ("immediately" as const) : ("at_end_of_current_billing_period" as const),
	};
}

/** Applies a change, and grants the new plan's credits for the rest of the period. */
export function applyAdjustment(
	state: State,
	subscription: Subscription,
	change: { price: SubscriptionPrice; quantity: number; atMs: number },
): void {
	replaceItems(state, subscription, change);
	const period = latestPeriod(state, subscription.id);
	if (period !== undefined) grantAdjustedCredits(state, featureItemsOf(state, subscription.id), period, change.atMs);
}

/** The value of both plans for their share of the period, minus what was paid for the period. */
function netChargeCents(state: State, period: BillingPeriod, oldTotal: number, newTotal: number, atMs: number): number {
	const elapsed = (atMs - period.startMs) / (period.endMs - period.startMs);
	const worth = Math.round(oldTotal * elapsed) + Math.round(newTotal * (1 - elapsed));
	const paid = state.payments
		.filter(({ billingPeriodId, status }) => billingPeriodId === period.id && (status === "processing" || status === "succeeded"))
		.reduce((sum, { amount }) => sum + amount, 0);
	return Math.max(0, worth - paid);
}

function requireAdjustable(subscription: Subscription): void {
	if (!subscription.current)
		throw new Refusal("BAD_REQUEST", `Subscription ${subscription.id} is in terminal state ${subscription.status}`);
	if (subscription.doNotCharge)
		throw new Refusal("BAD_REQUEST", "Cannot adjust doNotCharge subscriptions. Cancel and create a new subscription instead.");
	if (subscription.isFreePlan)
		throw new Refusal("BAD_REQUEST", "Cannot adjust free plan subscriptions. Use createSubscription to upgrade from a free plan instead.");
	if (subscription.status === "cancellation_scheduled")
		throw new Refusal("BAD_REQUEST", "A cancellation is scheduled. Uncancel the subscription before adjusting.");
}
