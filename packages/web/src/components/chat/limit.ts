import type { Price } from "../../view/chat.ts";
import type { Problem } from "../../view/problem.ts";
import type { UsageView } from "../../view/usage.ts";
import type { Failure } from "./conversation.ts";

/** A limit that blocks the next request, and when it resets (ISO 8601; null if never). */
export interface Limit {
	policy: NonNullable<Problem["policy"]>;
	limit: number;
	resetAt: string | null;
	/** Set if requests are left, but too few for the refused one. `left`: without a subscriber's free day. `affordable`: what they cover. */
	tooFew?: { units: number; left: number; affordable: Price[] };
}

/** The limit that blocks the next request: the one in the last refusal, or the one that the balance already shows. */
export function limitOf(usage: UsageView, failure: Failure | undefined): Limit | undefined {
	const { resetAt } = usage;
	const left = usage.remaining || (usage.freeDay?.remaining ?? 0);
	if (failure?.kind === "refused" && failure.problem.policy) {
		const { policy, limit = usage.limit, resetAt = usage.resetAt, price, affordable = [] } = failure.problem;
		if (policy === "in-flight" || left === 0) return { policy, limit, resetAt };
		if (price && price.units > usage.remaining)
			return { policy, limit, resetAt, tooFew: { units: price.units, left: usage.remaining, affordable } };
	}
	// The viewer's own running answer may still be released.
	const member = usage.organization?.member;
	if (left > 0 || (member ?? usage).held > 0) return;
	if (member && member.limit !== null && member.used >= member.limit) return { policy: "member", limit: member.limit, resetAt };
	// If the viewer has requests of their own left, a shared pool is what blocks them.
	const policy = usage.tier === "paid" || usage.used >= usage.limit ? usage.tier : usage.tier === "guest" ? "network" : "unconfirmed";
	return { policy, limit: usage.limit, resetAt };
}

/** Whether nothing can be sent. Answers in flight are ignored, because they end without the viewer. */
export const isSpent = (limit: Limit | undefined): boolean => limit !== undefined && limit.policy !== "in-flight" && !limit.tooFew;
