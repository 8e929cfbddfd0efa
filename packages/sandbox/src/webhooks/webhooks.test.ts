import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { runSandbox, withPro } from "../testing/harness.ts";
import { startReceiver, webhookSecret } from "../testing/receiver.ts";

const minuteMs = 60 * 1000;
const objects = (received: { payload: { object: string } | null }[]) => received.map(({ payload }) => payload?.object);

async function sandboxFor(answer?: (count: number) => number) {
	const { url, received } = await startReceiver(answer);
	const sandbox = await runSandbox({ webhookUrl: url, webhookSecret });
	const messages = async () => (await sandbox.state()).webhooks;
	return { sandbox, received, messages };
}

const createCustomer = (sandbox: Awaited<ReturnType<typeof runSandbox>>, externalId = "user_1") =>
	sandbox.flowglad(externalId).findOrCreateCustomer();

it("sends signed events for customers, purchases, payments, plans and cancellations", async () => {
	const { sandbox, received, messages } = await sandboxFor();
	const customer = await createCustomer(sandbox);
	await eventually(() => expect(received).toHaveLength(2));
	await sandbox.buy("user_1", "pro_monthly");
	await eventually(() => expect(received).toHaveLength(5));
	const { currentSubscription } = await sandbox.flowglad("user_1").getBilling();
	await sandbox.flowglad("user_1").cancelSubscription({ id: currentSubscription?.id ?? "", cancellation: { timing: "immediately" } });
	await eventually(async () => expect((await messages()).map(({ outcome }) => outcome)).toEqual(Array(7).fill("delivered")));
	expect((await messages()).map(({ type }) => type)).toEqual([
		"customer.created",
		"subscription.created",
		"subscription.created",
		"purchase.completed",
		"payment.succeeded",
		"subscription.canceled",
		"subscription.created",
	]);
	expect(received[0]?.payload).toEqual({
		id: customer.id,
		object: "customer",
		customer: { id: customer.id, externalId: "user_1" },
		pricingModelId: "pricing_model_sandbox",
	});
	expect(objects(received)).toEqual(["customer", "subscription", "subscription", "purchase", "payment", "subscription", "subscription"]);
});

it("sends no events for usage, balances, scheduled cancellations or declined renewals", async () => {
	const { sandbox, flowglad, id, use } = await withPro({ now: () => Date.UTC(2026, 0, 1) });
	const types = async () => (await sandbox.state()).webhooks.length;
	const before = await types();
	await use("req_1", 5);
	await sandbox.faults({ declineRenewals: true });
	await sandbox.advance(31 * 24 * 60 * minuteMs);
	await flowglad.cancelSubscription({ id, cancellation: { timing: "at_end_of_current_billing_period" } });
	await flowglad.uncancelSubscription({ id });
	await flowglad.cancelSubscription({ id, cancellation: { timing: "at_end_of_current_billing_period" } });
	await sandbox.advance(31 * 24 * 60 * minuteMs);
	expect((await flowglad.getBilling()).currentSubscription).toBeUndefined();
	expect(await types()).toBe(before);
});

it("retries rejected events after 5 seconds, 5 minutes, … of sandbox time, with the same id", async () => {
	const { sandbox, received, messages } = await sandboxFor((count) => (count <= 2 ? 500 : 204));
	await createCustomer(sandbox);
	await eventually(async () => expect((await messages()).map(({ attempts }) => attempts.length)).toEqual([1, 1]));
	await sandbox.advance(4000);
	await sleep(50);
	expect(received).toHaveLength(2);
	await sandbox.advance(1100);
	await eventually(async () => expect((await messages()).map(({ outcome }) => outcome)).toEqual(["delivered", "delivered"]));
	expect(received.map(({ id }) => id).slice(2)).toEqual(received.map(({ id }) => id).slice(0, 2));
	expect((await messages())[0]?.attempts).toMatchObject([{ status: 500 }, { status: 204 }]);
});

