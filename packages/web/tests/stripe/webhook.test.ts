import { env } from "cloudflare:workers";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { Client, faults, moveClock, pay, resetSandbox, sandboxState } from "../client.ts";
import { confirmed, customerIdOf, id, subscribed, webhook } from "../contract/provider.ts";

// Repeated, late or reordered webhooks: the ledger always ends with Stripe's state.

beforeEach(async () => {
	await resetSandbox();
	await moveClock({ offsetMs: 0 });
});

// The files of a project share the app's clock and run in any order.
afterAll(() => moveClock({ offsetMs: 0 }));

async function send({ body, headers }: { body: BodyInit; headers: Record<string, string> }): Promise<number> {
	return (await new Client().fetch("/api/stripe/webhook", { method: "POST", body, headers })).status;
}

async function about(userId: string, options: Parameters<typeof webhook>[1] = {}) {
	return webhook({ userId, customerId: await customerIdOf(userId) }, options);
}

async function isDone(eventId: string): Promise<boolean> {
	return (await env.DB.prepare("SELECT 1 FROM stripe_events WHERE id = ?").bind(eventId).first()) !== null;
}

/** A user who has paid since the ledger's last read. */
async function paidUnnoticed(): Promise<{ user: Client; userId: string }> {
	const { user, userId } = await confirmed();
	const url = await user.checkout("pro_monthly");
	await user.usage();
	await pay(url);
	return { user, userId };
}

/** All of Stripe's events about a user, in order. */
async function eventsOf(userId: string) {
	const customer = await customerIdOf(userId);
	const { events } = (await sandboxState()).stripe;
	const own = events.filter(
		({ data: { object } }) => ("customer" in object && object.customer === customer) || ("id" in object && object.id === customer),
	);
	return own.map(({ id: messageId, type, created, data: { object } }) => ({ messageId, type, created, object }));
}

