import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import type { Problem } from "../../src/view/problem.ts";
import { Client, eventually, faults, pay, resetSandbox, settings } from "../client.ts";
import { apiPath, checkoutPath, confirmed, customerIdOf, id, provider, reported, sells, subscribed, webhook } from "./provider.ts";

// The contract of the billing provider, as its users see it: the same cases for Flowglad, for Stripe, and for a deployment that sells nothing,
// where each of them says what is left instead.

beforeEach(resetSandbox);

const ledgerOf = (userId: string) => env.USAGE_LEDGER.getByName(`user:${userId}`);
const DAY_MS = 86_400_000;

async function problem(response: Response): Promise<[number, string]> {
	return [response.status, (await response.json<Problem>()).title];
}

const NOTHING_SOLD = [503, "Billing not configured"];

let visitor: Client | undefined;

/** Where nothing is sold, nothing can be bought, and the free day goes on. One account will do for all that it cannot do. */
async function sellsNothing(path: string, body: object = {}): Promise<void> {
	visitor ??= (await confirmed()).user;
	const user = visitor;
	expect(await problem(await user.post(`/api/billing/${path}`, body))).toEqual(NOTHING_SOLD);
	expect(await user.usage()).toMatchObject({ tier: "free", limit: 20, remaining: 20 });
}

describe("a visitor", () => {
	test("sees what is sold, with its price", async () => {
		const html = await (await new Client().fetch("/pricing")).text();
		expect(html.includes("7.99")).toBe(sells);
		expect(html.includes("Paid plans are not set up on this server")).toBe(!sells);
	});

	test("has five requests, whoever sells", async () => {
		const guest = await new Client().visit();
		for (let left = 4; left >= 0; left -= 1) {
			expect((await guest.chat(id(), id())).metadata.counted).toBe(true);
			expect(await guest.usage()).toMatchObject({ tier: "guest", remaining: left, unverified: false });
		}
		expect((await guest.chat(id(), id())).problem).toMatchObject({ status: 429, policy: "guest" });
	});

	test("buys nothing, and sees nobody's billing", async () => {
		const guest = await new Client().visit();
		for (const action of ["checkout", "refresh", "cancel", "uncancel", "change", "payment-method"]) {
			expect(await problem(await guest.post(`/api/billing/${action}`, {})), action).toEqual([401, "Not signed in"]);
		}
		for (const path of ["/api/billing", "/api/billing/portal"]) expect((await guest.fetch(path)).status, path).toBe(401);
	});
});

describe("an account without a plan", () => {
	test("has 20 requests a day", async () => {
		const { user } = await confirmed();
		expect(await user.usage()).toMatchObject({ tier: "free", limit: 20, remaining: 20, topUps: 0, unverified: false, checkoutOpen: false });
		expect((await user.chat(id(), id())).metadata.counted).toBe(true);
		expect(await user.usage()).toMatchObject({ used: 1, remaining: 19 });
	});

	test("has no plan, card or invoice to show", async () => {
		const { user } = await confirmed();
		const response = await user.fetch("/api/billing");
		if (!sells) return expect(await problem(response)).toEqual(NOTHING_SOLD);
		expect(await response.json()).toMatchObject({ plans: [], waiting: null, paymentMethods: [], invoices: [] });
	});

	test("reports none of its requests to anyone", async () => {
		const { user, userId } = await confirmed();
		await user.chat(id(), id());
		await runDurableObjectAlarm(ledgerOf(userId));
		expect(await reported(`user:${userId}`)).toEqual({});
	});

	test("has nothing to count usage events against", async () => {
		const { user } = await confirmed();
		const response = await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 1 });
		if (!sells) return expect([response.status, await response.json()]).toEqual([503, { error: "Flowglad not configured" }]);
		expect(await problem(response)).toEqual([409, "No active subscription found"]);
	});
});

