/** A member's share of an organization's plan per billing period: units, a fifth of what the plan grants, or null for no individual limit. */
export type MemberLimit = number | "a-fifth" | null;

/** A member's limit in units of a plan that grants `planLimit` units; null for none. */
export function capIn(limit: MemberLimit, planLimit: number): number | null {
	return limit === "a-fifth" ? Math.max(1, Math.floor(planLimit / 5)) : limit;
}
