import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import type { Problem } from "../../src/view/problem.ts";
import type { UsageView } from "../../src/view/usage.ts";
import { cutAppWaits, stopAppClock } from "../app-time.ts";
import { Client, control, eventually, faults, pay, resetSandbox, sandboxState, scenario, settings } from "../client.ts";
import { requestsOf } from "../stored.ts";

// Unexpected behaviour of the provider (packages/sandbox, oddities), which must not harm anyone here.

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
const ledgerOf = (userId: string) => env.USAGE_LEDGER.getByName(`user:${userId}`);

async function confirmed(): Promise<{ user: Client; id: string }> {
	const user = new Client();
	const { id, email } = await user.signUp();
	await user.confirm(email);
	await eventually(async () => expect((await sandboxState()).customers.map((one) => one.externalId)).toContain(id));
	return { user, id };
}

/** A user whose customer is in a scenario of the sandbox, and the usage after a read. */
async function inState(name: string): Promise<{ user: Client; id: string; usage: UsageView }> {
	const { user, id } = await confirmed();
	await scenario(name, id);
	await ledgerOf(id).refresh(`user:${id}`);
	return { user, id, usage: await user.usage() };
}

const problemOf = async (response: Response) => ({ status: response.status, title: (await response.json<Problem>()).title });
const buying = async (user: Client, priceSlug: string) => problemOf(await user.post("/api/flowglad/checkout", { priceSlug }));

describe("a customer without a live plan has the free tier", () => {
	test.each(["no-subscription", "free-past-due", "payment-under-way", "top-up-without-plan"])("%s", async (name) => {
		const { user, usage } = await inState(name);
		expect(usage).toMatchObject({ tier: "free", limit: 20, remaining: 20, topUps: 0, unverified: false });
		expect((await user.chat(id(), id())).metadata.counted).toBe(true);
		expect((await user.fetch("/api/flowglad/billing")).status).toBe(200);
	});

	test("and without any subscription can buy a plan but no top-up", async () => {
		const { user } = await inState("no-subscription");
		expect(await buying(user, "top_up_1000")).toEqual({ status: 409, title: "No active subscription found" });
		await user.buy("pro_monthly");
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid", remaining: 1000 }));
	});

	test("and gets Pro while the free plan is past due if nothing was ever bought: the customer is recreated", async () => {
		const { user, id: userId } = await inState("free-past-due");
		const presses = await Promise.all(Array.from({ length: 5 }, () => user.checkout("pro_monthly")));
		expect(new Set(presses).size).toBe(1);
		expect((await sandboxState()).customers.map(({ archived }) => archived)).toEqual([true, false]);
		await pay(presses[0] ?? "");
		await ledgerOf(userId).refresh(`user:${userId}`);
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid", remaining: 1000 }));
	});

	test("and gets Pro even after an earlier checkout only stored a card", async () => {
		const { user, id: userId } = await confirmed();
		const earlier = await user.checkout("pro_monthly");
		await scenario("free-past-due", userId);
		await pay(earlier);
		await ledgerOf(userId).noteChange(`user:${userId}`);
		expect(await user.billing()).toMatchObject({ plans: [], paymentMethods: [{ last4: "4242" }] });
		const url = await user.checkout("pro_monthly");
		expect(url).not.toBe(earlier);
		await pay(url);
		await ledgerOf(userId).refresh(`user:${userId}`);
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid", remaining: 1000 }));
		expect((await sandboxState()).payments.map(({ amount }) => amount)).toEqual([799]);
	});

	test("and is refused before entering a card if the free plan is past due after a purchase", async () => {
		const { user, id: userId } = await confirmed();
		await user.buy("pro_monthly");
		await user.post("/api/billing/cancel", { planId: (await user.billing()).plans[0]?.id, when: "now" });
		await scenario("free-past-due", userId);
		const { checkoutSessions } = await sandboxState();
		expect(await buying(user, "pro_monthly")).toEqual({ status: 409, title: "Plan cannot start" });
		expect((await sandboxState()).checkoutSessions).toEqual(checkoutSessions);
		expect((await sandboxState()).customers.filter(({ archived }) => archived)).toEqual([]);
	});
});

