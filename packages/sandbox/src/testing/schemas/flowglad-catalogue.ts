/** Flowglad's products, prices and meters with the fields and types of @flowglad/node 0.29. Strict: an unknown field fails. */
import { z } from "zod";
import { flags, nulls, numbers, texts, textsOrNull } from "./fields.ts";

const aggregationType = z.enum(["sum", "count_distinct_properties"]);
const interval = z.enum(["day", "week", "month", "year"]);

const subscriptionPrice = z.strictObject({
	type: z.literal("subscription"),
	...texts("id", "pricingModelId", "productId"),
	...flags("active", "isDefault", "livemode"),
	...numbers("createdAt", "intervalCount", "unitPrice", "updatedAt"),
	...textsOrNull("name", "slug"),
	...nulls("usageEventsPerUnit", "usageMeterId"),
	trialPeriodDays: z.number().nullable(),
	currency: z.literal("USD"),
	intervalUnit: interval,
});

const singlePaymentPrice = z.strictObject({
	type: z.literal("single_payment"),
	...texts("id", "pricingModelId", "productId"),
	...flags("active", "isDefault", "livemode"),
	...numbers("createdAt", "unitPrice", "updatedAt"),
	...textsOrNull("name", "slug"),
	...nulls("intervalCount", "intervalUnit", "trialPeriodDays", "usageEventsPerUnit", "usageMeterId"),
	currency: z.literal("USD"),
});

const usagePrice = z.strictObject({
	type: z.literal("usage"),
	...texts("id", "pricingModelId", "usageMeterId"),
	...flags("active", "isDefault", "livemode"),
	...numbers("createdAt", "intervalCount", "unitPrice", "updatedAt", "usageEventsPerUnit"),
	...textsOrNull("name", "slug"),
	...nulls("productId", "trialPeriodDays"),
	currency: z.literal("USD"),
	intervalUnit: interval,
});

export const price = z.discriminatedUnion("type", [subscriptionPrice, singlePaymentPrice, usagePrice]);

export const feature = z.discriminatedUnion("type", [
	z.strictObject({
		type: z.literal("toggle"),
		...texts("id", "description", "name", "organizationId", "pricingModelId", "slug"),
		...flags("active", "livemode"),
		...numbers("createdAt", "updatedAt"),
		...nulls("amount", "renewalFrequency", "resourceId", "usageMeterId"),
	}),
	z.strictObject({
		type: z.literal("usage_credit_grant"),
		...texts("id", "description", "name", "organizationId", "pricingModelId", "slug", "usageMeterId"),
		...flags("active", "livemode"),
		...numbers("amount", "createdAt", "updatedAt"),
		resourceId: z.null(),
		renewalFrequency: z.enum(["once", "every_billing_period"]),
	}),
	z.strictObject({
		type: z.literal("resource"),
		...texts("id", "description", "name", "organizationId", "pricingModelId", "resourceId", "slug"),
		...flags("active", "livemode"),
		...numbers("amount", "createdAt", "updatedAt"),
		...nulls("renewalFrequency", "usageMeterId"),
	}),
]);

export const productRecord = z.strictObject({
	...flags("active", "default", "livemode"),
	...texts("id", "name", "organizationId", "pricingModelId"),
	...numbers("createdAt", "updatedAt"),
	...textsOrNull("description", "imageURL", "pluralQuantityLabel", "singularQuantityLabel", "slug"),
});

export const product = z.strictObject({
	...texts("id", "name", "organizationId", "pricingModelId"),
	...flags("active", "default", "livemode"),
	...numbers("createdAt", "updatedAt"),
	...textsOrNull("description", "imageURL", "pluralQuantityLabel", "singularQuantityLabel", "slug"),
	defaultPrice: price,
	features: z.array(feature),
	prices: z.array(price),
});

export const meterRecord = z.strictObject({
	...texts("id", "name", "organizationId", "pricingModelId", "slug"),
	...numbers("createdAt", "updatedAt"),
	livemode: z.boolean(),
	aggregationType,
});

const usageMeter = z.strictObject({
	...texts("id", "name", "organizationId", "pricingModelId", "slug"),
	...numbers("createdAt", "updatedAt"),
	livemode: z.boolean(),
	aggregationType,
	prices: z.array(usagePrice),
	defaultPrice: usagePrice.optional(),
});

export const pricingModel = z.strictObject({
	...texts("id", "name", "organizationId"),
	...numbers("createdAt", "updatedAt"),
	...flags("isDefault", "livemode"),
	products: z.array(product),
	usageMeters: z.array(usageMeter),
	defaultProduct: product.optional(),
});

export const webhookEndpoint = z.strictObject({
	...texts("id", "organizationId", "url", "name", "pricingModelId"),
	...numbers("createdAt", "updatedAt"),
	...flags("livemode", "active"),
	filterTypes: z.array(z.string()),
});
