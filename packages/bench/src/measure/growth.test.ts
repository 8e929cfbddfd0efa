import { afterEach, describe, expect, test } from "vitest";
import type { GrowthPlan } from "../plan.ts";
import { startApp } from "../testing/app.ts";
import { memoryProvider } from "../testing/provider.ts";
import { measureLedgers, measureLongChats } from "./growth.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
	for (const close of closing.splice(0)) await close();
});

const plan: GrowthPlan = { histories: [10, 1_000], chats: [4, 20], rounds: 3, pairs: 7, readers: 2 };
/** Rounds per run, of which two are not measured. */
const ROUNDS = 2 + plan.rounds;

/** A growing Worker whose guests have two ledgers each. `failedWakes`: the number of wakes that fail. */
async function growing({ failedWakes = 0 } = {}) {
	const provider = memoryProvider();
	const asked: string[] = [];
	let guests = 0;
	const app = await startApp({
		counts: () => ({
			"rows user ledger": 150,
			"rows guest ledger": 100,
			"rows network ledger": 100,
			"read user ledger": 120,
			"read Conversation": 75,
		}),
		onChat: (userId) => {
			if (userId !== "") provider.events.add(crypto.randomUUID());
		},
		grow: (path, query) => {
			asked.push(`${path} ${query.get("amount") ?? ""}`.trim());
			if (path === "wake" && asked.filter((one) => one === path).length <= failedWakes) return undefined;
			if (path === "ledgers") return Array.from({ length: 2 * Math.ceil(guests++ / 2) }, (_, ledger) => `ledger ${ledger}`);
			if (path === "fill-ledger") return 1024 ** 2;
			return path === "open" ? 3 : path === "page" ? 50 : null;
		},
	});
	closing.push(app.close);
	const times = (name: string) => asked.filter((one) => one === name).length;
	return { app, provider, times };
}

describe("ledgers with a history", () => {
	test("are filled as planned, and all sizes take turns", async () => {
		const { app, provider, times } = await growing();
		const measured = await measureLedgers(app, provider, plan);
		// A subscriber's ledger, a guest's and a network's.
		expect([times("fill-ledger 10"), times("fill-ledger 1000")]).toEqual([3, 3]);
		expect(times("pairs 7")).toBe(2 * ROUNDS);
		expect(measured.map(({ rows }) => rows)).toEqual([10, 1_000]);
		for (const one of measured) {
			expect(one).toMatchObject({ rowsReadPerChat: 120, rowsReadOnWake: 120, openOnWake: 3, diskMiB: 1 });
			expect(one.rowsWritten).toEqual({ user: 3, guest: 4 });
			expect(one.pairMs).toBeGreaterThan(0);
			expect(one.firstByteMs).toBeGreaterThan(0);
		}
	});

	test("are woken again if the platform interrupted their start", async () => {
		const { app, provider } = await growing({ failedWakes: 3 });
		expect(await measureLedgers(app, provider, plan)).toHaveLength(2);
	});

	test("abort the run when one cannot be woken", async () => {
		const { app, provider } = await growing({ failedWakes: Number.POSITIVE_INFINITY });
		await expect(measureLedgers(app, provider, plan, 1_000)).rejects.toThrow("growth: wake: 500");
	});
});

describe("long chats", () => {
	test("have the planned length before a request is measured, and one measured page each", async () => {
		const { app, times } = await growing();
		const measured = await measureLongChats(app, plan);
		// A chat of four messages is two real turns; of 20, two and eight copies.
		expect([times("fill-chat 0"), times("fill-chat 8")]).toEqual([0, ROUNDS + 1]);
		expect(app.requests.filter((request) => request.startsWith("GET /c/"))).toHaveLength(2 * (ROUNDS + 1));
		expect(measured.map(({ messages }) => messages)).toEqual([4, 20]);
		for (const one of measured) expect(one).toMatchObject({ rowsReadPerChat: 75, rowsReadPerPage: 75, messagesOnPage: 50 });
	});
});
