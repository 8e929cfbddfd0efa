import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import ownRoutes from "../../src/routes/api/billing/$.ts?raw";
import { cutAppWaits, setAppTimeouts, stopAppClock } from "../app-time.ts";
import { Client, eventually, faults, pay, resetSandbox, sandboxState } from "../client.ts";
import { apiPath, confirmed, customerIdOf, id, problem, provider, reported, subscribed, webhook } from "./provider.ts";

// Counting and reporting the requests of a plan: the same guarantees for Flowglad and for Stripe.

beforeEach(resetSandbox);

const ledgerOf = (userId: string) => env.USAGE_LEDGER.getByName(`user:${userId}`);

describe("an account without a plan", () => {
	test("cannot post usage events", async () => {
		const { user } = await confirmed();
		const response = await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 1 });
		expect(await problem(response)).toEqual([409, "No active subscription found"]);
	});
});

test("a usage event has the same fields with every provider", async () => {
	const { user, userId, planId } = await subscribed();
	const transactionId = id();
	const response = await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 3, transactionId });
	const { usageEvent } = await response.json<{ usageEvent: object }>();
	const instants = { createdAt: expect.any(Number), updatedAt: expect.any(Number), usageDate: expect.any(Number) };
	expect(usageEvent).toEqual({
		...{ id: expect.any(String), customerId: await customerIdOf(userId), subscriptionId: planId, usageMeterId: expect.any(String) },
		...{ amount: 3, transactionId: `user:${userId}:${transactionId}`, properties: {}, livemode: false, ...instants },
		...Object.fromEntries(
			["billingPeriodId", "priceId", "pricingModelId"].map((name) => [
				name,
				expect.toSatisfy((one) => one === null || typeof one === "string"),
			]),
		),
	});
});

describe("a plan's requests", () => {
	test("are counted in the ledger and reported once each", async () => {
		const { user, userId } = await subscribed();
		const requests = [id(), id(), id()];
		for (const requestId of requests) expect((await user.chat(id(), requestId)).metadata.counted).toBe(true);
		expect(await user.usage()).toMatchObject({ used: 3, remaining: 997 });
		await eventually(async () => {
			await runDurableObjectAlarm(ledgerOf(userId));
			const expected = Object.fromEntries(requests.map((one) => [one, 1]));
			expect(await reported(`user:${userId}`)).toEqual(expected);
		});
		expect(await user.usage()).toMatchObject({ used: 3, remaining: 997 });
	});

	test("are served while the provider is down, and reported once it recovers", async () => {
		const { user, userId } = await subscribed();
		await faults({ api: [{ path: apiPath, status: 500 }] });
		const requestId = id();
		expect((await user.chat(id(), requestId)).metadata.counted).toBe(true);
		await runDurableObjectAlarm(ledgerOf(userId));
		expect(await user.usage()).toMatchObject({ tier: "paid", used: 1, unverified: false });
		await faults({});
		await ledgerOf(userId).refresh(`user:${userId}`);
		expect(await reported(`user:${userId}`)).toEqual({ [requestId]: 1 });
		expect(await user.usage()).toMatchObject({ used: 1, remaining: 999 });
	});

	test("count once when the response to a report is lost", async () => {
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

	test("end exactly at the plan's limit, then draw on the free day, which is not reported to the provider", async () => {
		const { user, userId } = await subscribed();
		const event = { usageMeterSlug: "ai_requests", amount: 999, transactionId: "most" };
		expect((await user.post("/api/usage-events", event)).status).toBe(201);
		const freeDay = { id: "free day", fingerprint: "f", units: 18, freeDay: true, chatId: null };
		const { outcome } = await ledgerOf(userId).record(`user:${userId}`, freeDay);
		expect(outcome).toMatchObject({ kind: "ended", row: { pool: expect.stringMatching(/^day:/) } });
		const requests: string[] = Array.from({ length: 5 }, id);
		const answers = await Promise.all(requests.map((one) => user.chat(id(), one)));
		expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
		expect(answers.find(({ status }) => status === 429)?.problem).toMatchObject({ policy: "paid", limit: 1000, remaining: 0 });
		expect(await user.usage()).toMatchObject({ used: 1000, remaining: 0, freeDay: { limit: 20, used: 20, held: 0, remaining: 0 } });
		await eventually(async () => {
			await runDurableObjectAlarm(ledgerOf(userId));
			const names = Object.keys(await reported(`user:${userId}`));
			expect([names.length, names.includes("most"), names.filter((name) => requests.includes(name)).length]).toEqual([2, true, 1]);
		});
	});
});

describe("usage events", () => {
	test("count once per id and reach the provider", async () => {
		const { user, userId } = await subscribed();
		const event = { usageMeterSlug: "ai_requests", amount: 5, transactionId: "job" };
		expect((await user.post("/api/usage-events", event)).status).toBe(201);
		expect((await user.post("/api/usage-events", event)).status).toBe(200);
		const other = await user.post("/api/usage-events", { ...event, amount: 6 });
		expect(await problem(other)).toEqual([409, "Request id already used"]);
		expect(await reported(`user:${userId}`)).toEqual({ job: 5 });
		expect(await user.usage()).toMatchObject({ used: 5, remaining: 995 });
	});

	test("are queued while the provider fails", async () => {
		const { user, userId } = await subscribed();
		await faults({ api: [{ path: apiPath, method: "POST", status: 503 }] });
		const queued = await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 2, transactionId: "job" });
		expect([queued.status, await queued.json()]).toEqual([202, { status: "queued", transactionId: "job" }]);
		await faults({});
		await ledgerOf(userId).refresh(`user:${userId}`);
		expect(await reported(`user:${userId}`)).toEqual({ job: 2 });
	});

	test("are refused as a whole when they exceed the limit", async () => {
		const { user, userId } = await subscribed();
		await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 600 });
		expect((await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 401 })).status).toBe(429);
		expect(await user.usage()).toMatchObject({ used: 600, remaining: 400 });
		expect(Object.values(await reported(`user:${userId}`))).toEqual([600]);
	});
});

