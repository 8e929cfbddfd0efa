import { isCounted, type LedgerState, ledgerTimeMs } from "./rows.ts";
import { type Allowance, allowanceOf } from "./tier.ts";
import { contains } from "./window.ts";

/** Someone who spends from an organization's allowance: of each of its windows at most `cap` units, null for no cap of their own. */
export interface Member {
	id: string;
	cap: number | null;
}

/** What one member has taken of the present window, in units. */
interface Share {
	used: number;
	held: number;
}

/** A member's share at an instant; a cap bounds the two together. */
export function shareOf(state: LedgerState, memberId: string, atMs: number): Share {
	const nowMs = ledgerTimeMs(state, atMs);
	return takenBy(state, allowanceOf(state.kind, state.entitlement, state.limits, nowMs), memberId);
}

/** Units of an allowance's window that a member holds or has used, corrections of their requests included. */
export function takenBy(state: LedgerState, allowance: Allowance, memberId: string): Share {
	const share = { used: 0, held: 0 };
	for (const row of state.rows.values()) {
		if (row.member !== memberId || !isOfWindow(allowance, row)) continue;
		if (isCounted(row)) share.used += row.units;
		if (row.state === "held") share.held += row.units;
	}
	for (const { requestId, units } of state.adjustments.values()) {
		const row = requestId ? state.rows.get(requestId) : undefined;
		if (row?.member === memberId && isOfWindow(allowance, row)) share.used += units;
	}
	return share;
}

/** Where we count, the pool is the window. A provider's pool has all its periods, and past its end the next one has begun. */
function isOfWindow({ kind, pool, window, stale }: Allowance, row: { pool: string; heldAtMs: number }): boolean {
	if (row.pool !== pool) return false;
	if (kind === "windowed") return true;
	return contains(stale ? { startMs: window.endMs ?? 0, endMs: null } : window, row.heldAtMs);
}
