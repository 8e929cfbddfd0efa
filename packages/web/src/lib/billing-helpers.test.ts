import { describe, expect, test } from "vitest";
import {
	AI_REQUESTS_METER,
	type Billing,
	computeUsageTotal,
	findUsagePriceByMeterSlug,
	isDefaultPlanBySlug,
	type PricingModel,
	type Subscription,
	toEntitlement,
	toPlans,
} from "./billing-helpers.ts";

const usagePrice = {
	id: "price_nc",
	slug: "ai_requests_no_charge",
	type: "usage",
	isDefault: true,
	unitPrice: 0,
	usageMeterId: "meter_ai",
};
const grant = {
	type: "usage_credit_grant",
	slug: "pro_ai_requests",
	amount: 1000,
	usageMeterId: "meter_ai",
	renewalFrequency: "every_billing_period" as const,
};

const model: PricingModel = {
	products: [
		{
			slug: "pro",
			name: "Pro",
			description: "For those who ask a lot",
			default: false,
			prices: [{ id: "price_pro", slug: "pro_monthly", type: "subscription", unitPrice: 799, currency: "USD", intervalUnit: "month" }],
			features: [grant],
		},
		{
			slug: "free",
			name: "Free",
			default: true,
			prices: [{ id: "price_free", slug: "free_monthly", type: "subscription", unitPrice: 0, currency: "USD", intervalUnit: "month" }],
		},
		{
			slug: "top",
			name: "Top-up",
			default: false,
			prices: [{ id: "price_top", slug: "top_up", type: "single_payment", unitPrice: 800, currency: "USD", intervalUnit: null }],
			features: [{ ...grant, amount: 500, renewalFrequency: "once" }],
		},
	],
	usageMeters: [
		{ id: "meter_tokens", slug: "tokens", prices: [{ ...usagePrice, id: "price_tokens", usageMeterId: "meter_tokens" }] },
		{ id: "meter_ai", slug: AI_REQUESTS_METER, prices: [{ ...usagePrice, id: "price_other", isDefault: false }, usagePrice] },
	],
};

const PERIOD = { currentBillingPeriodStart: 1000, currentBillingPeriodEnd: 2000 };
const pro: Subscription = {
	id: "sub_pro",
	status: "active",
	current: true,
	isFreePlan: false,
	createdAt: 900,
	...PERIOD,
	experimental: {
		featureItems: [grant],
		usageMeterBalances: [{ slug: AI_REQUESTS_METER, availableBalance: 997, subscriptionId: "sub_pro" }],
	},
};
const free: Subscription = { id: "sub_free", status: "active", current: true, isFreePlan: true, createdAt: 800, ...PERIOD };
const billing = (...subscriptions: Subscription[]): Billing => ({
	subscriptions,
	currentSubscriptions: subscriptions.filter((one) => one.current),
	pricingModel: model,
});

describe("findUsagePriceByMeterSlug", () => {
	test("finds the default usage price under its meter, where the API has kept them since v0.17", () => {
		expect(findUsagePriceByMeterSlug(AI_REQUESTS_METER, model)?.id).toBe("price_nc");
		expect(findUsagePriceByMeterSlug("tokens", model)?.id).toBe("price_tokens");
	});

	test("finds it among the products of an older pricing model, by the meter's id or slug", () => {
		const older = (price: object): PricingModel => ({
			products: [
				{
					name: "Pro",
					default: false,
					prices: [
						{ id: "price_sub", slug: "pro", type: "subscription" },
						{ id: "price_old", slug: "u", type: "usage", ...price },
					],
				},
			],
			usageMeters: [{ id: "meter_ai", slug: AI_REQUESTS_METER }],
		});
		expect(findUsagePriceByMeterSlug(AI_REQUESTS_METER, older({ usageMeterId: "meter_ai" }))?.id).toBe("price_old");
		expect(findUsagePriceByMeterSlug(AI_REQUESTS_METER, older({ usageMeterSlug: AI_REQUESTS_METER }))?.id).toBe("price_old");
	});

	test("is null for a meter without a price, and for no meter at all", () => {
		expect(findUsagePriceByMeterSlug("images", model)).toBeNull();
		expect(findUsagePriceByMeterSlug(AI_REQUESTS_METER, {})).toBeNull();
		expect(findUsagePriceByMeterSlug(AI_REQUESTS_METER, { usageMeters: [{ id: "m", slug: AI_REQUESTS_METER, prices: [] }] })).toBeNull();
	});
});

