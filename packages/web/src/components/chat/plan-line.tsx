import { Link } from "@tanstack/react-router";
import type { PlanNews } from "../../view/usage.ts";
import { LocalTime } from "../frame/local-time.tsx";

/** What happens to the plan, and what its owner can do about it. A date ends the sentence where there is one. */
const SENTENCES: Record<PlanNews["state"], { before: string; action: string }> = {
	owed: { before: "Your last payment failed.", action: "Update card" },
	unpaid: { before: "Your last payment failed.", action: "Pay now" },
	ending: { before: "Your plan is cancelled and ends", action: "Resume" },
	trial: { before: "Free trial until", action: "See plan" },
	changing: { before: "Your plan changes", action: "See plan" },
	confirming: { before: "Your payment is being confirmed.", action: "See plan" },
};

/** One quiet line by the tally: what its owner should know of the plan, and the way to act on it. */
export default function PlanLine({ news: { state, at, of } }: { news: PlanNews }) {
	const { before, action } = SENTENCES[state];
	return (
		<p
			data-testid="plan-news"
			className={`px-1 pt-1 text-small wrap-anywhere ${state === "owed" || state === "unpaid" ? "text-warn" : "text-soft"}`}
		>
			{of && `${of}: `}
			{before}
			{at && (
				<>
					{state === "trial" ? " " : " on "}
					<LocalTime iso={at} form="day" />.
				</>
			)}{" "}
			<Link to="/account/plan" className="link whitespace-nowrap">
				{action}
			</Link>
		</p>
	);
}
