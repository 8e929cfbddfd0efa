import { expect, test } from "vitest";
import { fold, foldable } from "./retention.ts";
import type { RequestRow } from "./rows.ts";

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 21);
const row = (id: string, daysAgo: number, change: Partial<RequestRow> = {}): RequestRow => ({
	id,
	fingerprint: "f",
	pool: "day:2026-08-01",
	units: 2,
	state: "settled",
	attempt: 1,
	forgiven: 0,
	chatId: null,
	heldAtMs: NOW - daysAgo * DAY_MS,
	expiresAtMs: NOW,
	endedAtMs: NOW - daysAgo * DAY_MS,
	reportAfterMs: null,
	reportedAtMs: null,
	...change,
});

test("only what ended 90 days ago, is owed to no one and lies outside the open window is folded", () => {
	const today = { startMs: NOW, endMs: NOW + DAY_MS };
	const rows = [
		row("old", 91),
		row("recent", 90),
		row("held", 91, { state: "held", endedAtMs: null }),
		row("owed", 91, { pool: "sub:s" }),
		row("reported", 91, { pool: "sub:s", reportedAtMs: NOW }),
	];
	expect(foldable(rows, today, NOW).map(({ id }) => id)).toEqual(["old", "reported"]);
	expect(foldable(rows, { startMs: 0, endMs: null }, NOW)).toEqual([]);
});

test("a checkpoint keeps what was counted, and how many requests there were", () => {
	const earlier = new Map([["day:2026-08-01", { pool: "day:2026-08-01", units: 5, requests: 3 }]]);
	expect(fold(earlier, [row("a", 91), row("b", 91, { state: "released" }), row("c", 91, { pool: "sub:s" })])).toEqual([
		{ pool: "day:2026-08-01", units: 7, requests: 5 },
		{ pool: "sub:s", units: 2, requests: 1 },
	]);
});
