import type { State } from "../state.ts";
import { findCustomer } from "./customers.ts";
import { newRecord } from "./ids.ts";
import { post } from "./ledger-book.ts";
import { addPaymentMethod, defaultPaymentMethod, invoicePurchase, recordPurchase } from "./payments.ts";
import { findPrice, organizationId, priceById, pricingModelId, productOf } from "./pricing.ts";
import type { CheckoutSession, Customer, SinglePaymentPrice, SubscriptionPrice } from "./records.ts";
import { Refusal } from "./refusal.ts";
import { activateReplacingFreePlan, currentSubscriptions, findSubscription, hasPaidPlan, startSubscription } from "./subscriptions.ts";

const lifetimeMs = 24 * 60 * 60 * 1000;

export type CheckoutInput = {
	customerExternalId: string;
	successUrl: string;
	cancelUrl: string;
	outputMetadata?: Record<string, string | number | boolean> | null | undefined;
	outputName?: string | undefined;
} & (
	| {
			type: "product";
			priceId?: string | undefined;
			priceSlug?: string | undefined;
			quantity?: number | undefined;
			preserveBillingCycleAnchor?: boolean | undefined;
	  }
	| {
			type: "add_payment_method";
			targetSubscriptionId?: string | undefined;
			automaticallyUpdateSubscriptions?: boolean | null | undefined;
	  }
	| {
			type: "activate_subscription";
			targetSubscriptionId: string;
			preserveBillingCycleAnchor?: boolean | undefined;
	  }
);

/** Opens a session; it expires after 24 hours. Unlike what Flowglad's pages say, the customer must exist. */
export function createCheckoutSession(state: State, input: CheckoutInput, atMs: number): CheckoutSession {
	const customer = findCustomer(state, input.customerExternalId);
	if (customer === undefined) throw new Refusal("BAD_REQUEST", `Required customer not found for externalId ${input.customerExternalId}`);
	const common = {
		...newRecord("chckt_session", atMs),
		pricingModelId,
		status: "open" as const,
		billingAddress: null,
		organizationId,
		customerName: customer.name,
		customerEmail: customer.email,
		customerId: customer.id,
		paymentMethodType: null,
		discountId: null,
		successUrl: input.successUrl,
		cancelUrl: input.cancelUrl,
		outputMetadata: input.outputMetadata ?? null,
		outputName: input.outputName ?? null,
		expires: atMs + lifetimeMs,
		purchaseId: null,
		invoiceId: null,
		quantity: 1,
	};
	const session = openSession(state, customer, input, common);
	state.checkoutSessions.push(session);
	return session;
}

type Common = Omit<
	Extract<CheckoutSession, { type: "activate_subscription" }>,
	"type" | "priceId" | "targetSubscriptionId" | "automaticallyUpdateSubscriptions"
> & { customerId: string; purchaseId: null; invoiceId: null };

function openSession(state: State, customer: Customer, input: CheckoutInput, common: Common): CheckoutSession {
	switch (input.type) {
		case "product":
			return {
				...common,
				type: "product",
				priceId: purchasablePrice(state, customer, input).id,
				quantity: input.quantity ?? 1,
				preserveBillingCycleAnchor: input.preserveBillingCycleAnchor ?? false,
				targetSubscriptionId: null,
				automaticallyUpdateSubscriptions: null,
			};
		case "add_payment_method":
			if (input.targetSubscriptionId !== undefined) requireOwn(state, customer, input.targetSubscriptionId);
			return {
				...common,
				type: "add_payment_method",
				priceId: null,
				preserveBillingCycleAnchor: false,
				targetSubscriptionId: input.targetSubscriptionId ?? null,
				automaticallyUpdateSubscriptions: input.automaticallyUpdateSubscriptions ?? null,
			};
		case "activate_subscription": {
			const target = requireOwn(state, customer, input.targetSubscriptionId);
			return {
				...common,
				type: "activate_subscription",
				priceId: target.priceId,
				preserveBillingCycleAnchor: input.preserveBillingCycleAnchor ?? false,
				targetSubscriptionId: target.id,
				automaticallyUpdateSubscriptions: null,
			};
		}
	}
}

function requireOwn(state: State, customer: Customer, subscriptionId: string) {
	const subscription = findSubscription(state, subscriptionId);
	if (subscription.customerId !== customer.id)
		throw new Refusal("BAD_REQUEST", `Subscription ${subscriptionId} does not belong to customer ${customer.externalId}`);
	return subscription;
}

