import { describe, expect, test } from "vitest";
import type { FlowgladBilling, PricingModel, Subscription } from "../view/flowglad.ts";
import {
	AI_REQUESTS_METER,
	computeUsageTotal,
	findUsagePriceByMeterSlug,
	isDefaultPlanBySlug,
	planWithoutGrant,
	toEntitlement,
	toOffers,
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
const billing = (...subscriptions: Subscription[]): FlowgladBilling => ({
	subscriptions,
	currentSubscriptions: subscriptions.filter((one) => one.current),
	pricingModel: model,
});

describe("findUsagePriceByMeterSlug", () => {
	test("finds the default usage price of its meter (API v0.17 and later)", () => {
		expect(findUsagePriceByMeterSlug(AI_REQUESTS_METER, model)?.id).toBe("price_nc");
		expect(findUsagePriceByMeterSlug("tokens", model)?.id).toBe("price_tokens");
	});

	test("finds it among the products of an older pricing model by the meter's id or slug", () => {
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

	test("is null for a meter without a price and for an unknown meter", () => {
		expect(findUsagePriceByMeterSlug("images", model)).toBeNull();
		expect(findUsagePriceByMeterSlug(AI_REQUESTS_METER, {})).toBeNull();
		expect(findUsagePriceByMeterSlug(AI_REQUESTS_METER, { usageMeters: [{ id: "m", slug: AI_REQUESTS_METER, prices: [] }] })).toBeNull();
	});
});

describe("computeUsageTotal", () => {
	test("adds up only the grants per period on that meter", () => {
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

	test("is 0 without a subscription, without features and for an unknown meter", () => {
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
	test("is none for the free plan, a canceled plan and no subscription", () => {
		for (const subscriptions of [[], [free], [{ ...pro, current: false, status: "canceled" }]]) {
			expect(toEntitlement(billing(...subscriptions), 5, 1000)).toEqual({ kind: "none", fetchedAtMs: 5 });
		}
	});

	test("is the balance of the newest current paid plan, even when past due", () => {
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

	const withBalances = (plan: Subscription, ...available: number[]): Subscription => ({
		...plan,
		experimental: {
			featureItems: [grant],
			usageMeterBalances: available.map((availableBalance) => ({ slug: AI_REQUESTS_METER, availableBalance, subscriptionId: plan.id })),
		},
	});

	test("takes the balance unchanged, even when negative or on trial", () => {
		expect(toEntitlement(billing(withBalances(pro, -503)), 5, 1)).toMatchObject({ subscriptionId: "sub_pro", available: -503 });
		expect(toEntitlement(billing({ ...pro, status: "trialing" }), 5, 1)).toMatchObject({ available: 997, allowance: 1000 });
	});

	test("is none until the plan's first credits are granted", () => {
		expect(toEntitlement(billing(free, withBalances(pro)), 5, 1)).toEqual({ kind: "none", fetchedAtMs: 5 });
		const stranded = { ...withBalances({ ...pro, id: "sub_other" }, 9), id: "sub_pro" };
		expect(toEntitlement(billing(free, stranded), 5, 1)).toEqual({ kind: "none", fetchedAtMs: 5 });
	});

	test("prefers the newest of two plans with credits left, or else the newest", () => {
		const older = { ...pro, id: "sub_older", createdAt: 1 };
		const newer = { ...pro, id: "sub_newer", createdAt: 2 };
		const chosen = (...plans: Subscription[]) => toEntitlement(billing(free, ...plans), 5, 1);
		expect(chosen(withBalances(older, 10), withBalances(newer, 20))).toMatchObject({ subscriptionId: "sub_newer" });
		expect(chosen(withBalances(older, 10), withBalances(newer, 0))).toMatchObject({ subscriptionId: "sub_older" });
		expect(chosen(withBalances(older, 0), withBalances(newer, -1))).toMatchObject({ subscriptionId: "sub_newer", available: -1 });
		expect(chosen(withBalances(older, 10), withBalances(newer))).toMatchObject({ subscriptionId: "sub_older" });
		expect(chosen(withBalances(older), withBalances(newer))).toMatchObject({ kind: "none" });
	});

	test("is none for a plan priced at $0, whatever it grants", () => {
		const at = (unitPrice: number): Subscription => ({ ...pro, subscriptionItems: [{ price: { unitPrice, currency: "USD" } }] });
		expect(toEntitlement(billing(at(0)), 5, 1000)).toEqual({ kind: "none", fetchedAtMs: 5 });
		expect(toEntitlement(billing({ ...at(0), experimental: {} }), 5, 1000)).toEqual({ kind: "none", fetchedAtMs: 5 });
		expect(toEntitlement(billing(at(799)), 5, 1000)).toMatchObject({ kind: "balance", available: 997 });
	});

	test("uses PAID_PLAN_REQUESTS for a plan without a grant", () => {
		const bare = {
			...pro,
			experimental: { usageMeterBalances: [{ slug: AI_REQUESTS_METER, availableBalance: -3, subscriptionId: "sub_pro" }] },
		};
		expect(toEntitlement(billing(bare), 5, 1000)).toMatchObject({ available: 997, allowance: 1000 });
		expect(toEntitlement(billing({ ...pro, experimental: {} }), 5, 1000)).toMatchObject({ available: 1000, allowance: 1000 });
		expect(planWithoutGrant(billing(free, bare))?.id).toBe("sub_pro");
		expect(planWithoutGrant(billing(free, pro))).toBeUndefined();
	});
});

describe("toOffers", () => {
	const [pro, free, top] = [
		{
			priceId: "price_pro",
			priceSlug: "pro_monthly",
			name: "Pro",
			description: "For those who ask a lot",
			amountCents: 799,
			currency: "USD",
			interval: "month",
			requests: 1000,
			features: [],
			trialDays: 0,
			kind: "subscription",
			current: false,
		},
		{
			priceId: "price_free",
			priceSlug: "free_monthly",
			name: "Free",
			description: null,
			amountCents: 0,
			currency: "USD",
			interval: "month",
			requests: null,
			features: [],
			trialDays: 0,
			kind: "free",
			current: false,
		},
		{
			priceId: "price_top",
			priceSlug: "top_up",
			name: "Top-up",
			description: null,
			amountCents: 800,
			currency: "USD",
			interval: null,
			requests: 500,
			features: [],
			trialDays: 0,
			kind: "top-up",
			current: false,
		},
	];

	test("lists offers cheapest first, with their requests and the customer's current plan", () => {
		expect(toOffers(model, 7)).toEqual([free, pro, top]);
		expect(toOffers(model, 7, "price_pro")).toEqual([free, { ...pro, current: true }, top]);
	});

	test("lists toggles and trials, uses the fallback for a plan without a grant, and omits what is not for sale", () => {
		const price = {
			id: "price_max",
			slug: "max_monthly",
			type: "subscription",
			unitPrice: 1999,
			currency: "EUR",
			intervalUnit: "year" as const,
		};
		const product = { name: "Max", default: false, prices: [{ ...price, trialPeriodDays: 14 }] };
		const features = [
			{ type: "toggle", slug: "priority", name: "First in line" },
			{ type: "resource", slug: "seats", name: "Seats" },
		];
		expect(toOffers({ products: [{ ...product, features }] }, 7)).toEqual([
			{
				...pro,
				priceId: "price_max",
				priceSlug: "max_monthly",
				name: "Max",
				description: null,
				amountCents: 1999,
				currency: "EUR",
				interval: "year",
				requests: 7,
				features: ["First in line"],
				trialDays: 14,
			},
		]);
		expect(toOffers({ products: [{ ...product, active: false }] }, 7)).toEqual([]);
		expect(toOffers({ products: [{ ...product, prices: [{ ...price, active: false }] }] }, 7)).toEqual([]);
	});
});
