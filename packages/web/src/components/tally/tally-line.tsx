import { Link } from "@tanstack/react-router";
import type { UsageView } from "../../view/usage.ts";
import { LocalNumber, LocalTime } from "../frame/local-time.tsx";
import { levelOf, nearestLimit, ownPart } from "./marks.ts";
import { Tally } from "./tally.tsx";

/** The tally and one sentence: what is left, and when it resets. */
export function TallyLine({ usage }: { usage: UsageView }) {
	const { remaining, unverified, organization, freeDay } = usage;
	const nearest = nearestLimit(usage);
	// In an organization only the viewer's own requests in flight concern them.
	const held = (organization?.member.held ?? usage.held) + (freeDay?.held ?? 0);
	const color = levelOf(nearest) === "plenty" ? "text-soft" : "text-ink";
	return (
		<div className={`flex min-h-6 grow basis-64 flex-wrap items-center gap-x-3 gap-y-1 text-small ${color}`}>
			<Tally usage={nearest} />
			<p data-testid="left" className="min-w-0 grow basis-48">
				<Left usage={usage} />
				{remaining === 0 && freeDay && (
					<>
						{` · ${freeDay.remaining} of ${freeDay.limit} free requests left today · `}
						{organization?.mayBuy !== false && (
							<Link to="/account/plan" className="link whitespace-nowrap">
								Buy a top-up
							</Link>
						)}
					</>
				)}
				{/* On a phone this would add a line and move the composer, so only the outlined mark shows it. */}
				{held > 0 && <span className="max-sm:sr-only"> · {held} in progress</span>}
				{unverified && " · We couldn’t reach the billing service, so this may be too low"}
			</p>
		</div>
	);
}

function Left({ usage }: { usage: UsageView }) {
	if (usage.tier === "paid") return <LeftOfPlan usage={usage} />;
	const { tier, limit, remaining, resetAt } = usage;
	const level = levelOf(usage);
	const kind = tier === "guest" ? "free " : "";
	const day = tier === "guest" ? "" : " today";
	const requests = `${kind}${remaining === 1 ? "request" : "requests"}`;
	return (
		<>
			{level === "none" && `No ${requests} left${day}`}
			{level === "last" && `Last ${remaining === 1 ? "" : `${remaining} `}${requests}${day}`}
			{level === "low" && `Only ${remaining} of ${limit} ${kind}left${day}`}
			{level === "plenty" && (tier === "guest" ? `${remaining} ${requests} left` : `${remaining} of ${limit} left${day}`)}
			{resetAt && (
				<>
					{" · resets at "}
					<LocalTime iso={resetAt} form="time" />
				</>
			)}
		</>
	);
}

/** What is left of a plan, or of the viewer's own part of it, and what top-ups add. */
function LeftOfPlan({ usage }: { usage: UsageView }) {
	const { limit, remaining, resetAt, organization, plan } = usage;
	const own = ownPart(usage);
	const topUps = own ? 0 : usage.topUps;
	const ofPlan = Math.max(0, remaining - topUps);
	const of = own?.limit ?? limit;
	const level = levelOf({ remaining, limit: of });
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
			{level === "none" && !own ? (
				"No requests left"
			) : (
				<>
					{(level === "low" || level === "last") && "Only "}
					<LocalNumber value={ofPlan} /> of {own && "your "}
					<LocalNumber value={of} /> left
				</>
			)}
			{resetAt && (
				<>
					{plan?.state === "ending" ? " · ends " : " · renews "}
					<LocalTime iso={resetAt} form="day" />
				</>
			)}
			{topUps > 0 && (
				<>
					{" · "}
					<LocalNumber value={topUps} /> from <span className="whitespace-nowrap">top-ups</span>
				</>
			)}
		</>
	);
}
