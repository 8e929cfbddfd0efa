/** Starts subscriptions: active, on trial, or incomplete until there is a card. */
import type { State } from "../../state.ts";
import { emit } from "../../webhooks/messages.ts";
import { grantLastingCredits, grantPeriodCredits, moveCredits } from "../credits.ts";
import { newId, newRecord } from "../ids.ts";
import { defaultPaymentMethod } from "../payments/cards.ts";
import { charge, dropCharges } from "../payments/charges.ts";
import { invoiceBillingPeriod } from "../payments/invoices.ts";
import { defaultPriceOf, organizationId, pricingModelId, productOf } from "../pricing/pricing.ts";
import type { ProductPrice } from "../pricing/records.ts";
import type { BillingPeriod, Customer, PaymentMethod, Subscription } from "../records.ts";
import { Refusal } from "../refusal.ts";
import { cardOf, currentSubscriptions, customerOf, featureItemsOf, quantityOf, setStatus, subscriptionPriceOf } from "./find.ts";
import { addItem, expireItems } from "./items.ts";
import { periodEndMs } from "./periods.ts";

const dayMs = 24 * 60 * 60 * 1000;

export interface SubscriptionInput {
	customer: Customer;
	/** A one-time price only for the default product. */
	price: ProductPrice;
	quantity: number;
	name?: string | undefined;
	doNotCharge?: boolean | undefined;
	/** The card that pays; by default the customer's default card. */
	card?: PaymentMethod | undefined;
	trialEndMs?: number | undefined;
	metadata?: Record<string, string | number | boolean> | undefined;
	atMs: number;
}

/**
 * Starts a subscription. A paid one replaces the free plan, whose remaining balance is lost to the customer (flowglad.md e). It is
 * `incomplete` if it must be charged and there is no card.
 * @throws Refusal when another plan is in the way
 */
export function startSubscription(state: State, input: SubscriptionInput): Subscription {
	const { customer, price, quantity, atMs } = input;
	const isFreePlan = price.unitPrice === 0;
	requireRoomFor(state, customer, isFreePlan);
	const doNotCharge = input.doNotCharge ?? false;
	const method = input.card ?? defaultPaymentMethod(state, customer.id);
	const trialEnd = doNotCharge ? null : trialEndMs(state, input);
	const subscription: Subscription = {
		...newRecord("sub", atMs),
		startDate: atMs,
		customerId: customer.id,
		organizationId,
		status: "incomplete",
		defaultPaymentMethodId: method?.id ?? null,
		backupPaymentMethodId: null,
		trialEnd,
		currentBillingPeriodStart: null,
		currentBillingPeriodEnd: null,
		metadata: input.metadata ?? {},
		canceledAt: null,
		cancelScheduledAt: null,
		cancellationReason: null,
		replacedBySubscriptionId: null,
		isFreePlan,
		doNotCharge,
		priceId: price.id,
		runBillingAtPeriodStart: price.type === "subscription",
		interval: price.intervalUnit ?? null,
		intervalCount: price.intervalCount ?? null,
		billingCycleAnchorDate: atMs,
		name: input.name ?? productOf(state, price).name,
		renews: price.type === "subscription",
		pricingModelId,
		current: false,
	};
	state.subscriptions.push(subscription);
	addItem(state, subscription, price, quantity, atMs);
	emit(state, "subscription.created", subscription.id, customer, atMs);
	if (isFreePlan || doNotCharge || trialEnd !== null || method !== undefined) activateReplacingFreePlan(state, subscription, atMs);
	return subscription;
}

/** Starts the default plan. */
export function startDefaultPlan(state: State, customer: Customer, atMs: number): Subscription {
	return startSubscription(state, { customer, price: defaultPriceOf(state), quantity: 1, atMs });
}

/**
 * Checks that a new plan may start.
 * @throws Refusal for a current paid plan or, with `pastDueFreePlanBlocksUpgrade`, a past due free one
 */
export function requireRoomFor(state: State, customer: Customer, isFreePlan: boolean): void {
	if (state.settings.twoSubscriptions || isFreePlan) return;
	const inTheWay = currentSubscriptions(state, customer.id).some(
		(one) => !one.isFreePlan || (state.settings.pastDueFreePlanBlocksUpgrade && one.status !== "active"),
	);
	if (inTheWay) throw new Refusal("CONFLICT", `Customer ${customer.externalId} already has an active subscription`);
}

