import type Stripe from "stripe";
import { config } from "../../../config.ts";
import type { Offer } from "../../billing.ts";
import { now } from "../../time/clock.ts";
import { statusOf } from "../provider.ts";
import { PERIOD_REQUESTS, periodAfterChange, periodOf, priceOf } from "./objects.ts";

/** Ends a plan: now, with nothing paid back, or with the period. */
export async function cancelPlan(client: Stripe, planId: string, when: "now" | "period-end"): Promise<void> {
	await released(client, planId);
	if (when === "now") await client.subscriptions.cancel(planId);
	else await client.subscriptions.update(planId, { cancel_at_period_end: true });
}

/** Keeps a plan from its end, or from another one that was to begin in its place. */
export async function keepPlan(client: Stripe, planId: string): Promise<void> {
	await released(client, planId);
	await client.subscriptions.update(planId, { cancel_at_period_end: false });
}

/** Puts another price in a plan's place: a dearer one now, a cheaper one when the period is over. */
export async function changePlan(client: Stripe, planId: string, offer: Offer): Promise<"now" | "period-end" | "declined"> {
	const plan = await released(client, planId);
	const isDearer = offer.amountCents > (priceOf(plan)?.unit_amount ?? 0);
	return isDearer ? upgrade(client, plan, offer) : downgrade(client, plan, offer);
}

/** The plan as it may be changed: one that a schedule manages is released from it first, or Stripe refuses. */
async function released(client: Stripe, planId: string): Promise<Stripe.Subscription> {
	const plan = await client.subscriptions.retrieve(planId, { expand: ["schedule"] });
	const { schedule } = plan;
	if (typeof schedule === "object" && schedule?.status === "active") await client.subscriptionSchedules.release(schedule.id);
	return plan;
}

/** The dearer price at once, the difference for the rest of the period paid with it; a card that is declined changes nothing. */
async function upgrade(client: Stripe, plan: Stripe.Subscription, offer: Offer): Promise<"now" | "declined"> {
	const fallback = config().limits.paid;
	try {
		await client.subscriptions.update(plan.id, {
			items: [{ id: plan.items.data[0]?.id ?? "", price: offer.priceId }],
			proration_behavior: "always_invoice",
			payment_behavior: "error_if_incomplete",
			metadata: { [PERIOD_REQUESTS]: periodAfterChange(plan, offer.requests ?? fallback, fallback, now()) },
		});
		return "now";
	} catch (error) {
		if (statusOf(error) === 402) return "declined";
		throw error;
	}
}

/** The cheaper price from the next period on. Cut between its two calls, the schedule holds the present price alone, which is no change. */
async function downgrade(client: Stripe, plan: Stripe.Subscription, { priceId, interval }: Offer): Promise<"period-end"> {
	const schedule = await client.subscriptionSchedules.create({ from_subscription: plan.id });
	const { startMs, endMs } = periodOf(plan);
	await client.subscriptionSchedules.update(schedule.id, {
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
	return "period-end";
}
