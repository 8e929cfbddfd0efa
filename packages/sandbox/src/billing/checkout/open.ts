/** Opens checkout sessions and decides what a customer may buy. Payment: pay.ts. */
import type { State } from "../../state.ts";
import { findCustomer } from "../customers.ts";
import { newRecord } from "../ids.ts";
import { findPrice, organizationId, pricingModelId, productOf } from "../pricing/pricing.ts";
import type { CheckoutSession, Customer, SinglePaymentPrice, SubscriptionPrice } from "../records.ts";
import { Refusal } from "../refusal.ts";
import { findSubscription, newestCurrent } from "../subscriptions/find.ts";

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

/**
 * Opens a session, which expires after 24 hours. The customer must exist, although Flowglad's docs say otherwise.
 * @throws Refusal
 */
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
	const price = findPrice(state, wanted);
	if (price === undefined)
		throw new Refusal("BAD_REQUEST", `Price "${wanted.priceId ?? wanted.priceSlug}" not found for customer's pricing model`);
	if (price.type === "usage") throw new Refusal("BAD_REQUEST", "Checkout sessions are only supported for product prices, not usage prices");
	if (productOf(state, price).default) throw new Refusal("BAD_REQUEST", "Checkout sessions cannot be created for default products");
	if (price.type === "single_payment" && !state.settings.topUpWithoutSubscription && newestCurrent(state, customer.id) === undefined)
		throw new Refusal("BAD_REQUEST", `Customer ${customer.externalId} has no current subscription to credit`);
	return price;
}