describe("computeUsageTotal", () => {
	test("adds up what the subscription grants on the meter each period, and nothing else", () => {
		const items = [
			grant,
			{ ...grant, amount: 200 },
			{ ...grant, amount: 7, renewalFrequency: "once" as const },
			{ ...grant, amount: 9, usageMeterId: "meter_tokens" },
			{ ...grant, amount: 11, expiredAt: 1 },
			{ ...grant, amount: 13, detachedAt: 1 },
			{ type: "toggle", amount: 17 },
		];
		expect(computeUsageTotal(AI_REQUESTS_METER, { ...pro, experimental: { featureItems: items } }, model)).toBe(1200);
	});

	test("is 0 without a subscription, without features, and for an unknown meter", () => {
		expect(computeUsageTotal(AI_REQUESTS_METER, undefined, model)).toBe(0);
		expect(computeUsageTotal(AI_REQUESTS_METER, free, model)).toBe(0);
		expect(computeUsageTotal("images", pro, model)).toBe(0);
	});
});

describe("isDefaultPlanBySlug", () => {
	test("is true for a price of the default product only", () => {
		expect(isDefaultPlanBySlug(model, "free_monthly")).toBe(true);
		expect(isDefaultPlanBySlug(model, "pro_monthly")).toBe(false);
		expect(isDefaultPlanBySlug(model, "unknown")).toBe(false);
	});
});

describe("toEntitlement", () => {
	test("is none with the free plan, with a canceled one, and with no subscription at all", () => {
		for (const subscriptions of [[], [free], [{ ...pro, current: false, status: "canceled" }]]) {
			expect(toEntitlement(billing(...subscriptions), 5, 1000)).toEqual({ kind: "none", fetchedAtMs: 5 });
		}
	});

	test("is the balance of the newest current plan that is not free, past due or not", () => {
		const entitlement = {
			kind: "balance",
			subscriptionId: "sub_pro",
			available: 997,
			allowance: 1000,
			periodStartMs: 1000,
			periodEndMs: 2000,
			fetchedAtMs: 5,
		};
		expect(toEntitlement(billing(free, pro), 5, 1)).toEqual(entitlement);
		expect(toEntitlement(billing({ ...pro, status: "past_due" }), 5, 1)).toEqual(entitlement);
		expect(toEntitlement(billing({ ...pro, id: "sub_older", createdAt: 1 }, pro), 5, 1)).toEqual(entitlement);
	});

	test("takes a balance as it is: negative, or not there before the first grant", () => {
		const withBalance = (usageMeterBalances: NonNullable<Subscription["experimental"]>["usageMeterBalances"]) =>
			toEntitlement(billing({ ...pro, experimental: { featureItems: [grant], usageMeterBalances } }), 5, 1);
		expect(withBalance([{ slug: AI_REQUESTS_METER, availableBalance: -503, subscriptionId: "sub_pro" }])).toMatchObject({
			available: -503,
		});
		expect(withBalance([])).toMatchObject({ available: 0, allowance: 1000 });
		expect(withBalance([{ slug: AI_REQUESTS_METER, availableBalance: 9, subscriptionId: "sub_other" }])).toMatchObject({ available: 0 });
	});

	test("lets PAID_PLAN_REQUESTS stand in for a plan that grants nothing", () => {
		const bare = {
			...pro,
			experimental: { usageMeterBalances: [{ slug: AI_REQUESTS_METER, availableBalance: -3, subscriptionId: "sub_pro" }] },
		};
		expect(toEntitlement(billing(bare), 5, 1000)).toMatchObject({ available: 997, allowance: 1000 });
	});
});

test("toPlans lists what can be had, cheapest first, with the requests that come with it", () => {
	expect(toPlans(model)).toEqual([
		{
			priceSlug: "free_monthly",
			name: "Free",
			description: null,
			amountCents: 0,
			currency: "USD",
			interval: "month",
			requests: null,
			kind: "free",
		},
		{
			priceSlug: "pro_monthly",
			name: "Pro",
			description: "For those who ask a lot",
			amountCents: 799,
			currency: "USD",
			interval: "month",
			requests: 1000,
			kind: "subscription",
		},
		{
			priceSlug: "top_up",
			name: "Top-up",
			description: null,
			amountCents: 800,
			currency: "USD",
			interval: null,
			requests: 500,
			kind: "top-up",
		},
	]);
});