describe("opening a checkout", () => {
	test("leads to the provider's page, and a second press to the same", async () => {
		if (!sells) return sellsNothing("checkout", { priceSlug: "pro_monthly" });
		const { user } = await confirmed();
		const first = await user.checkout("pro_monthly");
		expect(first.startsWith(env.SANDBOX_URL)).toBe(true);
		expect(await user.checkout("pro_monthly")).toBe(first);
		expect(await user.usage()).toMatchObject({ tier: "free", checkoutOpen: true });
	});

	test("is one, of ten presses at once", async () => {
		if (!sells) return sellsNothing("checkout", { priceSlug: "pro_monthly" });
		const { user } = await confirmed();
		const urls = await Promise.all(Array.from({ length: 10 }, () => user.checkout("pro_monthly")));
		expect(new Set(urls).size).toBe(1);
	});

	test("without a price is for the Pro plan", async () => {
		if (!sells) return sellsNothing("checkout");
		const { user } = await confirmed();
		const { url } = await (await user.post("/api/billing/checkout", {})).json<{ url: string }>();
		expect(await user.checkout("pro_monthly")).toBe(url);
	});

	test("needs a confirmed address", async () => {
		const user = new Client();
		await user.signUp();
		const response = await user.post("/api/billing/checkout", { priceSlug: "pro_monthly" });
		expect(await problem(response)).toEqual(sells ? [403, "Email not verified"] : NOTHING_SOLD);
	});

	test.each([
		["a price that is not sold", { priceSlug: "gold_yearly" }, [400, "Unknown price"]],
		["a name that is none", { priceSlug: 7 }, [400, "Invalid request"]],
		["a page of another site", { priceSlug: "pro_monthly", successUrl: "https://evil.example/" }, [400, "Invalid request"]],
		["a way back to another site", { priceSlug: "pro_monthly", cancelUrl: "//evil.example/" }, [400, "Invalid request"]],
	])("refuses %s", async (_, body, expected) => {
		const { user } = await confirmed();
		expect(await problem(await user.post("/api/billing/checkout", body))).toEqual(sells ? expected : NOTHING_SOLD);
	});

	test("refuses what is no JSON, too much of it, and a page of another origin", async () => {
		const { user } = await confirmed();
		const post = (init: RequestInit) => user.fetch("/api/billing/checkout", { method: "POST", ...init });
		expect((await post({ body: "{", headers: { "content-type": "application/json" } })).status).toBe(sells ? 400 : 503);
		expect((await post({ body: "x".repeat(70_000) })).status).toBe(sells ? 413 : 503);
		expect(await problem(await post({ body: "{}", headers: { origin: "https://evil.example" } }))).toEqual([403, "Foreign origin"]);
	});

	test("says so when the provider fails, without its words", async () => {
		if (!sells) return sellsNothing("checkout", { priceSlug: "pro_monthly" });
		const { user } = await confirmed();
		await faults({ api: [{ path: checkoutPath, method: "POST", status: 500 }] });
		const response = await user.post("/api/billing/checkout", { priceSlug: "pro_monthly" });
		const text = await response.clone().text();
		expect(await problem(response)).toEqual([502, "Billing unavailable"]);
		expect(text).not.toMatch(/flowglad|stripe|injected/i);
		await faults({});
		expect(await user.checkout("pro_monthly")).toContain(env.SANDBOX_URL);
	});
});