describe("a Stripe webhook", () => {
	test("is acknowledged after its change has been read", async () => {
		const { user, userId } = await paidUnnoticed();
		const messageId = `evt_${id()}`;
		expect(await send(await about(userId, { messageId }))).toBe(200);
		await faults({ api: [{ path: "/v1/*", status: 500 }] });
		expect(await user.usage()).toMatchObject({ tier: "paid", remaining: 1000 });
		expect(await isDone(messageId)).toBe(true);
	});

	test("is answered 503 while Stripe cannot be read, and processed when sent again", async () => {
		const { user, userId } = await subscribed();
		const messageId = `evt_${id()}`;
		await faults({ api: [{ path: "/v1/subscriptions", status: 500 }] });
		expect(await send(await about(userId, { messageId }))).toBe(503);
		expect(await isDone(messageId)).toBe(false);
		await faults({});
		expect(await send(await about(userId, { messageId }))).toBe(200);
		expect(await isDone(messageId)).toBe(true);
		expect(await user.usage()).toMatchObject({ tier: "paid" });
	}, 60_000);

	test("received five times, at once or in sequence, is processed once", async () => {
		const { user, userId } = await paidUnnoticed();
		const event = await about(userId, { messageId: `evt_${id()}` });
		expect(await Promise.all(Array.from({ length: 5 }, () => send(event)))).toEqual([200, 200, 200, 200, 200]);
		const before = (await sandboxState()).calls["GET /v1/subscriptions"];
		expect(await send(event)).toBe(200);
		expect((await sandboxState()).calls["GET /v1/subscriptions"]).toBe(before);
		expect(await user.usage()).toMatchObject({ tier: "paid", remaining: 1000 });
	}, 60_000);

	test("delivered in any order leaves Stripe's state: a plan bought, ended and bought again", async () => {
		const { user, userId, planId } = await subscribed();
		await user.post("/api/billing/cancel", { planId, when: "now" });
		await user.buy("pro_monthly");
		await user.usage();
		const events = await eventsOf(userId);
		expect(new Set(events.map(({ type }) => type)).size).toBeGreaterThan(5);
		const backwards = await Promise.all(events.toReversed().map((event) => about(userId, event)));
		expect(new Set(await Promise.all(backwards.map(send)))).toEqual(new Set([200]));
		expect(await user.usage()).toMatchObject({ tier: "paid", used: 0, remaining: 1000 });
		const [plan] = (await user.billing()).plans;
		await user.post("/api/billing/cancel", { planId: plan?.id, when: "now" });
		// A week late: the event is old, but its signature is new.
		const late = await Promise.all(events.map((event) => about(userId, { ...event, messageId: `evt_${id()}` })));
		expect(new Set(await Promise.all(late.map(send)))).toEqual(new Set([200]));
		expect(await user.usage()).toMatchObject({ tier: "free" });
	}, 60_000);

	test("makes no call for a change that was already read, and one call for a newer change", async () => {
		const { userId } = await subscribed();
		const reads = async () => (await sandboxState()).calls["GET /v1/subscriptions"] ?? 0;
		const before = await reads();
		const weekAgo = Math.floor(Date.now() / 1000) - 7 * 86_400;
		expect(await send(await about(userId, { created: weekAgo }))).toBe(200);
		expect(await reads()).toBe(before);
		expect(await send(await about(userId))).toBe(200);
		expect(await reads()).toBe(before + 1);
	});

	test("with a signature from a week ago is refused", async () => {
		const { userId } = await paidUnnoticed();
		expect(await send(await about(userId, { ageS: 7 * 86_400 }))).toBe(400);
	});

	test("with a wrong signature or one byte changed is refused, and changes nothing", async () => {
		const { user, userId } = await paidUnnoticed();
		const { body, headers } = await about(userId);
		const before = (await sandboxState()).calls["GET /v1/subscriptions"];
		const forged = await about(userId, { secret: "a secret of someone else" });
		expect(await send(forged)).toBe(400);
		for (const at of [0, 10, Math.floor(body.length / 2), body.length - 1]) {
			const changed = body.slice(0, at) + String.fromCharCode(body.charCodeAt(at) ^ 1) + body.slice(at + 1);
			expect(await send({ body: changed, headers }), `byte ${at}`).toBe(400);
		}
		expect(await send({ body, headers: { "stripe-signature": `${headers["stripe-signature"]}0` } })).toBe(400);
		expect((await sandboxState()).calls["GET /v1/subscriptions"]).toBe(before);
		expect(await send({ body, headers })).toBe(200);
		expect(await user.usage()).toMatchObject({ tier: "paid" });
	});

	test("of 5 MB is refused without being read", async () => {
		const { userId } = await confirmed();
		const { headers } = await about(userId);
		expect(await send({ body: "x".repeat(5 * 1024 * 1024), headers })).toBe(413);
	});

	test("of an unknown type is processed, because it may be about a customer", async () => {
		const { user, userId } = await paidUnnoticed();
		const object = { id: "x_1", object: "something.new", customer: await customerIdOf(userId) };
		expect(await send(await about(userId, { type: "something.new.happened", object }))).toBe(200);
		expect(await user.usage()).toMatchObject({ tier: "paid" });
		expect(await send(await about(userId, { type: "balance.available", object: { object: "balance" } }))).toBe(200);
	});

	/** A body with a valid signature. */
	async function signed(body: unknown) {
		const { headers } = await webhook({ userId: "x", customerId: null }, { body: typeof body === "string" ? body : JSON.stringify(body) });
		return { body: typeof body === "string" ? body : JSON.stringify(body), headers };
	}

	const thin = {
		id: "evt_test_1",
		object: "v2.core.event",
		type: "v1.billing.meter.error_report_triggered",
		created: "2026-11-28T21:00:00.000Z",
		related_object: { id: "mtr_1", type: "billing.meter", url: "/v1/billing/meters/mtr_1" },
	};
	const event = (object: unknown, more: object = {}) => ({
		id: "evt_2",
		object: "event",
		type: "x",
		created: 1,
		data: { object },
		...more,
	});

	test.each<[string, unknown]>([
		["a thin event of the v2 API", thin],
		["an empty object", {}],
		["text", "not JSON"],
		["null", null],
		["a list", [1, 2]],
		["an event without data", { id: "evt_1", object: "event" }],
		["an event without an object", event(undefined)],
		["an object that is text", event("cus_1")],
		["a customer that is a number", event({ object: "invoice", customer: 7 })],
		["a customer without an id", event({ object: "invoice", customer: {} })],
		["an event without a time", event({ object: "customer", id: "cus_none" }, { created: "soon" })],
		["an event whose id is a number", event({ object: "customer", id: "cus_none" }, { id: 7 })],
		...[7, null, { invoice_settings: null }, { invoice_settings: { default_payment_method: 7 } }].map(
			(previous_attributes): [string, unknown] => [
				`a customer that was ${JSON.stringify(previous_attributes)}`,
				event(undefined, { data: { object: { object: "customer", id: "cus_none" }, previous_attributes } }),
			],
		),
		["a dispute of an unknown charge", event({ object: "dispute", charge: "ch_unknown" })],
		["a dispute without a charge", event({ object: "dispute", charge: null })],
	])("with a true signature that holds %s is acknowledged", async (_, body) => {
		expect(await send(await signed(body))).toBe(200);
	});

	test("about a dispute gets 503 while the charge cannot be read", async () => {
		await faults({ api: [{ path: "/v1/charges/:id", status: 500 }] });
		expect(await send(await signed(event({ object: "dispute", charge: "ch_1" })))).toBe(503);
	});

	test("about a deleted customer leaves the account without a plan", async () => {
		const { user, userId } = await subscribed();
		const customer = await customerIdOf(userId);
		await fetch(`${env.SANDBOX_URL}/v1/customers/${customer}`, { method: "DELETE", headers: { authorization: "Bearer sk_test_sandbox" } });
		expect(
			await send(
				await webhook({ userId, customerId: customer }, { type: "customer.deleted", object: { object: "customer", id: customer } }),
			),
		).toBe(200);
		expect(await user.usage()).toMatchObject({ tier: "free" });
	});
});
