import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { browserCalls } from "../../src/lib/payments/flowglad/routes.ts";
import ownRoutes from "../../src/routes/api/billing/$.ts?raw";
import type { Problem } from "../../src/view/problem.ts";
import { cutAppWaits, setAppTimeouts } from "../app-time.ts";
import { Client, eventually, faults, resetSandbox, sandboxState, settings } from "../client.ts";

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
const ledgerOf = (userId: string) => env.USAGE_LEDGER.getByName(`user:${userId}`);

/** Runs the outbox's alarm until the provider has this many events. */
async function drained(userId: string, events: number) {
	return eventually(async () => {
		await runDurableObjectAlarm(ledgerOf(userId));
		const { usageEvents } = await sandboxState();
		expect(usageEvents).toHaveLength(events);
		return usageEvents;
	});
}

describe("an account", () => {
	test("gets its customer at sign-up, and the free plan does not make it a paid account", async () => {
		const user = new Client();
		const { id: userId } = await user.signUp();
		await eventually(async () => expect((await sandboxState()).customers.map((one) => one.externalId)).toContain(userId));
		expect((await sandboxState()).subscriptions).toHaveLength(1);
		await user.chat(id(), id());
		await ledgerOf(userId).refresh(`user:${userId}`);
		expect(await user.usage()).toMatchObject({ tier: "free", limit: 20, used: 1 });
	});

	test("can be created while the provider is down, and gets its customer with the next read", async () => {
		await faults({ api: [{ path: "/api/v1/*", status: 500 }] });
		const user = new Client();
		const { id: userId } = await user.signUp();
		expect((await user.chat(id(), id())).status).toBe(200);
		expect((await sandboxState()).customers).toEqual([]);
		await faults({});
		await ledgerOf(userId).refresh(`user:${userId}`);
		expect((await sandboxState()).customers.map((one) => one.externalId)).toEqual([userId]);
	});
});

describe("paying", () => {
	test("requires a confirmed address; the plan is active at once, and each request is reported once", async () => {
		const user = new Client();
		const { id: userId, email } = await user.signUp();
		const refused = await user.post("/api/flowglad/checkout", { priceSlug: "pro_monthly" });
		expect(refused.status).toBe(403);
		expect(await refused.json()).toMatchObject({ title: "Email not verified" });
		await user.confirm(email);
		await user.buy("pro_monthly");
		expect(await user.usage()).toMatchObject({ tier: "paid", limit: 1000, used: 0, remaining: 1000, topUps: 0 });
		const requests = [id(), id(), id()];
		for (const requestId of requests) expect((await user.chat(id(), requestId)).metadata.counted).toBe(true);
		expect(await user.usage()).toMatchObject({ used: 3, remaining: 997 });
		const events = await drained(userId, 3);
		expect(events.map((event) => event.transactionId).sort()).toEqual(requests.map((requestId) => `user:${userId}:${requestId}`).sort());
		expect(events.every((event) => event.amount === 1)).toBe(true);
		expect(await user.usage()).toMatchObject({ used: 3, remaining: 997 });
	});

	test("for a top-up adds its units to the plan's remaining units", async () => {
		const user = new Client();
		await user.subscribe();
		expect(await user.usage()).toMatchObject({ remaining: 1000 });
		await user.buy("top_up_1000");
		await eventually(async () => expect(await user.usage()).toMatchObject({ limit: 1000, remaining: 2000, topUps: 1000 }));
	});

	test("for an expensive model counts its units here and at the provider, all or nothing", async () => {
		const user = new Client();
		const { id: userId } = await user.subscribe();
		await user.usage();
		await (await user.send(id(), id(), { model: "dear" })).text();
		expect(await user.usage()).toMatchObject({ used: 5, remaining: 995 });
		expect((await drained(userId, 1))[0]).toMatchObject({ amount: 5 });
		const guest = await new Client().visit();
		await guest.chat(id(), id());
		const refused = await guest.send(id(), id(), { model: "dear" });
		expect(refused.status).toBe(429);
		expect(await refused.json()).toMatchObject({ policy: "guest", remaining: 4 });
		expect(await guest.usage()).toMatchObject({ used: 1, held: 0, remaining: 4 });
	});

	test("calls no provider before a known subscriber's first token", async () => {
		const user = new Client();
		const { id: userId } = await user.subscribe();
		await user.usage();
		await user.chat(id(), id());
		await drained(userId, 1);
		await faults({ api: [{ path: "/api/v1/*", hang: true }] });
		const providerCalls = async () => Object.entries((await sandboxState()).calls).filter(([path]) => path.includes("/api/v1/"));
		const before = await providerCalls();
		const waits = cutAppWaits();
		expect((await user.chat(id(), id())).metadata.counted).toBe(true);
		expect(waits).toEqual([]);
		expect(await providerCalls()).toEqual(before);
	});

	test("returns the user to the free tier when the plan is cancelled at once", async () => {
		const user = new Client();
		const { id: userId } = await user.subscribe();
		expect((await user.usage()).tier).toBe("paid");
		const { subscriptions } = await (await user.fetch("/api/flowglad/billing")).json<{
			subscriptions: { id: string; isFreePlan: boolean }[];
		}>();
		const paid = subscriptions.find((one) => !one.isFreePlan);
		const response = await user.post("/api/flowglad/subscriptions/cancel", { id: paid?.id, cancellation: { timing: "immediately" } });
		expect(response.status).toBe(200);
		expect((await ledgerOf(userId).usage(`user:${userId}`)).tier).toBe("free");
	});
});

