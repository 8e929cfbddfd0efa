import { Link } from "@tanstack/react-router";
import type { UsageView } from "../../view/usage.ts";
import { LocalNumber, LocalTime } from "../frame/local-time.tsx";
import { nearestLimit, ownPart } from "./marks.ts";
import { Tally } from "./tally.tsx";

/** The tally and one sentence: what is left, and when it resets. */
export function TallyLine({ usage }: { usage: UsageView }) {
	const { remaining, unverified, organization, freeDay } = usage;
	const nearest = nearestLimit(usage);
	// In an organization only the viewer's own requests in flight concern them.
	const held = (organization?.member.held ?? usage.held) + (freeDay?.held ?? 0);
	const low = remaining > 0 && remaining <= Math.max(2, nearest.limit / 10);
	return (
		<div className={`flex min-h-6 grow basis-64 flex-wrap items-center gap-x-3 gap-y-1 text-small ${low ? "text-ink" : "text-soft"}`}>
			<Tally usage={nearest} />
			<p data-testid="left" className="min-w-0 grow basis-48">
				<Left usage={usage} />
				{remaining === 0 && freeDay && (
					<>
						{` ${freeDay.remaining} of ${freeDay.limit} free requests left today. `}
						{organization?.mayBuy !== false && (
							<Link to="/account/plan" className="link whitespace-nowrap">
								Buy a top-up
							</Link>
						)}
					</>
				)}
				{/* On a phone this would add a line and move the composer, so only the outlined mark shows it. */}
				{held > 0 && <span className="max-sm:sr-only"> {held === 1 ? "One is" : `${held} are`} being answered.</span>}
				{unverified && " We could not reach the billing service just now, so this may be too low."}
			</p>
		</div>
	);
}

function Left({ usage }: { usage: UsageView }) {
	const { tier, limit, remaining, resetAt, organization } = usage;
	if (tier === "paid") {
		const own = ownPart(usage);
		const topUps = own ? 0 : usage.topUps;
		const ofPlan = Math.max(0, remaining - topUps);
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
				<LocalNumber value={ofPlan} /> of {own && "your "}
				<LocalNumber value={own?.limit ?? limit} /> left
				{resetAt && (
					<>
						{" until "}
						<LocalTime iso={resetAt} form="day" />
					</>
				)}
				{topUps > 0 && (
					<>
						, and <LocalNumber value={topUps} /> from <span className="whitespace-nowrap">top-ups</span>
					</>
				)}
				.
			</>
		);
	}
	if (tier === "guest") {
		return (
			<>
				{remaining} of {limit} free requests left, no reset.
			</>
		);
	}
	return (
		<>
			You have {remaining === 0 ? "no" : remaining} {remaining === 1 ? "request" : "requests"} left today.
			{resetAt && (
				<>
					{" They reset at "}
					<LocalTime iso={resetAt} form="time" />.
				</>
			)}
		</>
	);
}
