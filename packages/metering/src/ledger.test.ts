import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { remaining, standing } from "./balance.ts";
import { type Command, decide, HOLD_MS } from "./ledger.ts";
import { isCounted, type LedgerState } from "./rows.ts";
import { allowanceOf, DEFAULT_LIMITS, ENTITLEMENT_TRUST_MS, type Entitlement, type SubjectKind } from "./tier.ts";
import type { Release } from "./who-pays.ts";
import { utcDay } from "./window.ts";

const NOON = Date.UTC(2026, 10, 21, 12);
const DAY_MS = 86_400_000;

function empty(kind: SubjectKind, entitlement: Entitlement | null = null): LedgerState {
	return { kind, limits: DEFAULT_LIMITS, entitlement, rows: new Map(), adjustments: new Map(), closed: false, latestMs: 0 };
}

/** Applies a decision as the Durable Object does: the one row it names, and nothing else. */
function apply(state: LedgerState, command: Command, nowMs: number) {
	const decision = decide(state, command, nowMs);
	const rows = decision.row ? new Map(state.rows).set(decision.row.id, decision.row) : state.rows;
	const adjustments = decision.adjustment ? new Map(state.adjustments).set(decision.adjustment.id, decision.adjustment) : state.adjustments;
	return { ...decision, state: { ...state, rows, adjustments, latestMs: Math.max(state.latestMs, nowMs) } };
}

function run(state: LedgerState, commands: Command[], nowMs: number): LedgerState {
	return commands.reduce((before, command) => apply(before, command, nowMs).state, state);
}

const hold = (id: string, units = 1): Command => ({ type: "hold", id, fingerprint: "f", units, chatId: "chat" });
const settled = (id: string): Command[] => [hold(id), { type: "settle", id }];
const released = (id: string, why: Release): Command[] => [hold(id), { type: "release", id, why }];
const ids = (n: number, prefix = "r") => Array.from({ length: n }, (_, i) => `${prefix}${i}`);

const pro = (change: Partial<Extract<Entitlement, { kind: "balance" }>> = {}): Entitlement => ({
	kind: "balance",
	subscriptionId: "sub_1",
	available: 1000,
	allowance: 1000,
	periodStartMs: NOON - DAY_MS,
	periodEndMs: NOON + 29 * DAY_MS,
	fetchedAtMs: NOON,
	...change,
});

describe("a guest", () => {
	test("has five requests for life, and the sixth is refused with what to say", () => {
		const state = run(empty("guest"), ids(5).flatMap(settled), NOON);
		const later = NOON + 300 * DAY_MS;
		expect(decide(state, hold("sixth"), later).outcome).toEqual({
			kind: "refused",
			refusal: { policy: "guest", tier: "guest", limit: 5, remaining: 0, resetAtMs: null },
		});
	});

	test("whose chats moved to an account holds nothing more", () => {
		expect(decide({ ...empty("guest"), closed: true }, hold("a"), NOON).outcome.kind).toBe("refused");
	});
});

describe("a signed-in user", () => {
	test("has twenty requests in a UTC day, and twenty more from midnight on", () => {
		const state = run(empty("user"), ids(20).flatMap(settled), NOON);
		const midnight = utcDay(NOON).endMs ?? 0;
		expect(decide(state, hold("x"), midnight - 1).outcome).toMatchObject({
			kind: "refused",
			refusal: { policy: "free", resetAtMs: midnight },
		});
		expect(decide(state, hold("x"), midnight).outcome.kind).toBe("held");
	});

	test("gets no second day from a clock that jumps back", () => {
		const state = run(empty("user"), ids(20).flatMap(settled), NOON);
		expect(decide(state, hold("x"), NOON - DAY_MS).outcome.kind).toBe("refused");
	});

	test("has at most six requests in flight, but is told of the allowance first", () => {
		const six = run(
			empty("user"),
			ids(6).map((id) => hold(id)),
			NOON,
		);
		expect(decide(six, hold("x"), NOON).outcome).toMatchObject({
			kind: "refused",
			refusal: { policy: "in-flight", limit: 6, remaining: 14 },
		});
		const all = run(six, [{ type: "carry-over", id: "guest:g", units: 14 }], NOON);
		expect(decide(all, hold("x"), NOON).outcome).toMatchObject({ kind: "refused", refusal: { policy: "free", remaining: 0 } });
	});

	test("counts what it used as a guest once, however often it is carried over", () => {
		const carry: Command = { type: "carry-over", id: "guest:g", units: 4 };
		expect(standing(run(empty("user"), [carry, carry], NOON), NOON)).toMatchObject({ used: 4, remaining: 16 });
	});

	test("is refused a weight that does not fit whole", () => {
		const state = run(empty("user"), ids(18).flatMap(settled), NOON);
		expect(decide(state, hold("dear", 3), NOON).outcome.kind).toBe("refused");
		expect(decide(state, hold("fits", 2), NOON).outcome.kind).toBe("held");
	});
});

