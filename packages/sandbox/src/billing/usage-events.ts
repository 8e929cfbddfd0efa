import type { State } from "../state.ts";
import { post } from "./credits.ts";
import { newRecord } from "./ids.ts";
import { findPrice, findUsageMeter, pricingModelId } from "./pricing/pricing.ts";
import type { Subscription, UsageEvent, UsageMeter } from "./records.ts";
import { Refusal } from "./refusal.ts";
import { findSubscription, latestPeriod } from "./subscriptions/find.ts";

export interface UsageEventInput {
	subscriptionId: string;
	amount: number;
	transactionId: string;
	usageDate?: number | undefined;
	properties?: Record<string, unknown> | null | undefined;
	priceId?: string | undefined;
	priceSlug?: string | undefined;
	usageMeterId?: string | undefined;
	usageMeterSlug?: string | undefined;
}

interface Accepted {
	input: UsageEventInput;
	subscription: Subscription;
	meter: UsageMeter;
	priceId: string | null;
}

/** Resolves subscription and meter. Like Flowglad it checks neither the balance nor the subscription's status. */
function accept(state: State, input: UsageEventInput): Accepted {
	const subscription = findSubscription(state, input.subscriptionId);
	const found = input.priceId === undefined && input.priceSlug === undefined ? meterNamed(state, input) : meterOfPriceNamed(state, input);
	const customer = state.customers.find(({ id }) => id === subscription.customerId);
	if (!subscription.current && !state.settings.usageOnCanceled)
		throw new Refusal("BAD_REQUEST", `Subscription ${subscription.id} is in terminal state ${subscription.status}`);
	if (customer?.archived) throw new Refusal("INTERNAL_SERVER_ERROR", `Customer ${customer.externalId} is archived`);
	return { input, subscription, ...found };
}

function meterNamed(state: State, input: UsageEventInput) {
	const meter = findUsageMeter(state, input);
	if (meter === undefined) throw new Refusal("NOT_FOUND", `Usage meter ${input.usageMeterId ?? input.usageMeterSlug} not found`);
	return { meter, priceId: meter.defaultPrice?.id ?? null };
}

function meterOfPriceNamed(state: State, input: UsageEventInput) {
	const price = findPrice(state, input);
	const name = input.priceId ?? input.priceSlug;
	if (price === undefined) throw new Refusal("NOT_FOUND", `Price ${name} not found`);
	if (price.type !== "usage")
		throw new Refusal("BAD_REQUEST", `Price ${name} is not a usage price. Usage events can only be created for usage prices.`);
	const meter = findUsageMeter(state, price);
	if (meter === undefined) throw new Error(`Price ${name} has no meter`);
	return { meter, priceId: price.id };
}

/** The stored event with this transactionId. Ids are unique across customers (flowglad.md e). */
function stored(state: State, accepted: Accepted): UsageEvent | undefined {
	return state.usageEvents.find(
		({ transactionId, usageMeterId }) => transactionId === accepted.input.transactionId && usageMeterId === accepted.meter.id,
	);
}

function record(state: State, accepted: Accepted, atMs: number): UsageEvent {
	const { input, subscription, meter, priceId } = accepted;
	const event: UsageEvent = {
		...newRecord("usage_event", atMs),
		customerId: subscription.customerId,
		subscriptionId: subscription.id,
		usageMeterId: meter.id,
		billingPeriodId: latestPeriod(state, subscription.id)?.id ?? null,
		amount: input.amount,
		usageDate: input.usageDate ?? atMs,
		transactionId: input.transactionId,
		priceId,
		properties: input.properties ?? {},
		pricingModelId,
	};
	state.usageEvents.push(event);
	post(state, {
		subscriptionId: subscription.id,
		usageMeterId: meter.id,
		atMs,
		type: "usage",
		usageEventId: event.id,
		amount: event.amount,
	});
	return event;
}

/**
 * Records one event. A repeated transactionId returns the stored event and ignores the new amount.
 * @throws Refusal, CONFLICT if the transactionId belongs to another subscription
 */
export function createUsageEvent(state: State, input: UsageEventInput, atMs: number): UsageEvent {
	const accepted = accept(state, input);
	const earlier = stored(state, accepted);
	if (earlier === undefined) return record(state, accepted, atMs);
	if (earlier.subscriptionId !== input.subscriptionId)
		throw new Refusal(
			"CONFLICT",
			`A usage event already exists for transactionId ${input.transactionId}, but does not belong to subscription ${input.subscriptionId}`,
		);
	return earlier;
}

/**
 * Inserts events and skips known transactionIds. Returns only the inserted ones.
 * @throws Refusal before inserting any
 */
export function bulkCreateUsageEvents(state: State, inputs: readonly UsageEventInput[], atMs: number): UsageEvent[] {
	return inputs
		.map((input) => accept(state, input))
		.flatMap((accepted) => (stored(state, accepted) === undefined ? [record(state, accepted, atMs)] : []));
}
