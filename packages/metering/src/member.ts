import { type LedgerState, ledgerTimeMs, type Share } from "./rows.ts";
import { type Allowance, allowanceOf } from "./tier.ts";

/** A member spending an organization's allowance: at most `cap` units per window, or unlimited if null. */
export interface Member {
	id: string;
	cap: number | null;
}

/** A member's share at `atMs` (epoch milliseconds). A cap bounds used + held. */
export function shareOf(state: LedgerState, memberId: string, atMs: number): Share {
	const nowMs = ledgerTimeMs(state, atMs);
	return takenBy(state, allowanceOf(state.kind, state.entitlement, state.limits, nowMs), memberId);
}

/** Units that a member holds or has used in an allowance's window, including corrections of the member's requests. */
export function takenBy({ sums }: LedgerState, { kind, pool, window, stale }: Allowance, memberId: string): Share {
	// A windowed pool is the window. A balance pool spans all periods. When stale, the next period has begun.
	if (kind === "windowed") return sums.share(pool, null, memberId);
	return sums.share(pool, stale ? { startMs: window.endMs ?? 0, endMs: null } : window, memberId);
}
