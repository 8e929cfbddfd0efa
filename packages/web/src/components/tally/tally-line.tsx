import { Link } from "@tanstack/react-router";
import { number } from "../../text/format.ts";
import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";
import type { UsageView } from "../../view/usage.ts";
import { LocalTime } from "../frame/local-time.tsx";
import { levelOf, nearestLimit, ownPart } from "./marks.ts";
import { Tally } from "./tally.tsx";

/** The tally and one sentence: the remaining requests, and when they reset. */
export function TallyLine({ usage }: { usage: UsageView }) {
	const { remaining, unverified, organization, freeDay } = usage;
	const nearest = nearestLimit(usage);
	// In an organization, only the viewer's own requests in flight are relevant.
	const held = (organization?.member.held ?? usage.held) + (freeDay?.held ?? 0);
	const color = levelOf(nearest) === "plenty" ? "text-soft" : "text-ink";
	return (
		<div className={`flex min-h-6 grow basis-64 flex-wrap items-center gap-x-3 gap-y-1 text-small ${color}`}>
			<Tally usage={nearest} />
			<p data-testid="left" className="min-w-0 grow basis-48">
				<Left usage={usage} />
				{remaining === 0 && freeDay && (
					<>
						{" · "}
						{t("tally_free_day_left", { left: number(freeDay.remaining), limit: number(freeDay.limit) })}
						{" · "}
						{organization?.mayBuy !== false && (
							<Link to="/account/plan" className="link whitespace-nowrap">
								{t("tally_buy_top_up")}
							</Link>
						)}
					</>
				)}
				{/* On a phone this would add a line and move the composer, so only the outlined mark shows it. */}
				{held > 0 && <span className="max-sm:sr-only"> · {t("tally_in_progress", { held: number(held) })}</span>}
				{unverified && ` · ${t("tally_unverified")}`}
			</p>
		</div>
	);
}

function Left({ usage }: { usage: UsageView }) {
	if (usage.tier === "paid") return <LeftOfPlan usage={usage} />;
	const { tier, limit, remaining, resetAt } = usage;
	const of = { left: number(remaining), limit: number(limit) };
	const level = levelOf(usage);
	return (
		<>
			{tier === "guest" ? (
				<>
					{level === "none" && t("tally_guest_none")}
					{level === "last" && t("tally_guest_last", { count: remaining })}
					{level === "low" && t("tally_guest_low", of)}
					{level === "plenty" && t("tally_guest_left", { count: remaining })}
				</>
			) : (
				<>
					{level === "none" && t("tally_day_none")}
					{level === "last" && t("tally_day_last", { count: remaining })}
					{level === "low" && t("tally_day_low", of)}
					{level === "plenty" && t("tally_day_left", of)}
				</>
			)}
			{resetAt && <> · {rich("tally_resets", { time: <LocalTime iso={resetAt} form="time" /> })}</>}
		</>
	);
}

/** The remaining requests of a plan, or of the viewer's share, plus top-ups. */
function LeftOfPlan({ usage }: { usage: UsageView }) {
	const { limit, remaining, resetAt, organization, plan } = usage;
	const own = ownPart(usage);
	const topUps = own ? 0 : usage.topUps;
	const ofPlan = Math.max(0, remaining - topUps);
	const of = own?.limit ?? limit;
	const level = levelOf({ remaining, limit: of });
	const day = resetAt && <LocalTime iso={resetAt} form="day" />;
	return (
		<>
			{organization && (
				<>
					<span className="inline-block max-w-40 truncate align-bottom" title={organization.name}>
						{organization.name}
					</span>
					{": "}
				</>
			)}
			{level === "none" && !own
				? t("tally_plan_none")
				: leftOfPlan(level === "low" || level === "last", own !== null, { left: number(ofPlan), limit: number(of) })}
			{resetAt && <> · {plan?.state === "ending" ? rich("tally_ends", { day }) : rich("tally_renews", { day })}</>}
			{topUps > 0 && ` · ${t("tally_from_top_ups", { topUps: number(topUps) })}`}
		</>
	);
}

function leftOfPlan(isNear: boolean, isOwn: boolean, of: { left: string; limit: string }): string {
	if (isOwn) return isNear ? t("tally_own_low", of) : t("tally_own_left", of);
	return isNear ? t("tally_plan_low", of) : t("tally_plan_left", of);
}
