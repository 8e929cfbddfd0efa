import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { balance, correct, DAY_MS, END, grant, hold, MemoryLedger, NOON, windowed } from "../proof/memory-ledger.ts";
import { type Command, HOLD_MS, UNREACHABLE_REPORT_DELAY_MS } from "./ledger.ts";
import { nextBatch } from "./outbox.ts";
import type { RaiseCommand } from "./raise.ts";
import { DEFAULT_LIMITS, ENTITLEMENT_TRUST_MS } from "./tier.ts";
import { RAISES_MAX } from "./who-pays.ts";

const MIDNIGHT = Date.UTC(2026, 10, 22);
const raise = (id: string, step: number, units: number, more: Partial<RaiseCommand> = {}): Command => ({
	type: "raise",
	id,
	attempt: 1,
	step,
	units,
	...more,
});
const lower = (id: string, step: number, attempt = 1): Command => ({ type: "lower", id, attempt, step });
const settle = (id: string, raised?: number[]): Command => ({ type: "settle", id, raised });
const fail = (id: string): Command => ({ type: "release", id, why: "failed-early" });
const refused = (remaining: number) => ({ kind: "refused", refusal: { remaining } });
const notRaised = (reason: string, left = 0) => ({ kind: "not-raised", reason, left });

/** A ledger with one open hold, `a`. */
function holding(ledger: MemoryLedger, units = 1): MemoryLedger {
	expect(ledger.run(hold("a", units)).outcome.kind).toBe("held");
	return ledger;
}

describe("a raise", () => {
	test("adds units to the open hold, and keeps its pool, times and attempt", () => {
		const ledger = holding(new MemoryLedger(null));
		const before = ledger.rows.get("a");
		expect(ledger.run(raise("a", 1, 2), NOON + 60_000)).toEqual({
			outcome: { kind: "raised", row: ledger.rows.get("a") },
			row: { ...before, units: 3, spill: null, raises: [{ step: 1, units: 2 }] },
		});
		expect(ledger.stands()).toMatchObject({ used: 0, held: 3, remaining: 17 });
		ledger.run(settle("a"));
		expect(ledger.stands()).toMatchObject({ used: 3, held: 0, remaining: 17 });
	});

	test("of the same step adds nothing, even with no units remaining", () => {
		const ledger = holding(new MemoryLedger(null, "guest"));
		const { row } = ledger.run(raise("a", 1, 4));
		expect(ledger.run(raise("a", 1, 4))).toEqual({ outcome: { kind: "raised", row } });
		expect(ledger.stands()).toMatchObject({ held: 5, remaining: 0 });
	});

	test("of the same step by another number of units is a conflict", () => {
		const ledger = holding(new MemoryLedger(null));
		ledger.run(raise("a", 1, 2));
		expect(ledger.run(raise("a", 1, 1))).toEqual({ outcome: notRaised("conflict") });
	});

	test("beyond the remaining units is refused whole, and reports them", () => {
		const ledger = holding(new MemoryLedger(null, "guest"), 2);
		ledger.use("b", 1);
		expect(ledger.run(raise("a", 1, 3)).outcome).toEqual({
			kind: "refused",
			refusal: { policy: "guest", tier: "guest", limit: 5, remaining: 2, resetAtMs: null },
		});
		expect(ledger.stands()).toMatchObject({ used: 1, held: 2, remaining: 2 });
		// The step was not taken, so it may be decided again.
		expect(ledger.run(raise("a", 1, 2)).outcome.kind).toBe("raised");
	});

	test("never makes a request more expensive than its sender agreed to", () => {
		const ledger = holding(new MemoryLedger(null), 2);
		expect(ledger.run(raise("a", 1, 2, { maxUnits: 3 }))).toEqual({ outcome: notRaised("max-units", 1) });
		expect(ledger.run(raise("a", 1, 1, { maxUnits: 3 })).outcome.kind).toBe("raised");
		expect(ledger.run(raise("a", 2, 1, { maxUnits: 3 }))).toEqual({ outcome: notRaised("max-units", 0) });
		expect(ledger.run(raise("a", 2, 1, { maxUnits: 1 }))).toEqual({ outcome: notRaised("max-units", 0) });
		expect(ledger.run(raise("a", 2, 1, { maxUnits: null })).outcome.kind).toBe("raised");
	});

	test("is possible once for each of eight steps, in any order", () => {
		const ledger = holding(new MemoryLedger(null));
		const steps = Array.from({ length: RAISES_MAX }, (_, i) => i + 1);
		for (const step of steps.toReversed()) expect(ledger.run(raise("a", step, 1)).outcome.kind).toBe("raised");
		expect(ledger.run(raise("a", RAISES_MAX + 1, 1))).toEqual({ outcome: notRaised("too-many") });
		expect(ledger.rows.get("a")).toMatchObject({ units: 1 + RAISES_MAX });
		expect(ledger.rows.get("a")?.raises?.map(({ step }) => step)).toEqual(steps.toReversed());
	});

	test.each([
		["settled", settle("a")],
		["released", fail("a")],
	] as const)("of a %s request changes nothing", (_, end) => {
		const ledger = holding(new MemoryLedger(null));
		ledger.run(end);
		expect(ledger.run(raise("a", 1, 1))).toEqual({ outcome: notRaised("ended") });
	});

	test("of an expired request changes nothing", () => {
		const ledger = holding(new MemoryLedger(null));
		ledger.run({ type: "expire", id: "a", chatStatus: "unreachable" }, NOON + HOLD_MS);
		expect(ledger.run(raise("a", 1, 1))).toEqual({ outcome: notRaised("ended") });
	});

	test("of an unknown request is `unknown`, and so is lowering it", () => {
		const ledger = new MemoryLedger(null);
		expect(ledger.run(raise("a", 1, 1))).toEqual({ outcome: { kind: "unknown" } });
		expect(ledger.run(lower("a", 1))).toEqual({ outcome: { kind: "unknown" } });
	});

	test("of an earlier attempt does not charge the current one", () => {
		const ledger = holding(new MemoryLedger(null));
		ledger.run(fail("a"));
		ledger.run(hold("a"));
		expect(ledger.run(raise("a", 1, 1))).toEqual({ outcome: notRaised("ended") });
		expect(ledger.run(raise("a", 1, 1, { attempt: 2 })).outcome.kind).toBe("raised");
		expect(ledger.run(lower("a", 1))).toEqual({ outcome: { kind: "lowered" } });
		expect(ledger.stands()).toMatchObject({ held: 2 });
	});

	test("is refused once a guest's ledger is closed", () => {
		const ledger = holding(new MemoryLedger(null, "guest"));
		ledger.closed = true;
		expect(ledger.run(raise("a", 1, 1)).outcome).toMatchObject(refused(0));
	});

	test("does not count as another request in flight, and does not extend the hold", () => {
		const limits = { ...DEFAULT_LIMITS, inFlight: { ...DEFAULT_LIMITS.inFlight, free: 1 } };
		const ledger = holding(new MemoryLedger(null, "user", limits));
		expect(ledger.run(raise("a", 1, 1), NOON + HOLD_MS - 1).row).toMatchObject({ expiresAtMs: NOON + HOLD_MS });
	});

	test.each([
		[1, 0],
		[1, 1.5],
		[0, 1],
		[0.5, 1],
	])("needs a positive step and units: step %d, %d units", (step, units) => {
		const ledger = holding(new MemoryLedger(null));
		expect(() => ledger.run(raise("a", step, units))).toThrow(/^invariant: the (units|step) of a raise (are|is) a positive integer$/);
	});
});