describe("a plan without its credits yet", () => {
	test("is not live: free requests continue, it is read until it is live, and it is not sold twice", async () => {
		await faults({ paymentDelayMs: 1_500 });
		const { user } = await confirmed();
		await user.buy("pro_monthly");
		expect((await sandboxState()).subscriptions.filter((one) => !one.isFreePlan)).toHaveLength(1);
		const refresh = async () => (await user.post("/api/billing/refresh", {})).json<UsageView>();
		expect(await refresh()).toMatchObject({ tier: "free", remaining: 20, checkoutOpen: true });
		expect(await buying(user, "pro_monthly")).toEqual({ status: 409, title: "Already subscribed" });
		await eventually(async () => expect(await refresh()).toMatchObject({ tier: "paid", remaining: 1000, checkoutOpen: false }));
	});

	test("ends, back to the free plan, when its payment fails", async () => {
		await faults({ paymentDelayMs: 500, failPayments: true });
		const { user } = await confirmed();
		await user.buy("pro_monthly");
		await eventually(async () => expect((await sandboxState()).subscriptions.filter((one) => one.status === "canceled")).toHaveLength(2));
		expect(await (await user.post("/api/billing/refresh", {})).json()).toMatchObject({ tier: "free", remaining: 20 });
		await faults({});
		await user.buy("pro_monthly");
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid" }));
	});
});

describe("balances", () => {
	test("a negative balance shows 0 remaining and its reset, and a top-up pays it off first", async () => {
		const { user, id: userId, usage } = await inState("negative-balance");
		expect(usage).toMatchObject({ tier: "paid", limit: 1000, remaining: 0, topUps: 0, freeDay: { limit: 20, used: 0, remaining: 20 } });
		expect(usage.resetAt).not.toBeNull();
		const { usageEvents: reported } = await sandboxState();
		// The free day pays until it is used up.
		expect((await user.chat(id(), id())).metadata.counted).toBe(true);
		const rest = { id: "rest", fingerprint: "f", units: 19, freeDay: true, chatId: null };
		await ledgerOf(userId).record(`user:${userId}`, rest);
		expect((await user.chat(id(), id())).problem).toMatchObject({ policy: "paid", remaining: 0, upgradeUrl: "/account/plan" });
		expect((await sandboxState()).usageEvents, "a free day is not reported").toEqual(reported);
		await user.buy("top_up_1000");
		await eventually(async () => expect(await user.usage()).toMatchObject({ remaining: 497 }));
	});

	test("credits left on an old plan after an upgrade are neither usable nor counted as drift", async () => {
		const { user, id: userId, usage } = await inState("stranded-credits");
		expect(usage).toMatchObject({ tier: "paid", limit: 1000, remaining: 1000, topUps: 0 });
		await user.chat(id(), id());
		await eventually(async () => {
			await runDurableObjectAlarm(ledgerOf(userId));
			expect((await sandboxState()).usageEvents).toHaveLength(1);
		});
		await ledgerOf(userId).refresh(`user:${userId}`);
		expect(await user.usage()).toMatchObject({ used: 1, remaining: 999, topUps: 0 });
	});

	test("of two plans are used up one after the other", async () => {
		const { user, id: userId, usage } = await inState("two-subscriptions");
		expect(usage).toMatchObject({ tier: "paid", remaining: 1000 });
		await user.chat(id(), id());
		await eventually(async () => {
			await runDurableObjectAlarm(ledgerOf(userId));
			expect((await sandboxState()).usageEvents).toHaveLength(1);
		});
		expect((await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 999 })).status).toBe(201);
		await ledgerOf(userId).refresh(`user:${userId}`);
		expect(await user.usage()).toMatchObject({ tier: "paid", remaining: 1000 });
		expect((await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 1 })).status).toBe(201);
		const { usageEvents, subscriptions } = await sandboxState();
		const [first, second, third] = usageEvents.map(({ subscriptionId }) => subscriptionId);
		const plans = subscriptions.filter((one) => !one.isFreePlan && one.status === "active").map((one) => one.id);
		expect(second).toBe(first);
		expect(plans.toSorted()).toEqual([first, third].toSorted());
	});

	test("a trial is a live plan with credits", async () => {
		const { user, usage } = await inState("trial");
		expect(usage).toMatchObject({ tier: "paid", limit: 1000, remaining: 1000 });
		expect((await user.chat(id(), id())).metadata.counted).toBe(true);
		expect(await buying(user, "pro_monthly")).toEqual({ status: 409, title: "Already subscribed" });
	});
});

