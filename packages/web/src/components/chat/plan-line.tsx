import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";
import type { PlanNews } from "../../view/usage.ts";
import { LocalTime } from "../frame/local-time.tsx";

/** What is about to happen to the plan, and on which day if that is known. */
function sentenceOf({ state, at }: PlanNews): ReactNode {
	const day = at && <LocalTime iso={at} form="day" />;
	switch (state) {
		case "owed":
		case "unpaid":
			return t("plan_payment_failed");
		case "ending":
			return day ? rich("plan_cancelled_ends", { day }) : t("plan_cancelled");
		case "trial":
			return day ? rich("plan_trial_until", { day }) : t("plan_trial");
		case "changing":
			return day ? rich("plan_changes_on", { day }) : t("plan_changes");
		case "confirming":
			return t("plan_confirming");
	}
}

/** The owner's next step. */
function actionOf(state: PlanNews["state"]): string {
	switch (state) {
		case "owed":
			return t("plan_update_card");
		case "unpaid":
			return t("plan_pay_now");
		case "ending":
			return t("plan_resume");
		default:
			return t("plan_see");
	}
}

/** One unobtrusive line by the tally: the plan's news for its owner, and a link to act on it. */
export default function PlanLine({ news }: { news: PlanNews }) {
	const { state, of } = news;
	return (
		<p
			data-testid="plan-news"
			className={`px-1 pt-1 text-small wrap-anywhere ${state === "owed" || state === "unpaid" ? "text-warn" : "text-soft"}`}
		>
			{of && `${of}: `}
			{sentenceOf(news)}{" "}
			<Link to="/account/plan" className="link whitespace-nowrap">
				{actionOf(state)}
			</Link>
		</p>
	);
}
