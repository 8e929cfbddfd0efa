import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { Client, eventually, faults, pay, resetSandbox } from "../client.ts";
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

test("a usage event has the same fields whoever the provider is", async () => {
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

	test("continue while the provider is down, and are reported once it recovers", async () => {
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

	test("count once when the response to their report is lost", async () => {
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

	test("end exactly at the plan's limit", async () => {
		const { user } = await subscribed();
		expect((await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 999 })).status).toBe(201);
		const answers = await Promise.all(Array.from({ length: 5 }, () => user.chat(id(), id())));
		expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
		expect(answers.find(({ status }) => status === 429)?.problem).toMatchObject({ policy: "paid", limit: 1000, remaining: 0 });
		expect(await user.usage()).toMatchObject({ used: 1000, remaining: 0 });
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

	test("beyond the limit are refused as a whole", async () => {
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
		expect(await problem(await user.fetch("/api/billing"))).toEqual([502, "Billing unavailable"]);
		expect(await user.usage()).toMatchObject({ tier: "paid", remaining: 1000 });
	});

	test("leaves the pricing page without plans, with an explanation", async () => {
		const { user } = await subscribed();
		await faults({ api: [{ path: apiPath, status: 500 }] });
		const html = await (await user.fetch("/pricing")).text();
		expect(html).toContain("the billing service did not reply");
		expect(html).toContain("One request, one mark");
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
