import { afterAll, beforeAll, expect, test } from "vitest";
import { record } from "./result.ts";
import { eventually, isWhole, type Person, piecesOf, randomId, seeded, World } from "./world.ts";

/*
 * A crowd on the real process: readers leave at any moment, and the billing provider fails in every way. Answers stay complete, counts exact, and the
 * provider receives each unit once. `npm run prove` runs 200 and 500 chats.
 */

const whole = process.env.PROVE === "whole";
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const LEAVERS = whole ? 200 : 40;
const CHATS = whole ? 500 : 40;
const PEOPLE = whole ? 20 : 5;
const random = seeded(seed);

let world: World;
let people: Person[];
const counted: { person: Person; requestId: string }[] = [];

beforeAll(async () => {
	world = await World.start();
	people = [];
	for (let n = 0; n < PEOPLE; n += 1) people.push(await world.subscriber(n));
});

afterAll(() => world?.end());

/** Distributes `total` chats among the people, who all chat concurrently. */
async function crowd(total: number, chat: (person: Person, requestId: string) => Promise<void>): Promise<void> {
	let left = total;
	await Promise.all(
		people.map(async (person) => {
			while (left > 0) {
				left -= 1;
				const requestId = randomId(random);
				counted.push({ person, requestId });
				await chat(person, requestId);
			}
		}),
	);
}

test(`saves and counts every answer once when ${LEAVERS} readers leave at a random piece (SEED=${seed})`, async (context) => {
	await world.faults({ model: { firstTokenMs: 300, chunks: 12, chunkMs: 20 } });
	await crowd(LEAVERS, async (person, requestId) => {
		const leaving = new AbortController();
		const leaveAfter = Math.floor(random() * 12);
		const response = await world.accepted(await world.send(person, requestId, leaving.signal));
		let pieces = 0;
		try {
			for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
				pieces += piecesOf(text);
				if (pieces >= leaveAfter) leaving.abort();
			}
		} catch {
			// The reader disconnected.
		}
	});
	expect(counted).toHaveLength(LEAVERS);
	for (const { person, requestId } of counted) {
		await eventually(async () => {
			const text = await (await world.send(person, requestId)).text();
			expect(isWhole(text)).toBe(true);
			expect(piecesOf(text)).toBeGreaterThanOrEqual(1);
		});
	}
	await world.drained(counted, people);
	record(context, `${LEAVERS} whole answers, ${LEAVERS} units, as many events`, seed);
});

/** Milliseconds to the first byte while the provider was healthy, sorted. */
let healthyMs: number[] = [];

test.for([
	["is healthy", {}],
	["answers 500", { status: 500 }],
	["never answers", { hang: true }],
	["answers 429", { status: 429 }],
	["closes the connection after accepting", { dropAfterCommit: true }],
	["answers invalid JSON", { invalidJson: true }],
] as const)(`answers all ${CHATS} chats while the provider %s, and reports each once (SEED=${seed})`, async ([does, fault], context) => {
	const model = { firstTokenMs: 300, chunks: 4, chunkMs: 5 };
	await world.faults({ model, api: Object.keys(fault).length > 0 ? [{ path: "/api/v1/*", ...fault }] : [] });
	const firstByteMs: number[] = [];
	await crowd(CHATS, async (person, requestId) => {
		const sentAt = performance.now();
		const response = await world.send(person, requestId);
		firstByteMs.push(performance.now() - sentAt);
		expect(isWhole(await (await world.accepted(response)).text())).toBe(true);
	});
	firstByteMs.sort((a, b) => a - b);
	if (does === "is healthy") healthyMs = firstByteMs;
	const at = (sorted: number[], share: number) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(0);
	const firstByte = `first byte p50 ${at(firstByteMs, 0.5)} ms, p99 ${at(firstByteMs, 0.99)} ms`;
	const healthy = `healthy: ${at(healthyMs, 0.5)}, ${at(healthyMs, 0.99)}`;
	await world.faults({ model });
	await world.drained(counted, people, 200_000);
	record(context, `${firstByteMs.length} of ${CHATS} chats answered; ${firstByte} (${healthy})`, seed);
});
