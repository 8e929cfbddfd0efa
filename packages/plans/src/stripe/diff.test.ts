import { expect, it } from "vitest";
import { type Offer, offersOf, type PlanFile } from "../plan-file.ts";
import { changed, plans } from "../testing/sandbox.ts";
import { portalFeatures, priceMetadata, webhookEvents } from "./conventions.ts";
import { diff } from "./diff.ts";
import { type Found, type FoundPrice, type FoundProduct, settingsOf } from "./found.ts";

const url = "https://your.app/api/stripe/webhook";

function price(offer: Offer, file: PlanFile): FoundPrice {
	const { slug, amountCents, interval } = offer;
	const metadata = Object.fromEntries(Object.entries(priceMetadata(offer, file)).filter(([, value]) => value !== ""));
	return { id: `price_${slug}`, active: true, lookupKey: slug, amountCents, currency: "usd", interval, metadata };
}

/** A Stripe state that matches the plan file. */
function asPlanned(file = plans): Found & { endpoints: NonNullable<Found["endpoints"]> } {
	return {
		meters: [{ id: "mtr_1", active: true, name: "AI Requests", aggregation: "sum", customerKey: "stripe_customer_id", valueKey: "value" }],
		products: offersOf(file).map((offer) => {
			const { slug, name, description } = offer;
			return { id: `prod_${slug}`, slug, active: true, name, description, defaultPriceId: null, prices: [price(offer, file)] };
		}),
		portals: [{ id: "bpc_1", settings: { ...settingsOf(portalFeatures), "subscription_cancel.more": "ignored" } }],
		endpoints: [{ id: "we_1", enabled: true, events: [...webhookEvents] }],
	};
}

function drifted(change: (found: ReturnType<typeof asPlanned>, pro: FoundProduct, proPrice: FoundPrice) => void) {
	const found = asPlanned();
	const [pro] = found.products;
	const [proPrice] = pro?.prices ?? [];
	if (pro === undefined || proPrice === undefined) throw new Error("no Pro");
	change(found, pro, proPrice);
	return diff(plans, found, url);
}

it("finds no difference in a matching account", () => {
	expect(diff(plans, asPlanned(), url)).toEqual([]);
	const file = changed(({ plans: [pro] }) => Object.assign(pro ?? {}, { features: ["First in line", "Quick"], trialDays: 14 }));
	expect(diff(file, asPlanned(file), url)).toEqual([]);
});

it("reports everything in an empty account except the free plan, which exists only in the app", () => {
	expect(diff(plans, { meters: [], products: [], portals: [], endpoints: [] }, url).map(({ says }) => says)).toEqual([
		"meter ai_requests: not at Stripe",
		"plan pro_monthly: not at Stripe",
		"top-up top_up_1000: not at Stripe",
		"customer portal: not configured at Stripe",
		`webhook endpoint ${url}: not at Stripe`,
	]);
});

it("ignores webhook endpoints without --app-url", () => {
	expect(diff(plans, { ...asPlanned(), endpoints: null }, null)).toEqual([]);
});

