import { useState } from "react";
import type { UsageView } from "../../view.ts";
import { ConfirmDialog } from "../frame/confirm-dialog.tsx";
import { LocalNumber, LocalTime } from "../frame/local-time.tsx";
import { type Billing, nameOf, notDone, type Plan } from "./plan.ts";

interface CancelPlanProps {
	billing: Billing;
	plan: Plan;
	organization: string | null;
	usage: UsageView;
	freeLimit: number;
	onChanged: () => void;
}

type Timing = "at_end_of_current_billing_period" | "immediately";

/** The two ways to end a plan, each with what is lost by it said before. */
export function CancelPlan({ billing, plan, organization, usage, freeLimit, onChanged }: CancelPlanProps) {
	const [asked, setAsked] = useState<Timing>();
	const name = nameOf(plan);
	const isEnding = plan.status === "cancellation_scheduled";
	const lostNow = <LostNow organization={organization} usage={usage} freeLimit={freeLimit} />;

	async function cancel(timing: Timing) {
		const { subscription: after } = await billing.cancelSubscription({ id: plan.id, cancellation: { timing } });
		if (!after) return notDone;
		onChanged();
	}

	return (
		<div className="mt-2 -ml-2 flex flex-wrap">
			{!isEnding && (
				<button type="button" className="button-bare" onClick={() => setAsked("at_end_of_current_billing_period")}>
					Cancel {name}
				</button>
			)}
			<button type="button" className="button-bare" onClick={() => setAsked("immediately")}>
				End it now
			</button>
			{asked && (
				<ConfirmDialog
					title={asked === "immediately" ? `End ${name} now?` : `Cancel ${name}?`}
					text={asked === "immediately" ? lostNow : <LostLater plan={plan} organization={organization} usage={usage} />}
					action={asked === "immediately" ? `End ${name} now` : `Cancel ${name}`}
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
	const end = plan.currentBillingPeriodEnd;
	return (
		<>
			It stays yours until {end ? <LocalTime iso={new Date(end).toISOString()} form="date" /> : "the end of the period that you paid for"},
			and then {organization === null ? "you are on the free plan" : "its members ask on their own requests"}. You can change your mind
			until then.
			{usage.topUps > 0 && " What is left of your top-ups then ends with it."}
		</>
	);
}
