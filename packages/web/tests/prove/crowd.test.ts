import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, isWhole, type Person, randomId, seeded, World } from "./world.ts";

/*
 * A crowd on the real process: readers who leave at any moment, and a billing provider that fails in every way it can. Answers are whole, counts are
 * exact, and the provider hears of each unit once. `npm run prove` plays it with 200 and 500 chats.
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

/** Lets the people chat in turns, `total` times in all. */
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

test(`${LEAVERS} readers leave at a random piece: every answer is whole, saved and counted once (SEED=${seed})`, async () => {
	await world.faults({ model: { firstTokenMs: 300, chunks: 12, chunkMs: 20 } });
	await crowd(LEAVERS, async (person, requestId) => {
		const leaving = new AbortController();
		const leaveAfter = Math.floor(random() * 12);
		const response = await world.send(person, requestId, leaving.signal);
		expect(response.status).toBe(200);
		let pieces = 0;
		try {
			for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
				pieces += text.split('"text-delta"').length - 1;
				if (pieces >= leaveAfter) leaving.abort();
			}
		} catch {
			// gone, as it was meant
		}
	});
	for (const { person, requestId } of counted) {
		await eventually(async () => {
			const text = await (await world.send(person, requestId)).text();
			expect(isWhole(text)).toBe(true);
			expect(text.split('"text-delta"').length - 1).toBeGreaterThanOrEqual(1);
		});
	}
	await world.drained(counted, people);
});

/** When the first byte of the last crowd's answers came, in ms, sorted. */
let healthyMs: number[] = [];

test.each([
	["is healthy", {}],
	["answers 500", { status: 500 }],
	["never answers", { hang: true }],
	["answers 429", { status: 429 }],
	["closes after it accepted", { dropAfterCommit: true }],
	["answers no JSON", { invalidJson: true }],
])(`a provider that %s costs none of ${CHATS} chats, and hears of each once (SEED=${seed})`, async (does, fault) => {
	const model = { firstTokenMs: 300, chunks: 4, chunkMs: 5 };
	await world.faults({ model, api: Object.keys(fault).length > 0 ? [{ path: "/api/v1/*", ...fault }] : [] });
	const firstByteMs: number[] = [];
	await crowd(CHATS, async (person, requestId) => {
		const asked = performance.now();
		const response = await world.send(person, requestId);
		firstByteMs.push(performance.now() - asked);
		expect(response.status).toBe(200);
		expect(isWhole(await response.text())).toBe(true);
	});
	firstByteMs.sort((a, b) => a - b);
	if (does === "is healthy") healthyMs = firstByteMs;
	const at = (sorted: number[], share: number) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(0);
	console.log(
		`a provider that ${does}: first byte p50 ${at(firstByteMs, 0.5)} ms, p99 ${at(firstByteMs, 0.99)} ms ` +
			`(healthy: ${at(healthyMs, 0.5)}, ${at(healthyMs, 0.99)}); ${CHATS} of ${CHATS} chats answered`,
	);
	await world.faults({ model });
	await world.drained(counted, people, 200_000);
});
