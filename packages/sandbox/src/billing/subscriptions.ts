/** The life of a subscription (flowglad.md e): start, renew, cancel, adjust. All synchronous, so all atomic. */
import { rollover } from "../ledger.ts";
import type { State } from "../state.ts";
import { newId, newRecord } from "./ids.ts";
import { entriesOf, post } from "./ledger-book.ts";
import { defaultPaymentMethod, invoiceBillingPeriod } from "./payments.ts";
import { periodEndMs } from "./periods.ts";
import { defaultPrice, organizationId, priceById, pricingModel, pricingModelId, productOf } from "./pricing.ts";
import type {
	BillingPeriod,
	Customer,
	FeatureItem,
	Subscription,
	SubscriptionItem,
	SubscriptionPrice,
	SubscriptionStatus,
} from "./records.ts";
import { Refusal } from "./refusal.ts";

const currentStatuses: readonly SubscriptionStatus[] = ["trialing", "active", "past_due", "unpaid", "cancellation_scheduled"];

function setStatus(subscription: Subscription, status: SubscriptionStatus, atMs: number): void {
	subscription.status = status;
	subscription.current = currentStatuses.includes(status);
	subscription.updatedAt = atMs;
}

export function findSubscription(state: State, id: string): Subscription {
	const subscription = state.subscriptions.find((one) => one.id === id);
	if (subscription === undefined) throw new Refusal("NOT_FOUND", `Subscription with id ${id} not found`);
	return subscription;
}

/** Newest first, by createdAt, then updatedAt, then id (flowglad.md d). */
export function currentSubscriptions(state: State, customerId: string): Subscription[] {
	return state.subscriptions
		.filter((one) => one.customerId === customerId && one.current)
		.sort((a, b) => b.createdAt - a.createdAt || b.updatedAt - a.updatedAt || (b.id > a.id ? 1 : -1));
}

/** The items that are not expired, i.e. none of a canceled subscription. */
export function itemsOf(state: State, subscriptionId: string): SubscriptionItem[] {
	return state.subscriptionItems.filter((item) => item.subscriptionId === subscriptionId && item.expiredAt === null);
}

export function featureItemsOf(state: State, subscriptionId: string): FeatureItem[] {
	const itemIds = new Set(itemsOf(state, subscriptionId).map(({ id }) => id));
	return state.featureItems.filter((feature) => itemIds.has(feature.subscriptionItemId) && feature.expiredAt === null);
}

/** The latest period; for a canceled subscription its last one, since events to it are still accepted. */
export function latestPeriod(state: State, subscriptionId: string): BillingPeriod | undefined {
	return state.billingPeriods.findLast((period) => period.subscriptionId === subscriptionId);
}

export function hasPaidPlan(state: State, customerId: string): boolean {
	return currentSubscriptions(state, customerId).some((one) => !one.isFreePlan);
}

/** Who pays: an active customer's record, which a stored subscription always has. */
function customerOf(state: State, subscription: Subscription): Customer {
	const customer = state.customers.find(({ id }) => id === subscription.customerId);
	if (customer === undefined) throw new Error(`Subscription ${subscription.id} has no customer`);
	return customer;
}

function subscriptionPriceOf(subscription: Subscription): SubscriptionPrice {
	const price = priceById(subscription.priceId);
	if (price.type !== "subscription") throw new Error(`Subscription ${subscription.id} has price ${price.id}`);
	return price;
}

function addItem(state: State, subscription: Subscription, price: SubscriptionPrice, quantity: number, atMs: number): void {
	const item: SubscriptionItem = {
		...newRecord("si", atMs),
		subscriptionId: subscription.id,
		name: price.name,
		addedDate: atMs,
		priceId: price.id,
		unitPrice: subscription.doNotCharge ? 0 : price.unitPrice,
		quantity,
		metadata: null,
		type: "static",
		externalId: null,
		expiredAt: null,
		manuallyCreated: false,
		pricingModelId,
	};
	state.subscriptionItems.push(item);
	for (const feature of productOf(price).features) {
		if (feature.type !== "usage_credit_grant") continue;
		state.featureItems.push({
			...newRecord("sub_feature", atMs),
			subscriptionItemId: item.id,
			featureId: feature.id,
			productFeatureId: `product_${feature.id}`,
			type: "usage_credit_grant",
			amount: feature.amount * quantity,
			usageMeterId: feature.usageMeterId,
			renewalFrequency: feature.renewalFrequency,
			expiredAt: null,
			detachedAt: null,
			detachedReason: null,
			manuallyCreated: false,
			pricingModelId,
			resourceId: null,
			name: feature.name,
			slug: feature.slug,
		});
	}
}