describe("the outbox", () => {
	test("keeps refused and unanswered reports, and delivers each once when the provider recovers", async () => {
		const user = new Client();
		const { id: userId } = await user.subscribe();
		await user.usage();
		await faults({ api: [{ path: "/api/v1/usage-events/bulk", status: 500 }] });
		for (let n = 0; n < 3; n += 1) await user.chat(id(), id());
		await runDurableObjectAlarm(ledgerOf(userId));
		expect((await sandboxState()).usageEvents).toEqual([]);
		expect(await user.usage()).toMatchObject({ used: 3, remaining: 997 });
		await faults({ api: [{ path: "/api/v1/usage-events/bulk", dropAfterCommit: true, times: 1 }] });
		const events = await drained(userId, 3);
		expect(new Set(events.map((event) => event.transactionId)).size).toBe(3);
		await eventually(async () => {
			await runDurableObjectAlarm(ledgerOf(userId));
			expect((await sandboxState()).calls["POST /api/v1/usage-events/bulk"]).toBeGreaterThan(1);
		});
		expect((await sandboxState()).usageEvents).toHaveLength(3);
		expect(await user.usage()).toMatchObject({ used: 3, remaining: 997 });
	});
});

describe("a provider that is down", () => {
	test("leaves the free tier, marked as unverified, and delays a user by at most 1.5 s", async () => {
		const user = new Client();
		await faults({ api: [{ path: "/api/v1/*", hang: true }] });
		await user.signUp();
		const waits = cutAppWaits();
		for (let n = 0; n < 20; n += 1) expect((await user.chat(id(), id())).status).toBe(200);
		expect(waits).toEqual([]);
		expect((await user.chat(id(), id())).problem).toMatchObject({ policy: "free" });
		expect(waits.filter((ms) => ms > 1_500)).toEqual([]);
		expect(waits.length).toBeLessThanOrEqual(1);
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "free", remaining: 0, unverified: true }));
	});

	test("appears in the billing routes as our own problem, without the provider's message", async () => {
		const user = new Client();
		const { email } = await user.signUp();
		await user.confirm(email);
		await faults({ api: [{ path: "/api/v1/*", status: 401 }] });
		for (const response of [
			await user.fetch("/api/flowglad/billing"),
			await user.post("/api/flowglad/customers/billing", {}),
			await user.post("/api/flowglad/checkout", { priceSlug: "pro_monthly" }),
		]) {
			expect(response.status).toBe(502);
			const text = await response.text();
			expect(JSON.parse(text)).toMatchObject({ title: "Billing unavailable" });
			expect(text).not.toMatch(/sk_test|injected/i);
		}
	});
});

