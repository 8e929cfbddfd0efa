import { earningsOf } from "@parley/plans/margin";
import planFile from "@parley/plans/plans.json" with { type: "json" };

/**
 * What a subscriber's unit earns at least, in micro-dollars after the payment provider's fees. Null where nothing is sold, or not in dollars, in which
 * models cost.
 */
export function earnedPerUnit(plans: Parameters<typeof earningsOf>[0] & { currency: string } = planFile): number | null {
	const earned = Math.floor(earningsOf(plans) * 1e6);
	return plans.currency === "USD" && Number.isFinite(earned) ? earned : null;
}
