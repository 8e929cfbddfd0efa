import { createHmac } from "node:crypto";
import { expect, it, onTestFinished, vi } from "vitest";
import { emptyState } from "../state.ts";
import { eventually } from "../testing/eventually.ts";
import type { World } from "../world.ts";
import { type Channel, createDelivery, newDelivery, nextDelivery, resend } from "./delivery.ts";
import { flowgladWebhooks } from "./flowglad.ts";
import type { Delivery } from "./records.ts";
import { signedHeaders } from "./signature.ts";

interface Sent {
	url: string;
	body: string;
	headers: Record<string, string>;
}

/** A receiver's answer: a status, an error, or a promise of either. */
type Answer = (sent: Sent, count: number) => number | Error | Promise<number>;

/** A world with a frozen clock and a fake receiver instead of the network. */
function deliveringTo(answer: Answer) {
	const state = emptyState();
	const clock = { nowMs: 1_000_000 };
	const world = { state, nowMs: () => clock.nowMs, machineNowMs: () => 5_999 } as unknown as World;
	const sent: Sent[] = [];
	vi.stubGlobal("fetch", async (url: string, { body, headers }: Sent) => {
		sent.push({ url, body, headers });
		const given = await answer(sent.at(-1) as Sent, sent.length);
		if (given instanceof Error) throw given;
		return new Response(null, { status: given, headers: { location: "http://elsewhere.example/" } });
	});
	onTestFinished(() => {
		vi.unstubAllGlobals();
	});
	const queue: Delivery[] = [];
	const channel = channelOf("http://app.example/", queue);
	const add = (id: string) => {
		queue.push({ id, ...newDelivery(state, clock.nowMs) });
		return queue.at(-1) as Delivery;
	};
	return { state, clock, world, sent, queue, channel, add, deliver: createDelivery(world, [channel]) };
}

const channelOf = (url: string, queue: Delivery[]): Channel => ({
	deliveries: () => queue,
	destination: (_, { id }) => ({ url, body: id, sign: (body, timestampSeconds) => ({ signed: `${timestampSeconds}:${body}` }) }),
	retryDelaysMs: [10, 20, 40],
});

const bodies = (sent: Sent[]) => sent.map(({ body }) => body);

it("sends events in order, each after the previous one was answered", async () => {
	let open = 0;
	let mostOpen = 0;
	const { add, deliver, sent, queue } = deliveringTo(async () => {
		open += 1;
		mostOpen = Math.max(mostOpen, open);
		await Promise.resolve();
		open -= 1;
		return 204;
	});
	for (const id of ["a", "b", "c", "d"]) add(id);
	await Promise.all([deliver.deliverDue(), deliver.deliverDue()]);
	expect([bodies(sent), mostOpen]).toEqual([["a", "b", "c", "d"], 1]);
	expect(queue.map(({ outcome, nextAttemptAtMs }) => [outcome, nextAttemptAtMs])).toEqual(Array(4).fill(["delivered", null]));
});

it("continues with the next event when one is refused, and resends the refused one later", async () => {
	const { add, deliver, sent, clock } = deliveringTo(({ body }, count) => (body === "a" && count === 1 ? 500 : 200));
	add("a");
	add("b");
	await deliver.deliverDue();
	expect(bodies(sent)).toEqual(["a", "b"]);
	clock.nowMs += 10;
	await deliver.deliverDue();
	expect(bodies(sent)).toEqual(["a", "b", "a"]);
});

it("keeps channels independent: a receiver that does not answer delays no other", async () => {
	let answerSlow = (_: number) => {};
	const slow = new Promise<number>((resolve) => {
		answerSlow = resolve;
	});
	const { world, add, queue, sent } = deliveringTo(({ url }) => (url.includes("slow") ? slow : 200));
	add("a");
	const other: Delivery[] = [{ ...(queue[0] as Delivery), attempts: [] }];
	const { deliverDue } = createDelivery(world, [channelOf("http://slow.example/", other), channelOf("http://app.example/", queue)]);
	const all = deliverDue();
	await eventually(() => expect(queue[0]?.outcome).toBe("delivered"));
	expect([sent.length, other[0]?.outcome]).toEqual([2, "waiting"]);
	answerSlow(200);
	await all;
	expect(other[0]?.outcome).toBe("delivered");
});

it.each([
	[200, "delivered"],
	[204, "delivered"],
	[299, "delivered"],
	[302, "waiting"],
	[400, "waiting"],
	[404, "waiting"],
	[410, "waiting"],
	[503, "waiting"],
])("treats the status %i as %s", async (status, outcome) => {
	const { add, deliver, sent } = deliveringTo(() => status);
	const event = add("a");
	await deliver.deliverDue();
	expect(event).toMatchObject({ outcome, attempts: [{ status, error: null }] });
	// Redirects are not followed: the receiver must answer itself.
	expect(sent.map(({ url }) => url)).toEqual(["http://app.example/"]);
});

