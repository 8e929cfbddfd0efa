import { type Checkpoint, isCounted, isOwed, type LedgerState, ledgerTimeMs, partsOf, type RequestRow } from "./rows.ts";
import { allowanceOf } from "./tier.ts";

/** A request is kept by itself this long after the last thing that happened to it, so that its repeat gets the same answer. */
const KEPT_MS = 90 * 86_400_000;

/**
 * The rows that may be folded into checkpoints: ended and reported 90 days ago, held before the open window began, and corrected by
 * nothing (a correction counts in the window of its request, and gives back what that counts).
 */
export function foldable(state: LedgerState, atMs: number): RequestRow[] {
	const nowMs = ledgerTimeMs(state, atMs);
	// A copy that is too old to be believed may be confirmed by the next read: its window is open all the same.
	const entitlement = state.entitlement && { ...state.entitlement, fetchedAtMs: nowMs };
	const { window } = allowanceOf(state.kind, entitlement, state.limits, nowMs);
	const corrected = new Set([...state.adjustments.values()].map(({ requestId }) => requestId));
	return [...state.rows.values()].filter((row) => {
		const doneMs = Math.max(row.endedAtMs ?? nowMs, row.reportedAtMs ?? 0);
		return nowMs - doneMs > KEPT_MS && !isOwed(row) && row.heldAtMs < window.startMs && !corrected.has(row.id);
	});
}

/**
 * Adds folded rows to the checkpoints of their pools.
 * @returns the checkpoints that changed: the caller writes them and deletes the rows in one turn
 */
export function fold(checkpoints: ReadonlyMap<string, Checkpoint>, rows: Iterable<RequestRow>): Checkpoint[] {
	const changed = new Map<string, Checkpoint>();
	for (const row of rows) {
		for (const { pool, units } of partsOf(row)) {
			const before = changed.get(pool) ?? checkpoints.get(pool) ?? { pool, units: 0, requests: 0 };
			changed.set(pool, {
				pool,
				units: before.units + (isCounted(row) ? units : 0),
				requests: before.requests + (pool === row.pool ? 1 : 0),
			});
		}
	}
	return [...changed.values()];
}
