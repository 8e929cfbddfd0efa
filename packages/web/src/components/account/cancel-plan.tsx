import { useState } from "react";
import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";
import type { PlanStanding } from "../../view/billing.ts";
import type { UsageView } from "../../view/usage.ts";
import { type BillingActions, refusalOf } from "../billing/source.ts";
import { ConfirmDialog } from "../frame/confirm-dialog.tsx";
import { LocalTime } from "../frame/local-time.tsx";

interface CancelPlanProps {
	actions: BillingActions;
	plan: PlanStanding;
	/** Whether remaining top-up requests are kept for the next plan. */
	topUpsOutlivePlan: boolean;
	organization: string | null;
	usage: UsageView;
	freeLimit: number;
	onChanged: () => void;
}

type When = "period-end" | "now";

/** The two ways to end a plan. Each requires a confirmation that says what is lost. */
export function CancelPlan({ actions, plan, topUpsOutlivePlan, organization, usage, freeLimit, onChanged }: CancelPlanProps) {
	const [confirming, setConfirming] = useState<When>();
	const { name } = plan;
	const isEnding = plan.state === "ending";
	const terms = { topUpsOutlivePlan, organization, usage };

	async function cancel(when: When) {
		const result = await actions.cancel(plan.id, when);
		if (result.kind === "done") onChanged();
		return refusalOf(result);
	}

	return (
		<div className="mt-6 flex flex-col items-start gap-2">
			{!isEnding && (
				<button type="button" className="button-plain" onClick={() => setConfirming("period-end")}>
					{t("account_cancel_of", { plan: name })}
				</button>
			)}
			<button type="button" className="button-bare destructive -ml-2 text-small" onClick={() => setConfirming("now")}>
				{t("account_cancel_now")}
			</button>
			{confirming && (
				<ConfirmDialog
					title={confirming === "now" ? t("account_cancel_now_title", { plan: name }) : t("account_cancel_title", { plan: name })}
					text={confirming === "now" ? <LostNow {...terms} freeLimit={freeLimit} /> : <LostLater {...terms} plan={plan} />}
					action={confirming === "now" ? t("account_cancel_now") : t("account_cancel_of", { plan: name })}
					dismiss={t("account_keep_of", { plan: name })}
					onConfirm={() => cancel(confirming)}
					onClose={() => setConfirming(undefined)}
				/>
			)}
		</div>
	);
}

type Terms = Pick<CancelPlanProps, "topUpsOutlivePlan" | "organization" | "usage">;

function LostNow({ topUpsOutlivePlan, organization, usage, freeLimit }: Terms & Pick<CancelPlanProps, "freeLimit">) {
	return (
		<>
			{usage.tier === "paid" && (topUpsOutlivePlan ? <PlanLost usage={usage} /> : <AllLost usage={usage} />)}
			{t("account_no_refund")}{" "}
			{organization === null
				? t("account_then_free", { count: freeLimit })
				: t("account_everyone_then_free", { count: freeLimit, organization })}
		</>
	);
}

function AllLost({ usage: { remaining, topUps } }: Pick<Terms, "usage">) {
	if (remaining === 0) return null;
	return `${topUps > 0 ? t("account_lose_all_with_top_ups", { count: remaining }) : t("account_lose_all", { count: remaining })} `;
}

function PlanLost({ usage: { remaining, topUps } }: Pick<Terms, "usage">) {
	const ofPlan = Math.max(0, remaining - topUps);
	return (
		<>
			{ofPlan > 0 && `${t("account_lose_plan", { count: ofPlan })} `}
			{topUps > 0 && `${t("account_top_ups_wait")} `}
		</>
	);
}

function LostLater({ topUpsOutlivePlan, organization, usage, plan }: Terms & Pick<CancelPlanProps, "plan">) {
	const end = plan.periodEnd ? <LocalTime iso={plan.periodEnd} form="date" /> : t("account_end_of_period");
	return (
		<>
			{organization === null
				? rich("account_active_until_free", { plan: plan.name, end })
				: rich("account_active_until_own", { plan: plan.name, end })}
			{usage.topUps > 0 && ` ${topUpsOutlivePlan ? t("account_top_ups_wait") : t("account_top_ups_end")}`}
		</>
	);
}
