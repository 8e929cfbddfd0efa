/** Schemas of request bodies that change the catalogue. Unknown keys are dropped, as in the real service. */
import { z } from "zod";
import { eventTypes } from "../../webhooks/records.ts";

const amount = z.number().int().min(1);
const unitPrice = z.number().int().min(0);
const slug = z.string().min(1);

const subscriptionPrice = z.object({
	type: z.literal("subscription"),
	name: z.string().nullish(),
	slug: slug.nullish(),
	isDefault: z.boolean(),
	unitPrice,
	intervalUnit: z.enum(["day", "week", "month", "year"]),
	intervalCount: z.number().int().min(1),
	trialPeriodDays: z.number().int().min(0).nullish(),
});

const singlePaymentPrice = z.object({
	type: z.literal("single_payment"),
	name: z.string().nullish(),
	slug: slug.nullish(),
	isDefault: z.boolean(),
	unitPrice,
});

const ofProduct = { productId: z.string() };

const productFields = {
	name: z.string().min(1),
	active: z.boolean(),
	description: z.string().nullish(),
	imageURL: z.string().nullish(),
	singularQuantityLabel: z.string().nullish(),
	pluralQuantityLabel: z.string().nullish(),
	default: z.boolean().optional(),
	slug: slug.nullish(),
};

/** The slug "free" belongs to the default product, which comes with the pricing model. */
const newProduct = z
	.object({ ...productFields, pricingModelId: z.string() })
	.refine((product) => product.slug?.trim().toLowerCase() !== "free", "The slug free is reserved for the default product");

const toggle = z.object({ type: z.literal("toggle"), slug, name: z.string(), description: z.string() });
const creditGrant = z.object({
	type: z.literal("usage_credit_grant"),
	slug,
	name: z.string(),
	description: z.string(),
	amount,
	usageMeterId: z.string(),
	renewalFrequency: z.enum(["once", "every_billing_period"]),
});
const inModel = { pricingModelId: z.string() };
const changed = { slug: slug.optional(), name: z.string().optional(), description: z.string().optional(), active: z.boolean().optional() };

const priceChange = {
	name: z.string().nullish(),
	isDefault: z.boolean(),
	active: z.boolean().optional(),
	slug: slug.nullish(),
};

const endpoint = { filterTypes: z.array(z.enum(eventTypes)), url: z.url() };
const aggregationType = z.enum(["sum", "count_distinct_properties"]);

export const catalogueBodies = {
	createMeter: z.object({
		usageMeter: z.object({ name: z.string().min(1), slug, ...inModel, aggregationType: aggregationType.default("sum") }),
		price: z.undefined("The sandbox's meters have no price of their own").optional(),
	}),
	updateMeter: z.object({
		usageMeter: z.object({ name: z.string().min(1).optional(), slug: slug.optional(), aggregationType: aggregationType.optional() }),
	}),
	createFeature: z.object({
		feature: z.discriminatedUnion("type", [toggle.extend(inModel), creditGrant.extend(inModel)]),
	}),
	updateFeature: z.object({
		feature: z.discriminatedUnion("type", [toggle.extend(changed), creditGrant.extend(changed)]),
	}),
	createProduct: z.object({
		product: newProduct,
		price: z.discriminatedUnion("type", [subscriptionPrice, singlePaymentPrice]),
		featureIds: z.array(z.string()).optional(),
	}),
	updateProduct: z.object({ product: z.object(productFields), featureIds: z.array(z.string()).optional() }),
	createPrice: z.object({
		price: z.discriminatedUnion("type", [subscriptionPrice.extend(ofProduct), singlePaymentPrice.extend(ofProduct)]),
	}),
	updatePrice: z.object({
		price: z.discriminatedUnion("type", [
			z.object({ type: z.literal("subscription"), ...priceChange }),
			z.object({ type: z.literal("single_payment"), ...priceChange }),
			z.object({ type: z.literal("usage"), ...priceChange }),
		]),
	}),
	createWebhook: z.object({
		webhook: z.object({ ...endpoint, name: z.string(), active: z.boolean().default(true), pricingModelId: z.string() }),
	}),
	updateWebhook: z.object({ webhook: z.object({ ...endpoint, name: z.string().optional(), active: z.boolean().optional() }) }),
};

export type CatalogueBodies = typeof catalogueBodies;
