import { number } from "../../text/format.ts";
import { t } from "../../text/text.ts";
import type { UsageView } from "../../view/usage.ts";

/** The balance fields that a tally is drawn from. */
export type Counted = Pick<UsageView, "limit" | "used" | "held" | "remaining" | "resetAt">;

/** The viewer's share of an organization's plan, if it runs out before the plan does. Otherwise null. */
export function ownPart({ organization, remaining }: UsageView): { limit: number; used: number; held: number } | null {
	if (!organization) return null;
	const { limit, used, held } = organization.member;
	return limit !== null && limit - used - held <= remaining ? { limit, used, held } : null;
}

/** The limit that the viewer reaches first: their share of the plan, or the plan itself. Once that is used up, their remaining free day. */
export function nearestLimit(usage: UsageView): Counted {
	const { limit, used, held, remaining, resetAt, freeDay } = usage;
	return { limit, used, held, remaining, resetAt, ...((remaining === 0 && freeDay) || ownPart(usage)) };
}

export type Mark = "counted" | "held" | "left";

/** More marks than this are drawn as a bar, because they cannot be counted at a glance. */
export const marksMax = 25;

/** One mark per request of the window: remaining ones first, as in the tab's icon, so marks fade from the end. */
export function marksOf({ limit, used, held }: Pick<UsageView, "limit" | "used" | "held">): Mark[] {
	const left = Math.max(0, limit - used - held);
	return Array.from({ length: limit }, (_, index) => (index < left ? "left" : index < limit - used ? "held" : "counted"));
}

/** How close the limit is: `low` from 80 % on, `last` at two. Selects the wording. */
export function levelOf({ remaining, limit }: Pick<UsageView, "remaining" | "limit">): "plenty" | "low" | "last" | "none" {
	if (remaining === 0) return "none";
	if (remaining <= 2) return "last";
	return remaining <= limit / 5 ? "low" : "plenty";
}

/** The tally in words, for screen readers. */
export function tallyText({ remaining, limit }: Pick<UsageView, "remaining" | "limit">): string {
	// Top-ups add to the limit, so a fraction would be misleading.
	if (remaining > limit) return t("tally_spoken_left", { count: remaining });
	return t("tally_spoken_left_of", { left: number(remaining), count: limit });
}