describe("purchases beside a plan", () => {
	test.each([
		["past-due", 200],
		["trial", 200],
		["pro-999-of-1000", 200],
		["cancelling", 409],
		["free-past-due", 409],
	])("%s: a top-up is answered with %i", async (name, status) => {
		const { user } = await inState(name);
		expect((await user.post("/api/flowglad/checkout", { priceSlug: "top_up_1000" })).status).toBe(status);
	});

	test("a change of plan takes effect now if it costs more, and shows its date if it costs less", async () => {
		await settings({ maxPlan: true });
		const { user, id: userId } = await confirmed();
		await user.buy("pro_monthly");
		const adjust = async (priceSlug: string) => {
			const response = await user.post("/api/flowglad/subscriptions/adjust", { priceSlug, timing: "auto" });
			expect(response.status).toBe(200);
			return (await response.json<{ data: { isUpgrade: boolean; resolvedTiming: string } }>()).data;
		};
		expect(await adjust("max_monthly")).toMatchObject({ isUpgrade: true, resolvedTiming: "immediately" });
		await ledgerOf(userId).refresh(`user:${userId}`);
		expect((await user.usage()).limit).toBe(3000);
		expect(await adjust("pro_monthly")).toMatchObject({ isUpgrade: false, resolvedTiming: "at_end_of_current_billing_period" });
		expect((await user.usage()).limit).toBe(3000);
	});

	test("a pending change is shown, can be undone or replaced, and ends with its plan", async () => {
		await settings({ maxPlan: true });
		const { user } = await confirmed();
		await user.buy("pro_monthly");
		const [plan] = (await user.billing()).plans;
		const change = async (priceSlug: string) => {
			const response = await user.post("/api/billing/change", { planId: plan?.id, priceSlug });
			return [response.status, (await response.json<{ takesEffect?: string }>()).takesEffect];
		};
		const next = async () => (await user.billing()).plans[0]?.next;
		expect(await change("max_monthly")).toEqual([200, "now"]);
		expect(await change("pro_monthly")).toEqual([200, "period-end"]);
		expect(await next()).toBe("Pro");
		// The page reads Flowglad's own payload.
		const read = await user.post("/api/flowglad/customers/billing", {});
		expect(await read.json()).toMatchObject({ data: { currentSubscriptions: [{ comingPlan: "Pro" }] } });
		expect((await user.post("/api/billing/uncancel", { planId: plan?.id })).status).toBe(200);
		expect(await next()).toBeNull();
		expect(await change("pro_monthly")).toEqual([200, "period-end"]);
		expect(await change("pro_monthly")).toEqual([200, "period-end"]);
		expect(await next()).toBe("Pro");
		expect((await user.post("/api/billing/cancel", { planId: plan?.id, when: "period-end" })).status).toBe(200);
		expect((await user.billing()).plans).toMatchObject([{ state: "ending", next: null }]);
	});

	const SLOW = { api: [{ path: "/api/v1/subscriptions/:id/adjust", delayMs: 150 }] };

	test.each([
		["at once", {}, 402],
		["after the page has its answer", SLOW, 200],
		["by a refusal that arrives as 500", { api: [{ path: "/api/v1/subscriptions/:id/adjust", status: 500, times: 1 }] }, 502],
	])("a change declined %s leaves the plan and the pending change", async (_, fault, status) => {
		await settings({ maxPlan: true });
		await fetch(`${env.SANDBOX_URL}/api/v1/products`, {
			method: "POST",
			headers: { authorization: "sk_test_sandbox", "content-type": "application/json" },
			body: JSON.stringify({
				product: { name: "Ultra", slug: "ultra", active: true, pricingModelId: "pricing_model_sandbox" },
				price: { type: "subscription", slug: "ultra_monthly", isDefault: true, unitPrice: 4999, intervalUnit: "month", intervalCount: 1 },
			}),
		});
		const { user } = await confirmed();
		await user.buy("pro_monthly");
		const [plan] = (await user.billing()).plans;
		const change = (priceSlug: string) => user.post("/api/billing/change", { planId: plan?.id, priceSlug });
		for (const priceSlug of ["max_monthly", "pro_monthly"]) expect((await change(priceSlug)).status).toBe(200);
		await faults({ ...fault, failPayments: true });
		const scheduled = (await user.billing()).plans;
		if (status === 200) cutAppWaits(6_000);
		expect((await change("ultra_monthly")).status).toBe(status);
		expect(scheduled).toMatchObject([{ name: "Max", next: "Pro" }]);
		await eventually(async () => expect((await user.billing()).plans).toEqual(scheduled));
	});

	const CANCEL = "/api/v1/subscriptions/:id/cancel";

	test.each([
		["period-end", { path: CANCEL, status: 400 }],
		["now", { path: CANCEL, status: 500 }],
	])("a cancellation (%s) refused by the provider leaves the pending change: %o", async (when, fault) => {
		await settings({ maxPlan: true });
		const { user } = await confirmed();
		await user.buy("max_monthly");
		const planId = (await user.billing()).plans[0]?.id;
		expect((await user.post("/api/billing/change", { planId, priceSlug: "pro_monthly" })).status).toBe(200);
		const scheduled = (await user.billing()).plans;
		expect(scheduled).toMatchObject([{ name: "Max", state: "active", next: "Pro" }]);
		await faults({ api: [fault] });
		expect((await user.post("/api/billing/cancel", { planId, when })).status).toBe(502);
		await faults({});
		expect((await user.billing()).plans).toEqual(scheduled);
	});

	test("a cancellation whose response is lost ends the pending change", async () => {
		await settings({ maxPlan: true });
		const { user } = await confirmed();
		await user.buy("max_monthly");
		const planId = (await user.billing()).plans[0]?.id;
		await user.post("/api/billing/change", { planId, priceSlug: "pro_monthly" });
		await faults({ api: [{ path: CANCEL, dropAfterCommit: true }] });
		expect((await user.post("/api/billing/cancel", { planId, when: "period-end" })).status).toBe(200);
		expect((await user.billing()).plans).toMatchObject([{ state: "ending", next: null }]);
	});

	test.each([
		["its payment is under way", { paymentDelayMs: 60_000 }, 60_000],
		["the provider takes long", SLOW, 0],
	])("a change is shown as being confirmed while %s, and then takes effect", async (_, fault, waitsMs) => {
		await settings({ maxPlan: true });
		const { user } = await confirmed();
		await user.buy("pro_monthly");
		const [plan] = (await user.billing()).plans;
		await faults(fault);
		if (waitsMs === 0) cutAppWaits(6_000);
		const response = await user.post("/api/billing/change", { planId: plan?.id, priceSlug: "max_monthly" });
		expect([response.status, await response.json()]).toEqual([200, { takesEffect: "confirming" }]);
		if (waitsMs > 0) {
			expect((await user.billing()).plans).toMatchObject([{ name: "Pro" }]);
			await control("clock", { advanceMs: waitsMs });
		}
		await eventually(async () => expect((await user.billing()).plans).toMatchObject([{ name: "Max", price: { slug: "max_monthly" } }]));
	});

	test("a downgrade scheduled only after the page was answered is shown by name", async () => {
		await settings({ maxPlan: true });
		const { user } = await confirmed();
		await user.buy("max_monthly");
		const [plan] = (await user.billing()).plans;
		await faults(SLOW);
		cutAppWaits(6_000);
		const response = await user.post("/api/billing/change", { planId: plan?.id, priceSlug: "pro_monthly" });
		expect(await response.json()).toEqual({ takesEffect: "confirming" });
		await eventually(async () => expect((await user.billing()).plans).toMatchObject([{ name: "Max", next: "Pro" }]));
	});

	test.each([
		["the provider's own deadline", { status: 408 }],
		["no answer at all", { hang: true }],
	])("a change that ends with %s is shown as being confirmed, with no claim about its outcome", async (_, fault) => {
		await settings({ maxPlan: true });
		const { user } = await confirmed();
		await user.buy("pro_monthly");
		const [plan] = (await user.billing()).plans;
		await faults({ api: [{ path: "/api/v1/subscriptions/:id/adjust", ...fault }] });
		cutAppWaits(6_000);
		const response = await user.post("/api/billing/change", { planId: plan?.id, priceSlug: "max_monthly" });
		expect([response.status, await response.json()]).toEqual([200, { takesEffect: "confirming" }]);
		expect((await user.billing()).plans).toMatchObject([{ name: "Pro", state: "active", next: null }]);
	});

	test("a plan without a card waits for one, and its checkout counts as a purchase", async () => {
		const { user, id: userId } = await confirmed();
		await fetch(`${env.SANDBOX_URL}/api/v1/subscriptions`, {
			method: "POST",
			headers: { authorization: "sk_test_sandbox", "content-type": "application/json" },
			body: JSON.stringify({ customerExternalId: userId, priceSlug: "pro_monthly" }),
		});
		const waiting = (await sandboxState()).subscriptions.find((one) => one.status === "incomplete");
		expect(await user.usage()).toMatchObject({ tier: "free", checkoutOpen: false });
		const pages = { successUrl: "http://localhost/", cancelUrl: "http://localhost/" };
		const activate = { targetSubscriptionId: waiting?.id, ...pages };
		const response = await user.post("/api/flowglad/checkout-sessions/create-activate-subscription", activate);
		const { data } = await response.json<{ data: { url: string } }>();
		expect(await user.usage()).toMatchObject({ checkoutOpen: true });
		await fetch(data.url, { method: "POST", body: new URLSearchParams({ action: "pay" }), redirect: "manual" });
		const refresh = async () => (await user.post("/api/billing/refresh", {})).json<UsageView>();
		await eventually(async () => expect(await refresh()).toMatchObject({ tier: "paid", remaining: 1000, checkoutOpen: false }));
	});

	test("a card can be added without a plan waiting for it, and is listed with invoices and receipts", async () => {
		const { user } = await confirmed();
		await user.buy("pro_monthly");
		await (await user.post("/api/billing/refresh", {})).body?.cancel();
		const pages = { successUrl: "http://localhost/", cancelUrl: "http://localhost/" };
		const response = await user.post("/api/flowglad/checkout-sessions/create-add-payment-method", pages);
		const { data } = await response.json<{ data: { url: string } }>();
		await fetch(data.url, { method: "POST", body: new URLSearchParams({ action: "pay", card: "0341" }), redirect: "manual" });
		expect(await user.usage()).toMatchObject({ tier: "paid", checkoutOpen: false });
		expect(await (await user.fetch("/api/flowglad/billing")).json()).toMatchObject({
			paymentMethods: [{ paymentMethodData: { last4: "4242" } }, { paymentMethodData: { last4: "0341" } }],
			invoices: [{ invoice: { status: "paid", receiptPdfURL: expect.stringMatching(/\/receipt$/), pdfURL: expect.any(String) } }],
		});
	});
});