it("gives up after eight attempts, and makes one attempt per clock jump", async () => {
	const { sandbox, received, messages } = await sandboxFor(() => 503);
	await sandbox.admin.createCustomer({ customer: { externalId: "user_1", name: "Ada", email: "a@example.com" } });
	for (let attempt = 1; attempt <= 8; attempt++) {
		await eventually(() => expect(received).toHaveLength(2 * attempt));
		await eventually(async () => expect((await messages()).every(({ attempts }) => attempts.length === attempt)).toBe(true));
		await sandbox.advance(24 * 60 * minuteMs);
	}
	await sleep(50);
	expect(received).toHaveLength(16);
	expect((await messages()).map(({ outcome, nextAttemptAtMs }) => [outcome, nextAttemptAtMs])).toEqual([
		["failed", null],
		["failed", null],
	]);
});

it("records the error of an unreachable app", async () => {
	const sandbox = await runSandbox({ webhookUrl: "http://127.0.0.1:1/", webhookSecret });
	await createCustomer(sandbox);
	await eventually(async () =>
		expect((await sandbox.state()).webhooks[0]?.attempts).toMatchObject([{ status: null, error: expect.any(String) }]),
	);
});

it("records events without sending them if there is no secret", async () => {
	const sandbox = await runSandbox();
	await createCustomer(sandbox);
	await eventually(async () => expect((await sandbox.state()).webhooks.map(({ outcome }) => outcome)).toEqual(["unsent", "unsent"]));
});

it("refuses a secret that the SDK cannot verify with", async () => {
	await expect(runSandbox({ webhookSecret: "secret" })).rejects.toThrow("whsec_");
});

it("resends an event by id, and sends any event type through the control API", async () => {
	const { sandbox, received, messages } = await sandboxFor();
	const customer = await createCustomer(sandbox);
	await eventually(() => expect(received).toHaveLength(2));
	const [first] = await messages();
	await sandbox.send("POST", `/__sandbox/webhooks/${first?.id}/resend`);
	await eventually(() => expect(received.at(-1)?.id).toBe(first?.id));
	expect(received).toHaveLength(3);
	expect((await sandbox.send("POST", "/__sandbox/webhooks", { type: "payment.failed", customerId: customer.id, id: "pym_1" })).status).toBe(
		201,
	);
	await eventually(() => expect(received.at(-1)?.payload).toMatchObject({ id: "pym_1", object: "payment" }));
});

it("drops, doubles, delays, reverses and forges events, and loses answers, on demand", async () => {
	const { sandbox, received, messages } = await sandboxFor();
	const arrived = async (count: number) => {
		await eventually(() => expect(received.length).toBeGreaterThanOrEqual(count));
		await sleep(50);
		return received.splice(0);
	};
	await sandbox.faults({ webhooks: { drop: true } });
	await createCustomer(sandbox, "dropped");
	await sleep(50);
	expect(received).toEqual([]);
	expect((await messages()).map(({ outcome }) => outcome)).toEqual(["dropped", "dropped"]);

	await sandbox.faults({ webhooks: { double: true } });
	await createCustomer(sandbox, "doubled");
	expect(objects(await arrived(4))).toEqual(["customer", "customer", "subscription", "subscription"]);

	await sandbox.faults({ webhooks: { newestFirst: true } });
	await createCustomer(sandbox, "reversed");
	expect(objects(await arrived(2))).toEqual(["subscription", "customer"]);

	await sandbox.faults({ webhooks: { wrongSignature: true } });
	await createCustomer(sandbox, "forged");
	expect((await arrived(2)).map(({ payload }) => payload)).toEqual([null, null]);

	await sandbox.faults({ webhooks: { loseAnswers: 1 } });
	await createCustomer(sandbox, "lost");
	const [taken] = await arrived(2);
	await sandbox.advance(6000);
	expect(await arrived(1)).toMatchObject([{ id: taken?.id }]);

	await sandbox.faults({ webhooks: { delayMs: minuteMs } });
	await createCustomer(sandbox, "late");
	await sleep(50);
	expect(received).toEqual([]);
	await sandbox.advance(minuteMs);
	expect(await arrived(2)).toHaveLength(2);
});