describe("a provider that is down", () => {
	test("is reported as an outage, not as a missing plan", async () => {
		const { user } = await subscribed();
		await faults({ api: [{ path: apiPath, status: 500 }] });
		// The copy read a few seconds ago is stale by now.
		stopAppClock().advance(5_000);
		expect(await problem(await user.fetch("/api/billing"))).toEqual([502, "Billing unavailable"]);
		expect(await user.usage()).toMatchObject({ tier: "paid", remaining: 1000 });
	});

	test("leaves the last prices on the pricing page, for visitors and customers", async () => {
		const { user } = await subscribed();
		await (await new Client().fetch("/pricing")).text();
		await faults({ api: [{ path: apiPath, status: 500 }] });
		stopAppClock().advance(3_600_000);
		for (const viewer of [user, new Client()]) expect(await (await viewer.fetch("/pricing")).text()).toContain("7.99");
	});

	test("shows no plans on the pricing page, with an explanation, once the copy is a day old", async () => {
		const { user } = await subscribed();
		await faults({ api: [{ path: apiPath, status: 500 }] });
		stopAppClock().advance(25 * 3_600_000);
		const html = await (await user.fetch("/pricing")).text();
		expect(html).toContain("the billing service isn’t responding");
		expect(html).toContain("Pay only for answers");
	});
});

