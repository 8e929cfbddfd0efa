import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import type { Problem } from "../../src/view/problem.ts";
import type { UsageView } from "../../src/view/usage.ts";
import { stopAppClock } from "../app-time.ts";
import { Client, eventually, faults, resetSandbox, sandboxState, scenario, settings } from "../client.ts";

// What the provider does that one would not expect (packages/sandbox, oddities), and that it harms nobody here.

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

	test("and can buy a plan but no top-up without any subscription", async () => {
		const { user } = await inState("no-subscription");
		expect(await buying(user, "top_up_1000")).toEqual({ status: 409, title: "No active subscription found" });
		await user.buy("pro_monthly");
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid", remaining: 1000 }));
	});

	test("and can buy a plan while the free plan is past due", async () => {
		const { user } = await inState("free-past-due");
		await user.buy("pro_monthly");
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid", remaining: 1000 }));
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

	test("leaves the free plan when its payment fails", async () => {
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
	test("a negative balance leaves 0, shows when it resets, and is paid by a top-up first", async () => {
		const { user, usage } = await inState("negative-balance");
		expect(usage).toMatchObject({ tier: "paid", limit: 1000, remaining: 0, topUps: 0 });
		expect(usage.resetAt).not.toBeNull();
		expect((await user.chat(id(), id())).problem).toMatchObject({ policy: "paid", remaining: 0, upgradeUrl: "/account" });
		await user.buy("top_up_1000");
		await eventually(async () => expect(await user.usage()).toMatchObject({ remaining: 497 }));
	});

	test("credits left on an old plan after an upgrade are neither offered nor counted as drift", async () => {
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

	test("one of two plans is used up before the other", async () => {
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

	test("a change of plan takes effect now if it costs more, and names the date if it costs less", async () => {
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

	test("a plan without a card waits for one, and its checkout is treated like a purchase", async () => {
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

	test("a card is added without waiting for a plan, and is listed with invoices and receipts", async () => {
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

	test("that was archived starts anew, and reports for the old one do not block later ones", async () => {
		const { user, id: userId } = await confirmed();
		await user.buy("pro_monthly");
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid" }));
		await user.chat(id(), id());
		await scenario("archived", userId);
		// Reports for the archived plan fail with 500 for good.
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