/** The end of the trial; null without one. A customer gets one trial ever. */
function trialEndMs(state: State, { customer, price, trialEndMs, atMs }: SubscriptionInput): number | null {
	const end = trialEndMs ?? (price.trialPeriodDays ? atMs + price.trialPeriodDays * dayMs : null);
	const hadOne = state.subscriptions.some(({ customerId, trialEnd }) => customerId === customer.id && typeof trialEnd === "number");
	return hadOne || end === null || end <= atMs ? null : end;
}

/** Makes a paid subscription current and ends the free one it replaces. */
export function activateReplacingFreePlan(state: State, subscription: Subscription, atMs: number): void {
	if (!subscription.isFreePlan) {
		for (const free of currentSubscriptions(state, subscription.customerId)) {
			if (!free.isFreePlan) continue;
			// Here the real service only looks for an active free plan.
			if (state.settings.pastDueFreePlanBlocksUpgrade && free.status !== "active") continue;
			end(state, free, "upgraded_to_paid", atMs);
			free.replacedBySubscriptionId = subscription.id;
			if (!state.settings.creditsStrandedOnUpgrade) moveCredits(state, free.id, subscription.id, atMs);
		}
	}
	activate(state, subscription, atMs);
}

/**
 * Starts the first period. Its credits come with its payment, or at once if nothing is due, as on a trial. The plan is `active`
 * before its payment settles.
 */
function activate(state: State, subscription: Subscription, atMs: number): void {
	const { trialEnd } = subscription;
	const isTrial = typeof trialEnd === "number";
	if (!subscription.renews) {
		subscription.billingCycleAnchorDate = null;
		setStatus(subscription, "active", atMs);
		grantLastingCredits(state, subscription.id, featureItemsOf(state, subscription.id), atMs);
		return;
	}
	setStatus(subscription, isTrial ? "trialing" : "active", atMs);
	subscription.billingCycleAnchorDate = isTrial ? trialEnd : atMs;
	const period = openPeriod(state, subscription, atMs, isTrial ? trialEnd : undefined);
	if (isTrial || !chargePeriod(state, subscription, period, atMs))
		grantPeriodCredits(state, featureItemsOf(state, subscription.id), period, { isFirst: true, atMs });
}

/** Opens a period from `atMs` to `endMs`, by default one interval later. */
export function openPeriod(state: State, subscription: Subscription, atMs: number, endMs?: number): BillingPeriod {
	const price = subscriptionPriceOf(state, subscription);
	const period: BillingPeriod = {
		id: newId("billing_period"),
		subscriptionId: subscription.id,
		startMs: atMs,
		endMs: endMs ?? periodEndMs(subscription.billingCycleAnchorDate ?? atMs, atMs, price),
	};
	state.billingPeriods.push(period);
	subscription.currentBillingPeriodStart = period.startMs;
	subscription.currentBillingPeriodEnd = period.endMs;
	return period;
}

/** Invoices and charges the period. Returns false if nothing is due or there is no card. */
export function chargePeriod(state: State, subscription: Subscription, period: BillingPeriod, atMs: number): boolean {
	const price = subscriptionPriceOf(state, subscription);
	const card = cardOf(state, subscription);
	if (price.unitPrice === 0 || subscription.doNotCharge || card === undefined) return false;
	const quantity = quantityOf(state, subscription);
	const invoice = invoiceBillingPeriod(state, { customer: customerOf(state, subscription), subscription, period, price, quantity, atMs });
	const purpose = { type: "period", subscriptionId: subscription.id, billingPeriodId: period.id } as const;
	charge(state, { invoice, card, purpose, atMs });
	return true;
}

/** Cancels without starting another plan. */
export function end(state: State, subscription: Subscription, reason: string | null, atMs: number): void {
	expireItems(state, subscription, atMs);
	subscription.canceledAt = atMs;
	subscription.cancellationReason = reason;
	setStatus(subscription, "canceled", atMs);
	state.scheduledAdjustments = state.scheduledAdjustments.filter(({ subscriptionId }) => subscriptionId !== subscription.id);
	dropCharges(state, subscription.id);
}