describe("a hold", () => {
	test("that is repeated is not held again, and another body under its id is a conflict", () => {
		const state = run(empty("user"), [hold("a")], NOON);
		expect(decide(state, hold("a"), NOON)).toMatchObject({ outcome: { kind: "repeat", row: { state: "held" } } });
		expect(decide(state, hold("a"), NOON).row).toBeUndefined();
		expect(decide(state, { type: "hold", id: "a", fingerprint: "other", units: 1, chatId: null }, NOON).outcome.kind).toBe("conflict");
	});

	test("that was released may be sent again as the next attempt of the same row", () => {
		const state = run(empty("user"), released("a", "failed-early"), NOON);
		expect(decide(state, hold("a"), NOON).row).toMatchObject({ state: "held", attempt: 2 });
	});

	test("ends once: the second end answers as the first and writes nothing", () => {
		const done = run(empty("user"), settled("a"), NOON);
		const again = decide(done, { type: "release", id: "a", why: "failed-early" }, NOON);
		expect(again).toEqual({ outcome: { kind: "ended", row: done.rows.get("a"), counted: true } });
		const given = run(empty("user"), released("b", "failed-early"), NOON);
		expect(decide(given, { type: "settle", id: "b" }, NOON)).toMatchObject({ outcome: { counted: false } });
		expect(decide(given, { type: "settle", id: "b" }, NOON).row).toBeUndefined();
	});

	test("stays in the pool and window that it was taken from", () => {
		const midnight = utcDay(NOON).endMs ?? 0;
		const before = run(empty("user"), [hold("late")], midnight - 1);
		const after = run(before, [{ type: "settle", id: "late" }], midnight + 1);
		expect(standing(after, midnight + 1)).toMatchObject({ used: 0, remaining: 20 });
	});
});

describe("an expired hold", () => {
	const expired = run(empty("user", pro()), [hold("a")], NOON);
	const late = NOON + HOLD_MS;

	test("is given back when its chat never started", () => {
		expect(decide(expired, { type: "expire", id: "a", heard: "never-started" }, late).row?.state).toBe("released");
	});

	test("is extended while its answer is being written", () => {
		expect(decide(expired, { type: "expire", id: "a", heard: "running" }, late).row).toMatchObject({
			state: "held",
			expiresAtMs: late + HOLD_MS,
		});
	});

	test("is counted when nobody can be reached, reported an hour later, and corrected if word comes before", () => {
		const counted = apply(expired, { type: "expire", id: "a", heard: "unreachable" }, late);
		expect(counted.row).toMatchObject({ state: "expired", reportAfterMs: late + 3_600_000 });
		expect(standing(counted.state, late).used).toBe(1);
		expect(decide(counted.state, { type: "release", id: "a", why: "failed-early" }, late + 1).row?.state).toBe("released");
		expect(decide(counted.state, { type: "settle", id: "a" }, late + 1).row).toMatchObject({ state: "settled", reportAfterMs: late + 1 });
	});

	test("is left alone before its time", () => {
		expect(decide(expired, { type: "expire", id: "a", heard: "unreachable" }, late - 1).row).toBeUndefined();
	});
});

describe("forgiveness", () => {
	test("of answers that cost something ends at the tier's limit in a window; then they count", () => {
		const five = run(
			empty("guest"),
			ids(5).flatMap((id) => released(id, "failed-midway")),
			NOON,
		);
		expect(standing(five, NOON)).toMatchObject({ used: 0, remaining: 5 });
		expect(apply(run(five, [hold("x")], NOON), { type: "release", id: "x", why: "stopped-early" }, NOON).outcome).toMatchObject({
			counted: true,
		});
	});

	test("is not won back by sending the same request again", () => {
		const same = run(empty("guest"), Array.from({ length: 6 }, () => released("same", "stopped-early")).flat(), NOON);
		expect(standing(same, NOON).used).toBe(1);
	});

	test("of a model that never answered has no bound", () => {
		const many = run(
			empty("guest"),
			ids(50).flatMap((id) => released(id, "failed-early")),
			NOON,
		);
		expect(standing(many, NOON)).toMatchObject({ used: 0, remaining: 5 });
	});
});

describe("a paid subscription", () => {
	test("subtracts from the provider's balance what the provider cannot know yet", () => {
		let state = run(empty("user", pro({ available: 10 })), [...settled("a"), hold("b")], NOON + 1);
		expect(standing(state, NOON + 1)).toMatchObject({ tier: "paid", used: 1, held: 1, remaining: 8 });
		state = run(state, [{ type: "acknowledge", id: "a" }], NOON + 2);
		expect(standing(state, NOON + 2).remaining).toBe(8);
		const read = { ...state, entitlement: pro({ available: 9, fetchedAtMs: NOON + 3 }) };
		expect(standing(read, NOON + 3).remaining).toBe(8);
	});

	test("shows top-ups as what lies beyond the plan", () => {
		expect(standing(empty("user", pro({ available: 1997 })), NOON)).toMatchObject({ limit: 1000, remaining: 1997, topUps: 997 });
	});

	test("with a negative balance has nothing left, and says so without a negative number", () => {
		const state = empty("user", pro({ available: -503 }));
		expect(decide(state, hold("a"), NOON).outcome).toMatchObject({ kind: "refused", refusal: { policy: "paid", remaining: 0 } });
	});

	test("past its period's end is used no further than a free day until it is read again", () => {
		const end = NOON + DAY_MS;
		const state = empty("user", pro({ periodEndMs: end }));
		expect(remaining(state, allowanceOf("user", state.entitlement, DEFAULT_LIMITS, end - 1))).toBe(1000);
		expect(remaining(state, allowanceOf("user", state.entitlement, DEFAULT_LIMITS, end))).toBe(20);
		expect(standing(run(state, ids(20).flatMap(settled), end), end).remaining).toBe(0);
	});

	test("that could not be read for a day is not believed any longer", () => {
		const state = empty("user", pro());
		expect(standing(state, NOON + ENTITLEMENT_TRUST_MS).tier).toBe("paid");
		expect(standing(state, NOON + ENTITLEMENT_TRUST_MS + 1).tier).toBe("free");
	});
});

