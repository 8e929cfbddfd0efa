import { type Adjustment, isCounted, partsOf, type RequestRow, type Share, type Usage } from "./rows.ts";
import { contains, type Window } from "./window.ts";

/** Sums of one pool in one period, from `sinceMs` until the pool's next period. Stored as one row. Instants are epoch milliseconds. */
export interface PoolSums extends Omit<Usage, "held"> {
	pool: string;
	sinceMs: number;
	/** The number of requests and adjustments in the sums, and the earliest and latest of them. */
	entries: number;
	earliestMs: number;
	latestMs: number;
	/** Units that requests hold or have used, by their parts. */
	taken: number;
	held: number;
	/** Units of adjustments, by their parts. */
	adjustedParts: number;
	/** Units by member, corrections included. */
	members: Map<string, Share>;
}

/** An adjustment, and the request that it corrects. */
export interface Adjusted {
	adjustment: Adjustment;
	corrected: RequestRow | undefined;
}

/** The storage from which a tally reads sums and entries that are not in memory. */
export interface TallySource {
	/** The stored sums of a pool, in the order of their periods. */
	sums(pool: string): PoolSums[];
	/** The requests held on a pool, read only to divide a period. */
	rows(pool: string): Iterable<RequestRow>;
	/** The adjustments of a pool, read only to divide a period. */
	adjustments(pool: string): Iterable<Adjusted>;
}

type Periods = [PoolSums, ...PoolSums[]];

/** Sums requests and adjustments by pool. A pool is read from `source` on first use. */
export class Tally {
	readonly #source: TallySource;
	/** By pool, in the order of the periods, which cover all time. */
	readonly #pools = new Map<string, Periods>();
	readonly #changed = new Set<PoolSums>();

	constructor(source: TallySource) {
		this.#source = source;
	}

	/** Adds a request, or removes it with `sign` -1. */
	add(row: RequestRow, sign: 1 | -1): void {
		for (const { pool, units } of partsOf(row)) {
			if (pool === row.pool) this.#addMain(row, units, sign);
			else if (row.state !== "released") this.#count(pool, row.heldAtMs, sign).taken += sign * units;
		}
	}

	/** Adds an adjustment. It counts in the period of the request that it corrects. */
	adjust(adjusted: Adjusted): void {
		const { adjustment, corrected } = adjusted;
		for (const { pool, units } of partsOf(adjustment)) {
			if (pool === adjustment.pool) this.#adjustMain(adjusted, units);
			else this.#count(pool, corrected?.heldAtMs ?? adjustment.atMs, 1).adjustedParts += units;
		}
	}

	/** Units of a pool that requests hold or have used. */
	taken(pool: string): number {
		return this.#periods(pool).reduce((units, sums) => units + sums.taken, 0);
	}

	/** Units that adjustments add to a pool. */
	adjusted(pool: string): number {
		return this.#periods(pool).reduce((units, sums) => units + sums.adjustedParts, 0);
	}

	/** See `Sums`. */
	usage(pool: string, window: Window | null): Usage {
		const usage = { counted: 0, held: 0, forgiven: 0, adjusted: 0 };
		for (const sums of this.#within(pool, window)) {
			usage.counted += sums.counted;
			usage.held += sums.held;
			usage.forgiven += sums.forgiven;
			usage.adjusted += sums.adjusted;
		}
		return usage;
	}

	/** See `Sums`. */
	share(pool: string, window: Window | null, memberId: string): Share {
		const share = { used: 0, held: 0 };
		for (const { members } of this.#within(pool, window)) {
			share.used += members.get(memberId)?.used ?? 0;
			share.held += members.get(memberId)?.held ?? 0;
		}
		return share;
	}

	/** Whether sums changed that are not stored yet. */
	get isChanged(): boolean {
		return this.#changed.size > 0;
	}