function purchasablePrice(
	state: State,
	customer: Customer,
	wanted: { priceId?: string | undefined; priceSlug?: string | undefined },
): SubscriptionPrice | SinglePaymentPrice {
	const price = findPrice(wanted);
	if (price === undefined) throw new Refusal("NOT_FOUND", `Price ${wanted.priceId ?? wanted.priceSlug} not found`);
	if (price.type === "usage") throw new Refusal("BAD_REQUEST", "Usage prices cannot be checked out");
	if (productOf(price).default) throw new Refusal("BAD_REQUEST", "Checkout sessions cannot be created for default products");
	if (price.type === "subscription" && hasPaidPlan(state, customer.id))
		throw new Refusal("CONFLICT", `Customer ${customer.externalId} already has an active paid subscription`);
	return price;
}

export function findCheckoutSession(state: State, id: string): CheckoutSession {
	const session = state.checkoutSessions.find((one) => one.id === id);
	if (session === undefined) throw new Refusal("NOT_FOUND", `Checkout session ${id} not found`);
	return session;
}

/**
 * The customer pays. What was bought appears `activationDelayMs` later, as it does where a webhook has to
 * arrive first; until then the session is `pending`. Paying twice changes nothing.
 */
export function payCheckoutSession(state: State, session: CheckoutSession, atMs: number): void {
	if (session.status !== "open") return;
	const delayMs = state.faults.activationDelayMs ?? 0;
	if (delayMs === 0) {
		completeCheckoutSession(state, session, atMs);
		return;
	}
	session.status = "pending";
	session.updatedAt = atMs;
	state.pendingActivations.push({
		checkoutSessionId: session.id,
		dueAtMs: atMs + delayMs,
	});
}

/** Gives the customer what the session is for. Refuses, changing nothing, when a paid plan got in between. */
export function completeCheckoutSession(state: State, session: CheckoutSession, atMs: number): void {
	const customer = state.customers.find(({ id }) => id === session.customerId);
	if (customer === undefined) throw new Error(`Checkout session ${session.id} has no customer`);
	switch (session.type) {
		case "product":
			completePurchase(state, session, customer, atMs);
			break;
		case "add_payment_method":
			attachCard(state, session, customer, atMs);
			break;
		case "activate_subscription": {
			const target = findSubscription(state, session.targetSubscriptionId);
			target.defaultPaymentMethodId = cardOf(state, customer, atMs);
			if (target.status === "incomplete") activateReplacingFreePlan(state, target, atMs);
			break;
		}
	}
	session.status = "succeeded";
	session.paymentMethodType = "card";
	session.updatedAt = atMs;
}

function cardOf(state: State, customer: Customer, atMs: number): string {
	const card = defaultPaymentMethod(state, customer.id) ?? addPaymentMethod(state, customer, atMs);
	return card.id;
}

function completePurchase(state: State, session: Extract<CheckoutSession, { type: "product" }>, customer: Customer, atMs: number): void {
	const price = priceById(session.priceId);
	if (price.type === "usage") throw new Error(`Checkout session ${session.id} is for a usage price`);
	if (price.type === "subscription" && hasPaidPlan(state, customer.id))
		throw new Refusal("CONFLICT", `Customer ${customer.externalId} already has an active paid subscription`);
	cardOf(state, customer, atMs);
	const { quantity } = session;
	const name = session.outputName ?? productOf(price).name;
	const purchase = recordPurchase(state, {
		customer,
		price,
		name,
		quantity,
		atMs,
	});
	session.purchaseId = purchase.id;
	if (price.type === "subscription") {
		const metadata = session.outputMetadata ?? undefined;
		startSubscription(state, {
			customer,
			price,
			quantity,
			name,
			metadata,
			atMs,
		});
		return;
	}
	invoicePurchase(state, { customer, purchase, price, quantity, atMs });
	grantTopUp(state, customer, price, atMs);
}

/** The first grant feature's amount, whatever the quantity; nothing without a current subscription (flowglad.md e). */
function grantTopUp(state: State, customer: Customer, price: SinglePaymentPrice, atMs: number): void {
	const [subscription] = currentSubscriptions(state, customer.id);
	const feature = productOf(price).features.find(({ type }) => type === "usage_credit_grant");
	if (subscription === undefined || feature?.type !== "usage_credit_grant") return;
	post(state, {
		subscriptionId: subscription.id,
		usageMeterId: feature.usageMeterId,
		atMs,
		type: "grant",
		amount: feature.amount,
		expiresAtMs: null,
	});
}

function attachCard(
	state: State,
	session: Extract<CheckoutSession, { type: "add_payment_method" }>,
	customer: Customer,
	atMs: number,
): void {
	const card = addPaymentMethod(state, customer, atMs);
	for (const subscription of currentSubscriptions(state, customer.id)) {
		if (session.automaticallyUpdateSubscriptions || subscription.id === session.targetSubscriptionId) {
			subscription.defaultPaymentMethodId = card.id;
			subscription.updatedAt = atMs;
		}
	}
}
