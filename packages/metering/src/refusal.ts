import { type FreeDay, remaining } from "./balance.ts";
import { type Member, takenBy } from "./member.ts";
import type { LedgerState } from "./rows.ts";
import type { Allowance, Policy, Tier } from "./tier.ts";

/** Why a limit refuses units, and its remaining units. */
export interface Refusal {
	policy: Policy;
	tier: Tier;
	limit: number;
	/** Remaining units of the subject, and for an organization also of its member, without a paid plan's free day. */
	remaining: number;
	/** The free day beside a paid plan. Absent without one. */
	freeDay?: FreeDay | null;
	/** Null if the limit does not reset, and for `in-flight`. */
	resetAtMs: number | null;
}

/** The refusal of an allowance with too few remaining units. */
export function usedUp(state: LedgerState, allowance: Allowance, member: Member | null | undefined): Refusal {
	const { tier, policy, limit, window, stale } = allowance;
	const left = state.closed ? 0 : Math.max(0, remaining(state, allowance));
	const ofMember = member ? leftOfShare(state, allowance, member) : Number.POSITIVE_INFINITY;
	return { policy, tier, limit, remaining: Math.min(left, ofMember), resetAtMs: stale ? null : window.endMs };
}

/** Refuses a member whose cap has no room, whatever the organization has left. */
export function beyondShare(state: LedgerState, allowance: Allowance, member: Member | null | undefined, units: number): Refusal | null {
	if (!member || member.cap === null) return null;
	const left = leftOfShare(state, allowance, member);
	if (units <= left) return null;
	const { tier, window, stale } = allowance;
	return {
		policy: state.kind === "key" ? "key" : "member",
		tier,
		limit: member.cap,
		remaining: left,
		resetAtMs: stale ? null : window.endMs,
	};
}

function leftOfShare(state: LedgerState, allowance: Allowance, { id, cap }: Member): number {
	if (cap === null) return Number.POSITIVE_INFINITY;
	const { used, held } = takenBy(state, allowance, id);
	return Math.max(0, cap - used - held);
}
