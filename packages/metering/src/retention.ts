import { type Checkpoint, type Entries, isCounted, isOwed, type LedgerState, ledgerTimeMs, partsOf, type RequestRow } from "./rows.ts";
import { allowanceOf } from "./tier.ts";

/** How long a row is kept after its last change, so that a repeat of its request gets the same outcome. */
const KEPT_MS = 90 * 86_400_000;

/**
 * The rows that may be folded into checkpoints: ended and reported over 90 days ago, held before the open window began, and never corrected (a
 * correction counts in its request's window and needs the row).
 */
export function foldable(state: LedgerState, rows: Iterable<RequestRow>, atMs: number): RequestRow[] {
	const nowMs = ledgerTimeMs(state, atMs);
	// The next read may confirm an entitlement that is too old to trust, so its window counts as open.
	const entitlement = state.entitlement && { ...state.entitlement, fetchedAtMs: nowMs };
	const { window } = allowanceOf(state.kind, entitlement, state.limits, nowMs);
	return [...rows].filter((row) => {
		const doneMs = Math.max(row.endedAtMs ?? nowMs, row.reportedAtMs ?? 0);
		const isOld = nowMs - doneMs > KEPT_MS && !isOwed(row) && row.heldAtMs < window.startMs;
		return isOld && [...state.entries.correctionsOf(row.id)].length === 0;
	});
}

/**
 * Adds rows to the checkpoints of their pools.
 * @returns the changed checkpoints. The caller writes them and deletes the rows in one turn
 */
export function fold(entries: Pick<Entries, "checkpoint">, rows: Iterable<RequestRow>): Checkpoint[] {
	const changed = new Map<string, Checkpoint>();
	for (const row of rows) {
		for (const { pool, units } of partsOf(row)) {
			const before = changed.get(pool) ?? entries.checkpoint(pool) ?? { pool, units: 0, requests: 0 };
			changed.set(pool, {
				pool,
				units: before.units + (isCounted(row) ? units : 0),
				requests: before.requests + (pool === row.pool ? 1 : 0),
			});
		}
	}
	return [...changed.values()];
}
