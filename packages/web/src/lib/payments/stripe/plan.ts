import Stripe from "stripe";
import { config } from "../../../config.ts";
import { now } from "../../time/clock.ts";
import { isNotDone, statusOf } from "../errors.ts";
import type { Offer, PlanChange } from "../port.ts";
import { idOf, intervalOf, nextPriceOf, PERIOD_REQUESTS, periodAfterChange, priceOf } from "./objects.ts";
import { openCardPage } from "./portal.ts";
import { phasesOfDowngrade } from "./schedule.ts";

/** Stripe codes meaning that the bank requires the customer to confirm a payment (3-D Secure). The last is also a decline reason. */
const NEEDS_CONFIRMATION = [
	"subscription_payment_intent_requires_action",
	"invoice_payment_intent_requires_action",
	"authentication_required",
];

/** Cancels a plan: now without a refund, or at the end of its period. A refusal leaves the plan and its scheduled change unchanged. */
export async function cancelPlan(client: Stripe, planId: string, when: "now" | "period-end"): Promise<Stripe.Subscription> {
	const cancel = () =>
		when === "now" ? client.subscriptions.cancel(planId) : client.subscriptions.update(planId, { cancel_at_period_end: true });
	return inPlaceOfWaiting(client, await read(client, planId), cancel);
}

/** Undoes a cancellation, or a change scheduled for the end of the period. */
export async function resumePlan(client: Stripe, planId: string): Promise<Stripe.Subscription> {
	const plan = await read(client, planId);
	await release(client, plan);
	return goOn(client, plan);
}

/**
 * Replaces a plan's price: a higher one takes effect now, a lower one at the end of the period. A refusal keeps a change that was already scheduled.
 */
export async function changePlan(client: Stripe, planId: string, offer: Offer, returnUrl: string): Promise<PlanChange> {
	const plan = await read(client, planId);
	const url = pageOfWaitingChange(plan, offer);
	if (url !== null) return { takesEffect: "not-yet", url, answer: plan };
	// Changing a plan that was about to end means continuing it at the new price.
	if (offer.amountCents <= (priceOf(plan)?.unit_amount ?? 0)) {
		return inPlaceOfWaiting(client, plan, async () => downgrade(client, await goOn(client, plan), offer));
	}
	const change = await upgrade(client, plan, offer, returnUrl);
	if (change.takesEffect === "now") await goOn(client, plan);
	return change;
}

/**
 * Removes a pending cancellation. Ours sets the flag. Stripe's portal sets only the date, which clearing the flag does not remove, and one call
 * may not name both.
 */
async function goOn(client: Stripe, ending: Stripe.Subscription): Promise<Stripe.Subscription> {
	let plan = ending;
	if (plan.cancel_at_period_end) plan = await client.subscriptions.update(plan.id, { cancel_at_period_end: false });
	if (plan.cancel_at !== null) plan = await client.subscriptions.update(plan.id, { cancel_at: "" });
	return plan;
}

const read = (client: Stripe, planId: string) => client.subscriptions.retrieve(planId, { expand: ["schedule", "latest_invoice"] });

/**
 * Drops pending changes. Stripe refuses changes to a subscription that a schedule manages. A change awaiting payment confirmation is dropped with its
 * invoice: paying it later would undo what the customer has chosen since.
 */
async function release(client: Stripe, { schedule, pending_update, latest_invoice }: Stripe.Subscription): Promise<void> {
	if (typeof schedule === "object" && schedule?.status === "active") await client.subscriptionSchedules.release(schedule.id);
	const invoice = idOf(latest_invoice);
	if (pending_update && invoice !== null) await client.invoices.voidInvoice(invoice);
}

/** Makes a change instead of the scheduled one, which is restored if Stripe refuses. `plan` is the state before. */
async function inPlaceOfWaiting<T>(client: Stripe, plan: Stripe.Subscription, make: () => Promise<T>): Promise<T> {
	await release(client, plan);
	try {
		return await make();
	} catch (error) {
		const priceId = nextPriceOf(plan, now());
		if (priceId !== undefined && isNotDone(error)) {
			// The refused change may have been partly made.
			await release(client, await read(client, plan.id));
			await downgrade(client, plan, { priceId, interval: intervalOf(await client.prices.retrieve(priceId)) });
		}
		throw error;
	}
}

