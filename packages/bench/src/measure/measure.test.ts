import { afterEach, describe, expect, test } from "vitest";
import type { FakeModel } from "../fakes/model.ts";
import type { FakeProvider } from "../fakes/provider.ts";
import { QUICK } from "../plan.ts";
import { type App, type AppTraits, startApp } from "../testing/app.ts";
import { memoryProvider } from "../testing/provider.ts";
import { measureGrants } from "./grants.ts";
import { measureGuests } from "./guests.ts";
import { measureLedger } from "./ledger.ts";
import { grownBy } from "./memory.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
	for (const close of closing.splice(0)) await close();
});

async function app(traits: AppTraits = {}): Promise<App> {
	const started = await startApp(traits);
	closing.push(started.close);
	return started;
}

const model = (): FakeModel => ({ url: "", holding: false, release: () => {}, close: async () => {} });

describe("grants", () => {
	/** An app that at a balance of 0 admits the first chat, as if it had not read the balance yet, and refuses later ones. */
	function appOf(provider: FakeProvider): AppTraits {
		const chatsAtZero = new Map<string, number>();
		const chatStatus = (userId: string) => {
			if (provider.balanceOf(userId) > 0) return 200;
			chatsAtZero.set(userId, (chatsAtZero.get(userId) ?? 0) + 1);
			return (chatsAtZero.get(userId) ?? 0) > 1 ? 429 : 200;
		};
		return { remaining: (userId) => provider.balanceOf(userId), chatStatus };
	}

	test("are timed for each subscriber in all three situations", async () => {
		const provider = memoryProvider();
		const result = await measureGrants(await app(appOf(provider)), provider, model(), 2);
		expect(result.subscribers).toBe(2);
		for (const times of [result.withCreditsLeftMs, result.duringLongAnswerMs, result.withNothingLeftMs]) {
			expect(times).toHaveLength(2);
			expect(times.every((time) => time > 0)).toBe(true);
		}
		// 10 initially, 500 twice, then set to 0, and 500 again.
		expect([...provider.balances.values()]).toEqual([500, 500]);
	});

	test("abort the run when a subscriber without remaining units is admitted", async () => {
		const provider = memoryProvider();
		const lenient = await app({ remaining: (userId) => provider.balanceOf(userId) });
		await expect(measureGrants(lenient, provider, model(), 1)).rejects.toThrow("with nothing left, a refusal was expected: 200");
	});
});

describe("guests", () => {
	const plan = { ...QUICK, denied: 4, newGuests: 3 };

	test("are refused as often as planned, and each side receives the planned new guests", async () => {
		const bare = await app();
		const ours = await app({ guestLimit: 2 });
		const { deniedMs, neverSeenFirstByteMs } = await measureGuests(bare, ours, plan);
		expect(deniedMs.n).toBe(4);
		expect([neverSeenFirstByteMs.bare.n, neverSeenFirstByteMs.ours.n, neverSeenFirstByteMs.oursWithNetwork.n]).toEqual([3, 3, 3]);
		// 2 admitted and 1 refused to reach the limit, 4 measured, 2 × 3 new guests.
		expect(ours.requests).toHaveLength(3 + 4 + 6);
	});

	test("abort the run when a refusal is not a 429", async () => {
		const ours = await app({ chatStatus: 503 });
		await expect(measureGuests(await app(), ours, plan)).rejects.toThrow("a refusal was expected: 503");
	});
});

describe("one ledger", () => {
	const plan = { ...QUICK, ledger: { callers: 4, runs: 2, pairs: 20, growthPairs: 1_000 } };

	test("receives exactly the planned pairs, with a fresh subject in each run", async () => {
		const worker = await app();
		const result = await measureLedger(worker, plan);
		expect(result).toMatchObject({ callers: 4, pairsPerRun: 20, pairsPerSecond: { rounds: 2 }, pairMs: { n: 40 } });
		expect(result.growth.map(({ rowsBefore }) => rowsBefore)).toEqual([0]);
		const subjects = worker.requests.filter((request) => request.includes("refresh"));
		// The warm-up, two runs, and the growing ledger.
		expect(new Set(subjects).size).toBe(4);
		expect(worker.requests.filter((request) => request.startsWith("POST"))).toHaveLength(20 + 2 * 20 + 1_000);
	});

	test("is measured only for a paying subject", async () => {
		await expect(measureLedger(await app({ tier: "free" }), plan)).rejects.toThrow("not a paying one");
	});

	test("aborts the run when a pair is refused", async () => {
		await expect(measureLedger(await app({ pairStatus: 429 }), plan)).rejects.toThrow("pair: 429");
	});
});

describe("memory of open streams", () => {
	test("is the growth while all are open, divided by their number", async () => {
		const worker = await app();
		const seen: number[] = [];
		const measure = async () => {
			seen.push(worker.requests.filter((request) => request.includes("chat")).length);
			return seen.length === 1 ? 100 : 130;
		};
		const grown = await grownBy(worker, model(), 30, { asGuests: true, measure });
		expect(grown).toEqual({ beforeMiB: 100, openMiB: 130, perStreamMiB: 1 });
		// 20 warm-up streams end before the first reading.
		expect(seen).toEqual([20, 50]);
	});

	test("opens ten streams for each subscriber", async () => {
		const worker = await app();
		await grownBy(worker, model(), 30, { measure: async () => 0 });
		expect(worker.requests.filter((request) => request.includes("sign-up"))).toHaveLength(3);
	});

	test("aborts the run when a stream fails", async () => {
		const failing = await app({ lastEvent: '{"type":"error"}' });
		await expect(grownBy(failing, model(), 10, { asGuests: true, measure: async () => 0 })).rejects.toThrow("chat: 200");
	});
});
