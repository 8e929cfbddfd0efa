import { expect, test } from "vitest";
import { stateOf, type Tables } from "../proof/recomputed.ts";
import { standing } from "./balance.ts";
import { fold, foldable } from "./retention.ts";
import type { Adjustment, Checkpoint, LedgerState, RequestRow } from "./rows.ts";
import { DEFAULT_LIMITS, type Entitlement, type SubjectKind } from "./tier.ts";

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 21, 12);
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

const byId = <T extends { id: string }>(entries: T[]) => new Map(entries.map((entry) => [entry.id, entry]));

interface Ledger extends Tables {
	entitlement: Entitlement | null;
	kind?: SubjectKind;
}

const ledger = (rows: RequestRow[], change: Partial<Ledger> = {}): Ledger => ({
	rows: byId(rows),
	adjustments: new Map(),
	checkpoints: new Map(),
	entitlement: null,
	...change,
});
const state = ({ kind = "user", entitlement, ...tables }: Ledger): LedgerState =>
	stateOf(tables, { kind, limits: DEFAULT_LIMITS, entitlement, closed: false, paidKeepsFreeDay: true });
const foldableIds = (of: Ledger, atMs = NOW) => foldable(state(of), of.rows.values(), atMs).map(({ id }) => id);
const stands = (of: Ledger) => standing(state(of), NOW);

/** The ledger after every foldable row is folded. */
function folded(before: Ledger): Ledger {
	const rows = new Map(before.rows);
	const checkpoints = new Map(before.checkpoints);
	const old = foldable(state(before), rows.values(), NOW);
	for (const checkpoint of fold(state(before).entries, old)) checkpoints.set(checkpoint.pool, checkpoint);
	for (const { id } of old) rows.delete(id);
	return { ...before, rows, checkpoints };
}

const yearly = (change: Partial<Extract<Entitlement, { kind: "windowed" }>> = {}): Entitlement => ({
	kind: "windowed",
	subscriptionId: "s",
	limit: 30,
	startMs: NOW - 200 * DAY_MS,
	endMs: NOW + 165 * DAY_MS,
	grants: [],
	fetchedAtMs: NOW,
	...change,
});
const ofYear = `sub:s@${NOW - 200 * DAY_MS}`;

test("folds exactly the rows that ended and were reported over 90 days ago", () => {
	const rows = [
		row("old", 91),
		row("recent", 90),
		row("released", 91, { state: "released" }),
		row("held", 91, { state: "held", endedAtMs: null }),
		row("ended late", 91, { endedAtMs: NOW - DAY_MS }),
		row("owed", 91, { pool: "sub:s" }),
		row("reported late", 91, { pool: "sub:s", reportedAtMs: NOW - 90 * DAY_MS }),
		row("reported", 92, { pool: "sub:s", reportedAtMs: NOW - 91 * DAY_MS }),
	];
	expect(foldableIds(ledger(rows))).toEqual(["old", "released", "reported"]);
	expect(foldableIds(ledger([...rows, row("tomorrow", -1)])), "by the ledger's own time").toContain("recent");
});

test("keeps rows held in the open window, even while the entitlement is too old to trust", () => {
	const rows = [row("before", 201), row("since", 200, { pool: "day:x" })];
	expect(foldableIds(ledger(rows, { entitlement: yearly() }))).toEqual(["before"]);
	expect(foldableIds(ledger(rows, { entitlement: yearly({ fetchedAtMs: NOW - 2 * DAY_MS }) }))).toEqual(["before"]);
	expect(foldableIds(ledger(rows, { entitlement: { kind: "none", fetchedAtMs: NOW } }))).toEqual(["before", "since"]);
	expect(foldableIds(ledger([row("life", 399)], { kind: "guest" })), "a guest's window is its life").toEqual([]);
});

test("keeps corrected rows, because a correction counts in its request's window", () => {
	const correction: Adjustment = { id: "correct:c", pool: "sub:s", units: -2, atMs: NOW, requestId: "corrected" };
	const carried: Adjustment = { id: "guest:g", pool: "day:x", units: 2, atMs: NOW };
	const rows = ["corrected", "plain"].map((id) => row(id, 100, { pool: "sub:s", reportedAtMs: NOW - 95 * DAY_MS }));
	const balance: Entitlement = {
		kind: "balance",
		subscriptionId: "s",
		available: 10,
		allowance: 10,
		periodStartMs: NOW - DAY_MS,
		periodEndMs: NOW + DAY_MS,
		fetchedAtMs: NOW,
	};
	const before = ledger(rows, { entitlement: balance, adjustments: byId([correction, carried]) });
	expect(foldableIds(before)).toEqual(["plain"]);
	expect(stands(folded(before))).toMatchObject({ used: 0, remaining: 10 });
});

test("a checkpoint keeps counted units and number of requests per pool", () => {
	const earlier = new Map<string, Checkpoint>([["day:2026-08-01", { pool: "day:2026-08-01", units: 5, requests: 3 }]]);
	const spill = [
		{ pool: "grant:g", units: 3 },
		{ pool: "grant:h", units: 1 },
	];
	const entries = { checkpoint: (pool: string) => earlier.get(pool) };
	const rows = [row("a", 91), row("b", 91, { state: "released" }), row("c", 91, { pool: "sub:s@0", units: 6, spill })];
	expect(fold(entries, [...rows, row("d", 91, { state: "expired" })])).toEqual([
		{ pool: "day:2026-08-01", units: 9, requests: 6 },
		{ pool: "sub:s@0", units: 2, requests: 1 },
		{ pool: "grant:g", units: 3, requests: 0 },
		{ pool: "grant:h", units: 1, requests: 0 },
	]);
	expect(fold(entries, []), "only what changed is written").toEqual([]);
});

test("spent credits stay spent when their request is folded", () => {
	const grant: Adjustment = { id: "grant:g", pool: "grant:g", units: -5, atMs: NOW - 100 * DAY_MS, expiresAtMs: null };
	const spent = row("a", 100, { units: 22, spill: [{ pool: "grant:g", units: 2 }] });
	const before = ledger([spent], { adjustments: byId([grant]) });
	expect(stands(before)).toMatchObject({ remaining: 23, topUps: 3 });
	expect(folded(before).rows.size).toBe(0);
	expect(stands(folded(before))).toEqual(stands(before));
});

test("a plan resumed within its window counts the rows folded while it was cancelled", () => {
	const used = row("a", 150, { pool: ofYear, units: 7, reportedAtMs: NOW - 149 * DAY_MS });
	const cancelled = ledger([used], { entitlement: { kind: "none", fetchedAtMs: NOW } });
	expect(folded(cancelled).rows.size).toBe(0);
	expect(stands({ ...folded(cancelled), entitlement: yearly() })).toMatchObject({ used: 7, remaining: 23 });
});