describe("the end of a raised request", () => {
	test("released refunds everything, and the next attempt has the first price and may be raised again", () => {
		const ledger = new MemoryLedger(null, "guest");
		const terms = { model: "m", effort: null, steps: 1, version: "v1" };
		const ask: Command = { type: "hold", id: "a", fingerprint: "f", units: 2, chatId: "c", terms };
		ledger.run(ask);
		ledger.run(raise("a", 1, 3));
		ledger.run(fail("a"));
		expect(ledger.stands()).toMatchObject({ used: 0, held: 0, remaining: 5 });
		expect(ledger.run(ask).outcome).toMatchObject({ kind: "held", row: { attempt: 2, units: 2 } });
		expect(ledger.rows.get("a")?.raises).toBeNull();
		expect(ledger.run(raise("a", 1, 1, { attempt: 2 })).row).toMatchObject({ units: 3, raises: [{ step: 1, units: 1 }] });
	});

	test("expired counts the whole row, and a late release refunds all of it, also after its report", () => {
		const ledger = holding(new MemoryLedger(windowed({ limit: 2 })));
		ledger.run(grant("g", 5));
		ledger.run(raise("a", 1, 3));
		const goneMs = NOON + HOLD_MS;
		ledger.run({ type: "expire", id: "a", chatStatus: "unreachable" }, goneMs);
		expect(ledger.stands(goneMs)).toMatchObject({ used: 4, remaining: 3, topUps: 3 });
		const dueMs = goneMs + UNREACHABLE_REPORT_DELAY_MS;
		const [report] = nextBatch(ledger.rows.values(), dueMs);
		expect(report).toMatchObject({ id: "a", units: 4 });
		ledger.run({ type: "dispatch", id: "a" }, dueMs);
		ledger.run(fail("a"), dueMs);
		expect(ledger.stands(dueMs)).toMatchObject({ used: 0, remaining: 7, topUps: 5 });
	});

	test("failed beyond the forgiveness bound counts the raises too", () => {
		const ledger = new MemoryLedger(null, "guest", { ...DEFAULT_LIMITS, guest: 3 });
		const failMidway = (id: string) => ledger.run({ type: "release", id, why: "failed-midway" });
		for (const id of ["b", "c", "d"]) {
			ledger.run(hold(id));
			failMidway(id);
		}
		holding(ledger);
		ledger.run(raise("a", 1, 2));
		expect(failMidway("a").outcome).toMatchObject({ kind: "ended", counted: true });
		expect(ledger.stands()).toMatchObject({ used: 3, remaining: 0 });
	});

	test("is reported once, with all units, and a correction refunds at most those", () => {
		const ledger = holding(new MemoryLedger(windowed()));
		ledger.run(raise("a", 1, 1));
		ledger.run(raise("a", 2, 1));
		ledger.run(settle("a"));
		expect(nextBatch(ledger.rows.values(), NOON)).toEqual([{ id: "a", subscriptionId: "sub_1", units: 3, usedAtMs: NOON }]);
		ledger.run({ type: "acknowledge", id: "a" });
		expect(nextBatch(ledger.rows.values(), NOON)).toEqual([]);
		expect(ledger.run(correct("x", { request: "a" }, -4)).outcome.kind).toBe("conflict");
		expect(ledger.run(correct("x", { request: "a" }, -3)).outcome.kind).toBe("corrected");
		expect(ledger.stands()).toMatchObject({ used: 0, remaining: 3 });
	});

	test("in a pool counts only the paying ledger's raises", () => {
		const ledger = holding(new MemoryLedger(null, "network"));
		ledger.run(raise("a", 1, 2));
		ledger.run(raise("a", 2, 4));
		ledger.run(settle("a", [1]));
		expect(ledger.rows.get("a")).toMatchObject({ state: "settled", units: 3, raises: [{ step: 1, units: 2 }] });
		expect(ledger.stands()).toMatchObject({ used: 3, remaining: 22 });
		ledger.run(hold("b"));
		ledger.run(raise("b", 1, 2));
		ledger.run({ type: "expire", id: "b", chatStatus: "unreachable" }, NOON + HOLD_MS);
		ledger.run(settle("b", []), NOON + HOLD_MS);
		expect(ledger.stands(NOON + HOLD_MS)).toMatchObject({ used: 4 });
	});

	test("counts everything in a report that the provider may know", () => {
		const ledger = holding(new MemoryLedger(windowed()));
		ledger.run(raise("a", 1, 2));
		ledger.run({ type: "expire", id: "a", chatStatus: "unreachable" }, NOON + HOLD_MS);
		const dueMs = NOON + HOLD_MS + UNREACHABLE_REPORT_DELAY_MS;
		const reportAfterMs = ledger.rows.get("a")?.reportAfterMs;
		ledger.run(settle("a", []), dueMs);
		expect(ledger.rows.get("a")).toMatchObject({ state: "settled", units: 3, reportAfterMs });
	});
});