describe("a customer", () => {
	test("created concurrently is read by the request that lost the race, on every route", async () => {
		await faults({ firstVisitRace: true, api: [{ path: "/api/v1/customers", method: "POST", status: 500, times: 1 }] });
		for (const visit of [
			(user: Client) => user.fetch("/api/flowglad/billing"),
			(user: Client) => user.post("/api/flowglad/customers/billing", {}),
			(user: Client) => user.post("/api/flowglad/usage-meters/balances", {}),
			(user: Client) => user.fetch("/pricing"),
		]) {
			const user = new Client();
			const { id: userId } = await user.signUp();
			const response = await visit(user);
			expect(response.status).toBe(200);
			await response.body?.cancel();
			await ledgerOf(userId).refresh(`user:${userId}`);
			expect(await user.usage()).toMatchObject({ tier: "free", unverified: false });
		}
	});

	test("that was archived starts afresh, and reports for the old one do not block later ones", async () => {
		const { user, id: userId } = await confirmed();
		await user.buy("pro_monthly");
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid" }));
		await user.chat(id(), id());
		await scenario("archived", userId);
		// Reports for the archived plan fail with 500 permanently.
		stopAppClock().advance(10_000);
		await runDurableObjectAlarm(ledgerOf(userId));
		expect((await sandboxState()).usageEvents).toEqual([]);
		await ledgerOf(userId).refresh(`user:${userId}`);
		expect(await user.usage()).toMatchObject({ tier: "free", unverified: false });

		await user.buy("pro_monthly");
		await eventually(async () => {
			await ledgerOf(userId).refresh(`user:${userId}`);
			expect(await user.usage()).toMatchObject({ tier: "paid", remaining: 1000 });
		});
		await user.chat(id(), id());
		const current = (await sandboxState()).subscriptions.find((one) => !one.isFreePlan && one.status === "active");
		await eventually(async () => {
			await ledgerOf(userId).refresh(`user:${userId}`);
			expect((await sandboxState()).usageEvents).toMatchObject([{ subscriptionId: current?.id, amount: 1 }]);
		});
		expect(await user.usage()).toMatchObject({ tier: "paid", used: 1, remaining: 999 });
	});
});

