import { useState } from "react";
import type { PlanStanding, UsageView } from "../../view.ts";
import type { BillingActions } from "../billing/source.ts";
import { ConfirmDialog } from "../frame/confirm-dialog.tsx";
import { LocalNumber, LocalTime } from "../frame/local-time.tsx";
import { notDone } from "./section.tsx";

interface CancelPlanProps {
	actions: BillingActions;
	plan: PlanStanding;
	organization: string | null;
	usage: UsageView;
	freeLimit: number;
	onChanged: () => void;
}

type When = "period-end" | "now";

/** The two ways to end a plan, each with what is lost by it said before. */
export function CancelPlan({ actions, plan, organization, usage, freeLimit, onChanged }: CancelPlanProps) {
	const [asked, setAsked] = useState<When>();
	const { name } = plan;
	const isEnding = plan.state === "ending";
	const lostNow = <LostNow organization={organization} usage={usage} freeLimit={freeLimit} />;

	async function cancel(when: When) {
		if (!(await actions.cancel(plan.id, when))) return notDone;
		onChanged();
	}

	return (
		<div className="mt-2 -ml-2 flex flex-wrap">
			{!isEnding && (
				<button type="button" className="button-bare" onClick={() => setAsked("period-end")}>
					Cancel {name}
				</button>
			)}
			<button type="button" className="button-bare" onClick={() => setAsked("now")}>
				End it now
			</button>
			{asked && (
				<ConfirmDialog
					title={asked === "now" ? `End ${name} now?` : `Cancel ${name}?`}
					text={asked === "now" ? lostNow : <LostLater plan={plan} organization={organization} usage={usage} />}
					action={asked === "now" ? `End ${name} now` : `Cancel ${name}`}
					onConfirm={() => cancel(asked)}
					onClose={() => setAsked(undefined)}
				/>
			)}
		</div>
	);
}

function LostNow({ organization, usage, freeLimit }: Pick<CancelPlanProps, "organization" | "usage" | "freeLimit">) {
	return (
		<>
			{usage.tier === "paid" && usage.remaining > 0 && (
				<>
					The <LocalNumber value={usage.remaining} /> requests that you have left are lost at once
					{usage.topUps > 0 && ", those from top-ups too"}.{" "}
				</>
			)}
			Nothing is paid back, and it cannot be undone. {organization === null ? "You go on" : `Everyone in ${organization} goes on`} with{" "}
			<LocalNumber value={freeLimit} /> free requests a day{organization === null ? "" : " of their own"}.
		</>
	);
}

function LostLater({ plan, organization, usage }: Pick<CancelPlanProps, "plan" | "organization" | "usage">) {
	const end = plan.periodEnd;
	return (
		<>
			It stays yours until {end ? <LocalTime iso={end} form="date" /> : "the end of the period that you paid for"}, and then{" "}
			{organization === null ? "you are on the free plan" : "its members ask on their own requests"}. You can change your mind until then.
			{usage.topUps > 0 && " What is left of your top-ups then ends with it."}
		</>
	);
}
