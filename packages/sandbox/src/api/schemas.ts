/** Schemas of request bodies. Unknown keys are dropped, as in the real service. */
import { z } from "zod";

const metadata = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const quantity = z.number().int().min(1);

/** The real service stores the amount in a 32-bit column. */
const usageEvent = z
	.object({
		subscriptionId: z.string(),
		amount: z.number().int().min(1).max(2_147_483_647),
		transactionId: z.string(),
		usageDate: z.number().int().optional(),
		properties: z.record(z.string(), z.unknown()).nullish(),
		priceId: z.string().optional(),
		priceSlug: z.string().optional(),
		usageMeterId: z.string().optional(),
		usageMeterSlug: z.string().optional(),
	})
	.refine(
		({ priceId, priceSlug, usageMeterId, usageMeterSlug }) =>
			[priceId, priceSlug, usageMeterId, usageMeterSlug].filter((one) => one !== undefined).length === 1,
		"Exactly one of priceId, priceSlug, usageMeterId, or usageMeterSlug must be provided",
	);

export const createUsageEventBody = z.object({ usageEvent });
export const bulkUsageEventsBody = z.object({ usageEvents: z.array(usageEvent).min(1) });

const customerFields = {
	logoURL: z.string().nullish(),
	iconURL: z.string().nullish(),
	domain: z.string().nullish(),
	userId: z.string().nullish(),
};

export const createCustomerBody = z.object({
	customer: z.object({
		externalId: z.string().min(1),
		email: z.string(),
		name: z.string(),
		...customerFields,
	}),
});

export const updateCustomerBody = z.object({
	customer: z.object({
		email: z.string().optional(),
		name: z.string().optional(),
		...customerFields,
	}),
});

/** Any JSON object: the real service reads nothing from it. */
export const archiveCustomerBody = z.object({});

const checkoutTarget = {
	customerExternalId: z.string(),
	successUrl: z.url({ protocol: /^https?$/ }),
	cancelUrl: z.url({ protocol: /^https?$/ }),
	outputMetadata: metadata.nullish(),
	outputName: z.string().optional(),
};

export const createCheckoutSessionBody = z.object({
	checkoutSession: z.discriminatedUnion("type", [
		z
			.object({
				...checkoutTarget,
				type: z.literal("product"),
				priceId: z.string().optional(),
				priceSlug: z.string().optional(),
				quantity: quantity.optional(),
				preserveBillingCycleAnchor: z.boolean().optional(),
			})
			.refine(
				({ priceId, priceSlug }) => (priceId === undefined) !== (priceSlug === undefined),
				"Exactly one of priceId or priceSlug must be provided",
			),
		z.object({
			...checkoutTarget,
			type: z.literal("add_payment_method"),
			targetSubscriptionId: z.string().optional(),
			automaticallyUpdateSubscriptions: z.boolean().nullish(),
		}),
		z.object({
			...checkoutTarget,
			type: z.literal("activate_subscription"),
			targetSubscriptionId: z.string(),
			preserveBillingCycleAnchor: z.boolean().optional(),
		}),
	]),
});

export const createSubscriptionBody = z
	.object({
		customerId: z.string().optional(),
		customerExternalId: z.string().optional(),
		priceId: z.string().optional(),
		priceSlug: z.string().optional(),
		quantity: quantity.optional(),
		name: z.string().optional(),
		metadata: metadata.optional(),
		doNotCharge: z.boolean().optional(),
		defaultPaymentMethodId: z.string().optional(),
		/** Epoch milliseconds. */
		trialEnd: z.number().optional(),
	})
	.refine(
		({ customerId, customerExternalId }) => (customerId === undefined) !== (customerExternalId === undefined),
		"Exactly one of customerId or customerExternalId must be provided",
	)
	.refine(
		({ priceId, priceSlug }) => (priceId === undefined) !== (priceSlug === undefined),
		"Exactly one of priceId or priceSlug must be provided",
	);

export const cancelSubscriptionBody = z.object({
	cancellation: z.object({ timing: z.enum(["immediately", "at_end_of_current_billing_period"]) }),
});

export const refundPaymentBody = z.object({ partialAmount: z.number().int().optional() });

export const adjustSubscriptionBody = z.object({
	adjustment: z.object({
		timing: z.enum(["immediately", "at_end_of_current_billing_period", "auto"]),
		newSubscriptionItems: z
			.array(z.object({ priceId: z.string().nullish(), priceSlug: z.string().optional(), quantity: quantity.optional() }))
			.length(1, "The sandbox adjusts subscriptions of one item"),
		prorateCurrentBillingPeriod: z.boolean().optional(),
	}),
});
