import { isCounted, type LedgerState, ledgerTimeMs } from "./rows.ts";
import { type Allowance, allowanceOf } from "./tier.ts";
import { contains } from "./window.ts";

/** A member who spends an organization's allowance: at most `cap` units per window; null for no cap. */
export interface Member {
	id: string;
	cap: number | null;
}

/** One member's units in the current window. */
interface Share {
	used: number;
	held: number;
}

/** A member's share at `atMs` (epoch milliseconds). A cap bounds used + held. */
export function shareOf(state: LedgerState, memberId: string, atMs: number): Share {
	const nowMs = ledgerTimeMs(state, atMs);
	return takenBy(state, allowanceOf(state.kind, state.entitlement, state.limits, nowMs), memberId);
}

/** Units that a member holds or has used in an allowance's window, including corrections of the member's requests. */
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

/** A windowed pool is the window. A balance pool spans all periods; when stale, the next period has begun. */
function isOfWindow({ kind, pool, window, stale }: Allowance, row: { pool: string; heldAtMs: number }): boolean {
	if (row.pool !== pool) return false;
	if (kind === "windowed") return true;
	return contains(stale ? { startMs: window.endMs ?? 0, endMs: null } : window, row.heldAtMs);
}
