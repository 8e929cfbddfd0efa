import type { Price } from "../../view/chat.ts";
import type { Problem } from "../../view/problem.ts";
import type { UsageView } from "../../view/usage.ts";
import type { Failure } from "./conversation.ts";

/** A limit that blocks the next request, and when it resets (ISO 8601; null for never). */
export interface Limit {
	policy: NonNullable<Problem["policy"]>;
	limit: number;
	resetAt: string | null;
	/** Set when requests are left, but too few for the refused one. `left`: without the free day of a subscriber. `affordable`: what they do pay for. */
	tooFew?: { units: number; left: number; affordable: Price[] };
}

/** The limit that blocks the next request: the one that the last refusal names, or the one that the balance shows before any refusal. */
export function limitOf(usage: UsageView, failure: Failure | undefined): Limit | undefined {
	const { resetAt } = usage;
	const left = usage.remaining || (usage.freeDay?.remaining ?? 0);
	if (failure?.kind === "refused" && failure.problem.policy) {
		const { policy, limit = usage.limit, resetAt = usage.resetAt, price, affordable = [] } = failure.problem;
		if (policy === "in-flight" || left === 0) return { policy, limit, resetAt };
		if (price && price.units > usage.remaining)
			return { policy, limit, resetAt, tooFew: { units: price.units, left: usage.remaining, affordable } };
	}
	// An answer of the viewer's own that is under way may still be released.
	const member = usage.organization?.member;
	if (left > 0 || (member ?? usage).held > 0) return;
	if (member && member.limit !== null && member.used >= member.limit) return { policy: "member", limit: member.limit, resetAt };
	// With requests left of their own, the viewer is blocked by a pool that they share.
	const policy = usage.tier === "paid" || usage.used >= usage.limit ? usage.tier : usage.tier === "guest" ? "network" : "unconfirmed";
	return { policy, limit: usage.limit, resetAt };
}

/** Whether nothing can be sent. Answers in flight are ignored, because they end by themselves. */
export const isSpent = (limit: Limit | undefined): boolean => limit !== undefined && limit.policy !== "in-flight" && !limit.tooFew;