describe("lowering", () => {
	test("removes one step's units, once", () => {
		const ledger = holding(new MemoryLedger(null));
		ledger.run(raise("a", 1, 2));
		ledger.run(raise("a", 2, 3));
		expect(ledger.run(lower("a", 1)).row).toMatchObject({ units: 4, raises: [{ step: 2, units: 3 }] });
		expect(ledger.run(lower("a", 1))).toEqual({ outcome: { kind: "lowered" } });
		expect(ledger.run(lower("a", 7))).toEqual({ outcome: { kind: "lowered" } });
		expect(ledger.stands()).toMatchObject({ held: 4, remaining: 16 });
		// The step was refunded, so it may be taken again.
		expect(ledger.run(raise("a", 1, 1)).outcome.kind).toBe("raised");
	});

	test("does not change an ended request", () => {
		const ledger = holding(new MemoryLedger(null));
		ledger.run(raise("a", 1, 2));
		ledger.run(settle("a"));
		expect(ledger.run(lower("a", 1))).toEqual({ outcome: { kind: "lowered" } });
		expect(ledger.stands()).toMatchObject({ used: 3 });
	});

	test("refunds units of grants first, the last spent before the others", () => {
		const ledger = holding(new MemoryLedger(windowed({ limit: 2 })));
		ledger.run(grant("early", 2, END));
		ledger.run(grant("late", 3));
		ledger.run(raise("a", 1, 4));
		expect(ledger.rows.get("a")).toMatchObject({ units: 5, spill: [{ units: 2 }, { pool: "grant:late", units: 1 }] });
		ledger.run(raise("a", 2, 1));
		expect(ledger.rows.get("a")?.spill).toEqual([
			{ pool: "grant:early", units: 2 },
			{ pool: "grant:late", units: 2 },
		]);
		ledger.run(lower("a", 2));
		expect(ledger.rows.get("a")?.spill?.at(-1)).toEqual({ pool: "grant:late", units: 1 });
		ledger.run(lower("a", 1));
		expect(ledger.rows.get("a")).toMatchObject({ units: 1, spill: null });
		expect(ledger.stands()).toMatchObject({ held: 1, remaining: 6, topUps: 5 });
	});
});

