/** The one pricing model of the sandbox, and where its prices and products are looked up. */
import type { PricingModel, Product, SinglePaymentPrice, SubscriptionPrice, UsageMeter, UsagePrice } from "./records.ts";

export const organizationId = "org_sandbox";
export const pricingModelId = "pricing_model_sandbox";

const seeded = {
	createdAt: Date.UTC(2026, 0, 1),
	updatedAt: Date.UTC(2026, 0, 1),
	livemode: false,
};

const noCharge = {
	...seeded,
	id: "price_ai_requests_no_charge",
	intervalUnit: "month",
	name: "AI Requests - No Charge",
	intervalCount: 1,
	type: "usage",
	trialPeriodDays: null,
	isDefault: true,
	unitPrice: 0,
	usageEventsPerUnit: 1,
	productId: null,
	active: true,
	currency: "USD",
	slug: "ai_requests_no_charge",
	usageMeterId: "usage_meter_ai_requests",
	pricingModelId,
} satisfies UsagePrice;

const aiRequests = {
	...seeded,
	id: "usage_meter_ai_requests",
	organizationId,
	name: "AI Requests",
	slug: "ai_requests",
	pricingModelId,
	aggregationType: "sum",
	prices: [noCharge],
	defaultPrice: noCharge,
} satisfies UsageMeter;

const freeMonthly = {
	...seeded,
	id: "price_free_monthly",
	intervalUnit: "month",
	name: "Free",
	intervalCount: 1,
	type: "subscription",
	trialPeriodDays: null,
	isDefault: true,
	unitPrice: 0,
	usageEventsPerUnit: null,
	productId: "prod_free",
	active: true,
	currency: "USD",
	slug: "free_monthly",
	usageMeterId: null,
	pricingModelId,
} satisfies SubscriptionPrice;

const proMonthly = {
	...freeMonthly,
	id: "price_pro_monthly",
	name: "Pro",
	unitPrice: 799,
	productId: "prod_pro",
	slug: "pro_monthly",
} satisfies SubscriptionPrice;

const topUp1000 = {
	...seeded,
	id: "price_top_up_1000",
	intervalUnit: null,
	name: "1000 more requests",
	intervalCount: null,
	type: "single_payment",
	trialPeriodDays: null,
	isDefault: true,
	unitPrice: 800,
	usageEventsPerUnit: null,
	productId: "prod_top_up",
	active: true,
	currency: "USD",
	slug: "top_up_1000",
	usageMeterId: null,
	pricingModelId,
} satisfies SinglePaymentPrice;

const product = {
	...seeded,
	imageURL: null,
	organizationId,
	active: true,
	singularQuantityLabel: null,
	pluralQuantityLabel: null,
	pricingModelId,
};

const creditGrant = {
	...seeded,
	organizationId,
	type: "usage_credit_grant",
	amount: 1000,
	usageMeterId: aiRequests.id,
	pricingModelId,
	resourceId: null,
	active: true,
} as const;

const free = {
	...product,
	id: "prod_free",
	name: "Free",
	description: "For trying things out.",
	default: true,
	slug: "free",
	prices: [freeMonthly],
	defaultPrice: freeMonthly,
	features: [],
} satisfies Product;

const pro = {
	...product,
	id: "prod_pro",
	name: "Pro",
	description: "1000 requests a month.",
	default: false,
	slug: "pro",
	prices: [proMonthly],
	defaultPrice: proMonthly,
	features: [
		{
			...creditGrant,
			id: "feature_pro_ai_requests",
			slug: "pro_ai_requests",
			name: "1000 requests a month",
			description: "Granted at the start of each billing period.",
			renewalFrequency: "every_billing_period",
		},
	],
} satisfies Product;

const topUp = {
	...product,
	id: "prod_top_up",
	name: "Top-up",
	description: "1000 requests that do not expire.",
	default: false,
	slug: "top_up",
	prices: [topUp1000],
	defaultPrice: topUp1000,
	features: [
		{
			...creditGrant,
			id: "feature_top_up_ai_requests",
			slug: "top_up_ai_requests",
			name: "1000 more requests",
			description: "Granted once, never expiring.",
			renewalFrequency: "once",
		},
	],
} satisfies Product;

/** Shape: flowglad.md d. Ids are fixed, so that a stored state still fits after a restart. */
export const pricingModel: PricingModel = {
	...seeded,
	id: pricingModelId,
	organizationId,
	isDefault: true,
	name: "Parley sandbox",
	products: [free, pro, topUp],
	usageMeters: [aiRequests],
	defaultProduct: free,
};

export const defaultPrice: SubscriptionPrice = freeMonthly;

type ProductPrice = SubscriptionPrice | SinglePaymentPrice;
export type Price = ProductPrice | UsagePrice;

const prices: Price[] = [freeMonthly, proMonthly, topUp1000, noCharge];

export function findPrice(wanted: { priceId?: string | undefined; priceSlug?: string | undefined }): Price | undefined {
	return prices.find(({ id, slug }) => (wanted.priceId === undefined ? slug === wanted.priceSlug : id === wanted.priceId));
}

/** For ids that the sandbox stored itself: an unknown one is a bug or a state file of another version. */
export function priceById(id: string): Price {
	const price = findPrice({ priceId: id });
	if (price === undefined) throw new Error(`The pricing model has no price ${id}`);
	return price;
}

export function productOf(price: ProductPrice): Product {
	const found = pricingModel.products.find(({ id }) => id === price.productId);
	if (found === undefined) throw new Error(`The pricing model has no product ${price.productId}`);
	return found;
}

export function findUsageMeter(wanted: {
	usageMeterId?: string | null | undefined;
	usageMeterSlug?: string | undefined;
}): UsageMeter | undefined {
	return pricingModel.usageMeters.find(({ id, slug }) => id === wanted.usageMeterId || slug === wanted.usageMeterSlug);
}