it.each<[line: string, step: string | null, change: Parameters<typeof drifted>[0]]>([
	["price pro_monthly: amount 999 at Stripe, 799 in plans.json", "create price", (_, __, one) => Object.assign(one, { amountCents: 999 })],
	[
		'price pro_monthly: currency "EUR" at Stripe, "USD" in plans.json',
		"create price",
		(_, __, one) => Object.assign(one, { currency: "eur" }),
	],
	[
		'price pro_monthly: interval "3 months" at Stripe, "month" in plans.json',
		"create price",
		(_, __, one) => Object.assign(one, { interval: "3 months" }),
	],
	[
		'price pro_monthly: interval none at Stripe, "month" in plans.json',
		"create price",
		(_, __, one) => Object.assign(one, { interval: null }),
	],
	[
		"price pro_monthly: requests 500 at Stripe, 1000 in plans.json",
		"create price",
		(_, __, { metadata }) => Object.assign(metadata, { ai_requests: "500" }),
	],
	["price pro_monthly: requests none at Stripe, 1000 in plans.json", "create price", (_, __, { metadata }) => delete metadata.ai_requests],
	[
		'price pro_monthly: features "Quick" at Stripe, none in plans.json',
		"update price",
		(_, __, { metadata }) => Object.assign(metadata, { features: "Quick" }),
	],
	[
		'price pro_monthly: trial_days "7" at Stripe, none in plans.json',
		"update price",
		(_, __, { metadata }) => Object.assign(metadata, { trial_days: "7" }),
	],
	['price pro_monthly: app none at Stripe, "parley" in plans.json', "update price", (_, __, { metadata }) => delete metadata.app],
	["price pro_monthly: not at Stripe", "create price", (_, __, one) => Object.assign(one, { active: false })],
	[
		"price pro_monthly: price_2 is on sale at Stripe too, and not in plans.json",
		"deactivate price",
		(_, pro, one) => pro.prices.push({ ...one, id: "price_2", lookupKey: null }),
	],
	[
		'plan pro_monthly: name "Professional" at Stripe, "Pro" in plans.json',
		"update product",
		(_, pro) => Object.assign(pro, { name: "Professional" }),
	],
	[
		'plan pro_monthly: description none at Stripe, "1000 requests a month." in plans.json',
		"update product",
		(_, pro) => Object.assign(pro, { description: null }),
	],
	['plan pro_monthly: slug none at Stripe, "pro_monthly" in plans.json', "update product", (_, pro) => Object.assign(pro, { slug: null })],
	["plan pro_monthly: archived at Stripe, sold in plans.json", "update product", (_, pro) => Object.assign(pro, { active: false })],
	[
		"product max_monthly (prod_max): sold at Stripe, not in plans.json",
		"archive product",
		({ products }, pro) => products.push({ ...pro, id: "prod_max", slug: "max_monthly" }),
	],
	[
		"product pro_monthly (prod_2): twice at Stripe, once in plans.json",
		"archive product",
		({ products }, pro) => products.unshift({ ...pro, id: "prod_2", prices: [] }),
	],
	[
		'meter ai_requests: name "Questions" at Stripe, "AI Requests" in plans.json',
		"rename meter",
		({ meters: [one] }) => Object.assign(one ?? {}, { name: "Questions" }),
	],
	["meter ai_requests: deactivated at Stripe", "reactivate meter", ({ meters: [one] }) => Object.assign(one ?? {}, { active: false })],
	[
		'meter ai_requests: aggregation "count" at Stripe, "sum" in plans.json',
		null,
		({ meters: [one] }) => Object.assign(one ?? {}, { aggregation: "count" }),
	],
	[
		"meter ai_requests: not at Stripe",
		"create meter",
		({ meters: [one] }) => Object.assign(one ?? {}, { aggregation: "count", active: false }),
	],
	[
		"customer portal: subscription_update.enabled is true at Stripe, and should be false",
		"update portal",
		({ portals }) => Object.assign(portals[0]?.settings ?? {}, { "subscription_update.enabled": "true" }),
	],
	[
		"customer portal: configured a second time, bpc_2",
		"archive portal",
		({ portals }) => portals.push({ id: "bpc_2", settings: settingsOf(portalFeatures) }),
	],
	[
		`webhook endpoint ${url}: disabled at Stripe`,
		"update endpoint",
		({ endpoints: [one] }) => Object.assign(one ?? {}, { enabled: false }),
	],
	[
		`webhook endpoint ${url}: is not sent invoice.paid`,
		"update endpoint",
		({ endpoints: [one] }) => one?.events.splice(one.events.indexOf("invoice.paid"), 1),
	],
	[
		`webhook endpoint ${url}: is sent payout.paid, which the app does not take`,
		"update endpoint",
		({ endpoints: [one] }) => one?.events.push("payout.paid"),
	],
	[
		`webhook endpoint ${url}: at Stripe a second time, we_2`,
		null,
		({ endpoints }) => endpoints.push({ id: "we_2", enabled: false, events: [] }),
	],
])("says %s", (line, step, change) => {
	expect(drifted(change).map((one) => ({ says: one.says, step: one.step?.type ?? null }))).toEqual([{ says: line, step }]);
});

it("keys a price by its predecessor, so that a return to an earlier amount is a new price", () => {
	const [difference] = drifted((_, pro, one) => {
		one.amountCents = 999;
		pro.prices.unshift({ ...one, id: "price_newer", active: false, lookupKey: null });
	});
	expect(difference?.step).toMatchObject({ type: "create price", replaces: "price_newer", productId: "prod_pro_monthly" });
});
