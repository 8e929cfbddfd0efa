import { expect, test } from "vitest";
import { deadLetters, nextBatch, nextDueMs, refused, retryDelayMs } from "./outbox.ts";
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

test("batches contain only counted, unreported units of a subscription, oldest first", () => {
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

test("an expired row's report is due an hour later", () => {
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

test("retry delays grow from 5 s to 15 min, up to half of it random", () => {
	expect(retryDelayMs(1, 1)).toBe(5_000);
	expect(retryDelayMs(1, 0)).toBe(2_500);
	expect(retryDelayMs(2, 1)).toBe(10_000);
	expect(retryDelayMs(50, 1)).toBe(900_000);
});

test("a refused row is sent alone, after all others, oldest first", () => {
	const rows = [row("a", { refusals: 1, heldAtMs: 1 }), row("b"), row("c", { refusals: 4, heldAtMs: 0 }), row("d", { refusals: 0 })];
	expect(nextBatch(rows, 1000).map(({ id }) => id)).toEqual(["b", "d"]);
	const reported = rows.map((one) => (one.refusals ? one : { ...one, reportedAtMs: 900 }));
	expect(nextBatch(reported, 1000).map(({ id }) => id)).toEqual(["c"]);
	expect(nextBatch(reported.slice(0, 2), 1000).map(({ id }) => id)).toEqual(["a"]);
});

test("a refused row is retried after 15 minutes, and daily from the fifth refusal on", () => {
	const minutes: number[] = [];
	let one = row("a");
	for (let nowMs = 200; minutes.length < 6; nowMs = one.reportAfterMs ?? 0) {
		expect(nextBatch([one], nowMs - 1)).toEqual([]);
		expect(nextBatch([one], nowMs)).toHaveLength(1);
		one = refused(one, nowMs);
		minutes.push(((one.reportAfterMs ?? 0) - nowMs) / 60_000);
	}
	expect(minutes).toEqual([15, 15, 15, 15, 1440, 1440]);
	expect(one).toMatchObject({ refusals: 6, sentAtMs: 200, reportedAtMs: null });
	expect(nextDueMs([one])).toBe(one.reportAfterMs);
});

test("a dead letter is a row refused five times that is still owed", () => {
	const rows = [
		row("never"),
		row("four", { refusals: 4 }),
		row("five", { refusals: 5 }),
		row("taken", { refusals: 5, reportedAtMs: 900 }),
		row("free", { refusals: 5, pool: "day:2026-11-21" }),
	];
	expect(deadLetters(rows).map(({ id }) => id)).toEqual(["five"]);
});
