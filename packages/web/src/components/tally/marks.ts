import type { UsageView } from "../../view.ts";

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