describe("paying for a plan", () => {
	test("gives it at once, for the period that was paid", async () => {
		if (!sells) return sellsNothing("checkout", { priceSlug: "pro_monthly" });
		const { user } = await confirmed();
		await user.buy("pro_monthly");
		const usage = await user.usage();
		expect(usage).toMatchObject({ tier: "paid", limit: 1000, used: 0, held: 0, remaining: 1000, topUps: 0, checkoutOpen: false });
		const days = (Date.parse(usage.resetAt ?? "") - Date.parse(usage.window.start ?? "")) / DAY_MS;
		expect(days).toBeGreaterThanOrEqual(28);
		expect(days).toBeLessThanOrEqual(31);
	});

	test("shows the plan, its price, the card and the invoice", async () => {
		if (!sells) return sellsNothing("refresh");
		const { user } = await subscribed();
		const { plans, paymentMethods, invoices, portalUrl } = await user.billing();
		expect(plans).toMatchObject([
			{ name: "Pro", state: "active", live: true, price: { slug: "pro_monthly", amountCents: 799, currency: "USD", interval: "month" } },
		]);
		expect(plans[0]?.periodEnd).toBe((await user.usage()).resetAt);
		expect(paymentMethods).toMatchObject([{ kind: "card", last4: "4242" }]);
		expect(invoices.some((one) => one.amountCents === 799 && one.state === "paid" && one.currency === "USD")).toBe(true);
		expect(portalUrl).toBeTruthy();
	});

	test("is marked on the pricing page as the plan that one has", async () => {
		const { user } = sells ? await subscribed() : await confirmed();
		const html = await (await user.fetch("/pricing")).text();
		expect(html.includes("See your account")).toBe(sells);
	});

	test("with a card that is declined gives nothing, and can be tried again", async () => {
		if (!sells) return sellsNothing("checkout", { priceSlug: "pro_monthly" });
		const { user } = await confirmed();
		const url = await user.checkout("pro_monthly");
		await pay(url, { action: "decline" });
		expect(await user.usage()).toMatchObject({ tier: "free", limit: 20 });
		expect(await user.checkout("pro_monthly")).toBe(url);
		await pay(url);
		expect(await (await user.post("/api/billing/refresh", {})).json()).toMatchObject({ tier: "paid", remaining: 1000 });
	});

	test("turned back from, leads to the same page again", async () => {
		if (!sells) return sellsNothing("checkout", { priceSlug: "pro_monthly" });
		const { user } = await confirmed();
		const url = await user.checkout("pro_monthly");
		await pay(url, { action: "back" });
		expect(await user.checkout("pro_monthly")).toBe(url);
		expect(await user.usage()).toMatchObject({ tier: "free" });
	});

	test("is not done twice", async () => {
		if (!sells) return sellsNothing("checkout", { priceSlug: "pro_monthly" });
		const { user } = await subscribed();
		const again = await user.post("/api/billing/checkout", { priceSlug: "pro_monthly" });
		expect(await problem(again)).toEqual([409, "Already subscribed"]);
	});

	test("of one gives nothing to another", async () => {
		if (!sells) return sellsNothing("cancel", { planId: "sub_1", when: "now" });
		const { planId } = await subscribed();
		const { user: other } = await confirmed();
		expect(await other.usage()).toMatchObject({ tier: "free" });
		expect((await other.billing()).plans).toEqual([]);
		for (const [action, body] of [
			["cancel", { planId, when: "now" }],
			["uncancel", { planId }],
			["change", { planId, priceSlug: "pro_monthly" }],
			["payment-method", { planId }],
		] as const) {
			expect(await problem(await other.post(`/api/billing/${action}`, body)), action).toEqual([404, "Subscription not found"]);
		}
	});
});

describe("a plan's requests", () => {
	test("are counted here, and each is reported once", async () => {
		const { user, userId } = sells ? await subscribed() : await confirmed();
		const requests = [id(), id(), id()];
		for (const requestId of requests) expect((await user.chat(id(), requestId)).metadata.counted).toBe(true);
		expect(await user.usage()).toMatchObject({ used: 3, remaining: sells ? 997 : 17 });
		await eventually(async () => {
			await runDurableObjectAlarm(ledgerOf(userId));
			const expected = sells ? Object.fromEntries(requests.map((one) => [one, 1])) : {};
			expect(await reported(`user:${userId}`)).toEqual(expected);
		});
		expect(await user.usage()).toMatchObject({ used: 3, remaining: sells ? 997 : 17 });
	});

	test("go on while the provider is down, and are reported when it is back", async () => {
		const { user, userId } = sells ? await subscribed() : await confirmed();
		await faults({ api: [{ path: apiPath, status: 500 }] });
		const requestId = id();
		expect((await user.chat(id(), requestId)).metadata.counted).toBe(true);
		await runDurableObjectAlarm(ledgerOf(userId));
		expect(await user.usage()).toMatchObject({ tier: sells ? "paid" : "free", used: 1, unverified: false });
		await faults({});
		await ledgerOf(userId).refresh(`user:${userId}`);
		expect(await reported(`user:${userId}`)).toEqual(sells ? { [requestId]: 1 } : {});
		expect(await user.usage()).toMatchObject({ used: 1, remaining: sells ? 999 : 19 });
	});

	test("a report whose answer is lost counts once", async () => {
		if (!sells) return sellsNothing("refresh");
		const { user, userId } = await subscribed();
		await user.chat(id(), id());
		await faults({
			api: [{ path: provider === "stripe" ? "/v1/billing/meter_events" : "/api/v1/usage-events/bulk", dropAfterCommit: true, times: 2 }],
		});
		await eventually(async () => {
			await runDurableObjectAlarm(ledgerOf(userId));
			await ledgerOf(userId).refresh(`user:${userId}`);
			const rows = await reported(`user:${userId}`);
			expect(Object.values(rows)).toEqual([1]);
			expect(await user.usage()).toMatchObject({ used: 1, remaining: 999 });
		});
	});

	test("end at the plan's limit, to the last", async () => {
		if (!sells) return sellsNothing("refresh");
		const { user } = await subscribed();
		expect((await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 999 })).status).toBe(201);
		const answers = await Promise.all(Array.from({ length: 5 }, () => user.chat(id(), id())));
		expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
		expect(answers.find(({ status }) => status === 429)?.problem).toMatchObject({ policy: "paid", limit: 1000, remaining: 0 });
		expect(await user.usage()).toMatchObject({ used: 1000, remaining: 0 });
	});
});

