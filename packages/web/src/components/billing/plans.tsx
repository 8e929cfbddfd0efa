import type { ReactNode } from "react";
import { money } from "../../text/format.ts";
import { t } from "../../text/text.ts";
import type { PlanView } from "../../view/billing.ts";
import type { UsageView } from "../../view/usage.ts";
import { Tally } from "../tally/tally.tsx";
import { everyText } from "./interval.ts";

/** A price and how often it is charged. A price of zero has no interval. */
export function Price({ amountCents, currency, interval }: Pick<PlanView, "amountCents" | "currency" | "interval">) {
	return (
		<p className="flex flex-wrap items-baseline gap-x-2">
			<span className="font-semibold text-display tracking-tight">{money(amountCents, currency)}</span>
			{amountCents > 0 && <span className="whitespace-nowrap text-soft">{everyText(interval)}</span>}
		</p>
	);
}

interface PlanColumnProps {
	name: string;
	price: ReactNode;
	requests: number | null;
	every: string;
	lines: string[];
	current: boolean;
	action: ReactNode;
}

/** A plan on the pricing page: its price, its requests as a tally, and its action. */
export function PlanColumn({ name, price, requests, every, lines, current, action }: PlanColumnProps) {
	return (
		<section
			aria-label={name}
			// On a phone a plan is three short rows, so that all plans fit on one screen.
			className="grid grid-cols-[1fr_auto] items-baseline gap-x-4 gap-y-2 border-line border-t py-5 md:flex md:flex-col md:items-stretch md:gap-4 md:border-t-0 md:border-l md:px-8 md:pt-0 md:pb-2 md:first:border-l-0 md:first:pl-0"
		>
			<h2 className="flex items-baseline gap-3 font-semibold text-body">
				{name}
				{current && <span className="font-normal text-small text-soft">{t("plans_current")}</span>}
			</h2>
			{price}
			{requests !== null && (
				<div className="col-span-2 flex flex-wrap items-center gap-x-3 md:block">
					<Tally usage={fresh(requests)} label={t("plans_requests_every", { count: requests, every })} />
					<p className="md:mt-1">{t("plans_requests_every", { count: requests, every })}</p>
				</div>
			)}
			<ul className="col-span-2 flex grow flex-col text-soft md:gap-1">
				{lines.map((line) => (
					<li key={line}>{line}</li>
				))}
			</ul>
			{action && <div className="col-span-2 mt-1 md:mt-2">{action}</div>}
		</section>
	);
}

interface TopUpTermsProps {
	topUp: PlanView;
	/** Whether its remaining requests are kept for the next plan. */
	outlivesPlan: boolean;
}

/** A top-up's requests and lifetime. The provider's description is shown only if the number of requests is unknown. */
export function TopUpTerms({ topUp: { name, description, requests }, outlivesPlan }: TopUpTermsProps) {
	const lasts = outlivesPlan ? t("plans_top_ups_outlive") : t("plans_top_ups_with_plan");
	return (
		<div>
			<p className="font-semibold">{requests === null ? name : t("plans_more_requests", { count: requests })}</p>
			<p className="max-w-read text-soft">{requests === null ? description : `${t("plans_used_after")} ${lasts}`}</p>
		</div>
	);
}

const fresh = (limit: number): Pick<UsageView, "limit" | "used" | "held" | "remaining" | "resetAt"> => ({
	limit,
	used: 0,
	held: 0,
	remaining: limit,
	resetAt: null,
});