describe("a provider that sends headers and then nothing", () => {
	const stall = { api: [{ path: apiPath, stall: true }] };

	test("does not block visitors: their pages show the last prices", async () => {
		await (await new Client().fetch("/pricing")).text();
		await faults(stall);
		stopAppClock().advance(3_600_000);
		const waits = cutAppWaits();
		// The provider never times out here, so a page that waits for it in any way does not finish.
		setAppTimeouts(1_000_000_000);
		for (const path of ["/pricing", "/sign-up", "/account/plan"]) {
			const page = await new Client().fetch(path);
			expect([200, 307], path).toContain(page.status);
			await page.text();
		}
		expect(waits).toEqual([]);
	});

	test("does not block a customer's pages, which show the visitors' prices", async () => {
		await (await new Client().fetch("/pricing")).text();
		const { user } = await confirmed();
		await faults(stall);
		const waits = cutAppWaits();
		expect(await (await user.fetch("/pricing")).text()).toContain("7.99");
		expect((await user.fetch("/account/plan")).status).toBe(200);
		expect(waits.filter((ms) => ms > 2_000)).toEqual([]);
	});

	const cancelling =
		provider === "stripe"
			? { path: "/v1/subscriptions/:id", method: "DELETE" }
			: { path: "/api/v1/subscriptions/:id/cancel", method: "POST" };

	test("reports a change as successful when a read confirms it", async () => {
		const { user, planId } = await subscribed();
		await faults({ api: [{ ...cancelling, stall: true, times: 1 }] });
		setAppTimeouts(1_500);
		expect((await user.post("/api/billing/cancel", { planId, when: "now" })).status).toBe(200);
		setAppTimeouts(20_000);
		expect((await user.billing()).plans).toEqual([]);
	});

	test("reports the outcome of a change as unknown while no read confirms it, and claims nothing else", async () => {
		const { user, planId } = await subscribed();
		await faults({ api: [{ ...cancelling, hang: true, times: 1 }] });
		setAppTimeouts(1_500);
		const answer = await user.post("/api/billing/cancel", { planId, when: "now" });
		setAppTimeouts(20_000);
		const { type, outcome, detail } = await answer.json<{ type: string; outcome: string; detail: string }>();
		expect([answer.status, type, outcome]).toEqual([502, "urn:parley:problem:billing-outcome-unknown", "unknown"]);
		expect(detail).toMatch(/do not know yet/);
		expect(detail).not.toMatch(/nothing|not charged|as before/i);
	});
});

