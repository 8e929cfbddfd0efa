import type { UsageView } from "../../view/usage.ts";

/** What a tally is drawn from. */
export type Counted = Pick<UsageView, "limit" | "used" | "held" | "remaining" | "resetAt">;

/** Of an organization's plan, the reader's own part where that ends before the plan does. */
export function ownPart({ organization, remaining }: UsageView): { limit: number; used: number; held: number } | null {
	if (!organization) return null;
	const { limit, used, held } = organization.member;
	return limit !== null && limit - used - held <= remaining ? { limit, used, held } : null;
}

/** What stands between the reader and the next request. */
export function nearestLimit(usage: UsageView): Counted {
	const { limit, used, held, remaining, resetAt } = usage;
	return { limit, used, held, remaining, resetAt, ...ownPart(usage) };
}

export type Mark = "counted" | "held" | "left";

/** More marks than this cannot be taken in at a glance: a bar with a number stands for them. */
export const marksMax = 25;

/** One mark per request of the window, in the order in which they are used up. */
export function marksOf({ limit, used, held }: Pick<UsageView, "limit" | "used" | "held">): Mark[] {
	return Array.from({ length: limit }, (_, at) => (at < used ? "counted" : at < used + held ? "held" : "left"));
}

/** The sentence that stands for the drawing. */
export function tallyText({ remaining, limit, resetAt }: Pick<UsageView, "remaining" | "limit" | "resetAt">): string {
	// Top-ups come on top of the limit.
	if (remaining > limit) return `${remaining} requests left`;
	return `${remaining} of ${limit} requests left${resetAt ? "" : ", no reset"}`;
}
