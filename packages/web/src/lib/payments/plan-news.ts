import type { Entitlement } from "@parley/metering";
import type { PlanStanding } from "../../view/billing.ts";
import type { PlanNews } from "../../view/usage.ts";

/** The plan fields that determine its news. */
type Told = Pick<PlanStanding, "id" | "state" | "live" | "next" | "endsAt" | "trialEnd" | "periodEnd">;

/**
 * News about the plan that the entitlement comes from or, without one, about the newest plan. Null if there is nothing to report.
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

/** News still valid at an instant. Once the announced time has passed, only the next read can say what happened. */
export const newsAt = (news: PlanNews | undefined, nowMs: number): PlanNews | null =>
	news && (news.at === null || Date.parse(news.at) > nowMs) ? news : null;
