/** The seed catalogue. Ids are fixed, so that a stored state still fits after a restart. Shapes: flowglad.md d. */
import type { Settings } from "../../settings.ts";
import type { Product, SinglePaymentPrice, SubscriptionPrice, UsageMeter, UsagePrice } from "../records.ts";

export const organizationId = "org_sandbox";
export const pricingModelId = "pricing_model_sandbox";

export const seeded = {
	createdAt: Date.UTC(2026, 0, 1),
	updatedAt: Date.UTC(2026, 0, 1),
	livemode: false,
};

/** The default price of a meter: $0 per unit. Its id and slug derive from the meter's slug. */
export function noChargePrice(meter: Pick<UsageMeter, "id" | "slug" | "name">, createdAt: number): UsagePrice {
	return {
		id: `price_${meter.slug}_no_charge`,
		createdAt,
		updatedAt: createdAt,
		livemode: false,
		intervalUnit: "month",
		name: `${meter.name} - No Charge`,
		intervalCount: 1,
		type: "usage",
		trialPeriodDays: null,
		isDefault: true,
		unitPrice: 0,
		usageEventsPerUnit: 1,
		productId: null,
		active: true,
		currency: "USD",
		slug: `${meter.slug}_no_charge`,
		usageMeterId: meter.id,
		pricingModelId,
	};
}

const aiRequestsMeter = { id: "usage_meter_ai_requests", name: "AI Requests", slug: "ai_requests" };
export const noCharge = noChargePrice(aiRequestsMeter, seeded.createdAt);

export const aiRequests = {
	...seeded,
	...aiRequestsMeter,
	organizationId,
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

/** What Flowglad creates with a new organization: its default price does not renew (createFreePlanPriceInsert). */
const freeOnce = {
	...freeMonthly,
	intervalUnit: null,
	intervalCount: null,
	type: "single_payment",
} satisfies SinglePaymentPrice;

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

const everyPeriod = {
	...creditGrant,
	description: "Granted at the start of each billing period.",
	renewalFrequency: "every_billing_period",
} as const;

function free({ freeCredits: credits, freePlanRenews }: Settings) {
	const price = freePlanRenews || credits > 0 ? freeMonthly : freeOnce;
	return {
		...product,
		id: "prod_free",
		name: "Free",
		description: "For trying things out.",
		default: true,
		slug: "free",
		prices: [price],
		defaultPrice: price,
		features:
			credits === 0
				? []
				: [
						{
							...everyPeriod,
							id: "feature_free_ai_requests",
							slug: "free_ai_requests",
							name: `${credits} requests a month`,
							amount: credits,
						},
					],
	} satisfies Product;
}

function pro(trialDays: number) {
	const price = {
		...freeMonthly,
		id: "price_pro_monthly",
		name: "Pro",
		unitPrice: 799,
		productId: "prod_pro",
		slug: "pro_monthly",
		trialPeriodDays: trialDays === 0 ? null : trialDays,
	} satisfies SubscriptionPrice;
	return {
		...product,
		id: "prod_pro",
		name: "Pro",
		description: "1000 requests a month.",
		default: false,
		slug: "pro",
		prices: [price],
		defaultPrice: price,
		features: [{ ...everyPeriod, id: "feature_pro_ai_requests", slug: "pro_ai_requests", name: "1000 requests a month" }],
	} satisfies Product;
}

const maxMonthly = {
	...freeMonthly,
	id: "price_max_monthly",
	name: "Max",
	unitPrice: 1999,
	productId: "prod_max",
	slug: "max_monthly",
} satisfies SubscriptionPrice;

const max = {
	...product,
	id: "prod_max",
	name: "Max",
	description: "3000 requests a month, and first in line.",
	default: false,
	slug: "max",
	prices: [maxMonthly],
	defaultPrice: maxMonthly,
	features: [
		{ ...everyPeriod, id: "feature_max_ai_requests", slug: "max_ai_requests", name: "3000 requests a month", amount: 3000 },
		{
			...seeded,
			id: "feature_priority",
			organizationId,
			type: "toggle",
			slug: "priority",
			name: "First in line",
			description: "Answered before others when it is busy.",
			amount: null,
			usageMeterId: null,
			renewalFrequency: null,
			pricingModelId,
			resourceId: null,
			active: true,
		},
	],
} satisfies Product;

const topUp = {
	...product,
	id: "prod_top_up",
	name: "Top-up",
	description: "1000 requests, used after those of your plan.",
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

/** The default product that Flowglad creates with every pricing model. */
function untouchedFree(renews: boolean) {
	const price = { ...(renews ? freeMonthly : freeOnce), name: "Free Plan", slug: "free" };
	return {
		...product,
		id: "prod_free",
		name: "Free Plan",
		description: null,
		default: true,
		slug: "free",
		prices: [price],
		defaultPrice: price,
		features: [],
	} satisfies Product;
}

/** The catalogue before any change through the API. It includes inactive products, because subscribers may still have them. */
export function seed(settings: Settings): { products: Product[]; usageMeters: UsageMeter[] } {
	const { emptyCatalogue, freePlanRenews, proTrialDays, maxPlan } = settings;
	if (emptyCatalogue) return { products: [untouchedFree(freePlanRenews)], usageMeters: [] };
	return { products: [free(settings), pro(proTrialDays), { ...max, active: maxPlan }, topUp], usageMeters: [aiRequests] };
}
