import {
	type Adjustment,
	type Checkpoint,
	type DayTotals,
	isCounted,
	type LedgerState,
	partsOf,
	type RequestRow,
	type Share,
	type Sums,
	type Usage,
} from "../src/rows.ts";
import { tierOf } from "../src/tier.ts";
import { contains, type Window } from "../src/window.ts";

/** All rows of a ledger. */
export interface Tables {
	rows: ReadonlyMap<string, RequestRow>;
	adjustments: ReadonlyMap<string, Adjustment>;
	checkpoints: ReadonlyMap<string, Checkpoint>;
	/** Rows folded into checkpoints. Daily totals still contain them. */
	folded?: readonly RequestRow[];
}

/** The oracle: recomputes each sum from all rows, on every call. */
export class RecomputedSums implements Sums {
	readonly #tables: Tables;

	constructor(tables: Tables) {
		this.#tables = tables;
	}

	get latestMs(): number {
		let latest = 0;
		for (const row of this.#tables.rows.values()) latest = Math.max(latest, row.heldAtMs, row.endedAtMs ?? 0);
		return latest;
	}

	taken(pool: string): number {
		return unitsOn(
			pool,
			this.#rows((row) => row.state !== "released"),
		);
	}

	adjusted(pool: string): number {
		return unitsOn(pool, [...this.#tables.adjustments.values()]);
	}

	usage(pool: string, window: Window | null): Usage {
		const rows = this.#rows((row) => row.pool === pool && isIn(window, row.heldAtMs));
		let adjusted = 0;
		for (const { pool: own, units, requestId, atMs } of this.#tables.adjustments.values()) {
			const corrected = requestId ? this.#tables.rows.get(requestId) : undefined;
			if (own === pool && isIn(window, corrected?.heldAtMs ?? atMs)) adjusted += units;
		}
		return {
			counted: total(rows.filter(isCounted)),
			held: total(rows.filter(isHeld)),
			forgiven: rows.reduce((times, row) => times + row.forgiven, 0),
			adjusted,
		};
	}

	share(pool: string, window: Window | null, memberId: string): Share {
		const rows = this.#rows((row) => row.member === memberId && row.pool === pool && isIn(window, row.heldAtMs));
		const own = new Set(rows.map(({ id }) => id));
		const corrections = [...this.#tables.adjustments.values()].filter(({ requestId }) => requestId && own.has(requestId));
		return { used: total(rows.filter(isCounted)) + total(corrections), held: total(rows.filter(isHeld)) };
	}

	unknownSince(pool: string, readMs: number): number {
		const isUnknown = ({ reportedAtMs }: RequestRow) => reportedAtMs === null || reportedAtMs >= readMs;
		return total(this.#rows((row) => row.pool === pool && row.state !== "released" && isUnknown(row)));
	}

	grants(): Map<string, Adjustment | undefined> {
		const pools = [...this.#tables.adjustments.values()].flatMap((adjustment) => partsOf(adjustment).map(({ pool }) => pool));
		const grants = pools.filter((pool) => pool.startsWith("grant:"));
		return new Map(grants.map((pool) => [pool, this.#tables.adjustments.get(pool)]));
	}

	inFlight(memberId?: string): number {
		return this.#rows(isHeld).filter(({ member }) => memberId === undefined || member === memberId).length;
	}

	days(fromDay: string): DayTotals[] {
		const back = new Map<string, number>();
		for (const { requestId, units } of this.#tables.adjustments.values()) {
			if (requestId) back.set(requestId, (back.get(requestId) ?? 0) + units);
		}
		const totals = new Map<string, DayTotals>();
		for (const row of [...this.#tables.rows.values(), ...(this.#tables.folded ?? [])]) {
			const day = new Date(row.heldAtMs).toISOString().slice(0, 10);
			if (!row.terms || day < fromDay) continue;
			const { model } = row.terms;
			const tier = tierOf(row.pool);
			const key = JSON.stringify([day, model, tier]);
			const sum = totals.get(key) ?? { day, model, tier, ...NOTHING };
			totals.set(key, sum);
			if (isCounted(row)) {
				sum.requests += 1;
				sum.units += row.units;
			}
			sum.units += back.get(row.id) ?? 0;
			sum.input += row.spent?.input ?? 0;
			sum.cached += row.spent?.cached ?? 0;
			sum.output += row.spent?.output ?? 0;
			sum.reasoning += row.spent?.reasoning ?? 0;
			sum.microDollars += row.spent?.microDollars ?? 0;
			sum.estimated += row.spent?.estimated ? 1 : 0;
		}
		const isNothing = ({ day: _, model: __, tier: ___, ...numbers }: DayTotals) => Object.values(numbers).every((number) => number === 0);
		return [...totals].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, sum]) => (isNothing(sum) ? [] : sum));
	}

	#rows(matches: (row: RequestRow) => boolean): RequestRow[] {
		return [...this.#tables.rows.values()].filter(matches);
	}
}

/** A state with the rows of `tables` as its entries. `sums`: recomputed from them by default. */
export function stateOf(
	tables: Tables,
	{ sums = new RecomputedSums(tables), ...rest }: Omit<LedgerState, "entries" | "sums"> & { sums?: Sums },
): LedgerState {
	const { rows, adjustments, checkpoints } = tables;
	return {
		...rest,
		sums,
		entries: {
			row: (id) => rows.get(id),
			adjustment: (id) => adjustments.get(id),
			correctionsOf: (requestId) => [...adjustments.values()].filter((one) => one.requestId === requestId),
			checkpoint: (pool) => checkpoints.get(pool),
		},
	};
}

const NOTHING = { requests: 0, units: 0, input: 0, cached: 0, output: 0, reasoning: 0, microDollars: 0, estimated: 0 };
const isHeld = (row: RequestRow) => row.state === "held";
const isIn = (window: Window | null, atMs: number) => window === null || contains(window, atMs);
const total = (entries: { units: number }[]) => entries.reduce((units, entry) => units + entry.units, 0);
const unitsOn = (pool: string, entries: Pick<RequestRow, "pool" | "units" | "spill">[]) =>
	total(entries.flatMap((entry) => partsOf(entry)).filter((part) => part.pool === pool));
