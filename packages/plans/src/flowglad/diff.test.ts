import { expect, it } from "vitest";
import { plans } from "../testing/sandbox.ts";
import { diff, webhookEvents } from "./diff.ts";
import type { Found, FoundFeature, FoundMeter, FoundPrice, FoundProduct } from "./found.ts";

const url = "https://your.app/api/flowglad/webhook";
const pricingModelId = "pricing_model_1";

function price(slug: string, fields: Partial<FoundPrice>): FoundPrice {
	const terms = { type: "subscription", unitPrice: 799, currency: "USD", intervalUnit: "month", intervalCount: 1 };
	return { id: `price_${slug}`, slug, active: true, isDefault: true, ...terms, ...fields };
}

function product(slug: string, fields: Partial<FoundProduct>): FoundProduct {
	const common = { id: `prod_${slug}`, slug, active: true, default: false, pricingModelId, description: null, name: slug };
	return { ...common, prices: [], features: [], ...fields };
}

function grant(slug: string, renewalFrequency: string): FoundFeature {
	const common = { id: `feature_${slug}`, type: "usage_credit_grant", slug, name: slug, active: true, pricingModelId };
	return { ...common, amount: 1000, usageMeterId: "usage_meter_1", renewalFrequency };
}

/** A pricing model that matches the plan file. */
function asPlanned() {
	const meter: FoundMeter = { id: "usage_meter_1", slug: "ai_requests", name: "AI Requests", aggregationType: "sum" };
	const free = product("free", {
		default: true,
		name: "Free",
		description: "For trying things out.",
		prices: [price("free", { type: "single_payment", unitPrice: 0, intervalUnit: null, intervalCount: null })],
	});
	const pro = product("pro", {
		name: "Pro",
		description: "1000 requests a month.",
		prices: [price("pro_monthly", {})],
		features: [grant("a", "every_billing_period")],
	});
	const topUp = product("top_up", {
		name: "Top-up",
		description: "1000 requests, used after those of your plan.",
		prices: [price("top_up_1000", { type: "single_payment", unitPrice: 800, intervalUnit: null, intervalCount: null })],
		features: [grant("b", "once")],
	});
	const endpoint = { id: "webhook_1", url, active: true, filterTypes: [...webhookEvents] as string[] };
	const found: Found = { pricingModelId, meters: [meter], features: [], products: [free, pro, topUp], endpoint };
	return { found, meter, free, pro, topUp, endpoint };
}

const said = (change: (model: ReturnType<typeof asPlanned>) => void) => {
	const model = asPlanned();
	change(model);
	return diff(plans, model.found, url).map(({ says, step }) => ({ says, step: step?.type ?? null }));
};

it("finds no difference in a matching model, whatever its products are called", () => {
	expect(said(() => {})).toEqual([]);
});

it("ignores webhook endpoints without --app-url", () => {
	expect(diff(plans, { ...asPlanned().found, endpoint: undefined }, null)).toEqual([]);
});

it.each<[line: string, step: string | null, change: Parameters<typeof said>[0]]>([
	[
		"plan free: its price renews every month at Flowglad, once in plans.json",
		null,
		({ free }) => {
			free.prices = [price("free", { unitPrice: 0 })];
		},
	],
	[
		"meter ai_requests: not at Flowglad",
		"create meter",
		({ found, free, pro, topUp }) => {
			found.meters = [];
			// Without a meter there are no grants on it.
			for (const one of [free, pro, topUp]) one.prices = one.default ? one.prices : [];
			found.products = [free];
		},
	],
	[
		"meter ai_requests: usage beyond the credits costs 5 at Flowglad, nothing in plans.json",
		null,
		({ meter }) => {
			meter.defaultPrice = { unitPrice: 5 };
		},
	],
	["plan free: not at Flowglad", null, ({ free }) => Object.assign(free, { default: false, active: false })],
	[
		"price pro_monthly: amount 999 at Flowglad, 799 in plans.json",
		"create price",
		({ pro }) => Object.assign(pro.prices[0] ?? {}, { unitPrice: 999 }),
	],
	[
		'price pro_monthly: interval "3 months" at Flowglad, "month" in plans.json',
		"create price",
		({ pro }) => Object.assign(pro.prices[0] ?? {}, { intervalCount: 3 }),
	],
	[
		"price pro_monthly: trial days 7 at Flowglad, 0 in plans.json",
		"create price",
		({ pro }) => Object.assign(pro.prices[0] ?? {}, { trialPeriodDays: 7 }),
	],
	[
		'price pro_monthly: currency "EUR" at Flowglad, "USD" in plans.json',
		null,
		({ pro }) => Object.assign(pro.prices[0] ?? {}, { currency: "EUR" }),
	],
	[
		'price pro_monthly: type "single_payment" at Flowglad, "subscription" in plans.json',
		null,
		({ pro }) => Object.assign(pro.prices[0] ?? {}, { type: "single_payment" }),
	],
	[
		"plan pro_monthly: requests 500 each period at Flowglad, 1000 each period in plans.json",
		"set features",
		({ pro }) => Object.assign(pro.features[0] ?? {}, { amount: 500 }),
	],
	[
		"plan pro_monthly: requests 1000 once at Flowglad, 1000 each period in plans.json",
		"set features",
		({ pro }) => Object.assign(pro.features[0] ?? {}, { renewalFrequency: "once" }),
	],
	[
		"plan pro_monthly: requests 1000 each period and 1000 each period at Flowglad, 1000 each period in plans.json",
		"set features",
		({ pro }) => pro.features.push(grant("c", "every_billing_period")),
	],
	[
		"plan pro_monthly: archived at Flowglad, sold in plans.json",
		"update product",
		({ pro }) => Object.assign(pro, { active: false, features: [] }),
	],
	[
		'product old: "old" is sold at Flowglad, not in plans.json',
		"update product",
		({ found }) => found.products.push(product("old", { prices: [price("old", {})] })),
	],
	[
		`webhook endpoint ${url}: none that a push from here has made`,
		"create endpoint",
		({ found }) => Object.assign(found, { endpoint: null }),
	],
	[`webhook endpoint ${url}: inactive at Flowglad`, "update endpoint", ({ endpoint }) => Object.assign(endpoint, { active: false })],
	[
		`webhook endpoint ${url}: leads to https://old.app at Flowglad`,
		"update endpoint",
		({ endpoint }) => Object.assign(endpoint, { url: "https://old.app" }),
	],
])("says %s", (line, step, change) => {
	const all = said(change);
	expect(all).toContainEqual({ says: line, step });
	expect(all.filter(({ says }) => !says.includes("not at Flowglad"))).toEqual(
		line.includes("not at Flowglad") ? [] : [{ says: line, step }],
	);
});

it("matches an offer to its active product, not to an archived one", () => {
	expect(
		said(({ found, pro }) => {
			found.products.unshift({ ...pro, id: "prod_before", active: false });
		}),
	).toEqual([]);
});

it("never matches a product to two offers", () => {
	const lines = said(({ found, pro, topUp }) => {
		found.products = found.products.filter((one) => one !== topUp);
		pro.prices.push(price("top_up_1000", { id: "price_before", active: false }));
	});
	expect(lines).toEqual([{ says: "top-up top_up_1000: not at Flowglad", step: "create product" }]);
});