describe("usage events", () => {
	test("count once for each id, and say what the provider has of them", async () => {
		if (!sells) return sellsNothing("refresh");
		const { user, userId } = await subscribed();
		const event = { usageMeterSlug: "ai_requests", amount: 5, transactionId: "job" };
		expect((await user.post("/api/usage-events", event)).status).toBe(201);
		expect((await user.post("/api/usage-events", event)).status).toBe(200);
		const other = await user.post("/api/usage-events", { ...event, amount: 6 });
		expect(await problem(other)).toEqual([409, "Request id already used"]);
		expect(await reported(`user:${userId}`)).toEqual({ job: 5 });
		expect(await user.usage()).toMatchObject({ used: 5, remaining: 995 });
	});

	test("are queued while the provider is silent", async () => {
		if (!sells) return sellsNothing("refresh");
		const { user, userId } = await subscribed();
		await faults({ api: [{ path: apiPath, method: "POST", status: 503 }] });
		const queued = await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 2, transactionId: "job" });
		expect([queued.status, await queued.json()]).toEqual([202, { status: "queued", transactionId: "job" }]);
		await faults({});
		await ledgerOf(userId).refresh(`user:${userId}`);
		expect(await reported(`user:${userId}`)).toEqual({ job: 2 });
	});

	test("that do not fit are refused whole", async () => {
		if (!sells) return sellsNothing("refresh");
		const { user, userId } = await subscribed();
		await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 600 });
		expect((await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 401 })).status).toBe(429);
		expect(await user.usage()).toMatchObject({ used: 600, remaining: 400 });
		expect(Object.values(await reported(`user:${userId}`))).toEqual([600]);
	});
});

describe("a top-up", () => {
	test("goes with a plan", async () => {
		const { user } = await confirmed();
		const response = await user.post("/api/billing/checkout", { priceSlug: "top_up_1000" });
		expect(await problem(response)).toEqual(sells ? [409, "No active subscription found"] : NOTHING_SOLD);
	});

	test("is there when it is paid, counted once, and lies beyond the plan", async () => {
		if (!sells) return sellsNothing("checkout", { priceSlug: "top_up_1000" });
		const { user } = await subscribed();
		await user.buy("top_up_1000");
		for (let looks = 0; looks < 2; looks += 1) {
			const usage = await (await user.post("/api/billing/refresh", {})).json();
			expect(usage).toMatchObject({ tier: "paid", limit: 1000, remaining: 2000, topUps: 1000, checkoutOpen: false });
		}
	});

	test("may be bought again, and adds up", async () => {
		if (!sells) return sellsNothing("checkout", { priceSlug: "top_up_1000" });
		const { user } = await subscribed();
		for (const remaining of [2000, 3000]) {
			await user.buy("top_up_1000");
			await eventually(async () => {
				expect(await (await user.post("/api/billing/refresh", {})).json()).toMatchObject({ remaining, topUps: remaining - 1000 });
			});
		}
		expect((await user.billing()).invoices.filter(({ amountCents }) => amountCents === 800)).toHaveLength(2);
	});

	test("is used after the plan's requests", async () => {
		if (!sells) return sellsNothing("checkout", { priceSlug: "top_up_1000" });
		const { user } = await subscribed();
		await user.buy("top_up_1000");
		await user.post("/api/billing/refresh", {});
		for (const amount of [900, 200])
			expect((await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount })).status).toBe(201);
		expect(await user.usage()).toMatchObject({ used: 1100, remaining: 900, topUps: 900 });
	});

	test("is not sold beside a plan that ends", async () => {
		if (!sells) return sellsNothing("checkout", { priceSlug: "top_up_1000" });
		const { user, planId } = await subscribed();
		await user.post("/api/billing/cancel", { planId, when: "period-end" });
		expect(await problem(await user.post("/api/billing/checkout", { priceSlug: "top_up_1000" }))).toEqual([409, "Plan is ending"]);
	});
});