describe("a raise is paid from the pool of its hold", () => {
	test("after midnight: from the day of the hold, not the next", () => {
		const ledger = new MemoryLedger(null);
		ledger.run(hold("a"), MIDNIGHT - 1);
		expect(ledger.run(raise("a", 1, 18), MIDNIGHT).row).toMatchObject({ pool: "day:2026-11-21", units: 19 });
		expect(ledger.run(raise("a", 2, 2), MIDNIGHT).outcome).toMatchObject(refused(1));
		expect(ledger.stands(MIDNIGHT)).toMatchObject({ remaining: 20 });
	});

	test("with a plan: from the window first and then from its current grants", () => {
		const ledger = holding(new MemoryLedger(windowed()), 2);
		ledger.run(grant("expires", 5, NOON + 60_000));
		ledger.run(grant("stays", 2));
		expect(ledger.run(raise("a", 1, 4), NOON + 60_000).outcome).toMatchObject(refused(3));
		expect(ledger.run(raise("a", 1, 3), NOON + 60_000).row?.spill).toEqual([{ pool: "grant:stays", units: 2 }]);
	});

	test("after a period's end: from its remaining units, minus those given on trust since", () => {
		const ledger = new MemoryLedger(windowed());
		ledger.run(hold("a"), END - 1);
		ledger.run(hold("b"), END);
		expect(ledger.rows.get("b")?.pool).toBe(`sub:sub_1@${END}`);
		expect(ledger.run(raise("a", 1, 2), END).outcome).toMatchObject(refused(1));
		expect(ledger.run(raise("a", 1, 1), END).row?.pool).toBe(`sub:sub_1@${NOON}`);
		expect(ledger.run(raise("b", 1, 1), END).outcome).toMatchObject(refused(0));
	});

	test("after the next period is read: refused, because the last period's remaining units are unknown", () => {
		const ledger = new MemoryLedger(windowed());
		ledger.run(hold("a"), END - 1);
		ledger.run(hold("b"), END);
		ledger.entitlement = windowed({ startMs: END, endMs: END + DAY_MS, fetchedAtMs: END });
		expect(ledger.run(raise("a", 1, 1), END).outcome).toEqual({
			kind: "refused",
			refusal: { policy: "paid", tier: "paid", limit: 3, remaining: 0, resetAtMs: END + DAY_MS },
		});
		// Held on trust in the period that is now known.
		expect(ledger.run(raise("b", 1, 2), END).outcome.kind).toBe("raised");
	});

	test("with a balance: from the provider's number, only in the period of the hold", () => {
		const ledger = holding(new MemoryLedger(balance({ available: 5 })));
		expect(ledger.run(raise("a", 1, 5)).outcome).toMatchObject(refused(4));
		expect(ledger.run(raise("a", 1, 3), END).outcome.kind).toBe("raised");
		ledger.entitlement = balance({ periodStartMs: END, periodEndMs: END + DAY_MS, fetchedAtMs: END });
		expect(ledger.run(raise("a", 2, 1), END).outcome).toMatchObject(refused(0));
	});

	test("with a balance on trust: within a free day's units", () => {
		const ledger = new MemoryLedger(balance());
		ledger.run(hold("a"), END);
		expect(ledger.run(raise("a", 1, 20), END).outcome).toMatchObject(refused(19));
		expect(ledger.run(raise("a", 1, 19), END).outcome.kind).toBe("raised");
	});

	test("never from a plan that is no longer trusted, nor from another plan", () => {
		const ledger = holding(new MemoryLedger(balance({ periodEndMs: null })));
		const staleMs = NOON + ENTITLEMENT_TRUST_MS + 1;
		expect(ledger.run(raise("a", 1, 1), staleMs).outcome).toMatchObject(refused(0));
		ledger.entitlement = balance({ subscriptionId: "sub_2" });
		expect(ledger.run(raise("a", 1, 1)).outcome).toMatchObject(refused(0));
		ledger.entitlement = balance();
		expect(ledger.run(raise("a", 1, 1)).outcome.kind).toBe("raised");
	});

	test("with the free day beside a plan: from that day, without grants", () => {
		const ledger = new MemoryLedger(windowed({ limit: 1 }));
		ledger.use("plan");
		ledger.run({ type: "hold", id: "a", fingerprint: "f", units: 2, chatId: "c", freeDay: true });
		ledger.run(grant("g", 30));
		expect(ledger.run(raise("a", 1, 19)).outcome).toEqual({
			kind: "refused",
			refusal: { policy: "free", tier: "free", limit: 20, remaining: 18, resetAtMs: MIDNIGHT },
		});
		expect(ledger.run(raise("a", 1, 18)).row).toMatchObject({ pool: "day:2026-11-21", units: 20, spill: null });
		expect(ledger.stands().freeDay).toMatchObject({ held: 20, remaining: 0 });
	});

	test("with that free day disabled by the deployment: refused", () => {
		const ledger = holding(new MemoryLedger(null));
		ledger.entitlement = windowed();
		ledger.paidKeepsFreeDay = false;
		expect(ledger.run(raise("a", 1, 1)).outcome).toMatchObject(refused(0));
		ledger.paidKeepsFreeDay = true;
		expect(ledger.run(raise("a", 1, 19)).outcome.kind).toBe("raised");
	});
});