it("waits longer after each refused attempt, counted from that attempt, and gives up after the last", async () => {
	const { add, deliver, clock, sent } = deliveringTo(() => 500);
	const event = add("a");
	const waits: unknown[] = [];
	for (const lateMs of [0, 3, 0, 0]) {
		clock.nowMs += lateMs;
		await deliver.deliverDue();
		waits.push(event.nextAttemptAtMs === null ? event.outcome : event.nextAttemptAtMs - clock.nowMs);
		// One millisecond early, nothing is sent.
		clock.nowMs = (event.nextAttemptAtMs ?? clock.nowMs) - 1;
		await deliver.deliverDue();
		clock.nowMs += 1;
	}
	expect([waits, sent.length]).toEqual([[10, 20, 40, "failed"], 4]);
});

it("records why an attempt got no answer, and retries", async () => {
	const refused = Object.assign(new Error("fetch failed"), { cause: Object.assign(new Error("connect"), { code: "ECONNREFUSED" }) });
	const { add, deliver } = deliveringTo(() => refused);
	const event = add("a");
	await deliver.deliverDue();
	expect(event).toMatchObject({ outcome: "waiting", attempts: [{ status: null, error: "ECONNREFUSED" }] });
});

it("resends any event on request, whatever its outcome, and then continues its schedule", async () => {
	const { add, deliver, clock } = deliveringTo((_, count) => (count === 1 ? 200 : 500));
	const event = add("a");
	await deliver.deliverDue();
	resend(event, clock.nowMs);
	await deliver.deliverDue();
	expect(event).toMatchObject({ outcome: "waiting", nextAttemptAtMs: clock.nowMs + 20 });
	expect(event.attempts.map(({ status }) => status)).toEqual([200, 500]);
});

it("loses as many answers as the fault specifies, then none", async () => {
	const { state, add, deliver, clock, sent } = deliveringTo(() => 200);
	state.faults = { webhooks: { loseAnswers: 2 } };
	const events = ["a", "b", "c"].map(add);
	await deliver.deliverDue();
	expect(events.map(({ outcome }) => outcome)).toEqual(["waiting", "waiting", "delivered"]);
	clock.nowMs += 10;
	await deliver.deliverDue();
	expect([events.map(({ outcome }) => outcome), bodies(sent)]).toEqual([Array(3).fill("delivered"), ["a", "b", "c", "a", "b"]]);
	expect(state.faults.webhooks?.loseAnswers).toBe(0);
});

it("reports when the next attempt of any channel is due, and nothing if none is scheduled", async () => {
	const { state, queue, channel, add, deliver, clock } = deliveringTo(() => 200);
	expect(nextDelivery(state, [channel])).toBeUndefined();
	add("a");
	state.faults = { webhooks: { delayMs: 500 } };
	add("b");
	const other = channelOf("http://other.example/", [{ ...(queue[0] as Delivery), nextAttemptAtMs: clock.nowMs - 7 }]);
	expect(nextDelivery(state, [channel, other])).toBe(clock.nowMs - 7);
	await deliver.deliverDue();
	expect(nextDelivery(state, [channel])).toBe(clock.nowMs + 500);
});

it("signs the sent body with the machine's time, and a forged event with another body's signature", async () => {
	const { state, add, deliver, sent } = deliveringTo(() => 200);
	add("a");
	await deliver.deliverDue();
	state.faults = { webhooks: { wrongSignature: true } };
	add("b");
	await deliver.deliverDue();
	expect(sent.map(({ body, headers }) => [body, headers.signed])).toEqual([
		["a", "5:a"],
		["b", "5:b "],
	]);
	expect(sent[0]?.headers["content-type"]).toBe("application/json");
});

it("signs as Svix specifies: HMAC-SHA256 over id, time and body, with the bytes that the secret encodes", () => {
	const key = Buffer.from([0, 255, 62, 63]);
	const body = '{"name":"Grüße 🎉"}';
	const headers = signedHeaders({ id: "msg_1", timestampSeconds: 7, body }, `whsec_${key.toString("base64")}`);
	const signature = createHmac("sha256", key).update(`msg_1.7.${body}`).digest("base64");
	expect(headers).toEqual({ "svix-id": "msg_1", "svix-timestamp": "7", "svix-signature": `v1,${signature}` });
});

it("retries Flowglad's events on Svix's documented schedule: after 5 s, 5 and 30 min, 2, 5, 10 and 10 h", () => {
	expect(flowgladWebhooks.retryDelaysMs.map((ms) => ms / 1000)).toEqual([5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]);
});