/** The page where the payment for this same change is confirmed; null if none is pending. */
function pageOfWaitingChange({ pending_update: waiting, latest_invoice: invoice }: Stripe.Subscription, offer: Offer): string | null {
	if (!waiting || waiting.expires_at * 1000 <= now() || typeof invoice !== "object" || invoice?.status !== "open") return null;
	return waiting.subscription_items?.[0]?.price.id === offer.priceId ? (invoice.hosted_invoice_url ?? null) : null;
}

/** Changes the price now and charges the difference for the rest of the period. A declined card leaves the plan unchanged. */
async function upgrade(client: Stripe, plan: Stripe.Subscription, offer: Offer, returnUrl: string): Promise<PlanChange> {
	const fallback = config().limits.paid;
	const change: Stripe.SubscriptionUpdateParams = {
		items: [{ id: plan.items.data[0]?.id ?? "", price: offer.priceId }],
		proration_behavior: "always_invoice",
		metadata: { [PERIOD_REQUESTS]: periodAfterChange(plan, offer.requests ?? fallback, fallback, now()) },
	};
	const send = async (): Promise<PlanChange> => {
		try {
			const answer = await client.subscriptions.update(plan.id, { ...change, payment_behavior: "error_if_incomplete" });
			return { takesEffect: "now", answer };
		} catch (error) {
			if (needsConfirmation(error)) return confirmFirst(client, plan, change);
			throw error;
		}
	};
	try {
		return await inPlaceOfWaiting(client, plan, send);
	} catch (error) {
		if (statusOf(error) === 402) return { takesEffect: "declined", answer: plan };
		if (statusOf(error) !== 400 || (await hasCard(client, plan))) throw error;
		const { url } = await openCardPage(idOf(plan.customer) ?? "", returnUrl);
		return { takesEffect: "not-yet", url, answer: plan };
	}
}

function needsConfirmation(error: unknown): boolean {
	if (!(error instanceof Stripe.errors.StripeError)) return false;
	return [error.code, error.decline_code].some((code) => code !== undefined && NEEDS_CONFIRMATION.includes(code));
}

/**
 * Prepares a change that takes effect, with its metadata, once the customer confirms the payment on the invoice page. Stripe drops it after 23 hours.
 */
async function confirmFirst(client: Stripe, plan: Stripe.Subscription, change: Stripe.SubscriptionUpdateParams): Promise<PlanChange> {
	const expand = ["latest_invoice"];
	const answer = await client.subscriptions.update(plan.id, { ...change, payment_behavior: "pending_if_incomplete", expand });
	const { pending_update, latest_invoice: invoice } = answer;
	if (!pending_update) return { takesEffect: "now", answer };
	const url = typeof invoice === "object" ? invoice?.hosted_invoice_url : null;
	if (!url) throw new Error(`Stripe names no page for the payment of ${plan.id}`);
	return { takesEffect: "not-yet", url, answer };
}

/** Whether Stripe has a card, or an older source, to charge for a plan. */
async function hasCard(client: Stripe, { default_payment_method, default_source, customer }: Stripe.Subscription): Promise<boolean> {
	if (default_payment_method !== null || default_source !== null) return true;
	const account = await client.customers.retrieve(idOf(customer) ?? "");
	return !account.deleted && (account.invoice_settings.default_payment_method !== null || account.default_source !== null);
}

/** Schedules the price for the next period. If only the first of the two calls succeeds, the schedule keeps the present price, so nothing changes. */
async function downgrade(client: Stripe, plan: Stripe.Subscription, offer: Pick<Offer, "priceId" | "interval">): Promise<PlanChange> {
	const schedule = await client.subscriptionSchedules.create({ from_subscription: plan.id });
	const phases = phasesOfDowngrade(plan, schedule, offer);
	const answer = await client.subscriptionSchedules.update(schedule.id, { end_behavior: "release", phases });
	return { takesEffect: "period-end", answer };
}
