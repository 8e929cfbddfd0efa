import { expect, test } from "vitest";
import { nextBatch, nextDueMs, retryDelayMs } from "./outbox.ts";
import type { RequestRow } from "./rows.ts";

const row = (id: string, change: Partial<RequestRow> = {}): RequestRow => ({
	id,
	fingerprint: "f",
	pool: "sub:sub_1",
	units: 1,
	state: "settled",
	attempt: 1,
	forgiven: 0,
	chatId: "c",
	heldAtMs: 100,
	expiresAtMs: 700,
	endedAtMs: 200,
	reportAfterMs: 200,
	reportedAtMs: null,
	...change,
});

test("only counted, unreported units of a subscription are owed, oldest first", () => {
	const rows = [
		row("b", { heldAtMs: 150, endedAtMs: 300, reportAfterMs: 300 }),
		row("a", { units: 5 }),
		row("free", { pool: "day:2026-11-21" }),
		row("held", { state: "held", endedAtMs: null, reportAfterMs: null }),
		row("released", { state: "released" }),
		row("known", { reportedAtMs: 250 }),
	];
	expect(nextBatch(rows, 1000)).toEqual([
		{ id: "a", subscriptionId: "sub_1", units: 5, usedAtMs: 100 },
		{ id: "b", subscriptionId: "sub_1", units: 1, usedAtMs: 150 },
	]);
	expect(nextDueMs(rows)).toBe(200);
});

test("a unit counted for want of word waits for its hour", () => {
	const rows = [row("a", { state: "expired", reportAfterMs: 5000 })];
	expect(nextBatch(rows, 4999)).toEqual([]);
	expect(nextBatch(rows, 5000)).toHaveLength(1);
	expect(nextDueMs(rows)).toBe(5000);
	expect(nextDueMs([])).toBeNull();
});

test("a batch holds at most fifty", () => {
	expect(
		nextBatch(
			Array.from({ length: 60 }, (_, i) => row(`r${i}`)),
			1000,
		),
	).toHaveLength(50);
});

test("retries wait from 5 s to 15 min, of which up to half at random", () => {
	expect(retryDelayMs(1, 1)).toBe(5_000);
	expect(retryDelayMs(1, 0)).toBe(2_500);
	expect(retryDelayMs(2, 1)).toBe(10_000);
	expect(retryDelayMs(50, 1)).toBe(900_000);
});