describe("refusals by the provider that arrive as 500", () => {
	test("a stored checkout that this key cannot read is forgotten", async () => {
		const { user } = await confirmed();
		const first = await user.checkout("pro_monthly");
		await faults({ api: [{ path: "/api/v1/checkout-sessions/:id", method: "GET", status: 500 }] });
		expect(await user.checkout("pro_monthly")).not.toBe(first);
		await faults({});
		expect((await user.fetch("/api/billing")).status).toBe(200);
	});

	test("a report that keeps being refused blocks neither the plan nor a top-up, and is set aside", async () => {
		const { user, id: userId } = await confirmed();
		await user.buy("pro_monthly");
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid" }));
		await faults({ api: [{ path: "/api/v1/usage-events/bulk", status: 500 }] });
		await user.chat(id(), id());
		const clock = stopAppClock();
		clock.advance(10_000);
		await runDurableObjectAlarm(ledgerOf(userId));
		await user.buy("top_up_1000");
		const refreshed = await (await user.post("/api/billing/refresh", {})).json();
		expect(refreshed).toMatchObject({ remaining: 1999, topUps: 1000, checkoutOpen: false });
		const refusals = async () => (await requestsOf(ledgerOf(userId)))[0]?.refusals;
		expect(await refusals()).toBe(0);
		for (let n = 0; n < 6; n += 1) {
			clock.advance(900_000);
			await runDurableObjectAlarm(ledgerOf(userId));
		}
		expect(await refusals()).toBeGreaterThan(0);
		await faults({});
		clock.advance(86_400_000);
		await runDurableObjectAlarm(ledgerOf(userId));
		expect((await sandboxState()).usageEvents).toMatchObject([{ amount: 1 }]);
		await ledgerOf(userId).refresh(`user:${userId}`);
		expect(await user.usage()).toMatchObject({ remaining: 1999, topUps: 1000 });
	});

	test("no report is set aside while the provider answers nothing else either", async () => {
		const { user, id: userId } = await confirmed();
		await user.buy("pro_monthly");
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid" }));
		await faults({ api: [{ path: "/api/v1/*", status: 500 }] });
		await user.chat(id(), id());
		const clock = stopAppClock();
		for (let n = 0; n < 8; n += 1) {
			clock.advance(900_000);
			await runDurableObjectAlarm(ledgerOf(userId));
		}
		expect(await requestsOf(ledgerOf(userId))).toMatchObject([{ refusals: 0 }]);
	});

	test("usage for a meter without a price is counted, and the response says what is missing", async () => {
		const { user } = await confirmed();
		await user.buy("pro_monthly");
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid" }));
		const renamed = await fetch(`${env.SANDBOX_URL}/api/v1/usage-meters/usage_meter_ai_requests`, {
			method: "PUT",
			headers: { authorization: "sk_test_sandbox", "content-type": "application/json" },
			body: JSON.stringify({ usageMeter: { slug: "questions" } }),
		});
		expect(renamed.status).toBe(200);
		const response = await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 2 });
		expect(await problemOf(response)).toEqual({ status: 502, title: "Usage price not found for meter" });
	});
});

