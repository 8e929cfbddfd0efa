import type Stripe from "stripe";
import { config } from "../../../config.ts";
import { now } from "../../time/clock.ts";
import { statusOf } from "../errors.ts";
import type { Offer, PlanChange } from "../port.ts";
import { PERIOD_REQUESTS, periodAfterChange, periodOf, priceOf } from "./objects.ts";

/** Cancels a plan: now and without a refund, or at the end of its period. */
export async function cancelPlan(client: Stripe, planId: string, when: "now" | "period-end"): Promise<Stripe.Subscription> {
	await released(client, planId);
	if (when === "now") return client.subscriptions.cancel(planId);
	return client.subscriptions.update(planId, { cancel_at_period_end: true });
}

/** Undoes a cancellation, or a change that was to take effect at the end of the period. */
export async function resumePlan(client: Stripe, planId: string): Promise<Stripe.Subscription> {
	await released(client, planId);
	return client.subscriptions.update(planId, { cancel_at_period_end: false });
}

/** Replaces a plan's price: a higher one takes effect now, a lower one at the end of the period. */
export async function changePlan(client: Stripe, planId: string, offer: Offer): Promise<PlanChange> {
	const plan = await released(client, planId);
	const isUpgrade = offer.amountCents > (priceOf(plan)?.unit_amount ?? 0);
	return isUpgrade ? upgrade(client, plan, offer) : downgrade(client, plan, offer);
}

/** The plan, released from its schedule: Stripe refuses changes to a subscription that a schedule manages. */
async function released(client: Stripe, planId: string): Promise<Stripe.Subscription> {
	const plan = await client.subscriptions.retrieve(planId, { expand: ["schedule"] });
	const { schedule } = plan;
	if (typeof schedule === "object" && schedule?.status === "active") await client.subscriptionSchedules.release(schedule.id);
	return plan;
}

/** Changes the price now and charges the difference for the rest of the period. A declined card leaves the plan unchanged. */
async function upgrade(client: Stripe, plan: Stripe.Subscription, offer: Offer): Promise<PlanChange> {
	const fallback = config().limits.paid;
	try {
		const answer = await client.subscriptions.update(plan.id, {
			items: [{ id: plan.items.data[0]?.id ?? "", price: offer.priceId }],
			proration_behavior: "always_invoice",
			payment_behavior: "error_if_incomplete",
			metadata: { [PERIOD_REQUESTS]: periodAfterChange(plan, offer.requests ?? fallback, fallback, now()) },
		});
		return { takesEffect: "now", answer };
	} catch (error) {
		if (statusOf(error) === 402) return { takesEffect: "declined", answer: plan };
		throw error;
	}
}

/** Schedules the price for the next period. If only the first of the two calls succeeds, the schedule holds the present price: no change. */
async function downgrade(client: Stripe, plan: Stripe.Subscription, { priceId, interval }: Offer): Promise<PlanChange> {
	const schedule = await client.subscriptionSchedules.create({ from_subscription: plan.id });
	const { startMs, endMs } = periodOf(plan);
	const answer = await client.subscriptionSchedules.update(schedule.id, {
		end_behavior: "release",
		phases: [
			{ items: [{ price: priceOf(plan)?.id ?? "", quantity: 1 }], start_date: startMs / 1000, end_date: endMs / 1000 },
			{
				items: [{ price: priceId, quantity: 1 }],
				start_date: endMs / 1000,
				duration: { interval: interval ?? "month", interval_count: 1 },
			},
		],
	});
	return { takesEffect: "period-end", answer };
}
