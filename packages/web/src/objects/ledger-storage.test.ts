import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { type Command, DEFAULT_LIMITS, decide, foldable, type LedgerState, type RequestRow, shareOf, standing } from "@parley/metering";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LedgerStorage } from "./ledger-storage.ts";
import { REQUEST, type WholeStore } from "./ledger-tables.ts";

// Whatever a ledger does and whenever it dies, its stored sums equal those of its rows. Node's SQLite replaces the platform's.

/** A guest's ledger is stored as one value while it is small. */
const KEYS = ["org:acme", "guest:acme"];
const START_MS = Date.UTC(2026, 10, 21, 12);
const DAY_MS = 86_400_000;
const PERIOD_MS = 30 * DAY_MS;

/** The part of the platform's SQL interface that the objects use. */
function sqlOf(db: DatabaseSync): SqlStorage {
	const exec = (query: string, ...bindings: SQLInputValue[]) => {
		if (bindings.length === 0 && !/^\s*(?:SELECT|PRAGMA)/.test(query)) {
			db.exec(query);
			return { toArray: () => [] };
		}
		const rows = db.prepare(query).all(...bindings);
		return { toArray: () => rows, [Symbol.iterator]: () => rows[Symbol.iterator]() };
	};
	return { exec } as unknown as SqlStorage;
}

/** The part of the platform's key-value storage that a ledger uses. Copies the values it stores. */
function kvOf(values: Map<string, string>): WholeStore {
	return {
		get: <T>(key: string): T | undefined => JSON.parse(values.get(key) ?? "null") ?? undefined,
		put: (key, value) => values.set(key, JSON.stringify(value)),
		delete: (key) => values.delete(key),
	};
}