function expireItems(state: State, subscription: Subscription, atMs: number): void {
	for (const feature of featureItemsOf(state, subscription.id)) feature.expiredAt = atMs;
	for (const item of itemsOf(state, subscription.id)) item.expiredAt = atMs;
}

function quantityOf(state: State, subscription: Subscription): number {
	return itemsOf(state, subscription.id)[0]?.quantity ?? 1;
}

/** Begins the period at `atMs` and posts the account's rollover; a first period has nothing to roll over. */
function openPeriod(state: State, subscription: Subscription, atMs: number): BillingPeriod {
	const price = subscriptionPriceOf(subscription);
	const period: BillingPeriod = {
		id: newId("billing_period"),
		subscriptionId: subscription.id,
		startMs: atMs,
		endMs: periodEndMs(subscription.billingCycleAnchorDate ?? atMs, atMs, price),
	};
	state.billingPeriods.push(period);
	subscription.currentBillingPeriodStart = period.startMs;
	subscription.currentBillingPeriodEnd = period.endMs;
	return period;
}

function rollCredits(
	state: State,
	subscription: Subscription,
	period: BillingPeriod,
	input: { isFirst: boolean; settledByInvoiceId: string | null },
): void {
	const features = featureItemsOf(state, subscription.id).filter((feature) => feature.type === "usage_credit_grant");
	for (const meter of pricingModel.usageMeters) {
		const account = {
			subscriptionId: subscription.id,
			usageMeterId: meter.id,
		};
		const grants = features
			.filter(
				({ usageMeterId, renewalFrequency }) => usageMeterId === meter.id && (input.isFirst || renewalFrequency === "every_billing_period"),
			)
			.map(({ amount, renewalFrequency }) => ({
				amount,
				expiresAtMs: renewalFrequency === "every_billing_period" ? period.endMs : null,
			}));
		const postings = rollover(account, entriesOf(state, account), {
			atMs: period.startMs,
			settledByInvoiceId: input.settledByInvoiceId,
			grants,
		});
		for (const posting of postings) post(state, posting);
	}
}

/** Starts the first period of a subscription and charges for it. */
function activate(state: State, subscription: Subscription, atMs: number): void {
	const price = subscriptionPriceOf(subscription);
	setStatus(subscription, "active", atMs);
	subscription.billingCycleAnchorDate = atMs;
	const period = openPeriod(state, subscription, atMs);
	if (price.unitPrice > 0 && !subscription.doNotCharge) {
		invoiceBillingPeriod(state, {
			customer: customerOf(state, subscription),
			subscription,
			period,
			price,
			quantity: quantityOf(state, subscription),
			paid: true,
			atMs,
		});
	}
	rollCredits(state, subscription, period, {
		isFirst: true,
		settledByInvoiceId: null,
	});
}

/**
 * A new subscription. A paid one replaces the free one: balances stay behind on it and are lost to the
 * customer (flowglad.md e). `incomplete` when it would have to be charged and there is no card.
 */
