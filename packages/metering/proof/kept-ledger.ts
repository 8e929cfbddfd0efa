import { DailyTotals } from "../src/daily.ts";
import { KeptSums, type Marks, type SumsSource } from "../src/kept-sums.ts";
import { fold } from "../src/retention.ts";
import type { Adjustment, Checkpoint, LedgerState, RequestRow } from "../src/rows.ts";
import type { PoolSums } from "../src/tally.ts";
import { allowanceOf, subscriptionOf } from "../src/tier.ts";
import { dayOf, utcDay } from "../src/window.ts";
import { RecomputedSums, stateOf, type Tables } from "./recomputed.ts";

/** Fewer than in production, so that a short game absorbs often. */
const ABSORBED_TOGETHER = 3;

type Rest = Omit<LedgerState, "entries" | "sums">;

/** A ledger's rows and kept sums, stored as its Durable Object stores them. Everything on disk is serialized text. */
export class KeptLedger {
	readonly rows = new Map<string, RequestRow>();
	readonly adjustments = new Map<string, Adjustment>();
	readonly checkpoints = new Map<string, Checkpoint>();
	readonly #folded: RequestRow[] = [];
	readonly #disk = {
		sums: new Map<string, string>(),
		days: "[]",
		marks: JSON.stringify(NO_MARKS),
		baselineMs: NO_BASELINE,
		absorbed: new Set<string>(),
	};
	readonly #rest: () => Rest & { baselineMs?: number | null };
	#sums: KeptSums;

	/** `rest`: the state besides rows and sums. */
	constructor(rest: () => Rest & { baselineMs?: number | null }) {
		this.#rest = rest;
		this.#sums = this.#load();
	}

	get state(): LedgerState {
		this.#sums.follow(this.#since());
		return stateOf(this.#tables(), { ...this.#rest(), sums: this.#sums });
	}

	/** The oracle's state. */
	get recomputed(): LedgerState {
		return stateOf(this.#tables(), this.#rest());
	}

	get sums(): KeptSums {
		return this.#sums;
	}

	write(row: RequestRow): void {
		this.#sums.put(row, this.#disk.absorbed.has(row.id) ? this.rows.get(row.id) : undefined);
		this.rows.set(row.id, row);
		if (this.#sums.live.has(row.id)) this.#disk.absorbed.delete(row.id);
		if (this.#sums.waiting >= ABSORBED_TOGETHER) this.#absorb(this.#sums.next(ABSORBED_TOGETHER));
		else if (this.#sums.isChanged) this.#store();
	}

	adjust(adjustment: Adjustment): void {
		this.adjustments.set(adjustment.id, adjustment);
		this.#sums.adjust({ adjustment, corrected: this.rows.get(adjustment.requestId ?? "") });
		this.#store();
	}

	fold(rows: readonly RequestRow[]): void {
		this.#absorb(rows.filter(({ id }) => this.#sums.live.has(id)));
		this.#sums.fold(rows);
		for (const checkpoint of fold({ checkpoint: (pool) => this.checkpoints.get(pool) }, rows)) {
			this.checkpoints.set(checkpoint.pool, checkpoint);
		}
		this.#folded.push(...rows);
		for (const { id } of rows) {
			this.rows.delete(id);
			this.#disk.absorbed.delete(id);
		}
		this.#store();
	}

	/** Drops the memory and reloads from disk. */
	crash(): void {
		this.#sums = this.#load();
	}

	/** @throws if a kept sum differs from the recomputed one, in any pool and window that a decision may read */
	compare(atMs: number): void {
		const { kind, limits, entitlement } = this.#rest();
		const { pool, window } = allowanceOf(kind, entitlement, limits, Math.max(atMs, this.#sums.latestMs));
		const recomputed = new RecomputedSums(this.#tables());
		const known = new Set([pool, ...[...this.rows.values(), ...this.adjustments.values()].map((one) => one.pool)]);
		const windows = [null, window, { startMs: window.endMs ?? atMs, endMs: null }, utcDay(atMs)];
		// The latest row may have been folded. Ledger time must not go back with it.
		if (this.#sums.latestMs < recomputed.latestMs) throw new Error(`I3: the time kept is ${this.#sums.latestMs}`);
		same("grants", [...this.#sums.grants()].sort(), [...recomputed.grants()].sort());
		for (const one of known) {
			same(`taken of ${one}`, this.#sums.taken(one), recomputed.taken(one));
			same(`adjusted of ${one}`, this.#sums.adjusted(one), recomputed.adjusted(one));
			// Grants are only summed over all time.
			for (const within of one.startsWith("grant:") ? [null] : windows)
				same(`usage of ${one}`, this.#sums.usage(one, within), recomputed.usage(one, within));
			const readMs = entitlement?.fetchedAtMs ?? 0;
			if (subscriptionOf(one) !== null)
				same(`unknown of ${one}`, this.#sums.unknownSince(one, readMs), recomputed.unknownSince(one, readMs));
		}
		for (const member of [undefined, ...new Set([...this.rows.values()].map((row) => row.member ?? undefined))]) {
			same(`in flight of ${member}`, this.#sums.inFlight(member), recomputed.inFlight(member));
			if (member === undefined) continue;
			for (const within of windows)
				same(`share of ${member}`, this.#sums.share(pool, within, member), recomputed.share(pool, within, member));
		}
		const today = dayOf(Math.max(atMs, this.#sums.latestMs));
		for (const fromDay of ["", today]) same(`days from ${fromDay}`, this.#sums.days(fromDay), recomputed.days(fromDay));
		this.#compareAcknowledged(atMs);
	}

	#compareAcknowledged(atMs: number): void {
		const { baselineMs = null } = this.#rest();
		if (baselineMs === null) return;
		const untilMs = Math.max(atMs, this.#sums.acknowledgedMs) + 1;
		const units = new Map<string, number>();
		for (const { pool, reportedAtMs, units: own } of this.rows.values()) {
			const subscription = subscriptionOf(pool);
			if (subscription === null || reportedAtMs === null || reportedAtMs < baselineMs) continue;
			units.set(subscription, (units.get(subscription) ?? 0) + own);
		}
		same("acknowledged since the baseline", [...this.#sums.acknowledgedSinceBaseline(untilMs)].sort(), [...units].sort());
	}

	#absorb(rows: readonly RequestRow[]): void {
		this.#sums.absorb(rows);
		for (const { id } of rows) this.#disk.absorbed.add(id);
		this.#store();
	}

	#store(): void {
		for (const one of this.#sums.takeChanged()) {
			this.#disk.sums.set(`${one.pool} ${one.sinceMs}`, JSON.stringify({ ...one, members: [...one.members] }));
		}
		const days = this.#storedDays();
		for (const one of this.#sums.takeDays()) days.include(one);
		this.#disk.days = JSON.stringify(days.all());
		this.#disk.marks = JSON.stringify(this.#sums.marks);
		this.#disk.baselineMs = this.#since().baselineMs;
	}

	#storedDays(): DailyTotals {
		const days = new DailyTotals();
		for (const one of JSON.parse(this.#disk.days)) days.include(one);
		return days;
	}

	#load(): KeptSums {
		const marks: Marks = JSON.parse(this.#disk.marks);
		const live = [...this.rows.values()].filter(({ id }) => !this.#disk.absorbed.has(id));
		// Marks are stored together with their baseline.
		return new KeptSums(this.#source(), marks, { ...this.#since(), baselineMs: this.#disk.baselineMs }, live);
	}

	#source(): SumsSource {
		return {
			sums: (pool) => {
				const stored = [...this.#disk.sums.values()].map((text) => JSON.parse(text)).filter((one) => one.pool === pool);
				const read: PoolSums[] = stored.map((one) => ({ ...one, members: new Map(one.members) }));
				return read.sort((a, b) => a.sinceMs - b.sinceMs);
			},
			rows: (pool) => [...this.rows.values()].filter((row) => row.pool === pool && this.#disk.absorbed.has(row.id)),
			adjustments: (pool) => {
				const own = [...this.adjustments.values()].filter((one) => one.pool === pool);
				return own.map((adjustment) => ({ adjustment, corrected: this.rows.get(adjustment.requestId ?? "") }));
			},
			grants: () => new RecomputedSums(this.#tables()).grants(),
			days: () => this.#storedDays().all(),
		};
	}

	#since() {
		const { entitlement, baselineMs = null } = this.#rest();
		return { readMs: entitlement?.fetchedAtMs ?? 0, baselineMs };
	}

	#tables(): Tables {
		return { rows: this.rows, adjustments: this.adjustments, checkpoints: this.checkpoints, folded: this.#folded };
	}
}

const NO_BASELINE: number | null = null;
const NO_MARKS: Marks = { latestMs: 0, acknowledgedMs: 0, usedMs: 0, sinceBaseline: {} };

function same(what: string, kept: unknown, recomputed: unknown): void {
	const [a, b] = [JSON.stringify(kept), JSON.stringify(recomputed)];
	if (a !== b) throw new Error(`I3: ${what} is kept as ${a}, and recomputed as ${b}`);
}