describe("cancelling", () => {
	test("for the end of the period keeps the plan until then", async () => {
		if (!sells) return sellsNothing("cancel", { planId: "sub_1", when: "period-end" });
		const { user, planId } = await subscribed();
		expect((await user.post("/api/billing/cancel", { planId, when: "period-end" })).status).toBe(200);
		const { plans } = await user.billing();
		expect(plans).toMatchObject([{ id: planId, state: "ending", live: true }]);
		expect(plans[0]?.endsAt).toBe(plans[0]?.periodEnd);
		expect(await user.usage()).toMatchObject({ tier: "paid", remaining: 1000 });
	});

	test("is taken back", async () => {
		if (!sells) return sellsNothing("uncancel", { planId: "sub_1" });
		const { user, planId } = await subscribed();
		await user.post("/api/billing/cancel", { planId, when: "period-end" });
		expect((await user.post("/api/billing/uncancel", { planId })).status).toBe(200);
		expect((await user.billing()).plans).toMatchObject([{ id: planId, state: "active", endsAt: null }]);
	});

	test("at once ends the plan, and the free day goes on", async () => {
		if (!sells) return sellsNothing("cancel", { planId: "sub_1", when: "now" });
		const { user, planId } = await subscribed();
		expect((await user.post("/api/billing/cancel", { planId, when: "now" })).status).toBe(200);
		expect((await user.billing()).plans).toEqual([]);
		expect(await user.usage()).toMatchObject({ tier: "free", limit: 20, remaining: 20 });
	});

	test("and subscribing again is a new plan with all its requests", async () => {
		if (!sells) return sellsNothing("cancel", { planId: "sub_1", when: "now" });
		const { user, planId } = await subscribed();
		await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 300 });
		await user.post("/api/billing/cancel", { planId, when: "now" });
		await user.buy("pro_monthly");
		expect(await (await user.post("/api/billing/refresh", {})).json()).toMatchObject({ tier: "paid", used: 0, remaining: 1000 });
	});

	test.each([
		["cancel", {}],
		["cancel", { planId: "sub_1", when: "tomorrow" }],
		["uncancel", {}],
		["change", { planId: "sub_1" }],
	])("%s refuses the body %o", async (action, body) => {
		const { user } = await confirmed();
		expect(await problem(await user.post(`/api/billing/${action}`, body))).toEqual(sells ? [400, "Invalid request"] : NOTHING_SOLD);
	});
});

