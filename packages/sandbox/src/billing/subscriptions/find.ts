/** Looks up subscriptions and their parts. */
import type { State } from "../../state.ts";
import { defaultPaymentMethod } from "../payments/cards.ts";
import { priceById } from "../pricing/pricing.ts";
import type {
	BillingPeriod,
	Customer,
	FeatureItem,
	PaymentMethod,
	ScheduledAdjustment,
	Subscription,
	SubscriptionItem,
	SubscriptionPrice,
	SubscriptionStatus,
} from "../records.ts";
import { Refusal } from "../refusal.ts";

const currentStatuses: readonly SubscriptionStatus[] = ["trialing", "active", "past_due", "unpaid", "cancellation_scheduled"];

/** Sets the status, and with it whether the subscription is current. */
export function setStatus(subscription: Subscription, status: SubscriptionStatus, atMs: number): void {
	subscription.status = status;
	subscription.current = currentStatuses.includes(status);
	subscription.updatedAt = atMs;
}

/**
 * The subscription with that id.
 * @throws Refusal NOT_FOUND
 */
export function findSubscription(state: State, id: string): Subscription {
	const subscription = state.subscriptions.find((one) => one.id === id);
	if (subscription === undefined) throw new Refusal("NOT_FOUND", `Subscription with id ${id} not found`);
	return subscription;
}

/** Oldest first, as in the API. `currentSubscription` is picked by another order (flowglad.md d). */
export function currentSubscriptions(state: State, customerId: string): Subscription[] {
	return state.subscriptions.filter((one) => one.customerId === customerId && one.current);
}

/** The `currentSubscription`: the newest by createdAt, then updatedAt, then id. */
export function newestCurrent(state: State, customerId: string): Subscription | undefined {
	return currentSubscriptions(state, customerId).sort(
		(a, b) => b.createdAt - a.createdAt || b.updatedAt - a.updatedAt || (b.id > a.id ? 1 : -1),
	)[0];
}

/** The plan change scheduled for the end of the period, if any. */
export function scheduledChangeOf(state: State, subscriptionId: string): ScheduledAdjustment | undefined {
	return state.scheduledAdjustments.find((one) => one.subscriptionId === subscriptionId);
}

/**
 * Checks that no plan change is scheduled: the real service requires it to be canceled first (cancelSubscription.ts, adjustSubscription.ts).
 * @throws Refusal
 */
export function requireNoScheduledChange(state: State, { id }: Subscription, before: "canceling" | "adjusting"): void {
	if (!state.settings.scheduledChangeBlocks || scheduledChangeOf(state, id) === undefined) return;
	throw new Refusal("BAD_REQUEST", `A scheduled adjustment is pending. Cancel the scheduled adjustment before ${before} the subscription.`);
}

/** The items that have not expired. A canceled subscription has none. */
export function itemsOf(state: State, subscriptionId: string): SubscriptionItem[] {
	return state.subscriptionItems.filter((item) => item.subscriptionId === subscriptionId && item.expiredAt === null);
}

/** The features of the items that have not expired. */
export function featureItemsOf(state: State, subscriptionId: string): FeatureItem[] {
	const itemIds = new Set(itemsOf(state, subscriptionId).map(({ id }) => id));
	return state.featureItems.filter((feature) => itemIds.has(feature.subscriptionItemId) && feature.expiredAt === null);
}

/** The latest period. A canceled subscription keeps its last one, since it still accepts usage. */
export function latestPeriod(state: State, subscriptionId: string): BillingPeriod | undefined {
	return state.billingPeriods.findLast((period) => period.subscriptionId === subscriptionId);
}

/** Whether a current subscription is not the free plan. */
export function hasPaidPlan(state: State, customerId: string): boolean {
	return currentSubscriptions(state, customerId).some((one) => !one.isFreePlan);
}

/** The customer of a stored subscription. */
export function customerOf(state: State, { id, customerId }: Subscription): Customer {
	const customer = state.customers.find((one) => one.id === customerId);
	if (customer === undefined) throw new Error(`Subscription ${id} has no customer`);
	return customer;
}

/** The price of a stored subscription that renews. It renews at the interval it started with. */
export function subscriptionPriceOf(state: State, { id, priceId, interval, intervalCount }: Subscription): SubscriptionPrice {
	const price = priceById(state, priceId);
	if (price.type === "subscription") return price;
	if (price.type === "usage" || interval === null || intervalCount === null) throw new Error(`Subscription ${id} has price ${price.id}`);
	return { ...price, type: "subscription", intervalUnit: interval, intervalCount, usageEventsPerUnit: null, usageMeterId: null };
}

/** The quantity of the subscription's item. */
export function quantityOf(state: State, subscription: Subscription): number {
	return itemsOf(state, subscription.id)[0]?.quantity ?? 1;
}

/** The card that pays: the subscription's own, or the customer's default. */
export function cardOf(state: State, { defaultPaymentMethodId, customerId }: Subscription): PaymentMethod | undefined {
	return state.paymentMethods.find(({ id }) => id === defaultPaymentMethodId) ?? defaultPaymentMethod(state, customerId);
}
