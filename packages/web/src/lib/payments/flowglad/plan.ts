import { env, waitUntil } from "cloudflare:workers";
import type { Flowglad } from "@flowglad/node";
import { z } from "zod";
import { logFailure } from "../../../log.ts";
import type { PlanStanding } from "../../../view/billing.ts";
import { comingPlan, type Subscription } from "../../../view/flowglad.ts";
import { ledgerOfCustomer } from "../customers.ts";
import { withinOwn } from "../deadline.ts";
import { isAnswered, statusOf } from "../errors.ts";
import type { ComingChange, Offer, PlanChange } from "../port.ts";
import { changingClient, getBilling } from "./client.ts";

/** An upgrade waits for its payment, which takes Flowglad up to 60 s. */
const CHANGE_TIMEOUT_MS = 65_000;
/** A page waits this long for an upgrade, then polls for it. */
const CHANGE_AWAITED_MS = 6_000;
const PLAN_TIMEOUT_MS = 10_000;

/** Cancels a plan now or at the end of its period. First cancels a scheduled change, or Flowglad would refuse. A refusal leaves both as they were. */
export async function cancelPlan(externalId: string, planId: string, when: "now" | "period-end") {
	const client = changingClient(PLAN_TIMEOUT_MS);
	const released = await releasePlan(client, externalId, planId);
	const timing = when === "now" ? "immediately" : "at_end_of_current_billing_period";
	return client.subscriptions
		.cancel(planId, { cancellation: { timing } })
		.catch((error: unknown) => restoreAfter(error, client, externalId, released));
}

/** Undoes a cancellation, or a change scheduled for the end of the period. */
export async function resumePlan(externalId: string, planId: string) {
	const client = changingClient(PLAN_TIMEOUT_MS);
	const { found } = await releasePlan(client, externalId, planId);
	return found.subscription.status === "cancellation_scheduled" ? client.subscriptions.uncancel(planId) : found;
}

/** Replaces a plan's price, see AccountPort. A slow answer is left to arrive in the background. */
export async function changePlan(externalId: string, planId: string, offer: Offer): Promise<PlanChange> {
	const client = changingClient(CHANGE_TIMEOUT_MS);
	const released = await releasePlan(client, externalId, planId);
	const confirming: PlanChange = {
		takesEffect: "confirming",
		answer: { ...released.found, resolvedTiming: "immediately", isUpgrade: true },
	};
	const send = async (): Promise<PlanChange> => {
		const answer = await client.subscriptions
			.adjust(planId, adjustmentTo(offer.priceId, "auto"))
			.catch((error: unknown) => restoreAfter(error, client, externalId, released));
		if (answer.resolvedTiming !== "immediately") {
			const atMs = answer.subscription.currentBillingPeriodEnd ?? null;
			await remember(externalId, { planId, priceId: offer.priceId, priceSlug: offer.priceSlug, name: offer.name, atMs });
			return { takesEffect: "period-end", answer };
		}
		if (answer.subscription.priceId === offer.priceId) return { takesEffect: "now", answer };
		// Flowglad reports no error for a declined card or a payment still in progress: the subscription keeps its price.
		if (await isPaymentUnderWay(externalId, planId)) return confirming;
		if (released.waiting !== null) await restore(client, externalId, released.waiting);
		return { takesEffect: "declined", answer };
	};
	// The change continues at Flowglad after the page has its answer. A late answer is still processed in full.
	const made = withinOwn(CHANGE_TIMEOUT_MS, send).catch(unlessRefused);
	const change = await Promise.race([made, scheduler.wait(CHANGE_AWAITED_MS).then(() => null)]);
	if (change !== null) return change;
	waitUntil(readAfter(made, externalId));
	return confirming;
}

/** Adds to each plan the name of its scheduled change. */
export async function withComingChange(externalId: string, plans: PlanStanding[], found: Subscription[]): Promise<PlanStanding[]> {
	const named = await withComingPlans(externalId, found);
	return plans.map((plan) => ({ ...plan, next: named.find(({ id }) => id === plan.id)?.comingPlan ?? null }));
}