describe("a rate-limited API key, which the provider answers with 401", () => {
	test("never looks like a missing session, on any route", async () => {
		const { user, id: userId } = await confirmed();
		await user.buy("pro_monthly");
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid" }));
		const plan = (await sandboxState()).subscriptions.find((one) => !one.isFreePlan);
		await faults({ keyRateLimited: true });
		const pages = { successUrl: "http://localhost/", cancelUrl: "http://localhost/" };
		for (const [path, body] of [
			["checkout", { priceSlug: "top_up_1000" }],
			["customers/billing", {}],
			["usage-meters/balances", {}],
			["pricing-models/retrieve", {}],
			["checkout-sessions/create", { priceSlug: "top_up_1000", ...pages }],
			["checkout-sessions/create-add-payment-method", pages],
			["checkout-sessions/create-activate-subscription", { targetSubscriptionId: plan?.id, ...pages }],
			["subscriptions/cancel", { id: plan?.id, cancellation: { timing: "immediately" } }],
			["subscriptions/uncancel", { id: plan?.id }],
			["subscriptions/adjust", { priceSlug: "pro_monthly", subscriptionId: plan?.id }],
		] as const) {
			expect(await problemOf(await user.post(`/api/flowglad/${path}`, body)), path).toEqual({ status: 502, title: "Billing unavailable" });
		}
		expect(await problemOf(await user.fetch("/api/flowglad/billing"))).toEqual({ status: 502, title: "Billing unavailable" });
		// The last entitlement stays trusted.
		await ledgerOf(userId).refresh(`user:${userId}`);
		expect(await (await user.post("/api/billing/refresh", {})).json()).toMatchObject({ tier: "paid", remaining: 1000 });
		expect((await user.chat(id(), id())).metadata.counted).toBe(true);
		expect((await user.fetch("/pricing")).status).toBe(200);
	});
});