export function startSubscription(
	state: State,
	input: {
		customer: Customer;
		price: SubscriptionPrice;
		quantity: number;
		name?: string | undefined;
		doNotCharge?: boolean | undefined;
		metadata?: Record<string, string | number | boolean> | undefined;
		atMs: number;
	},
): Subscription {
	const { customer, price, quantity, atMs } = input;
	const isFreePlan = price.unitPrice === 0;
	if (!isFreePlan && hasPaidPlan(state, customer.id)) {
		throw new Refusal("CONFLICT", `Customer ${customer.externalId} already has an active paid subscription`);
	}
	const doNotCharge = input.doNotCharge ?? false;
	const method = defaultPaymentMethod(state, customer.id);
	const subscription: Subscription = {
		...newRecord("sub", atMs),
		startDate: atMs,
		customerId: customer.id,
		organizationId,
		status: "incomplete",
		defaultPaymentMethodId: method?.id ?? null,
		backupPaymentMethodId: null,
		trialEnd: null,
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
		runBillingAtPeriodStart: true,
		interval: price.intervalUnit,
		intervalCount: price.intervalCount,
		billingCycleAnchorDate: atMs,
		name: input.name ?? productOf(price).name,
		renews: true,
		pricingModelId,
		current: false,
	};
	state.subscriptions.push(subscription);
	addItem(state, subscription, price, quantity, atMs);
	if (isFreePlan || doNotCharge || method !== undefined) activateReplacingFreePlan(state, subscription, atMs);
	return subscription;
}

/** Makes a paid subscription current and ends the free one it replaces. */
export function activateReplacingFreePlan(state: State, subscription: Subscription, atMs: number): void {
	if (!subscription.isFreePlan) {
		for (const free of currentSubscriptions(state, subscription.customerId)) {
			if (!free.isFreePlan) continue;
			end(state, free, "upgraded_to_paid", atMs);
			free.replacedBySubscriptionId = subscription.id;
		}
	}
	activate(state, subscription, atMs);
}

/** Cancels without putting anything in its place. */
export function end(state: State, subscription: Subscription, reason: string | null, atMs: number): void {
	expireItems(state, subscription, atMs);
	subscription.canceledAt = atMs;
	subscription.cancellationReason = reason;
	setStatus(subscription, "canceled", atMs);
	dropScheduledAdjustment(state, subscription);
}

export function startDefaultPlan(state: State, customer: Customer, atMs: number): Subscription {
	return startSubscription(state, {
		customer,
		price: defaultPrice,
		quantity: 1,
		atMs,
	});
}

function requireCancelable(subscription: Subscription): void {
	if (!subscription.current)
		throw new Refusal("BAD_REQUEST", `Subscription ${subscription.id} is in terminal state ${subscription.status}`);
	if (subscription.isFreePlan) throw new Refusal("BAD_REQUEST", "Cannot cancel the default free plan subscription");
}

/** Ends the subscription now; the customer falls back to the default plan, with fresh free credits. */
export function cancelImmediately(state: State, subscription: Subscription, atMs: number): void {
	requireCancelable(subscription);
	end(state, subscription, null, atMs);
	startDefaultPlan(state, customerOf(state, subscription), atMs);
}

export function cancelAtPeriodEnd(state: State, subscription: Subscription, atMs: number): void {
	requireCancelable(subscription);
	subscription.cancelScheduledAt = subscription.currentBillingPeriodEnd ?? null;
	setStatus(subscription, "cancellation_scheduled", atMs);
	dropScheduledAdjustment(state, subscription);
}

export function uncancel(state: State, subscription: Subscription, atMs: number): void {
	if (subscription.status !== "cancellation_scheduled")
		throw new Refusal("BAD_REQUEST", `Subscription ${subscription.id} is not scheduled for cancellation`);
	if (!subscription.doNotCharge && paymentMethodIdOf(state, subscription) === null)
		throw new Refusal("BAD_REQUEST", "Cannot uncancel a paid subscription without a payment method");
	subscription.cancelScheduledAt = null;
	setStatus(subscription, "active", atMs);
}

function paymentMethodIdOf(state: State, subscription: Subscription): string | null {
	return subscription.defaultPaymentMethodId ?? defaultPaymentMethod(state, subscription.customerId)?.id ?? null;
}

/**
 * What happens when the current period ends. A scheduled cancellation leaves the customer with no
 * subscription at all; a free plan without a card becomes `past_due`: both as Flowglad does (flowglad.md e).
 */
