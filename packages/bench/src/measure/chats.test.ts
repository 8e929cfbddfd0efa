import { afterEach, describe, expect, test } from "vitest";
import { QUICK } from "../plan.ts";
import { randomFrom } from "../statistics.ts";
import { type AppTraits, startApp } from "../testing/app.ts";
import { memoryProvider } from "../testing/provider.ts";
import { compare, measureChats, meteringOverhead, orderOf, type Samples, type Sides } from "./chats.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
	for (const close of closing.splice(0)) await close();
});

async function sides(traits: AppTraits = {}) {
	const apps = { A: await startApp(traits), B: await startApp(traits), C: await startApp(traits), D: await startApp(traits) };
	closing.push(...Object.values(apps).map((app) => app.close));
	return apps;
}

/** Samples with three equal figures. */
const samples = (...values: number[]): Samples => ({ firstByte: values, firstWord: values, full: values });
const round = (a: number[], b: number[], c: number[], d = a): Sides<Samples> => ({
	A: samples(...a),
	B: samples(...b),
	C: samples(...c),
	D: samples(...d),
});

describe("the side order", () => {
	test("contains each side twice, with the second half reversed", () => {
		for (let seed = 0; seed < 20; seed += 1) {
			const order = orderOf(randomFrom(seed));
			expect(order.slice(0, 4).toSorted()).toEqual(["A", "B", "C", "D"]);
			expect(order.slice(4)).toEqual(order.slice(0, 4).toReversed());
		}
	});

	test("differs between seeds", () => {
		const orders = new Set(Array.from({ length: 500 }, (_, seed) => orderOf(randomFrom(seed)).join("")));
		expect(orders.size).toBe(24);
	});
});

describe("a comparison", () => {
	test("subtracts medians within a round, so that a slow round does not shift the difference", () => {
		const { oursMinusBare, referenceMinusBare, rowMinusBare } = compare(
			[round([10, 10], [11, 11], [15, 15], [12, 12]), round([90, 90], [91, 91], [95, 95], [92, 92])],
			"full",
		);
		expect([oursMinusBare.median, oursMinusBare.p10, oursMinusBare.p90]).toEqual([1, 1, 1]);
		expect(referenceMinusBare.median).toBe(5);
		expect(rowMinusBare?.median).toBe(2);
	});

	test("ignores an outlier within a block", () => {
		expect(compare([round([10, 10, 10], [12, 12, 500], [20, 20, 20])], "firstByte").oursMinusBare.median).toBe(2);
	});

	test("excludes a round whose overhead is within the noise", () => {
		const { overheadRatio, referenceOverOurs } = compare([round([10], [10], [20]), round([10], [12], [30])], "firstByte");
		expect(overheadRatio).toMatchObject({ rounds: 1, median: 10 });
		expect(referenceOverOurs.rounds).toBe(2);
	});
});

describe("the overhead of metering", () => {
	const rounds = [round([10, 12, 10, 12], [13, 13, 13, 13], [0]), round([20, 22, 20, 22], [23, 23, 23, 23], [0])];

	test("is B minus A across all rounds", () => {
		const overhead = meteringOverhead(rounds);
		expect(overhead.chatsOfEachSide).toBe(8);
		expect(overhead.p50Ms).toMatchObject({ rounds: 2, median: 2 });
		expect(overhead.p99Ms).toBeCloseTo(1);
	});

	test("reports the difference between A's two blocks as noise", () => {
		expect(meteringOverhead(rounds).noise.p50Ms.median).toBe(0);
		const drifting = [round([10, 10, 14, 14], [12, 12, 12, 12], [0])];
		expect(meteringOverhead(drifting).noise.p50Ms.median).toBe(-4);
	});
});

describe("measured chats", () => {
	const plan = { ...QUICK, rounds: 2, chatsPerBlock: 3 };
	const delay = { delayMs: 7, referenceChatsPerBlock: 1 };

	test("are as many as planned, with new subscribers in each round", async () => {
		const apps = await sides();
		const provider = memoryProvider();
		const { result, rounds } = await measureChats(apps, provider, plan, randomFrom(1), delay);
		expect(rounds).toHaveLength(2);
		const { A, B, C, D } = result.sides;
		expect([A, B, C, D].map((side) => side?.full.n)).toEqual([12, 12, 4, 12]);
		const signUps = apps.B.requests.filter((request) => request.includes("sign-up"));
		expect(signUps).toHaveLength(2);
		expect(provider.delayMs).toBe(7);
		expect(result.delayMs).toBe(7);
	});

	test("follow an unmeasured chat in each block, so that none is the first of a conversation", async () => {
		const apps = await sides();
		await measureChats(apps, memoryProvider(), plan, randomFrom(1), delay);
		const sent = apps.A.requests.filter((request) => request === "POST /api/chat/ai");
		expect(sent).toHaveLength(2 * 2 * (plan.chatsPerBlock + 1));
	});

	test("abort with an error when a chat fails", async () => {
		const apps = await sides({ chatStatus: 500 });
		await expect(measureChats(apps, memoryProvider(), plan, randomFrom(1), delay)).rejects.toThrow("chat: 500");
	});
});