class Ledger {
	readonly #key: string;
	readonly #sql = sqlOf(new DatabaseSync(":memory:"));
	readonly #kv = kvOf(new Map());
	/** The latest version of each request that is not folded. */
	readonly rows = new Map<string, RequestRow>();
	/** Old requests in checkpoints, and corrections of requests. */
	folded: RequestRow[] = [];
	/** After folding, another request may reuse the id, so `heldAtMs` tells them apart. */
	corrections: { requestId: string; heldAtMs: number | undefined; units: number }[] = [];
	stored = new LedgerStorage({ sql: this.#sql, kv: this.#kv });
	nowMs = START_MS;

	constructor(key: string) {
		this.#key = key;
	}

	state(): LedgerState {
		const { notes, sums } = this.stored;
		return {
			kind: "organization",
			limits: DEFAULT_LIMITS,
			entitlement: notes.entitlement ?? null,
			closed: false,
			paidKeepsFreeDay: true,
			entries: this.stored,
			sums,
		};
	}

	run(command: Command): void {
		const { row, adjustment } = decide(this.state(), command, this.nowMs);
		if (row) this.stored.writeRow(this.#key, row);
		if (adjustment) this.stored.writeAdjustment(this.#key, adjustment);
		if (row) this.rows.set(row.id, this.#asStored(row));
		if (!adjustment?.requestId) return;
		const { requestId, units } = adjustment;
		this.corrections.push({ requestId, heldAtMs: this.rows.get(requestId)?.heldAtMs, units });
	}

	/** The daily totals, computed from all requests. */
	days(): Map<string, Record<string, number>> {
		const days = new Map<string, Record<string, number>>();
		for (const { id, heldAtMs, pool, terms, state, units, spent } of [...this.rows.values(), ...this.folded]) {
			if (!terms) continue;
			const isCounted = state === "settled" || state === "expired";
			const own = this.corrections.filter((one) => one.requestId === id && one.heldAtMs === heldAtMs);
			const back = own.reduce((sum, one) => sum + one.units, 0);
			const add: Record<string, number> = { requests: isCounted ? 1 : 0, units: (isCounted ? units : 0) + back };
			for (const [name, number] of Object.entries(spent ?? {})) add[name] = Number(number);
			const key = `${new Date(heldAtMs).toISOString().slice(0, 10)} ${terms.model} ${pool.startsWith("sub:") ? "paid" : "free"}`;
			const before = days.get(key) ?? {};
			days.set(key, {
				...before,
				...Object.fromEntries(Object.entries(add).map(([name, number]) => [name, (before[name] ?? 0) + number])),
			});
		}
		return days;
	}

	/** Simulates a read of the provider. The copy stays in memory unless it is news. `shiftMs` moves the billing period, as an upgrade does. */
	read(isNews: boolean, shiftMs = 0): void {
		const fetchedAtMs = Math.max(this.nowMs, this.stored.sums.latestMs, this.stored.sums.acknowledgedMs + 1);
		const periodStartMs = START_MS + Math.floor((fetchedAtMs - START_MS) / PERIOD_MS) * PERIOD_MS + shiftMs;
		const entitlement = {
			kind: "balance",
			subscriptionId: "s",
			available: 900,
			allowance: 1_000,
			periodStartMs,
			periodEndMs: periodStartMs + PERIOD_MS,
			fetchedAtMs,
		} as const;
		const baseline = { subscriptionId: "s", periodStartMs, available: 900, creditsBought: 0, atMs: fetchedAtMs };
		const notes = { entitlement, baseline: isNews ? baseline : this.stored.notes.baseline };
		if (isNews) this.stored.writeNotes(this.#key, notes);
		else this.stored.keepNotes(notes, true);
	}

	fold(): void {
		this.stored.fold((rows) => {
			const old = foldable(this.state(), rows, this.nowMs);
			for (const { id } of old) this.rows.delete(id);
			this.folded.push(...old);
			return old;
		}, this.nowMs);
	}

	die(): void {
		this.stored = new LedgerStorage({ sql: this.#sql, kv: this.#kv });
	}

	/** The same rows in a ledger that had no sums and added them up in steps. */
	addedUp(): Ledger {
		const copy = new Ledger("org:acme");
		copy.nowMs = this.nowMs;
		copy.corrections = this.corrections;
		copy.stored.writeNotes(copy.#key, this.stored.notes);
		copy.#sql.exec(REQUEST.create);
		for (const row of this.rows.values()) {
			copy.rows.set(row.id, row);
			REQUEST.write(copy.#sql, row);
		}
		for (const table of ["adjustment", "checkpoint"]) {
			const [definition] = this.#sql.exec<{ sql: string }>("SELECT sql FROM sqlite_master WHERE name = ?", table).toArray();
			if (!definition) continue;
			copy.#sql.exec(definition.sql);
			for (const entry of this.#sql.exec(`SELECT * FROM ${table}`).toArray()) {
				const values = Object.values(entry);
				copy.#sql.exec(`INSERT INTO ${table} VALUES (${values.map(() => "?").join(", ")})`, ...values);
			}
		}
		copy.#sql.exec("UPDATE ledger SET kept = NULL");
		copy.die();
		// Fewer than there are adjustments.
		while (!copy.stored.addUp(4)) copy.die();
		return copy;
	}

	writeNotes(): void {
		this.stored.writeNotes(this.#key, this.stored.notes);
	}

	/** Ends every hold. */
	settleAll(): void {
		for (const { id, state } of [...this.rows.values()]) if (state === "held") this.run({ type: "settle", id });
	}

	/** Fields as read back from disk. */
	#asStored(row: RequestRow): RequestRow {
		return {
			...row,
			spill: row.spill ?? null,
			raises: row.raises ?? null,
			sentAtMs: row.sentAtMs ?? null,
			refusals: row.refusals ?? 0,
			terms: row.terms ?? null,
			spent: row.spent ?? null,
		};
	}
}

/** Expects a ledger to have its rows, and the sums of another with the same rows. */
function expectSame(ledger: Ledger, other: Ledger): void {
	const { stored, nowMs } = ledger;
	const { sums } = other.stored;
	expect([...ledger.rows.values()].map(({ id }) => stored.row(id))).toEqual([...ledger.rows.values()]);
	expect([...stored.sums.live.keys()].filter((id) => !ledger.rows.has(id))).toEqual([]);
	const atMs = Math.max(nowMs, stored.sums.latestMs);
	for (const at of [atMs, atMs + PERIOD_MS, atMs + 2 * DAY_MS]) expect(standing(ledger.state(), at)).toEqual(standing(other.state(), at));
	for (const member of MEMBERS) expect(shareOf(ledger.state(), member, atMs)).toEqual(shareOf(other.state(), member, atMs));
	for (const pool of ["sub:s", "day:2026-11-21", "grant:g0", "grant:g1"]) {
		expect([pool, stored.sums.taken(pool), stored.sums.adjusted(pool)]).toEqual([pool, sums.taken(pool), sums.adjusted(pool)]);
	}
	expect(stored.sums.usage("sub:s", null)).toEqual(sums.usage("sub:s", null));
	const readMs = stored.notes.entitlement?.fetchedAtMs ?? 0;
	expect(stored.sums.unknownSince("sub:s", readMs)).toBe(sums.unknownSince("sub:s", readMs));
	expect(stored.sums.inFlight()).toBe(sums.inFlight());
	expectDays(ledger);
}

/** Checks the daily totals against all of a ledger's requests, including folded ones. */
function expectDays(ledger: Ledger): void {
	const expected = ledger.days();
	const shown = ledger.stored.sums.days("");
	const isSomething = (numbers: Record<string, number>) => Object.values(numbers).some((number) => number !== 0);
	const keyOf = ({ day, model, tier }: { day: string; model: string; tier: string }) => `${day} ${model} ${tier}`;
	expect(shown.map(keyOf)).toEqual(
		[...expected]
			.filter(([, one]) => isSomething(one))
			.map(([key]) => key)
			.sort(),
	);
	for (const { day, model, tier, ...numbers } of shown) expect(numbers).toMatchObject(expected.get(keyOf({ day, model, tier })) ?? {});
}

const MEMBERS = ["user:a", "user:b"];
const id = fc.oneof(
	fc.integer({ min: 0, max: 130 }).map((n) => `r${n}`),
	fc.integer({ min: 0, max: 60 }).map((n) => `w${n}`),
);
const of = <T extends string>(type: T) => fc.record({ type: fc.constant(type), id });
const tokens = fc.integer({ min: 0, max: 9_000 });
const spent = fc.record({
	input: tokens,
	cached: tokens,
	output: tokens,
	reasoning: tokens,
	microDollars: tokens,
	estimated: fc.boolean(),
});
/** Some requests have no model, like reported usage and those of older versions. */
const terms = fc.option(
	fc.record({ model: fc.constantFrom("small", "big"), effort: fc.constant(null), steps: tokens, version: fc.constant("v") }),
);
const hold = fc
	.record({ type: fc.constant("hold" as const), id, units: fc.integer({ min: 1, max: 3 }), terms, member: fc.constantFrom(...MEMBERS) })
	.map(({ member, ...rest }) => ({ ...rest, fingerprint: "f", chatId: null, member: { id: member, cap: null } }));
const raised = fc.integer({ min: 1, max: 3 });
const command: fc.Arbitrary<Command> = fc.oneof(
	{ weight: 6, arbitrary: hold },
	{ weight: 3, arbitrary: fc.record({ type: fc.constant("raise" as const), id, attempt: fc.constant(1), step: raised, units: raised }) },
	fc.record({ type: fc.constant("lower" as const), id, attempt: fc.constant(1), step: raised }),
	{ weight: 4, arbitrary: fc.record({ type: fc.constant("settle" as const), id, spent }) },
	{ weight: 4, arbitrary: of("acknowledge" as const) },
	of("refuse" as const),
	fc.record({ type: fc.constant("release" as const), id, spent, why: fc.constantFrom("failed-early" as const, "failed-midway" as const) }),
	fc.record({ type: fc.constant("expire" as const), id, chatStatus: fc.constant("unreachable" as const) }),
	fc.record({
		type: fc.constant("correct" as const),
		id: fc.constantFrom("x", "y", "z"),
		of: fc.record({ request: id }),
		units: fc.constant(-1),
	}),
	fc.record({
		type: fc.constant("grant" as const),
		id: fc.constantFrom("g0", "g1"),
		units: fc.constant(5),
		expiresAtMs: fc.constant(null),
	}),
);
const step = fc.oneof(
	{ weight: 40, arbitrary: fc.record({ does: fc.constant("run" as const), command, passMs: fc.constantFrom(0, 1_000, 700_000) }) },
	{
		weight: 3,
		arbitrary: fc.record({
			does: fc.constant("read" as const),
			isNews: fc.boolean(),
			shiftMs: fc.constantFrom(0, 0, 0, 500_000, -3_600_000),
		}),
	},
	{ weight: 2, arbitrary: fc.record({ does: fc.constant("die" as const) }) },
	{ weight: 1, arbitrary: fc.record({ does: fc.constant("fold" as const), passMs: fc.constantFrom(0, DAY_MS, 91 * DAY_MS) }) },
);

/** Runs requests from hold to acknowledgement, so that every game starts with absorbed ones. */
function warmUp(ledger: Ledger, requests: number): void {
	ledger.read(true);
	for (let n = 0; n < requests; n += 1) {
		ledger.nowMs += 20_000;
		const member = { id: MEMBERS[n % 2] ?? "", cap: null };
		const terms = { model: n % 4 === 0 ? "small" : "big", effort: null, steps: 1, version: "v" };
		ledger.run({ type: "hold", id: `w${n}`, fingerprint: "f", units: 1, chatId: null, member, terms });
		const spent = { input: n, cached: 0, output: 2 * n, reasoning: 0, microDollars: 3 * n, estimated: n % 5 === 0 };
		ledger.run({ type: n % 3 === 0 ? "release" : "settle", id: `w${n}`, why: "failed-midway", spent });
		ledger.run({ type: "acknowledge", id: `w${n}` });
		if (n % 20 === 19) ledger.read(false);
	}
}

const numRuns = Number(process.env.RUNS ?? 40);
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

test(`stored sums equal those of the rows, whenever the ledger dies (SEED=${seed} RUNS=${numRuns})`, () => {
	fc.assert(
		fc.property(
			fc.constantFrom(...KEYS),
			fc.integer({ min: 0, max: 120 }),
			fc.array(step, { maxLength: 250, size: "max" }),
			(key, requests, steps) => {
				const ledger = new Ledger(key);
				warmUp(ledger, requests);
				for (const [at, one] of steps.entries()) {
					if (one.does === "run") {
						ledger.nowMs += one.passMs;
						ledger.run(one.command);
					} else if (one.does === "read") ledger.read(one.isNews, one.shiftMs);
					else if (one.does === "die") ledger.die();
					else {
						ledger.nowMs += one.passMs;
						ledger.fold();
					}
					if (at % 25 === 24) expectSame(ledger, ledger.addedUp());
				}
				const copy = ledger.addedUp();
				expectSame(ledger, copy);
				for (const either of [ledger, copy]) {
					either.settleAll();
					either.writeNotes();
					either.die();
				}
				expectSame(ledger, copy);
				expectSame(copy, ledger);
			},
		),
		{ seed, numRuns },
	);
}, 600_000);