	/** The sums that changed since the last call, for storing. */
	takeChanged(): PoolSums[] {
		const changed = [...this.#changed];
		this.#changed.clear();
		return changed;
	}

	#within(pool: string, window: Window | null): PoolSums[] {
		if (window === null) return this.#periods(pool);
		this.#divide(pool, window.startMs);
		if (window.endMs !== null) this.#divide(pool, window.endMs);
		return this.#periods(pool).filter(({ sinceMs }) => contains(window, sinceMs));
	}

	#periods(pool: string): Periods {
		let periods = this.#pools.get(pool);
		if (!periods) {
			const [first, ...later] = this.#source.sums(pool);
			if (first?.sinceMs === 0) periods = [first, ...later];
			else periods = [empty(pool, 0), ...(first ? [first] : []), ...later];
			this.#pools.set(pool, periods);
		}
		return periods;
	}

	#at(pool: string, atMs: number): PoolSums {
		const periods = this.#periods(pool);
		return periods.findLast(({ sinceMs }) => sinceMs <= atMs) ?? periods[0];
	}

	/** Starts a period at an instant. Reads and sums the pool's rows again only if entries lie on both sides of it. */
	#divide(pool: string, atMs: number): void {
		const periods = this.#periods(pool);
		const before = this.#at(pool, atMs);
		if (before.sinceMs === atMs) return;
		const after = empty(pool, atMs);
		periods.splice(periods.indexOf(before) + 1, 0, after);
		if (before.entries === 0 || before.latestMs < atMs) return;
		if (before.earliestMs >= atMs) {
			Object.assign(after, before, { sinceMs: atMs });
			Object.assign(before, empty(pool, before.sinceMs));
			for (const sums of [before, after]) this.#changed.add(sums);
		} else this.#addUpAgain(pool);
	}

	#addUpAgain(pool: string): void {
		for (const sums of this.#periods(pool)) {
			Object.assign(sums, empty(pool, sums.sinceMs));
			this.#changed.add(sums);
		}
		for (const row of this.#source.rows(pool)) {
			this.#addMain(row, partsOf(row)[0].units, 1);
		}
		for (const adjusted of this.#source.adjustments(pool)) {
			this.#adjustMain(adjusted, partsOf(adjusted.adjustment)[0].units);
		}
	}

	#addMain(row: RequestRow, taken: number, sign: 1 | -1): void {
		const { pool, units, heldAtMs, forgiven, state, member = null } = row;
		// A free release leaves no trace.
		if (state === "released" && forgiven === 0) return;
		const sums = this.#count(pool, heldAtMs, sign);
		const counted = isCounted(row) ? sign * units : 0;
		const held = state === "held" ? sign * units : 0;
		if (state !== "released") sums.taken += sign * taken;
		sums.counted += counted;
		sums.held += held;
		sums.forgiven += sign * forgiven;
		addShare(sums, member, counted, held);
	}

	#adjustMain({ adjustment: { pool, atMs, units }, corrected }: Adjusted, parts: number): void {
		const sums = this.#count(pool, corrected?.heldAtMs ?? atMs, 1);
		sums.adjusted += units;
		sums.adjustedParts += parts;
		addShare(sums, corrected?.member ?? null, units, 0);
	}

	/** The sums of the period that contains an instant, with one entry added or removed. */
	#count(pool: string, atMs: number, sign: 1 | -1): PoolSums {
		const sums = this.#at(pool, atMs);
		sums.earliestMs = sums.entries === 0 ? atMs : Math.min(sums.earliestMs, atMs);
		sums.latestMs = sums.entries === 0 ? atMs : Math.max(sums.latestMs, atMs);
		sums.entries += sign;
		this.#changed.add(sums);
		return sums;
	}
}

function empty(pool: string, sinceMs: number): PoolSums {
	const none = { entries: 0, earliestMs: 0, latestMs: 0, taken: 0, counted: 0, held: 0, forgiven: 0, adjusted: 0, adjustedParts: 0 };
	return { pool, sinceMs, ...none, members: new Map() };
}

function addShare({ members }: PoolSums, member: string | null, used: number, held: number): void {
	if (member === null) return;
	const before = members.get(member) ?? { used: 0, held: 0 };
	members.set(member, { used: before.used + used, held: before.held + held });
}
