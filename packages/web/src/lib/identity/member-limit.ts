/** How much of an organization's plan one member may use in a billing period: units, a share of whatever the plan grants, or no limit but the plan's. */
export type MemberLimit = number | "a-fifth" | null;

/** A member's limit in units of a plan that grants `planLimit` units; null for none. */
export function capIn(limit: MemberLimit, planLimit: number): number | null {
	return limit === "a-fifth" ? Math.max(1, Math.floor(planLimit / 5)) : limit;
}
