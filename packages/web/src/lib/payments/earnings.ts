import { earningsOf } from "@parley/plans/margin";
import planFile from "@parley/plans/plans.json" with { type: "json" };

/**
 * The least that one unit of a subscriber earns, in micro-dollars after payment fees. Null if nothing is sold, or not in dollars, which is the
 * currency of model costs.
 */
export function earnedPerUnit(plans: Parameters<typeof earningsOf>[0] & { currency: string } = planFile): number | null {
	const earned = Math.floor(earningsOf(plans) * 1e6);
	return plans.currency === "USD" && Number.isFinite(earned) ? earned : null;
}