/**
 * The model is not a second ledger: it is the list of what was accepted and how each attempt ended, and filters over it.
 */
describe("under any sequence of commands", () => {
	const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
	const numRuns = Number(process.env.RUNS ?? 1000);

	const id = fc.constantFrom(...ids(12));
	const step = fc.record({
		command: fc.oneof(
			{
				weight: 5,
				arbitrary: fc.record({
					type: fc.constant("hold" as const),
					id,
					fingerprint: fc.constantFrom("f", "f", "f", "g"),
					units: fc.integer({ min: 1, max: 3 }),
					chatId: fc.constant("c"),
				}),
			},
			{ weight: 3, arbitrary: fc.record({ type: fc.constant("settle" as const), id }) },
			{
				weight: 3,
				arbitrary: fc.record({
					type: fc.constant("release" as const),
					id,
					why: fc.constantFrom<Release>("failed-early", "failed-midway", "stopped-early", "never-started"),
				}),
			},
			fc.record({
				type: fc.constant("expire" as const),
				id,
				heard: fc.constantFrom("never-started" as const, "running" as const, "unreachable" as const),
			}),
			fc.record({ type: fc.constant("acknowledge" as const), id }),
			fc.record({
				type: fc.constant("carry-over" as const),
				id: fc.constantFrom("guest:a", "guest:b"),
				units: fc.integer({ min: 0, max: 5 }),
			}),
		),
		passMs: fc.oneof(fc.integer({ min: 0, max: 60_000 }), fc.constant(HOLD_MS), fc.integer({ min: -DAY_MS, max: DAY_MS })),
	});
	const subject = fc.constantFrom<[SubjectKind, Entitlement | null]>(
		["guest", null],
		["user", null],
		["network", null],
		["user", pro({ available: 15 })],
	);

	test(`I1 to I3 hold after each command (SEED=${seed})`, () => {
		fc.assert(
			fc.property(subject, fc.array(step, { maxLength: 200 }), ([kind, entitlement], steps) => {
				let state = empty(kind, entitlement);
				let nowMs = NOON;
				const attempts: { id: string; attempt: number; pool: string; units: number; end: "settled" | "released" | "expired" | null }[] = [];
				const carried = new Map<string, { pool: string; units: number }>();
				for (const { command, passMs } of steps) {
					nowMs += passMs;
					const before = state;
					const result = apply(state, command, nowMs);
					state = result.state;
					const { outcome, row } = result;
					if (outcome.kind === "held" && row) {
						const { pool, units, attempt } = row;
						const open = attempts.filter((one) => one.pool === pool && one.end !== "released").reduce((n, one) => n + one.units, 0);
						const extra = [...carried.values()].filter((one) => one.pool === pool).reduce((n, one) => n + one.units, 0);
						const limit = pool.startsWith("sub:") ? 15 : kind === "guest" ? 5 : kind === "network" ? 25 : 20;
						expect(open + extra + units, "I1").toBeLessThanOrEqual(limit);
						attempts.push({ id: row.id, attempt, pool, units, end: null });
					} else if (outcome.kind === "ended" && row && row.state !== before.rows.get(row.id)?.state) {
						const attempt = attempts.find((one) => one.id === row.id && one.attempt === row.attempt);
						// An expiry for want of word is the one end that may still be corrected.
						expect(attempt?.end === null || attempt?.end === "expired", "I2").toBe(true);
						if (attempt && row.state !== "held") attempt.end = row.state;
					} else if (result.adjustment) {
						carried.set(result.adjustment.id, result.adjustment);
					}
					const counted = attempts.filter((one) => one.end === "settled" || one.end === "expired").reduce((n, one) => n + one.units, 0);
					const inRows = [...state.rows.values()].filter(isCounted).reduce((n, one) => n + one.units, 0);
					expect(inRows, "I3").toBe(counted);
					const { remaining: left, used, held } = standing(state, nowMs);
					expect(Math.min(left, used, held), "nothing shown is negative").toBeGreaterThanOrEqual(0);
				}
			}),
			{ seed, numRuns },
		);
	});
});
