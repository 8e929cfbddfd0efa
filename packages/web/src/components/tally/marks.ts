import type { UsageView } from "../../view/usage.ts";

/** The fields that a tally is drawn from. */
export type Counted = Pick<UsageView, "limit" | "used" | "held" | "remaining" | "resetAt">;

/** The viewer's own share of an organization's plan, if it runs out before the plan does; otherwise null. */
export function ownPart({ organization, remaining }: UsageView): { limit: number; used: number; held: number } | null {
	if (!organization) return null;
	const { limit, used, held } = organization.member;
	return limit !== null && limit - used - held <= remaining ? { limit, used, held } : null;
}

/** The limit that the viewer reaches first: their share of the plan, or the plan itself; once that is used up, the free day that they still have. */
export function nearestLimit(usage: UsageView): Counted {
	const { limit, used, held, remaining, resetAt, freeDay } = usage;
	return { limit, used, held, remaining, resetAt, ...((remaining === 0 && freeDay) || ownPart(usage)) };
}

export type Mark = "counted" | "held" | "left";

/** Above this many marks a bar is drawn instead: more cannot be counted at a glance. */
export const marksMax = 25;

/** One mark per request of the window, in the order in which requests are used up. */
export function marksOf({ limit, used, held }: Pick<UsageView, "limit" | "used" | "held">): Mark[] {
	return Array.from({ length: limit }, (_, index) => (index < used ? "counted" : index < used + held ? "held" : "left"));
}

/** The tally in words, for screen readers. */
export function tallyText({ remaining, limit, resetAt }: Pick<UsageView, "remaining" | "limit" | "resetAt">): string {
	// Top-ups add to the limit, so a fraction would be misleading.
	if (remaining > limit) return `${remaining} requests left`;
	return `${remaining} of ${limit} requests left${resetAt ? "" : ", no reset"}`;
}
