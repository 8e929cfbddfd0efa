import type { Entitlement } from "@parley/metering";
import type { PlanStanding } from "../../view/billing.ts";
import type { PlanNews } from "../../view/usage.ts";

/** What a plan needs the viewer to know. */
type Told = Pick<PlanStanding, "id" | "state" | "live" | "next" | "endsAt" | "trialEnd" | "periodEnd">;

/**
 * What its owner should know of the plan that an entitlement comes from, or, without one, of the newest plan: null while all is well.
 * @param plans the current plans, newest first
 */
export function newsOf(plans: readonly Told[], entitlement: Entitlement): PlanNews | null {
	const used = "subscriptionId" in entitlement ? entitlement.subscriptionId : undefined;
	const plan = plans.find(({ id }) => id === used) ?? plans[0];
	if (!plan) return null;
	const { state, live, next, endsAt, trialEnd, periodEnd } = plan;
	if (state === "owed" || state === "unpaid") return { state, at: null };
	if (state === "ending") return { state, at: endsAt };
	if (!live) return { state: "confirming", at: null };
	if (next !== null) return { state: "changing", at: periodEnd };
	return state === "trial" ? { state, at: trialEnd } : null;
}

/** The news that still hold at an instant: what was to happen before it has happened, and the next read tells what became of it. */
export const newsAt = (news: PlanNews | undefined, nowMs: number): PlanNews | null =>
	news && (news.at === null || Date.parse(news.at) > nowMs) ? news : null;
