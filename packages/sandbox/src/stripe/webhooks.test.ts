import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished, vi } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { runStripe, startStripeReceiver, stripeWebhookSecret } from "./testing/harness.ts";

async function withReceiver(answer?: (count: number) => number) {
	const { url, received } = await startStripeReceiver(answer);
	const sandbox = await runStripe({ stripeWebhookUrl: url, stripeWebhookSecret });
	return { sandbox, stripe: sandbox.stripe, received, types: () => received.map(({ event }) => event?.type) };
}

it("sends signed events with the record and its previous values", async () => {
	const { stripe, received } = await withReceiver();
	const customer = await stripe.customers.create({ email: "ada@example.com", metadata: { user: "1" } }, { idempotencyKey: "key_1" });
	await stripe.customers.update(customer.id, { name: "Ada", metadata: { user: "2" } });
	await stripe.customers.update(customer.id, { name: "Ada" });
	await stripe.customers.del(customer.id);
	await eventually(() => expect(received).toHaveLength(3));
	expect(received.map(({ event }) => event?.type)).toEqual(["customer.created", "customer.updated", "customer.deleted"]);
	expect(received[1]?.event).toMatchObject({
		object: "event",
		api_version: "2026-10-28.endive",
		data: { object: { id: customer.id, name: "Ada" }, previous_attributes: { name: null, metadata: { user: "1" } } },
		pending_webhooks: 1,
	});
	expect(received[0]?.event?.request).toEqual({ id: customer.lastResponse.requestId, idempotency_key: "key_1" });
	expect(received[0]?.event?.data).not.toHaveProperty("previous_attributes");
	const listed = await stripe.events.list({ type: "customer.updated" });
	expect(listed.data.map(({ id }) => id)).toEqual([received[1]?.event?.id]);
	expect(await stripe.events.retrieve(received[0]?.event?.id ?? "")).toMatchObject({ type: "customer.created" });
});

it("retries rejected events with the same id and a new signature", async () => {
	const { sandbox, stripe, received } = await withReceiver((count) => (count === 1 ? 500 : 200));
	await stripe.customers.create();
	await eventually(async () => expect((await sandbox.state()).deliveries[0]?.attempts).toHaveLength(1));
	// The signature contains the machine's time in seconds.
	const machineTime = Date.now;
	const clock = vi.spyOn(Date, "now").mockImplementation(() => machineTime() + 2_000);
	onTestFinished(() => clock.mockRestore());
	await sandbox.advance(5 * 60);
	await eventually(() => expect(received).toHaveLength(2));
	expect(received[1]?.event?.id).toBe(received[0]?.event?.id);
	expect(received[1]?.signature).not.toBe(received[0]?.signature);
	await eventually(async () => expect((await sandbox.state()).deliveries[0]?.outcome).toBe("delivered"));
});

it("applies the webhook faults: lost, double, late, newest first, forged", async () => {
	const { sandbox, stripe, received, types } = await withReceiver();
	const faulty = async (webhooks: object, count: number) => {
		received.length = 0;
		await sandbox.faults({ webhooks });
		const { id } = await stripe.customers.create();
		await stripe.customers.del(id);
		await eventually(() => expect(received.length).toBeGreaterThanOrEqual(count));
		await sleep(60);
		return types();
	};
	expect(await faulty({ drop: true }, 0)).toEqual([]);
	expect(await faulty({ double: true }, 4)).toEqual(["customer.created", "customer.created", "customer.deleted", "customer.deleted"]);
	expect(await faulty({ wrongSignature: true }, 2)).toEqual([undefined, undefined]);
	expect(await faulty({ delayMs: 60_000 }, 0)).toEqual([]);
	await sandbox.advance(60);
	await eventually(() => expect(types()).toEqual(["customer.created", "customer.deleted"]));
});

it("delivers to created endpoints, each with its own secret and event types", async () => {
	const sandbox = await runStripe();
	const { stripe } = sandbox;
	const first = await stripe.webhookEndpoints.create({ url: "http://127.0.0.1:1/", enabled_events: ["customer.deleted"] });
	expect(first.secret).toMatch(/^whsec_/);
	const { url, received } = await startStripeReceiver(() => 200, first.secret);
	await stripe.webhookEndpoints.update(first.id, { url });
	expect(await stripe.webhookEndpoints.retrieve(first.id)).not.toHaveProperty("secret");
	const { id } = await stripe.customers.create();
	await stripe.customers.del(id);
	await eventually(() => expect(received.map(({ event }) => event?.type)).toEqual(["customer.deleted"]));
	await stripe.webhookEndpoints.update(first.id, { disabled: true });
	await stripe.customers.del((await stripe.customers.create()).id);
	await stripe.webhookEndpoints.del(first.id);
	expect((await stripe.webhookEndpoints.list()).data).toEqual([]);
	await sleep(60);
	expect(received).toHaveLength(1);
	await eventually(async () => {
		const { deliveries } = await sandbox.state();
		expect(deliveries.filter(({ endpointId }) => endpointId === "we_sandbox").map(({ outcome }) => outcome)).toEqual(
			Array(4).fill("unsent"),
		);
	});
});
