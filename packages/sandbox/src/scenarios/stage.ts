/** The steps that provider scenarios consist of. */
import { nanoid } from "nanoid";
import { createCheckoutSession } from "../billing/checkout/open.ts";
import { payCheckoutSession } from "../billing/checkout/pay.ts";
import { findById } from "../billing/find-by-id.ts";
import { availableBalance } from "../billing/ledger.ts";
import type { Customer, Subscription } from "../billing/records.ts";
import { cancelAtPeriodEnd, cancelImmediately } from "../billing/subscriptions/cancel.ts";
import { currentSubscriptions, latestPeriod, newestCurrent } from "../billing/subscriptions/find.ts";
import { openPeriod, startDefaultPlan } from "../billing/subscriptions/start.ts";
import { createUsageEvent } from "../billing/usage-events.ts";
import { applyDue } from "../clock/apply-due.ts";
import type { State } from "../state.ts";

/** What a scenario works on. */
export interface Stage {
	state: State;
	customer: Customer;
	nowMs: number;
}

/** Buys a price at the checkout. */
export function buy({ state, customer, nowMs }: Stage, priceSlug: string): void {
	const urls = { successUrl: "http://localhost/", cancelUrl: "http://localhost/" };
	const session = createCheckoutSession(state, { type: "product", priceSlug, customerExternalId: customer.externalId, ...urls }, nowMs);
	payCheckoutSession(state, session, "4242", nowMs);
	applyDue(state, nowMs);
}

function currentOf({ state, customer }: Stage): Subscription {
	return findById(state.subscriptions, newestCurrent(state, customer.id)?.id ?? "", "Subscription");
}

/** The customer's only plan, Pro: the present one if it is active with credits, else a new one. */
export function pro(stage: Stage): Subscription {
	const { state, customer } = stage;
	const [plan, another] = currentSubscriptions(state, customer.id);
	const isGood = plan?.status === "active" && !plan.isFreePlan && balanceOf(state, plan) > 0;
	if (isGood && another === undefined) return plan;
	leavePaidPlans(stage);
	buy(stage, "pro_monthly");
	return currentOf(stage);
}

/** Cancels all paid plans now. */
export function leavePaidPlans({ state, customer, nowMs }: Stage): void {
	for (const plan of currentSubscriptions(state, customer.id)) if (!plan.isFreePlan) cancelImmediately(state, plan, nowMs);
}

/** The customer's only plan, the free one. */
export function free(stage: Stage): Subscription {
	leavePaidPlans(stage);
	return newestCurrent(stage.state, stage.customer.id) ?? startDefaultPlan(stage.state, stage.customer, stage.nowMs);
}

function balanceOf(state: State, { id }: Subscription): number {
	return availableBalance(state.ledger.filter(({ subscriptionId }) => subscriptionId === id));
}

/** Uses credits until the balance is `toBalance`. */
export function use({ state, nowMs }: Stage, subscription: Subscription, toBalance: number): void {
	const balance = balanceOf(state, subscription);
	if (balance <= toBalance) return;
	const event = { subscriptionId: subscription.id, usageMeterSlug: "ai_requests", transactionId: `seed_${nanoid()}` };
	createUsageEvent(state, { ...event, amount: balance - toBalance }, nowMs);
}

/** Ends the current period now, without moving the clock. */
export function endPeriod({ state, nowMs }: Stage, subscription: Subscription): void {
	const period = latestPeriod(state, subscription.id);
	if (period === undefined) return;
	for (const entry of state.ledger) {
		if (entry.type === "grant" && entry.billingPeriodId === period.id && entry.expiresAtMs !== null) entry.expiresAtMs = nowMs;
	}
	period.endMs = nowMs;
	subscription.currentBillingPeriodEnd = nowMs;
	applyDue(state, nowMs);
}

/** Makes a free plan renew each month, as if it had started while its price was recurring. */
export function renewing({ state, nowMs }: Stage, plan: Subscription): Subscription {
	if (plan.renews) return plan;
	Object.assign(plan, { renews: true, interval: "month", intervalCount: 1, billingCycleAnchorDate: nowMs });
	openPeriod(state, plan, nowMs);
	return plan;
}

/** Ends Pro as scheduled, which leaves the customer without a plan. */
export function leaveWithoutPlan(stage: Stage): void {
	const plan = pro(stage);
	cancelAtPeriodEnd(stage.state, plan, stage.nowMs);
	endPeriod(stage, plan);
}
