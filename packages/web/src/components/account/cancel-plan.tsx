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
		<div className="mt-2 -ml-2 flex flex-wrap">
			{!isEnding && (
				<button type="button" className="button-bare" onClick={() => setConfirming("period-end")}>
					Cancel {name}
				</button>
			)}
			<button type="button" className="button-bare" onClick={() => setConfirming("now")}>
				End it now
			</button>
			{confirming && (
				<ConfirmDialog
					title={confirming === "now" ? `End ${name} now?` : `Cancel ${name}?`}
					text={confirming === "now" ? <LostNow {...terms} freeLimit={freeLimit} /> : <LostLater {...terms} plan={plan} />}
					action={confirming === "now" ? `End ${name} now` : `Cancel ${name}`}
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
			Nothing is paid back, and it cannot be undone. {organization === null ? "You go on" : `Everyone in ${organization} goes on`} with{" "}
			<LocalNumber value={freeLimit} /> free requests a day{organization === null ? "" : " of their own"}.
		</>
	);
}

function AllLost({ usage: { remaining, topUps } }: Pick<Terms, "usage">) {
	if (remaining === 0) return null;
	return (
		<>
			The <LocalNumber value={remaining} /> requests that you have left are lost at once{topUps > 0 && ", those from top-ups too"}.{" "}
		</>
	);
}

function PlanLost({ usage: { remaining, topUps } }: Pick<Terms, "usage">) {
	const ofPlan = Math.max(0, remaining - topUps);
	return (
		<>
			{ofPlan > 0 && (
				<>
					The <LocalNumber value={ofPlan} /> requests that your plan has left are lost at once.{" "}
				</>
			)}
			{topUps > 0 && `${topUpsWait} `}
		</>
	);
}

const topUpsWait = "What is left of your top-ups waits for your next plan.";

function LostLater({ topUpsOutlivePlan, organization, usage, plan }: Terms & Pick<CancelPlanProps, "plan">) {
	const end = plan.periodEnd;
	return (
		<>
			It stays yours until {end ? <LocalTime iso={end} form="date" /> : "the end of the period that you paid for"}, and then{" "}
			{organization === null ? "you are on the free plan" : "its members ask on their own requests"}. You can change your mind until then.
			{usage.topUps > 0 && ` ${topUpsOutlivePlan ? topUpsWait : "What is left of your top-ups then ends with it."}`}
		</>
	);
}
