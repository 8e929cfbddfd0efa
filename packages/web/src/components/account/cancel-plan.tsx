import { useState } from "react";
import type { PlanStanding } from "../../view/billing.ts";
import type { UsageView } from "../../view/usage.ts";
import { type BillingActions, refusalOf } from "../billing/source.ts";
import { ConfirmDialog } from "../frame/confirm-dialog.tsx";
import { LocalNumber, LocalTime } from "../frame/local-time.tsx";

interface CancelPlanProps {
	actions: BillingActions;
	plan: PlanStanding;
	/** Whether what is left of a top-up waits for the next plan. */
	topUpsOutlivePlan: boolean;
	organization: string | null;
	usage: UsageView;
	freeLimit: number;
	onChanged: () => void;
}

type When = "period-end" | "now";

/** The two ways to end a plan. Each needs a confirmation that says what is lost. */
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
					Cancel {name}
				</button>
			)}
			<button type="button" className="button-bare destructive -ml-2 text-small" onClick={() => setConfirming("now")}>
				Cancel immediately
			</button>
			{confirming && (
				<ConfirmDialog
					title={confirming === "now" ? `Cancel ${name} immediately?` : `Cancel ${name}?`}
					text={confirming === "now" ? <LostNow {...terms} freeLimit={freeLimit} /> : <LostLater {...terms} plan={plan} />}
					action={confirming === "now" ? "Cancel immediately" : `Cancel ${name}`}
					dismiss={`Keep ${name}`}
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
			There’s no refund and no undo. {organization === null ? "You’ll" : `Everyone in ${organization} will`} have{" "}
			<LocalNumber value={freeLimit} /> free requests a day{organization === null ? "" : " of their own"}.
		</>
	);
}

function AllLost({ usage: { remaining, topUps } }: Pick<Terms, "usage">) {
	if (remaining === 0) return null;
	return (
		<>
			You’ll lose your remaining <LocalNumber value={remaining} /> requests now{topUps > 0 && ", with those from top-ups"}.{" "}
		</>
	);
}

function PlanLost({ usage: { remaining, topUps } }: Pick<Terms, "usage">) {
	const ofPlan = Math.max(0, remaining - topUps);
	return (
		<>
			{ofPlan > 0 && (
				<>
					You’ll lose the <LocalNumber value={ofPlan} /> requests left in your plan now.{" "}
				</>
			)}
			{topUps > 0 && `${topUpsWait} `}
		</>
	);
}

const topUpsWait = "What’s left of your top-ups waits for your next plan.";

function LostLater({ topUpsOutlivePlan, organization, usage, plan }: Terms & Pick<CancelPlanProps, "plan">) {
	const end = plan.periodEnd;
	return (
		<>
			{plan.name} stays active until {end ? <LocalTime iso={end} form="date" /> : "the end of the period you’ve paid for"}, then{" "}
			{organization === null ? "you move to Free" : "members use their own requests"}. You can undo this before then.
			{usage.topUps > 0 && ` ${topUpsOutlivePlan ? topUpsWait : "What’s left of your top-ups ends with it."}`}
		</>
	);
}
