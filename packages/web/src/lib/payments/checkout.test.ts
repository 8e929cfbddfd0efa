import { describe, expect, test } from "vitest";
import type { PlanStanding } from "../../view/billing.ts";
import { ProblemError } from "../http/problem.ts";
import { assertMayBuy, assertMayChangeTo, assertOwnPlan, returnUrl } from "./checkout.ts";
import type { Offer } from "./port.ts";

const offer = (priceSlug: string, kind: Offer["kind"], amountCents: number): Offer => ({
	priceId: `price_${priceSlug}`,
	priceSlug,
	name: priceSlug,
	description: null,
	amountCents,
	currency: "USD",
	interval: kind === "top-up" ? null : "month",
	requests: 1000,
	features: [],
	trialDays: 0,
	kind,
	current: false,
});

const free = offer("free_monthly", "free", 0);
const pro = offer("pro_monthly", "subscription", 799);
const topUp = offer("top_up_1000", "top-up", 800);
const max = offer("max_monthly", "subscription", 1999);
const offers = [free, pro, topUp, max];

const plan = (id: string, state: PlanStanding["state"] = "active"): PlanStanding => ({
	id,
	name: "Pro",
	state,
	price: null,
	periodEnd: null,
	trialEnd: null,
	endsAt: null,
	invoice: null,
	paused: false,
	live: true,
	balance: null,
	next: null,
});

const buyer = (...plans: PlanStanding[]) => ({ offers, plans, defaultPriceId: pro.priceId });

/** The code of the problem that a call throws. */
function refusalOf(call: () => unknown): string {
	try {
		call();
	} catch (error) {
		if (error instanceof ProblemError) return error.code;
		throw error;
	}
	return "none";
}

describe("a purchase", () => {
	test("accepts a price by slug or id", () => {
		expect(assertMayBuy(buyer(), { priceSlug: "max_monthly" })).toBe(max);
		expect(assertMayBuy(buyer(), { priceId: "price_max_monthly" })).toBe(max);
	});

	test("uses the default plan when no price is named", () => {
		expect(assertMayBuy(buyer(), {})).toBe(pro);
	});

	test("is refused when no price is named and there is no default plan", () => {
		expect(refusalOf(() => assertMayBuy({ ...buyer(), defaultPriceId: null }, {}))).toBe("unknown-price");
	});

	test("never replaces a price that is not for sale with the default plan", () => {
		expect(refusalOf(() => assertMayBuy(buyer(), { priceSlug: "gold" }))).toBe("unknown-price");
		expect(refusalOf(() => assertMayBuy(buyer(), { priceId: "price_gold" }))).toBe("unknown-price");
	});

	test("of the free plan is refused", () => {
		expect(refusalOf(() => assertMayBuy(buyer(), { priceSlug: "free_monthly" }))).toBe("nothing-to-buy");
	});

	test.each(["active", "trial", "owed", "ending"] as const)("of a second plan is refused while the first is %s", (state) => {
		expect(refusalOf(() => assertMayBuy(buyer(plan("sub_1", state)), { priceSlug: "max_monthly" }))).toBe("already-subscribed");
	});

	test("of a top-up requires a plan that continues", () => {
		const buyTopUp = (...plans: PlanStanding[]) => refusalOf(() => assertMayBuy(buyer(...plans), { priceSlug: "top_up_1000" }));
		expect(buyTopUp()).toBe("no-active-subscription-found");
		expect(buyTopUp(plan("sub_1", "ending"))).toBe("plan-is-ending");
		expect(buyTopUp(plan("sub_1", "owed"))).toBe("none");
		expect(buyTopUp(plan("sub_1"))).toBe("none");
	});

	test("of a top-up follows the newest plan, which receives its credits", () => {
		const plans = [plan("newest", "ending"), plan("older")];
		expect(refusalOf(() => assertMayBuy(buyer(...plans), { priceSlug: "top_up_1000" }))).toBe("plan-is-ending");
	});
});

describe("a change of plan", () => {
	test("accepts a plan that is for sale, by slug or id", () => {
		expect(assertMayChangeTo(offers, { priceSlug: "max_monthly" })).toBe(max);
		expect(assertMayChangeTo(offers, { priceId: "price_pro_monthly" })).toBe(pro);
	});

	test.each(["gold", "top_up_1000", "free_monthly"])("refuses %s, which is not a plan for sale", (priceSlug) => {
		expect(refusalOf(() => assertMayChangeTo(offers, { priceSlug }))).toBe("unknown-price");
	});

	test("refuses a change to no price at all", () => {
		expect(refusalOf(() => assertMayChangeTo(offers, {}))).toBe("unknown-price");
	});
});

describe("a customer's own plan", () => {
	test("is a current plan or one that waits for a card", () => {
		const billing = { plans: [plan("a"), plan("b")], waiting: plan("w") };
		for (const id of ["a", "b", "w"]) expect(assertOwnPlan(billing, id)).toBe(id);
		expect(refusalOf(() => assertOwnPlan(billing, "sub_of_another"))).toBe("subscription-not-found");
	});

	test("is found without an id if there is only one", () => {
		expect(assertOwnPlan({ plans: [plan("a")], waiting: plan("w") }, undefined)).toBe("a");
	});

	test("must be named if there are two or none", () => {
		expect(refusalOf(() => assertOwnPlan({ plans: [plan("a"), plan("b")], waiting: null }, undefined))).toBe("subscription-not-found");
		expect(refusalOf(() => assertOwnPlan({ plans: [], waiting: plan("w") }, undefined))).toBe("subscription-not-found");
	});
});

describe("a return page", () => {
	const request = new Request("https://parley.example/api/billing/checkout");

	test("is resolved against this site", () => {
		expect(returnUrl(request, "/account?bought=plan")).toBe("https://parley.example/account?bought=plan");
		expect(returnUrl(request, "https://parley.example/")).toBe("https://parley.example/");
	});

	test.each([
		"https://evil.example/",
		"//evil.example/",
		"http://parley.example/",
		"https://parley.example.evil.example/",
		"javascript:alert(1)",
		"/..//evil.example/",
		"blob:https://parley.example/0b8a",
		"https://user:password@parley.example/",
	])("refuses %s", (target) => {
		expect(refusalOf(() => returnUrl(request, target))).toBe("invalid-request");
	});
});
