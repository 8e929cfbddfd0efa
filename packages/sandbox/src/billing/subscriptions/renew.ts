import type { State } from "../../state.ts";
import { grantPeriodCredits } from "../credits.ts";
import { priceById } from "../pricing/pricing.ts";
import type { Subscription } from "../records.ts";
import { cardOf, customerOf, featureItemsOf, newestCurrent, setStatus } from "./find.ts";
import { replaceItems } from "./items.ts";
import { chargePeriod, end, openPeriod, startDefaultPlan } from "./start.ts";

/**
 * Ends the current period and starts the next. As in the real service (flowglad.md e), a scheduled cancellation leaves the customer
 * without any subscription, and a free plan without a card becomes `past_due`. Credits do not depend on the charge: a renewal with a
 * declined card is granted them too.
 */
export function renew(state: State, subscription: Subscription, atMs: number): void {
	if (subscription.status === "cancellation_scheduled") {
		endAsScheduled(state, subscription, atMs);
		return;
	}
	applyScheduledAdjustment(state, subscription, atMs);
	const period = openPeriod(state, subscription, atMs);
	// Before the grant: the grant pays the debt, and the invoice needs a line for it.
	chargePeriod(state, subscription, period, atMs);
	grantPeriodCredits(state, featureItemsOf(state, subscription.id), period, { isFirst: false, atMs });
	const isExempt = subscription.isFreePlan && !state.settings.freePlanPastDue;
	const isGood = cardOf(state, subscription) !== undefined || subscription.doNotCharge || isExempt;
	setStatus(subscription, isGood ? "active" : "past_due", atMs);
}

/** Emits no event: the real service sends none when a scheduled cancellation takes effect (flowglad.md h). */
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
