import { isCounted, isOwed, type RequestRow } from "./rows.ts";
import { contains, type Window } from "./window.ts";

/** A request is kept by itself this long after its end, so that its repeat gets the same answer. */
const KEPT_MS = 90 * 86_400_000;

/** What is left of the requests of one pool that are no longer kept by themselves. */
export interface Checkpoint {
	pool: string;
	/** Counted units. */
	units: number;
	requests: number;
}

/**
 * The rows that may be folded into a checkpoint of their pool: ended 90 days ago, reported where they were owed, and outside the open
 * window, so that no balance depends on them any longer.
 */
export function foldable(rows: Iterable<RequestRow>, open: Window, nowMs: number): RequestRow[] {
	const old: RequestRow[] = [];
	for (const row of rows) {
		const ended = row.endedAtMs !== null && nowMs - row.endedAtMs > KEPT_MS;
		if (ended && !isOwed(row) && !contains(open, row.heldAtMs)) old.push(row);
	}
	return old;
}

/** Adds folded rows to the checkpoints of their pools. */
export function fold(checkpoints: ReadonlyMap<string, Checkpoint>, rows: Iterable<RequestRow>): Checkpoint[] {
	const folded = new Map<string, Checkpoint>();
	for (const row of rows) {
		const { pool } = row;
		const before = folded.get(pool) ?? checkpoints.get(pool) ?? { pool, units: 0, requests: 0 };
		folded.set(pool, { pool, units: before.units + (isCounted(row) ? row.units : 0), requests: before.requests + 1 });
	}
	return [...folded.values()];
}