describe("changing the plan", () => {
	test("to a dearer one is at once, with its share of the period", async () => {
		if (!sells) return sellsNothing("change", { planId: "sub_1", priceSlug: "max_monthly" });
		await settings({ maxPlan: true });
		const { user, planId } = await subscribed();
		await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 300 });
		const answer = await user.post("/api/billing/change", { planId, priceSlug: "max_monthly" });
		expect([answer.status, await answer.json()]).toEqual([200, { takesEffect: "now" }]);
		expect((await user.billing()).plans).toMatchObject([{ name: "Max", price: { slug: "max_monthly" }, state: "active" }]);
		const { remaining } = await user.usage();
		expect(remaining).toBeGreaterThan(2600);
		expect(remaining).toBeLessThanOrEqual(3000);
	});

	test("to a cheaper one waits for the end of the period", async () => {
		if (!sells) return sellsNothing("change", { planId: "sub_1", priceSlug: "pro_monthly" });
		await settings({ maxPlan: true });
		const { user } = await confirmed();
		await user.buy("max_monthly");
		const [plan] = (await user.billing()).plans;
		const answer = await user.post("/api/billing/change", { planId: plan?.id, priceSlug: "pro_monthly" });
		expect([answer.status, await answer.json()]).toEqual([200, { takesEffect: "period-end" }]);
		expect((await user.billing()).plans).toMatchObject([{ name: "Max", state: "active" }]);
		expect(await user.usage()).toMatchObject({ limit: 3000, remaining: 3000 });
	});

	test("with a card that is declined changes nothing", async () => {
		if (!sells) return sellsNothing("change", { planId: "sub_1", priceSlug: "max_monthly" });
		await settings({ maxPlan: true });
		const { user, planId } = await subscribed();
		await faults({ failPayments: true });
		const answer = await user.post("/api/billing/change", { planId, priceSlug: "max_monthly" });
		expect(await problem(answer)).toEqual([402, "Payment declined"]);
		expect((await user.billing()).plans).toMatchObject([{ name: "Pro", state: "active" }]);
		expect(await user.usage()).toMatchObject({ limit: 1000, remaining: 1000 });
	});

	test("to one that is not sold is refused", async () => {
		if (!sells) return sellsNothing("change", { planId: "sub_1", priceSlug: "gold_yearly" });
		const { user, planId } = await subscribed();
		for (const priceSlug of ["gold_yearly", "top_up_1000"]) {
			expect(await problem(await user.post("/api/billing/change", { planId, priceSlug }))).toEqual([400, "Unknown price"]);
		}
	});
});

describe("cards and invoices", () => {
	test("a card is put in on the provider's page", async () => {
		if (!sells) return sellsNothing("payment-method");
		const { user, planId } = await subscribed();
		const answer = await user.post("/api/billing/payment-method", { planId });
		expect(answer.status).toBe(200);
		expect((await answer.json<{ url: string }>()).url).toContain(env.SANDBOX_URL);
	});

	test("the portal is the provider's", async () => {
		const { user } = sells ? await subscribed() : await confirmed();
		const answer = await user.fetch("/api/billing/portal");
		if (!sells) return expect(await problem(answer)).toEqual(NOTHING_SOLD);
		expect(answer.status).toBe(303);
		expect(answer.headers.get("location")).toContain(env.SANDBOX_URL);
	});
});

describe("a provider that is down", () => {
	test("is said to be, not shown as no plan", async () => {
		if (!sells) return sellsNothing("refresh");
		const { user } = await subscribed();
		await faults({ api: [{ path: apiPath, status: 500 }] });
		expect(await problem(await user.fetch("/api/billing"))).toEqual([502, "Billing unavailable"]);
		expect(await user.usage()).toMatchObject({ tier: "paid", remaining: 1000 });
	});

	test("sells nothing on the pricing page, and says so", async () => {
		const { user } = sells ? await subscribed() : await confirmed();
		await faults({ api: [{ path: apiPath, status: 500 }] });
		const html = await (await user.fetch("/pricing")).text();
		expect(html.includes("the billing service did not reply")).toBe(sells);
		expect(html).toContain("One request, one mark");
	});
});

describe("a webhook", () => {
	const path = `/api/${sells ? provider : "stripe"}/webhook`;
	const send = async ({ body, headers }: { body: string; headers: Record<string, string> }) =>
		(await new Client().fetch(path, { method: "POST", body, headers })).status;

	test("that is signed makes the ledger read again", async () => {
		const { user, userId } = await confirmed();
		if (!sells) return expect(await send(await webhook({ userId, customerId: null }))).toBe(503);
		const url = await user.checkout("pro_monthly");
		await user.usage();
		await pay(url);
		expect(await send(await webhook({ userId, customerId: await customerIdOf(userId) }))).toBe(200);
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid" }));
	});

	test.each([
		["that nobody signed", {}, true],
		["under another secret", { secret: "another secret of the tests" }, false],
		["signed six minutes ago", { ageS: 360 }, false],
	])("%s is refused", async (_, options, unsigned) => {
		const { userId } = await confirmed();
		const { body, headers } = await webhook({ userId, customerId: "cus_1" }, options);
		expect(await send({ body, headers: unsigned ? {} : headers })).toBe(sells ? 400 : 503);
	});

	test("of nobody we know is taken, and nothing comes of it", async () => {
		const event = await webhook({ userId: "nobody", customerId: "cus_nobody" });
		expect(await send(event)).toBe(sells ? 200 : 503);
	});
});

