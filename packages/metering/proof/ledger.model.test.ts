import fc from "fast-check";
import { expect, test } from "vitest";
import type { Release, Report, SubjectKind } from "../src/index.ts";
import { HOLD_MS } from "../src/ledger.ts";
import type { Plan } from "./journal.ts";
import { LEAST_COMPARED, PROOF_MAX_MS, Subject } from "./subject.ts";

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env.RUNS ?? 500);
const NOON = Date.UTC(2026, 10, 21, 12);
const DAY_MS = 86_400_000;

const id = fc.constantFrom(...Array.from({ length: 10 }, (_, i) => `r${i}`));
const few = fc.integer({ min: 1, max: 3 });
const tokens = fc.integer({ min: 0, max: 9_000 });
const spent = fc.option(
	fc.record({ input: tokens, cached: tokens, output: tokens, reasoning: tokens, microDollars: tokens, estimated: fc.boolean() }),
);
const terms = fc.record({
	model: fc.constantFrom("small", "big"),
	effort: fc.constantFrom(null, "high" as const),
	steps: few,
	version: fc.constantFrom("v1", "v2"),
});
const name = fc.constantFrom("a", "b", "c");

const step = fc.integer({ min: 1, max: 9 });
const attempt = fc.constantFrom(1, 1, 1, 2);

const command = fc.oneof(
	{
		weight: 8,
		arbitrary: fc.record({
			type: fc.constant("hold" as const),
			id,
			fingerprint: fc.constantFrom("f", "f", "f", "g"),
			units: few,
			terms,
			freeDay: fc.boolean(),
			chatId: fc.constant("c"),
		}),
	},
	{
		weight: 5,
		arbitrary: fc.record({
			type: fc.constant("raise" as const),
			id,
			attempt,
			step,
			units: few,
			maxUnits: fc.constantFrom(null, null, 3, 6),
		}),
	},
	{ weight: 2, arbitrary: fc.record({ type: fc.constant("lower" as const), id, attempt, step }) },
	{ weight: 4, arbitrary: fc.record({ type: fc.constant("settle" as const), id, spent }) },
	{ weight: 1, arbitrary: fc.record({ type: fc.constant("settle" as const), id, raised: fc.constantFrom([], [1, 2, 3], [9]) }) },
	{
		weight: 4,
		arbitrary: fc.record({
			type: fc.constant("release" as const),
			id,
			spent,
			why: fc.constantFrom<Release>("failed-early", "failed-midway", "stopped-early", "never-started"),
		}),
	},
	{
		weight: 3,
		arbitrary: fc.record({
			type: fc.constant("expire" as const),
			id,
			chatStatus: fc.constantFrom("never-started" as const, "running" as const, "unreachable" as const, "unreachable" as const),
		}),
	},
	fc.record({ type: fc.constant("extend" as const), id }),
	fc.record({ type: fc.constant("refuse" as const), id }),
	fc.record({
		type: fc.constant("carry-over" as const),
		id: fc.constantFrom("guest:a", "guest:b"),
		units: fc.integer({ min: 0, max: 5 }),
	}),
	fc.record({
		type: fc.constant("grant" as const),
		id: name,
		units: fc.integer({ min: 1, max: 6 }),
		expiresAtMs: fc.constantFrom(null, NOON + 3_600_000, NOON + DAY_MS),
	}),
	fc.record({
		type: fc.constant("correct" as const),
		id: name,
		of: fc.oneof(
			fc.record({ request: id }),
			fc.record({ grant: name }),
			fc.record({ pool: fc.constantFrom("guest", "day:2026-11-21", "sub:s1@0") }),
		),
		units: fc.oneof(fc.integer({ min: -5, max: -1 }), fc.integer({ min: 1, max: 5 })),
	}),
);