describe("a free account that sends thirty requests at once", () => {
	const calls = async () => {
		const { calls: counted } = await sandboxState();
		return Object.entries(counted).reduce((sum, [path, n]) => sum + (/ \/(?:api\/)?v1\//.test(path) ? n : 0), 0);
	};
	const planId = "sub_made_up";
	const ROUTES: [route: string, callsMax: number, send: (user: Client) => Promise<Response>][] = [
		["GET /api/billing", 8, (user) => user.fetch("/api/billing")],
		["GET /pricing", 8, (user) => user.fetch("/pricing")],
		["POST /api/usage-events", 8, (user) => user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 1 })],
		["POST /api/billing/cancel", 8, (user) => user.post("/api/billing/cancel", { planId, when: "now" })],
		["POST /api/billing/uncancel", 8, (user) => user.post("/api/billing/uncancel", { planId })],
		["POST /api/billing/change", 8, (user) => user.post("/api/billing/change", { planId, priceSlug: "pro_monthly" })],
		["POST /api/billing/refresh", 8, (user) => user.post("/api/billing/refresh", {})],
		["POST /api/billing/checkout", 8, (user) => user.post("/api/billing/checkout", {})],
		["POST /api/billing/payment-method", 9, (user) => user.post("/api/billing/payment-method", {})],
		["POST /api/billing/activate", 8, (user) => user.post("/api/billing/activate", { planId, successUrl: "/", cancelUrl: "/" })],
		["GET /api/billing/portal", 8, (user) => user.fetch("/api/billing/portal")],
		...(provider === "flowglad"
			? ([
					["GET /api/flowglad/billing", 8, (user) => user.fetch("/api/flowglad/billing")],
					["the SDK's billing", 8, (user) => user.post("/api/flowglad/customers/billing", {})],
					["the SDK's balances", 8, (user) => user.post("/api/flowglad/usage-meters/balances", {})],
					["the SDK's prices", 8, (user) => user.post("/api/flowglad/pricing-models/retrieve", {})],
				] as [string, number, (user: Client) => Promise<Response>][])
			: []),
	];

	test("covers every action in the list below", () => {
		const names = [...ownRoutes.matchAll(/^\t"?([\w-]+)"?: (?:action\(|\(request)/gm)].map(([, name]) => `POST /api/billing/${name}`);
		expect(ROUTES.map(([route]) => route)).toEqual(expect.arrayContaining(names));
	});

	test.each(ROUTES)("to %s causes at most %i calls", async (_, callsMax, send) => {
		const { user, userId } = await confirmed();
		// Flowglad's customer is created after the sign-up response.
		if (provider === "flowglad") await eventually(async () => expect(await customerIdOf(userId)).not.toBeNull());
		await user.usage();
		const before = await calls();
		const answers = await Promise.all(Array.from({ length: 30 }, () => send(user)));
		for (const answer of answers) await answer.text();
		expect((await calls()) - before).toBeLessThanOrEqual(callsMax);
	});

	test("is refused further actions for a while, with a Retry-After; its pages and chats still work", async () => {
		const user = new Client();
		await user.signUp();
		const act = () => user.post("/api/billing/cancel", { planId, when: "now" });
		await Promise.all(Array.from({ length: 30 }, act));
		const refused = await act();
		expect(await problem(refused)).toEqual([429, "Too many billing requests"]);
		expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
		expect((await user.fetch("/api/billing")).status).toBe(200);
		expect((await user.chat(id(), id())).metadata.counted).toBe(true);
	});
});

describe("a webhook", () => {
	const path = `/api/${provider}/webhook`;
	const send = async ({ body, headers }: { body: string; headers: Record<string, string> }) =>
		(await new Client().fetch(path, { method: "POST", body, headers })).status;

	test("with a valid signature makes the ledger read the provider again", async () => {
		const { user, userId } = await confirmed();
		const url = await user.checkout("pro_monthly");
		await user.usage();
		await pay(url);
		expect(await send(await webhook({ userId, customerId: await customerIdOf(userId) }))).toBe(200);
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid" }));
	});

	test.each([
		["without a signature", {}, true],
		["signed with another secret", { secret: "another secret of the tests" }, false],
		["signed six minutes ago", { ageS: 360 }, false],
	])("%s is refused", async (_, options, unsigned) => {
		const { userId } = await confirmed();
		const { body, headers } = await webhook({ userId, customerId: "cus_1" }, options);
		expect(await send({ body, headers: unsigned ? {} : headers })).toBe(400);
	});

	test("about an unknown customer is accepted and ignored", async () => {
		const event = await webhook({ userId: "nobody", customerId: "cus_nobody" });
		expect(await send(event)).toBe(200);
	});
});

describe("an organization", () => {
	test("buys a plan for its members, and their requests are charged to it", async () => {
		const { user: owner, userId } = await confirmed();
		const created = await owner.post("/api/auth/organization/create", { name: "Ada's", slug: id() });
		const { id: organizationId } = await created.json<{ id: string }>();
		await owner.post("/api/auth/organization/set-active", { organizationId });
		await owner.buy("pro_monthly");
		await owner.usage();
		const requestId = id();
		expect((await owner.chat(id(), requestId)).metadata.counted).toBe(true);
		expect(await owner.usage()).toMatchObject({ tier: "paid", used: 1, organization: { name: "Ada's" } });
		await eventually(async () => {
			await runDurableObjectAlarm(env.USAGE_LEDGER.getByName(`org:${organizationId}`));
			const events = await reported(`org:${organizationId}`);
			// Stripe limits identifiers to 100 characters, so a longer one is sent as its hash.
			const [name = ""] = Object.keys(events);
			expect(Object.values(events)).toEqual([1]);
			expect(name).toMatch(provider === "stripe" ? /^sha256:[0-9a-f]{64}$/ : new RegExp(`^user:${userId}:${requestId}$`));
		});
		await owner.post("/api/auth/organization/set-active", { organizationId: null });
		expect(await owner.usage()).toMatchObject({ tier: "free" });
	});
});