describe("an organization", () => {
	test("buys for its members, and its own requests are counted on it", async () => {
		const { user: owner, userId } = await confirmed();
		const created = await owner.post("/api/auth/organization/create", { name: "Ada's", slug: id() });
		const { id: organizationId } = await created.json<{ id: string }>();
		await owner.post("/api/auth/organization/set-active", { organizationId });
		if (!sells) return expect(await owner.usage()).toMatchObject({ tier: "free", limit: 20 });
		await owner.buy("pro_monthly");
		await owner.usage();
		const requestId = id();
		expect((await owner.chat(id(), requestId)).metadata.counted).toBe(true);
		expect(await owner.usage()).toMatchObject({ tier: "paid", used: 1, organization: { name: "Ada's" } });
		await eventually(async () => {
			await runDurableObjectAlarm(env.USAGE_LEDGER.getByName(`org:${organizationId}`));
			const events = await reported(`org:${organizationId}`);
			// Stripe's names have 100 characters at most; of a longer one it is told the hash.
			const [name = ""] = Object.keys(events);
			expect(Object.values(events)).toEqual([1]);
			expect(name).toMatch(provider === "stripe" ? /^sha256:[0-9a-f]{64}$/ : new RegExp(`^user:${userId}:${requestId}$`));
		});
		await owner.post("/api/auth/organization/set-active", { organizationId: null });
		expect(await owner.usage()).toMatchObject({ tier: "free" });
	});
});

describe("what is granted by hand", () => {
	test("is spent after the day's requests, where no provider keeps the credits", async () => {
		const { user, userId } = await confirmed();
		const admin = new Client();
		await admin.confirm((await admin.signUp("admin@example.com")).email);
		const gift = { userId, id: "sorry", units: 5 };
		const answers = [await admin.post("/api/admin/grants", gift), await admin.post("/api/admin/grants", gift)];
		if (provider === "flowglad") return expect(answers.map(({ status }) => status)).toEqual([409, 409]);
		expect(answers.map(({ status }) => status)).toEqual([201, 201]);
		expect(await user.usage()).toMatchObject({ tier: "free", limit: 20, remaining: 25, topUps: 5 });
		expect((await admin.post("/api/admin/grants", { ...gift, units: 6 })).status).toBe(409);
		expect((await user.post("/api/admin/grants", gift)).status).toBe(403);
	});
});

describe("the deployment", () => {
	test("says who sells", async () => {
		const { checks } = await (await new Client().fetch("/api/health")).json<{ checks: { billing: string } }>();
		expect(checks.billing).toBe(provider);
	});

	test("answers for one provider only", async () => {
		const { user } = await confirmed();
		expect((await user.fetch("/api/flowglad/billing")).status).toBe(provider === "flowglad" ? 200 : 503);
		expect((await user.fetch("/api/stripe?back=/pricing")).headers.get("location")).toBe("http://localhost/pricing");
		for (const other of ["flowglad", "stripe"].filter((one) => one !== provider)) {
			expect((await new Client().post(`/api/${other}/webhook`, {})).status, other).toBe(503);
		}
	});

	test("answers each verb as it should", async () => {
		const { user } = await confirmed();
		expect((await user.fetch("/api/billing/nothing")).status).toBe(sells ? 404 : 503);
		expect((await user.post("/api/billing/nothing", {})).status).toBe(sells ? 404 : 503);
		expect((await user.fetch("/api/billing/cancel")).status).toBe(sells ? 405 : 503);
		expect((await user.fetch("/api/billing", { method: "DELETE" })).status).toBe(405);
	});
});