describe("/api/flowglad", () => {
	test("refuses visitors who are not signed in, exactly as documented", async () => {
		for (const response of [
			await new Client().fetch("/api/flowglad/billing"),
			await new Client().post("/api/flowglad/checkout", { priceSlug: "pro_monthly" }),
		]) {
			expect(response.status).toBe(401);
			expect(await response.json()).toEqual({ error: "Unauthorized" });
		}
	});

	test("answers the billing request with the customer, read live from the provider", async () => {
		const user = new Client();
		const { id: userId } = await user.signUp();
		const response = await user.fetch("/api/flowglad/billing");
		expect(response.status).toBe(200);
		expect(await response.json()).toMatchObject({
			customer: { externalId: userId },
			subscriptions: [{ isFreePlan: true, status: "active" }],
		});
	});

	test.each([
		"usage-events/create",
		"customers/find-or-create",
		"customers/update",
		"resources/claim",
		"subscriptions/create",
		"constructor",
		"nothing",
	])("does not let a browser call %s", async (path) => {
		const user = new Client();
		await user.signUp();
		const response = await user.post(`/api/flowglad/${path}`, {});
		expect(response.status).toBe(403);
		expect(await response.json()).toMatchObject({ title: "Not allowed" });
	});

	test("serves the SDK's reads: billing, balances, pricing", async () => {
		const user = new Client();
		await user.subscribe();
		const billing = await (await user.post("/api/flowglad/customers/billing", {})).json();
		expect(billing).toMatchObject({ data: { currentSubscription: { isFreePlan: false, status: "active" } } });
		const balances = await (await user.post("/api/flowglad/usage-meters/balances", {})).json();
		expect(balances).toMatchObject({ data: { usageMeterBalances: [{ slug: "ai_requests", availableBalance: 1000 }] } });
		const pricing = await (await user.post("/api/flowglad/pricing-models/retrieve", {})).json();
		expect(pricing).toMatchObject({ data: { source: "customer" } });
	});

	test("refuses the default plan, unknown plans, a second plan, and return pages on other sites", async () => {
		const user = new Client();
		await user.subscribe();
		expect(await (await user.post("/api/flowglad/checkout", { priceSlug: "free_monthly" })).json()).toMatchObject({
			status: 400,
			title: "Nothing to buy",
		});
		expect(await (await user.post("/api/flowglad/checkout", { priceSlug: "gold" })).json()).toMatchObject({
			status: 400,
			title: "Unknown price",
		});
		expect(await (await user.post("/api/flowglad/checkout", { priceSlug: "pro_monthly" })).json()).toMatchObject({
			status: 409,
			title: "Already subscribed",
		});
		const away = { priceSlug: "top_up_1000", successUrl: "https://evil.example/", cancelUrl: "/" };
		expect((await user.post("/api/flowglad/checkout", away)).status).toBe(400);
		expect((await user.post("/api/flowglad/checkout-sessions/create", { ...away, cancelUrl: "http://localhost/" })).status).toBe(400);
	});

	test("refuses a top-up without a renewing plan, on both routes", async () => {
		const user = new Client();
		const { email } = await user.signUp();
		await user.confirm(email);
		const pages = { successUrl: "http://localhost/", cancelUrl: "http://localhost/" };
		const refusals = async () => [
			(await (await user.post("/api/flowglad/checkout", { priceSlug: "top_up_1000" })).json<Problem>()).title,
			(await (await user.post("/api/flowglad/checkout-sessions/create", { priceSlug: "top_up_1000", ...pages })).json<Problem>()).title,
		];
		expect(await refusals()).toEqual(["No active subscription found", "No active subscription found"]);
		await user.buy("pro_monthly");
		const { currentSubscription } = await (await user.fetch("/api/flowglad/billing")).json<{ currentSubscription: { id: string } }>();
		const cancel = { id: currentSubscription.id, cancellation: { timing: "at_end_of_current_billing_period" } };
		expect((await user.post("/api/flowglad/subscriptions/cancel", cancel)).status).toBe(200);
		expect(await refusals()).toEqual(["Plan is ending", "Plan is ending"]);
		expect((await user.post("/api/flowglad/subscriptions/uncancel", { id: currentSubscription.id })).status).toBe(200);
		expect((await user.post("/api/flowglad/checkout-sessions/create", { priceSlug: "top_up_1000", ...pages })).status).toBe(200);
		expect((await user.post("/api/flowglad/checkout-sessions/create", { priceSlug: "pro_monthly", ...pages })).status).toBe(409);
	});

	test.each([
		["checkout-sessions/create", { priceSlug: "pro_monthly" }],
		["checkout-sessions/create", { priceSlug: "pro_monthly", successUrl: "/", cancelUrl: "/", quantity: 5 }],
		["subscriptions/cancel", { id: 7, cancellation: { timing: "immediately" } }],
		["subscriptions/cancel", { id: "sub", cancellation: { timing: "yesterday" } }],
		["subscriptions/adjust", { subscriptionItems: [] }],
		["usage-meters/balances", { subscriptionId: ["sub"] }],
	])("refuses an invalid body for %s", async (path, body) => {
		const user = new Client();
		const { email } = await user.signUp();
		await user.confirm(email);
		const response = await user.post(`/api/flowglad/${path}`, body);
		expect(response.status).toBe(400);
		expect(await response.json()).toMatchObject({ title: "Invalid request" });
	});

	test("waits at most ten seconds for the provider", async () => {
		const user = new Client();
		await user.signUp();
		await faults({ api: [{ path: "/api/v1/*", hang: true }] });
		const deadlines = setAppTimeouts(100, 10_000);
		expect((await user.fetch("/api/flowglad/billing")).status).toBe(504);
		expect(deadlines.length).toBeGreaterThan(0);
	});

	test("requires a confirmed address for the SDK's checkout too", async () => {
		const user = new Client();
		await user.signUp();
		const body = { priceSlug: "pro_monthly", successUrl: "http://localhost/", cancelUrl: "http://localhost/" };
		expect((await user.post("/api/flowglad/checkout-sessions/create", body)).status).toBe(403);
	});

	test("changes a plan on the server's terms, whatever timing and proration the browser requests", async () => {
		await settings({ maxPlan: true });
		const user = new Client();
		await user.subscribe();
		const adjust = (body: object) => user.post("/api/flowglad/subscriptions/adjust", body);
		const upgraded = await adjust({ priceSlug: "max_monthly", timing: "immediately", prorate: false });
		expect([upgraded.status, await upgraded.json()]).toMatchObject([200, { data: { isUpgrade: true, resolvedTiming: "immediately" } }]);
		// The difference for the rest of the period was charged.
		expect((await user.billing()).invoices.map(({ state }) => state)).toEqual(["paid", "paid"]);
		const lowered = await adjust({ priceSlug: "pro_monthly", timing: "immediately" });
		expect(await lowered.json()).toMatchObject({ data: { resolvedTiming: "at_end_of_current_billing_period" } });
		for (const priceSlug of ["top_up_1000", "free_monthly", "gold"]) {
			expect((await (await adjust({ priceSlug })).json<Problem>()).title).toBe("Unknown price");
		}
	});

	test("accepts no amount, quantity, timing, trial or customer from a browser, on any route that reaches the provider", async () => {
		await settings({ maxPlan: true });
		const { priceId, externalId } = { priceId: "price_free_monthly", externalId: "someone" };
		const hostile = {
			...{ amount: 0, amountCents: 0, unitPrice: 0, price: 0, currency: "XXX", discountId: "d", couponCode: "c", doNotCharge: true },
			...{ timing: "at_end_of_current_billing_period", prorate: false, prorateCurrentBillingPeriod: false, isFreePlan: true },
			...{ trialEnd: Date.now() + 1e10, trialPeriodDays: 365, subscriptionItems: [{ priceId, unitPrice: 0, quantity: 1 }] },
			...{
				customerId: "cust_x",
				customerExternalId: externalId,
				externalId,
				organizationId: "o",
				creditsBought: 9999,
				planStart: "possible",
			},
			...{ adjustment: { timing: "immediately", newSubscriptionItems: [{ priceId }] }, outputMetadata: { ai_requests: "9999" } },
		};
		const pages = { successUrl: "http://localhost/", cancelUrl: "http://localhost/" };
		const buyer = new Client();
		const { id: buyerId, email } = await buyer.signUp();
		await buyer.confirm(email);
		const flowglad: Record<string, object> = {
			checkout: { priceSlug: "pro_monthly" },
			"checkout-sessions/create": { priceSlug: "pro_monthly", ...pages },
			"checkout-sessions/create-add-payment-method": pages,
			"checkout-sessions/create-activate-subscription": { ...pages, targetSubscriptionId: "sub_x" },
			"subscriptions/cancel": { id: "sub_x", cancellation: { timing: "immediately" } },
			"subscriptions/uncancel": { id: "sub_x" },
			"subscriptions/adjust": { priceSlug: "max_monthly" },
			"customers/billing": {},
			"usage-meters/balances": {},
			"pricing-models/retrieve": {},
		};
		expect(Object.keys(flowglad).sort()).toEqual(browserCalls().sort());
		const own: Record<string, object> = {
			...{ checkout: { priceSlug: "pro_monthly" }, change: { planId: "sub_x", priceSlug: "max_monthly" }, uncancel: { planId: "sub_x" } },
			...{ cancel: { planId: "sub_x", when: "now" }, "payment-method": {}, refresh: {} },
			activate: { planId: "sub_x", successUrl: "/", cancelUrl: "/" },
		};
		const names = [...ownRoutes.matchAll(/^\t"?([\w-]+)"?: (?:action\(|\(request)/gm)].map(([, name]) => name);
		expect(Object.keys(own).sort()).toEqual(names.sort());
		const sendAll = async () => {
			for (const [path, body] of Object.entries(flowglad))
				await (await buyer.post(`/api/flowglad/${path}`, { ...hostile, ...body })).body?.cancel();
			for (const [path, body] of Object.entries(own))
				await (await buyer.post(`/api/billing/${path}`, { ...hostile, ...body })).body?.cancel();
		};
		await sendAll();
		const { checkoutSessions, customers, subscriptions } = await sandboxState();
		const customerId = customers.find((one) => one.externalId === buyerId)?.id;
		expect(checkoutSessions.filter((one) => one.priceId !== null)).toMatchObject([
			{ priceId: "price_pro_monthly", quantity: 1, customerId },
		]);
		expect(checkoutSessions.every((one) => one.customerId === customerId)).toBe(true);
		expect(subscriptions.filter((one) => one.customerId === customerId)).toMatchObject([{ isFreePlan: true }]);

		await buyer.buy("pro_monthly");
		const planId = (await buyer.billing()).plans[0]?.id;
		const upgrade = { ...hostile, planId, subscriptionId: planId };
		expect((await buyer.post("/api/billing/change", { ...upgrade, priceSlug: "free_monthly" })).status).toBe(400);
		expect((await buyer.post("/api/flowglad/subscriptions/adjust", { ...upgrade, priceId })).status).toBe(400);
		expect((await buyer.post("/api/flowglad/subscriptions/adjust", { ...upgrade, priceSlug: "max_monthly", quantity: 9 })).status).toBe(
			400,
		);
		expect((await buyer.post("/api/flowglad/subscriptions/adjust", { ...upgrade, priceSlug: "max_monthly" })).status).toBe(200);
		// Pro, then the full difference to Max, because the period has just begun.
		const { payments } = await sandboxState();
		expect(payments.map(({ amount }) => amount)).toEqual([799, 1200]);
		expect((await buyer.billing()).plans).toMatchObject([{ name: "Max", state: "active" }]);
	});

	test("does not sell a price of $0, and changes no subscription to one", async () => {
		const made = await fetch(`${env.SANDBOX_URL}/api/v1/products`, {
			method: "POST",
			headers: { authorization: "sk_test_sandbox", "content-type": "application/json" },
			body: JSON.stringify({
				product: { name: "Gift", slug: "gift", active: true, pricingModelId: "pricing_model_sandbox" },
				price: { type: "subscription", slug: "gift_monthly", isDefault: true, unitPrice: 0, intervalUnit: "month", intervalCount: 1 },
			}),
		});
		expect(made.status).toBe(200);
		const user = new Client();
		const { email } = await user.signUp();
		await user.confirm(email);
		expect((await (await user.post("/api/billing/checkout", { priceSlug: "gift_monthly" })).json<Problem>()).title).toBe("Nothing to buy");
		await user.buy("pro_monthly");
		const planId = (await user.billing()).plans[0]?.id;
		expect((await user.post("/api/billing/change", { planId, priceSlug: "gift_monthly" })).status).toBe(400);
		expect((await user.billing()).plans).toMatchObject([{ price: { slug: "pro_monthly" } }]);
	});

	test("answers 404 for a foreign or unknown subscription on every SDK route, even when the provider reports it as an error of its own", async () => {
		const owner = new Client();
		await owner.subscribe();
		const stranger = new Client();
		await stranger.subscribe();
		const own = await owner.fetch("/api/flowglad/billing");
		const { currentSubscription } = await own.json<{ currentSubscription: { id: string } }>();
		const pages = { successUrl: "http://localhost/", cancelUrl: "http://localhost/" };
		await faults({
			api: [
				{ path: "/api/v1/customers/:id/usage-balances", status: 500 },
				{ path: "/api/v1/subscriptions/*", status: 500 },
			],
		});
		for (const planId of [currentSubscription.id, "sub_unknown"]) {
			const bodies: [path: string, body: object][] = [
				["usage-meters/balances", { subscriptionId: planId }],
				["subscriptions/cancel", { id: planId, cancellation: { timing: "immediately" } }],
				["subscriptions/uncancel", { id: planId }],
				["subscriptions/adjust", { subscriptionId: planId, priceSlug: "pro_monthly" }],
				["checkout-sessions/create-add-payment-method", { targetSubscriptionId: planId, ...pages }],
				["checkout-sessions/create-activate-subscription", { targetSubscriptionId: planId, ...pages }],
			];
			for (const [path, body] of bodies) {
				const response = await stranger.post(`/api/flowglad/${path}`, body);
				expect([path, response.status, (await response.json<Problem>()).title]).toEqual([path, 404, "Subscription not found"]);
			}
		}
		await faults({});
		const mine = await (await stranger.fetch("/api/flowglad/billing")).json<{ currentSubscription: { id: string } }>();
		const balances = await stranger.post("/api/flowglad/usage-meters/balances", { subscriptionId: mine.currentSubscription.id });
		expect(await balances.json()).toMatchObject({ data: { usageMeterBalances: [{ availableBalance: 1000 }] } });
	});

	test("refuses to cancel another user's subscription", async () => {
		const owner = new Client();
		await owner.subscribe();
		const { subscriptions } = await (await owner.fetch("/api/flowglad/billing")).json<{
			subscriptions: { id: string; isFreePlan: boolean }[];
		}>();
		const stranger = new Client();
		await stranger.signUp();
		const foreign = { id: subscriptions.find((one) => !one.isFreePlan)?.id, cancellation: { timing: "immediately" } };
		expect((await stranger.post("/api/flowglad/subscriptions/cancel", foreign)).status).toBe(404);
		expect((await sandboxState()).subscriptions.find((one) => one.id === foreign.id)?.status).toBe("active");
	});
});

describe("/api/usage-events", () => {
	const event = (amount: number, transactionId: string = id()) => ({ usageMeterSlug: "ai_requests", amount, transactionId });

	test("refuses visitors who are not signed in", async () => {
		const response = await new Client().post("/api/usage-events", event(1));
		expect(response.status).toBe(401);
		expect(await response.json()).toEqual({ error: "Unauthorized" });
	});

	test("requires a paid plan", async () => {
		const user = new Client();
		await user.signUp();
		const response = await user.post("/api/usage-events", event(1));
		expect(response.status).toBe(409);
		expect(await response.json()).toMatchObject({ title: "No active subscription found" });
	});

	test("answers 201 with the provider's event, 200 for a repeat, 409 for a different amount", async () => {
		const user = new Client();
		const { id: userId } = await user.subscribe();
		const first = await user.post("/api/usage-events", event(3, "order-1"));
		expect(first.status).toBe(201);
		expect(first.headers.get("ratelimit")).toMatch(/^"paid";r=997;t=\d+$/);
		expect(await first.json()).toMatchObject({ usageEvent: { amount: 3, transactionId: `user:${userId}:order-1` } });
		const again = await user.post("/api/usage-events", event(3, "order-1"));
		expect(again.status).toBe(200);
		expect(await again.json()).toMatchObject({ usageEvent: { amount: 3 } });
		expect((await user.post("/api/usage-events", event(4, "order-1"))).status).toBe(409);
		expect((await sandboxState()).usageEvents).toHaveLength(1);
		expect(await user.usage()).toMatchObject({ used: 3, remaining: 997 });
	});

	test("refuses an amount that does not fit as a whole", async () => {
		const user = new Client();
		await user.subscribe();
		expect((await user.post("/api/usage-events", event(999))).status).toBe(201);
		const response = await user.post("/api/usage-events", event(2));
		expect(response.status).toBe(429);
		expect(await response.json()).toMatchObject({ policy: "paid", tier: "paid", remaining: 1, upgradeUrl: "/account/plan" });
		expect((await user.post("/api/usage-events", event(1))).status).toBe(201);
	});

	test("queues an event while the provider does not respond, and reports it once later", async () => {
		const user = new Client();
		const { id: userId } = await user.subscribe();
		await user.usage();
		await faults({ api: [{ path: "/api/v1/usage-events", hang: true }] });
		const response = await user.post("/api/usage-events", event(2, "late"));
		expect(response.status).toBe(202);
		expect(await response.json()).toEqual({ status: "queued", transactionId: "late" });
		await faults({});
		const events = await drained(userId, 1);
		expect(events[0]).toMatchObject({ transactionId: `user:${userId}:late`, amount: 2 });
	});
});
