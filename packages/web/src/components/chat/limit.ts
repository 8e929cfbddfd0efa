import type { Problem } from "../../view/problem.ts";
import type { UsageView } from "../../view/usage.ts";
import type { Failure } from "./conversation.ts";

/** A limit that blocks the next request, and when it resets (ISO 8601; null for never). */
export interface Limit {
	policy: NonNullable<Problem["policy"]>;
	limit: number;
	resetAt: string | null;
}

/** The limit that blocks the next request: the one that the last refusal names, or the one that the balance shows before any refusal. */
export function limitOf(usage: UsageView, failure: Failure | undefined): Limit | undefined {
	const { resetAt } = usage;
	if (failure?.kind === "refused" && failure.problem.policy) {
		const { policy, limit = usage.limit, resetAt = usage.resetAt } = failure.problem;
		if (policy === "in-flight" || usage.remaining === 0) return { policy, limit, resetAt };
	}
	// An answer of the viewer's own that is under way may still be released.
	const member = usage.organization?.member;
	if (usage.remaining > 0 || (member ?? usage).held > 0) return;
	if (member && member.limit !== null && member.used >= member.limit) return { policy: "member", limit: member.limit, resetAt };
	// With requests left of their own, the viewer is blocked by a pool that they share.
	const policy = usage.tier === "paid" || usage.used >= usage.limit ? usage.tier : usage.tier === "guest" ? "network" : "unconfirmed";
	return { policy, limit: usage.limit, resetAt };
}