export function rollOver(state: State, subscription: Subscription, atMs: number): void {
	if (subscription.status === "cancellation_scheduled") {
		end(state, subscription, null, atMs);
		return;
	}
	applyScheduledAdjustment(state, subscription, atMs);
	const price = subscriptionPriceOf(subscription);
	const quantity = quantityOf(state, subscription);
	const hasCard = paymentMethodIdOf(state, subscription) !== null;
	const isDue = price.unitPrice > 0 && !subscription.doNotCharge;
	const isDeclined = isDue && state.faults.declineRenewals === true;
	const isPaid = hasCard && !isDeclined;
	const period = openPeriod(state, subscription, atMs);
	// No card, no billing run, so no invoice and nothing that would settle debt.
	const invoiceId =
		isDue && hasCard
			? invoiceBillingPeriod(state, {
					customer: customerOf(state, subscription),
					subscription,
					period,
					price,
					quantity,
					paid: isPaid,
					atMs,
				})
			: null;
	// Credits come before the charge: a declined renewal has its grant all the same.
	rollCredits(state, subscription, period, {
		isFirst: false,
		settledByInvoiceId: isPaid ? invoiceId : null,
	});
	setStatus(subscription, isPaid || subscription.doNotCharge ? "active" : "past_due", atMs);
}

/** Swaps the plan's items. The subscription's id stays, and so do its credits. */
function replaceItems(state: State, subscription: Subscription, input: { price: SubscriptionPrice; quantity: number; atMs: number }): void {
	const { price, quantity, atMs } = input;
	expireItems(state, subscription, atMs);
	subscription.priceId = price.id;
	subscription.isFreePlan = price.unitPrice === 0;
	subscription.name = productOf(price).name;
	subscription.updatedAt = atMs;
	addItem(state, subscription, price, quantity, atMs);
}

/** Changes plan or quantity; proration is not simulated. */
export function adjust(
	state: State,
	subscription: Subscription,
	input: {
		price: SubscriptionPrice;
		quantity: number;
		timing: "immediately" | "at_end_of_current_billing_period" | "auto";
		atMs: number;
	},
) {
	requireAdjustable(subscription);
	const { price, quantity, timing, atMs } = input;
	const oldTotal = subscriptionPriceOf(subscription).unitPrice * quantityOf(state, subscription);
	const isUpgrade = price.unitPrice * quantity > oldTotal;
	const immediately = timing === "auto" ? isUpgrade : timing === "immediately";
	dropScheduledAdjustment(state, subscription);
	if (immediately) replaceItems(state, subscription, { price, quantity, atMs });
	else
		state.scheduledAdjustments.push({
			subscriptionId: subscription.id,
			priceId: price.id,
			quantity,
		});
	return {
		isUpgrade,
		resolvedTiming: immediately ? ("immediately" as const) : ("at_end_of_current_billing_period" as const),
	};
}

function requireAdjustable(subscription: Subscription): void {
	if (!subscription.current)
		throw new Refusal("BAD_REQUEST", `Subscription ${subscription.id} is in terminal state ${subscription.status}`);
	if (subscription.isFreePlan) throw new Refusal("BAD_REQUEST", "Cannot adjust a free plan subscription");
	if (subscription.status === "cancellation_scheduled")
		throw new Refusal("BAD_REQUEST", "Cannot adjust a subscription that is scheduled for cancellation");
}

function applyScheduledAdjustment(state: State, subscription: Subscription, atMs: number): void {
	const scheduled = state.scheduledAdjustments.find(({ subscriptionId }) => subscriptionId === subscription.id);
	if (scheduled === undefined) return;
	dropScheduledAdjustment(state, subscription);
	const price = priceById(scheduled.priceId);
	if (price.type === "subscription")
		replaceItems(state, subscription, {
			price,
			quantity: scheduled.quantity,
			atMs,
		});
}

function dropScheduledAdjustment(state: State, subscription: Subscription): void {
	state.scheduledAdjustments = state.scheduledAdjustments.filter(({ subscriptionId }) => subscriptionId !== subscription.id);
}