describe("a member", () => {
	const ask = (id: string, cap: number | null): Command => ({
		type: "hold",
		id,
		fingerprint: "f",
		units: 1,
		chatId: "c",
		member: { id: "ada", cap },
	});

	test("raises within the cap, whatever the organization's remaining units", () => {
		const ledger = new MemoryLedger(balance(), "organization");
		ledger.run(ask("a", 3));
		expect(ledger.run(raise("a", 1, 3, { cap: 3 })).outcome).toEqual({
			kind: "refused",
			refusal: { policy: "member", tier: "paid", limit: 3, remaining: 2, resetAtMs: END },
		});
		expect(ledger.run(raise("a", 1, 2, { cap: 3 })).outcome.kind).toBe("raised");
		expect(ledger.run(raise("a", 2, 1, { cap: 3 })).outcome).toMatchObject(refused(0));
		expect(ledger.run(raise("a", 2, 1, { cap: null })).outcome.kind).toBe("raised");
	});

	test("is refused with the lower of the cap and the organization's remaining units", () => {
		const ledger = new MemoryLedger(balance({ available: 9 }), "organization");
		ledger.run(ask("a", 3));
		expect(ledger.run(raise("a", 1, 9, { cap: 3 })).outcome).toMatchObject(refused(2));
		expect(ledger.run(raise("a", 1, 9)).outcome).toMatchObject(refused(8));
	});
});

test("holds and raises in any order never exceed a limit, and released requests leave nothing", () => {
	const id = fc.constantFrom("a", "b", "c", "d");
	const units = fc.integer({ min: 1, max: 4 });
	const step = fc.integer({ min: 1, max: 3 });
	const command = fc.oneof(
		id.chain((one) => units.map((of) => hold(one, of))),
		fc.tuple(id, step, units, fc.integer({ min: 1, max: 2 })).map(([one, at, of, attempt]) => raise(one, at, of, { attempt })),
		fc.tuple(id, step).map(([one, at]) => lower(one, at)),
		id.map((one) => fail(one)),
	);
	fc.assert(
		fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
			const ledger = new MemoryLedger(null, "guest", { ...DEFAULT_LIMITS, guest: 7 });
			for (const one of commands) {
				const before = ledger.stands();
				const { outcome, row } = ledger.run(one);
				const after = ledger.stands();
				expect(after.used + after.held).toBeLessThanOrEqual(7);
				if (one.type === "raise" && outcome.kind === "raised" && row) expect(after.held).toBe(before.held + one.units);
				if (one.type === "raise" && outcome.kind === "raised") expect(ledger.run(one).row).toBeUndefined();
				if (outcome.kind === "refused" && one.type === "raise") expect(before.remaining).toBeLessThan(one.units);
				if (!row) expect(after).toEqual(before);
			}
			for (const one of ["a", "b", "c", "d"]) ledger.run(fail(one));
			expect(ledger.stands()).toMatchObject({ used: 0, held: 0, remaining: 7 });
		}),
	);
});
