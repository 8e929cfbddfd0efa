import type { State } from "../../state.ts";
import { grantPeriodCredits } from "../credits.ts";
import { priceById } from "../pricing/pricing.ts";
import type { Subscription } from "../records.ts";
import { cardOf, customerOf, featureItemsOf, newestCurrent, setStatus } from "./find.ts";
import { replaceItems } from "./items.ts";
import { chargePeriod, end, openPeriod, startDefaultPlan } from "./start.ts";

/**
 * What happens when the current period ends. A scheduled cancellation leaves the customer with no
 * subscription at all; a free plan without a card becomes `past_due`: both as Flowglad does (flowglad.md e).
 * Credits come before the charge: a renewal whose card is declined has its grant all the same.
 */
export function renew(state: State, subscription: Subscription, atMs: number): void {
	if (subscription.status === "cancellation_scheduled") {
		endAsScheduled(state, subscription, atMs);
		return;
	}
	applyScheduledAdjustment(state, subscription, atMs);
	const period = openPeriod(state, subscription, atMs);
	// Before the grant, so that the invoice has a line for the debt that the grant is about to pay.
	chargePeriod(state, subscription, period, atMs);
	grantPeriodCredits(state, featureItemsOf(state, subscription.id), period, { isFirst: false, atMs });
	const isExempt = subscription.isFreePlan && !state.settings.freePlanPastDue;
	const isGood = cardOf(state, subscription) !== undefined || subscription.doNotCharge || isExempt;
	setStatus(subscription, isGood ? "active" : "past_due", atMs);
}

/** Emits nothing: the real service tells nobody when a scheduled cancellation takes effect (flowglad.md h). */
function endAsScheduled(state: State, subscription: Subscription, atMs: number): void {
	end(state, subscription, null, atMs);
	const customer = customerOf(state, subscription);
	if (!state.settings.noPlanAfterScheduledCancel && newestCurrent(state, customer.id) === undefined)
		startDefaultPlan(state, customer, atMs);
}

function applyScheduledAdjustment(state: State, subscription: Subscription, atMs: number): void {
	const scheduled = state.scheduledAdjustments.find(({ subscriptionId }) => subscriptionId === subscription.id);
	if (scheduled === undefined) return;
	state.scheduledAdjustments = state.scheduledAdjustments.filter((one) => one !== scheduled);
	const price = priceById(state, scheduled.priceId);
	if (price.type === "subscription") replaceItems(state, subscription, { price, quantity: scheduled.quantity, atMs });
}
