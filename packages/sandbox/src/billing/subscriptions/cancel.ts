import type { State } from "../../state.ts";
import { emit } from "../../webhooks/messages.ts";
import { dropCharges } from "../payments/charges.ts";
import type { Subscription } from "../records.ts";
import { Refusal } from "../refusal.ts";
import { cardOf, customerOf, newestCurrent, requireNoScheduledChange, scheduledChangeOf, setStatus } from "./find.ts";
import { end, startDefaultPlan } from "./start.ts";

function requireCancelable(state: State, subscription: Subscription): void {
	if (subscription.isFreePlan)
		throw new Refusal("BAD_REQUEST", "Cannot cancel the default free plan. Please upgrade to a paid plan instead.");
	requireNoScheduledChange(state, subscription, "canceling");
}

/**
 * Ends the subscription now. A customer without another one falls back to the default plan, with new free credits. Idempotent.
 * @throws Refusal
 */
export function cancelImmediately(state: State, subscription: Subscription, atMs: number): void {
	if (!subscription.current) return;
	requireCancelable(state, subscription);
	endAndFallBack(state, subscription, atMs);
}

/** Like `cancelImmediately`, for a plan that ends by itself because its first payment failed. */
export function endAndFallBack(state: State, subscription: Subscription, atMs: number): void {
	const customer = customerOf(state, subscription);
	end(state, subscription, null, atMs);
	emit(state, "subscription.canceled", subscription.id, customer, atMs);
	if (newestCurrent(state, customer.id) === undefined) startDefaultPlan(state, customer, atMs);
}

/**
 * Schedules the cancellation for the period's end. Retries of overdue charges stop. Idempotent.
 * @throws Refusal
 */
export function cancelAtPeriodEnd(state: State, subscription: Subscription, atMs: number): void {
	if (!subscription.current) return;
	requireCancelable(state, subscription);
	subscription.cancelScheduledAt = subscription.currentBillingPeriodEnd ?? null;
	setStatus(subscription, "cancellation_scheduled", atMs);
	state.scheduledAdjustments = state.scheduledAdjustments.filter(({ subscriptionId }) => subscriptionId !== subscription.id);
	dropCharges(state, subscription.id);
}

/**
 * Reverts a scheduled cancellation. A subscription that was past due becomes `active`, as in the real service. Idempotent.
 * @throws Refusal
 */
export function uncancel(state: State, subscription: Subscription, atMs: number): void {
	if (subscription.status !== "cancellation_scheduled") return;
	if (!subscription.doNotCharge && cardOf(state, subscription) === undefined)
		throw new Refusal("BAD_REQUEST", "Cannot uncancel paid subscription without an active payment method");
	subscription.cancelScheduledAt = null;
	const { trialEnd } = subscription;
	setStatus(subscription, typeof trialEnd === "number" && trialEnd > atMs ? "trialing" : "active", atMs);
}

/**
 * Cancels a plan change that is scheduled for the period's end.
 * @throws Refusal if none is scheduled
 */
export function cancelScheduledChange(state: State, subscription: Subscription, atMs: number): void {
	const change = scheduledChangeOf(state, subscription.id);
	if (change === undefined)
		throw new Refusal("BAD_REQUEST", `Subscription ${subscription.id} does not have a scheduled adjustment to cancel.`);
	state.scheduledAdjustments = state.scheduledAdjustments.filter((one) => one !== change);
	subscription.updatedAt = atMs;
}
