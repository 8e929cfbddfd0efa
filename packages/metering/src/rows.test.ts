import { describe, expect, test } from "vitest";
import { stateOf } from "../proof/recomputed.ts";
import { standing } from "./balance.ts";
import { type Command, decide, HOLD_MS, UNREACHABLE_REPORT_DELAY_MS } from "./ledger.ts";
import { deadLetters, nextBatch, nextDueMs } from "./outbox.ts";
import { foldable } from "./retention.ts";
import type { Adjustment, LedgerState, RequestRow } from "./rows.ts";
import { DEFAULT_LIMITS, type Entitlement } from "./tier.ts";

const NOON = Date.UTC(2026, 10, 21, 12);
const DAY_MS = 86_400_000;

/** A row as written by the first version. */
const first = {
	fingerprint: "f",
	pool: "sub:s",
	units: 1,
	attempt: 1,
	forgiven: 0,
	chatId: "c",
	heldAtMs: NOON,
	expiresAtMs: NOON + HOLD_MS,
	endedAtMs: NOON + 1_000,
	reportAfterMs: NOON + 1_000,
	reportedAtMs: null,
};
const expiredMs = NOON + HOLD_MS;
const dueMs = expiredMs + UNREACHABLE_REPORT_DELAY_MS;
const ROWS = [
	{ ...first, id: "owed", units: 3, state: "settled" },
	{ ...first, id: "reported", state: "settled", reportedAtMs: NOON + 5_000 },
	{ ...first, id: "held", state: "held", endedAtMs: null, reportAfterMs: null },
	{ ...first, id: "unreachable", state: "expired", endedAtMs: expiredMs, reportAfterMs: dueMs },
	{ ...first, id: "forgiven", state: "released", forgiven: 1, reportAfterMs: null },
	{ ...first, id: "free", pool: "day:2026-11-21", state: "settled" },
] as RequestRow[];
const CARRIED: Adjustment = { id: "guest:g", pool: "day:2026-11-21", units: 4, atMs: NOON };
const PAID: Entitlement = {
	kind: "balance",
	subscriptionId: "s",
	available: 50,
	allowance: 50,
	periodStartMs: NOON - DAY_MS,
	periodEndMs: NOON + DAY_MS,
	fetchedAtMs: NOON + 6_000,
};

/** Rows as an object reads them: without the later fields, or with nulls in their columns. */
const FORMS = [
	["without later fields", {}, {}],
	[
		"with null in later columns",
		{ spill: null, raises: null, sentAtMs: null, refusals: null, sharedWith: null },
		{ spill: null, requestId: null, expiresAtMs: null },
	],
] as const;

describe.each(FORMS)("rows written by the first version, %s,", (_, ofRow, ofAdjustment) => {
	const rows = new Map(ROWS.map((row) => [row.id, { ...row, ...ofRow } as RequestRow]));
	const state = (entitlement: Entitlement | null, carried: Adjustment = { ...CARRIED, ...ofAdjustment }): LedgerState =>
		stateOf(
			{ rows, adjustments: new Map([[carried.id, carried]]), checkpoints: new Map() },
			{ kind: "user", limits: DEFAULT_LIMITS, entitlement, closed: false, paidKeepsFreeDay: true },
		);
	const run = (command: Command, atMs = expiredMs) => decide(state(PAID), command, atMs);

	test("count as before", () => {
		expect(standing(state(PAID), NOON + 7_000)).toMatchObject({ used: 5, held: 1, remaining: 45 });
		expect(standing(state(null), NOON + 7_000)).toMatchObject({ used: 5, remaining: 15 });
	});

	test("are owed as before, and none is a dead letter", () => {
		expect(nextBatch(rows.values(), dueMs - 1)).toEqual([{ id: "owed", subscriptionId: "s", units: 3, usedAtMs: NOON }]);
		expect(nextBatch(rows.values(), dueMs).map(({ id }) => id)).toEqual(["owed", "unreachable"]);
		expect(nextDueMs(rows.values())).toBe(NOON + 1_000);
		expect(deadLetters(rows.values())).toEqual([]);
		expect(run({ type: "refuse", id: "owed" }).row).toMatchObject({ refusals: 1 });
	});

	test("end, repeat and retry as before", () => {
		expect(run({ type: "settle", id: "held" }).row).toMatchObject({ state: "settled", endedAtMs: expiredMs });
		const again = (id: string): Command => ({ type: "hold", id, fingerprint: "f", units: 1, chatId: "c", sharedWith: null });
		expect(run(again("owed")).outcome.kind).toBe("repeat");
		expect(run(again("forgiven")).row).toMatchObject({ attempt: 2, forgiven: 1, spill: null });
		expect(run({ type: "acknowledge", id: "owed" }).row?.reportedAtMs).toBe(expiredMs);
	});

	test("are raised, and end with their raises", () => {
		const { row } = run({ type: "raise", id: "held", attempt: 1, step: 1, units: 2 }, NOON);
		expect(row).toMatchObject({ units: 3, spill: null, raises: [{ step: 1, units: 2 }] });
		expect(run({ type: "lower", id: "held", attempt: 1, step: 1 }, NOON).row).toBeUndefined();
		expect(run({ type: "settle", id: "held", raised: [] }).row).toMatchObject({ state: "settled", units: 1 });
	});

	test("accept a late result in place until their report is due or sent", () => {
		const release: Command = { type: "release", id: "unreachable", why: "failed-early" };
		expect(run(release, dueMs - 1).row?.state).toBe("released");
		expect(run(release, dueMs).adjustment).toMatchObject({ id: "late:unreachable:1", units: -1, spill: null });
		expect(run({ type: "dispatch", id: "unreachable" }, dueMs).row?.sentAtMs).toBe(dueMs);
	});

	test("carry over once, and are corrected and folded as before", () => {
		expect(run({ type: "carry-over", id: "guest:g", units: 4 }).adjustment).toBeUndefined();
		const granted = { id: "grant:g", pool: "grant:g", units: -4, atMs: NOON, ...ofAdjustment };
		const withGrant = state(null, granted);
		expect(decide(withGrant, { type: "grant", id: "g", units: 4, expiresAtMs: null }, NOON).outcome.kind).toBe("granted");
		expect(standing(withGrant, NOON + DAY_MS)).toMatchObject({ remaining: 24, topUps: 4 });
		expect(run({ type: "correct", id: "x", of: { request: "owed" }, units: -3 }).adjustment).toMatchObject({ units: -3, spill: null });
		const old = foldable(state(null), rows.values(), NOON + 95 * DAY_MS);
		expect(old.map(({ id }) => id)).toEqual(["reported", "forgiven", "free"]);
	});
});