/** Adds to each subscription the name of the plan it changes to, for pages that read Flowglad's own payload. */
export async function withComingPlans<T extends Subscription>(externalId: string, found: readonly T[]): Promise<T[]> {
	const mayWait = found.some((one) => one.scheduledAdjustmentAt !== null && one.isFreePlan === false);
	const known = mayWait ? await comingChangeOf(externalId) : null;
	return found.map((one) => ({ ...one, comingPlan: comingPlan(one, known) }));
}

/** The last plan change this app scheduled for a customer, if any. */
async function comingChangeOf(externalId: string): Promise<ComingChange | null> {
	const key = await ledgerOfCustomer(externalId);
	return key === null ? null : env.USAGE_LEDGER.getByName(key).comingChange(key);
}

/** Makes the ledger read a change once its answer has arrived. */
async function readAfter(sent: Promise<unknown>, externalId: string): Promise<void> {
	await sent.catch((error: unknown) => logFailure("a change of plan was refused late", error));
	const key = await ledgerOfCustomer(externalId);
	if (key !== null) await env.USAGE_LEDGER.getByName(key).refresh(key);
}

const adjustmentTo = (priceId: string, timing: "auto" | "at_end_of_current_billing_period") => ({
	adjustment: {
		timing,
		newSubscriptionItems: [{ priceId, quantity: 1 }],
		...(timing === "auto" ? { prorateCurrentBillingPeriod: true } : {}),
	},
});

/** Returns null if the outcome is open: no answer, or Flowglad's own deadline. @throws the error otherwise */
function unlessRefused(error: unknown): null {
	const status = statusOf(error);
	if (status !== null && status !== 408) throw error;
	logFailure("a change of plan is still under way", error);
	return null;
}

const scheduled = z.object({ scheduledAdjustmentAt: z.number().nullish() });

/** A plan as it was, and its scheduled change; null if there was none, or this app did not schedule it. */
interface Released {
	found: Flowglad.SubscriptionRetrieveResponse;
	waiting: ComingChange | null;
}

/** Cancels the scheduled change, if any. Flowglad refuses to cancel or change the plan until then. */
async function releasePlan(client: Flowglad, externalId: string, planId: string): Promise<Released> {
	const found = await client.subscriptions.retrieve(planId);
	const { scheduledAdjustmentAt } = scheduled.parse(found.subscription);
	if (!scheduledAdjustmentAt) return { found, waiting: null };
	const known = await comingChangeOf(externalId);
	await client.post(`/api/v1/subscriptions/${encodeURIComponent(planId)}/cancel-scheduled-adjustment`, { body: {} });
	await remember(externalId, null);
	return { found, waiting: known?.planId === planId ? known : null };
}

/** Reschedules the change that was canceled for one that failed. */
async function restore(client: Flowglad, externalId: string, waiting: ComingChange): Promise<void> {
	await client.subscriptions.adjust(waiting.planId, adjustmentTo(waiting.priceId, "at_end_of_current_billing_period"));
	await remember(externalId, waiting);
}

/** Does the same after an error, if it was a refusal. A refusal may be a 500, so the plan is read first. @throws the error */
async function restoreAfter(error: unknown, client: Flowglad, externalId: string, { found, waiting }: Released): Promise<never> {
	if (waiting !== null && isAnswered(error)) {
		const { subscription } = await client.subscriptions.retrieve(waiting.planId);
		const isAsFound = subscription.priceId === found.subscription.priceId && subscription.status === found.subscription.status;
		if (isAsFound && !scheduled.parse(subscription).scheduledAdjustmentAt) await restore(client, externalId, waiting);
	}
	throw error;
}

async function remember(externalId: string, change: ComingChange | null): Promise<void> {
	const key = await ledgerOfCustomer(externalId);
	if (key !== null) await env.USAGE_LEDGER.getByName(key).noteComingChange(key, change);
}

async function isPaymentUnderWay(externalId: string, planId: string): Promise<boolean> {
	const { invoices } = await getBilling(externalId);
	return invoices.some(({ invoice }) => invoice.subscriptionId === planId && invoice.status === "awaiting_payment_confirmation");
}