const windowed: Extract<Plan, { kind: "windowed" }> = {
	kind: "windowed",
	subscriptionId: "s1",
	limit: 8,
	startMs: 0,
	endMs: NOON + DAY_MS,
	listed: [],
};
const plan = fc.constantFrom<Plan>(
	{ kind: "none" },
	{ kind: "balance", subscriptionId: "s1", endMs: NOON + DAY_MS },
	{ kind: "balance", subscriptionId: "s2", endMs: NOON + 5 * DAY_MS },
	windowed,
	{ ...windowed, limit: 4 },
	{ ...windowed, listed: [{ id: "listed", units: 3 }] },
	// The renewal of the first plan, and a plan after an upgrade during its period.
	{ ...windowed, startMs: NOON + DAY_MS, endMs: NOON + 31 * DAY_MS },
	{ ...windowed, startMs: NOON, endMs: NOON + 30 * DAY_MS },
);

/** Instants at which something ends, and the milliseconds around them. */
const EDGES = [NOON + 3_600_000, NOON + DAY_MS, Date.UTC(2026, 10, 22)].flatMap((atMs) => [atMs - 1, atMs]);

const move = fc.record({
	edgeMs: fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom(...EDGES) }),
	passMs: fc.oneof(
		{ weight: 4, arbitrary: fc.integer({ min: 0, max: 60_000 }) },
		{ weight: 2, arbitrary: fc.constantFrom(0, HOLD_MS, 3_600_000) },
		{ weight: 1, arbitrary: fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS }) },
	),
	does: fc.oneof(
		{ weight: 12, arbitrary: command },
		{ weight: 1, arbitrary: fc.record({ type: fc.constant("sell" as const), plan, credits: fc.integer({ min: 0, max: 4 }) }) },
		{
			weight: 2,
			arbitrary: fc.record({
				type: fc.constant("report" as const),
				arrives: fc.integer({ min: 0, max: 2 }),
				answered: fc.boolean(),
				late: fc.boolean(),
			}),
		},
		{ weight: 1, arbitrary: fc.constant({ type: "crash" as const }) },
	),
});

test(
	`I1 to I4 hold after each command, whatever the provider loses, duplicates or reorders (SEED=${seed} RUNS=${numRuns})`,
	({ task }) => {
		let compared = 0;
		fc.assert(
			fc.property(
				fc.constantFrom<SubjectKind>("guest", "network", "user", "user", "user", "organization", "organization"),
				plan,
				fc.array(move, { maxLength: 200, size: "max" }),
				(kind, first, steps) => {
					const subject = new Subject(kind);
					const late: Report[][] = [];
					let nowMs = NOON;
					let sold = first;
					subject.provider.give("s1", 6);
					subject.provider.give("s2", 6);
					subject.keep(subject.read(sold, nowMs));
					for (const { edgeMs, passMs, does } of steps) {
						nowMs = edgeMs ?? nowMs + passMs;
						if (does.type === "crash") subject.crash();
						else if (does.type === "sell") {
							sold = does.plan;
							if (sold.kind === "balance") subject.provider.give(sold.subscriptionId, does.credits);
							subject.keep(subject.read(sold, nowMs));
						} else if (does.type === "report") {
							const batch = subject.batch(nowMs);
							if (does.late) late.push(batch);
							else for (let i = 0; i < does.arrives; i += 1) subject.provider.receive(batch);
							if (!does.late && does.arrives > 0 && does.answered)
								for (const { id } of batch) subject.run({ type: "acknowledge", id }, nowMs);
						} else if (does.type === "hold") subject.run({ ...does, member: subject.memberOf(does.id) }, nowMs);
						else if (does.type === "raise") subject.run({ ...does, cap: subject.capOf(does.id) }, nowMs);
						else subject.run(does, nowMs);
					}
					// Messages in flight arrive last, in a random order.
					for (const batch of late.reverse()) subject.provider.receive(batch.toReversed());
					subject.drain(nowMs);
					compared += subject.compared;
				},
			),
			{ seed, numRuns },
		);
		task.meta.proof = { result: `${numRuns} games: ${compared} commands decided as by the oracle, none over- or under-admitted`, seed };
		expect(compared).toBeGreaterThanOrEqual(LEAST_COMPARED);
	},
	PROOF_MAX_MS,
);
