import { type ReactNode, useEffect, useEffectEvent, useState } from "react";
import { money } from "../../text/format.ts";
import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";
import type { PlanStanding, PlanView } from "../../view/billing.ts";
import { everyText } from "../billing/interval.ts";
import { Price } from "../billing/plans.tsx";
import { type BillingActions, refusalOf } from "../billing/source.ts";
import { ConfirmDialog } from "../frame/confirm-dialog.tsx";
import { Day } from "./plan-section.tsx";
import { Section } from "./section.tsx";

interface ChangePlanProps {
	plan: PlanStanding;
	actions: BillingActions;
	/** Everything for sale. */
	plans: PlanView[];
	onChanged: () => void;
}

/** The other plans, each with its price and when the change takes effect. The providers have no preview of the exact amount. */
export function ChangePlan({ plan, actions, plans, onChanged }: ChangePlanProps) {
	const [target, setTarget] = useState<PlanView>();
	const [asked, setAsked] = useState<Asked>();
	const outcome = asked && outcomeOf(asked.to, plan);
	const isFollowed = asked?.isConfirming === true && !outcome;
	const isOver = useFollowed(isFollowed, onChanged);
	const hasArrived = asked?.isConfirming === true && !isFollowed;
	const arrived = useEffectEvent(() => {
		setAsked((one) => one && { ...one, isConfirming: false });
		// The rest of the page, such as the balance, was read before the change took effect.
		onChanged();
	});
	useEffect(() => {
		if (hasArrived) arrived();
	}, [hasArrived]);
	const { price: current } = plan;
	const others = plans.filter(({ kind, priceSlug, name }) => kind === "subscription" && priceSlug !== current?.slug && name !== plan.next);
	// After a change was scheduled there is no other plan, but its outcome still has to be shown.
	if (!current || (others.length === 0 && !outcome && !isFollowed)) return null;
	const isMoreExpensive = ({ amountCents }: PlanView) => amountCents > current.amountCents;

	async function change(to: PlanView) {
		const result = await actions.change(plan.id, to.priceSlug);
		if (result.kind === "failed") return refusalOf(result);
		const { value: takesEffect } = result;
		// The page is being left for the provider's.
		if (takesEffect === "not-yet") return;
		setAsked({ to, isConfirming: takesEffect === "confirming" });
		onChanged();
	}

	return (
		<Section title={others.length > 1 ? t("account_other_plans") : t("account_other_plan")}>
			<ul className="flex flex-col gap-6">
				{others.map((other) => (
					<li key={other.priceSlug} className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
						<div className="min-w-0">
							<p className="font-semibold wrap-anywhere">{other.name}</p>
							<Price {...other} />
							<p className="text-soft">
								{other.requests !== null && t("plans_requests_every", { count: other.requests, every: everyText(other.interval) })}
								{other.features.map((feature) => `, ${feature}`)}
							</p>
						</div>
						<button type="button" className="button-plain" onClick={() => setTarget(other)}>
							{t("account_change_to", { plan: other.name })}
						</button>
					</li>
				))}
			</ul>
			{(outcome || isFollowed) && (
				<p role="status" className="mt-4">
					{outcome ?? <Confirming plan={plan} to={asked.to} isOver={isOver} />}
				</p>
			)}
			{target && (
				<ConfirmDialog
					title={t("account_change_to_title", { plan: target.name })}
					text={isMoreExpensive(target) ? <Upgrade plan={plan} to={target} /> : <Downgrade plan={plan} to={target} />}
					action={t("account_change_to", { plan: target.name })}
					dismiss={t("account_not_now")}
					isDestructive={false}
					onConfirm={() => change(target)}
					onClose={() => setTarget(undefined)}
				/>
			)}
		</Section>
	);
}

/** The last change made on this page. */
interface Asked {
	to: PlanView;
	/** Only a later read shows the outcome. */
	isConfirming: boolean;
}

/** The message about a change once the plan shows it. The response alone proves nothing. */
function outcomeOf(to: PlanView, plan: PlanStanding): ReactNode {
	if (plan.price?.slug === to.priceSlug) return t("account_on_plan_now", { plan: to.name });
	return plan.next === to.name ? <Later plan={plan} to={to} /> : null;
}

/** A change waits up to 60 s for its payment at the provider. */
const FOLLOW_EVERY_MS = 3_000;
const FOLLOW_TIMES = 25;

/** Polls the plan while a change is being confirmed. Returns whether it has given up. */
function useFollowed(isOpen: boolean, read: () => void): boolean {
	const [reads, setReads] = useState(0);
	const readAgain = useEffectEvent(read);
	const isOver = reads >= FOLLOW_TIMES;
	useEffect(() => {
		if (!isOpen) return setReads(0);
		if (isOver) return;
		const timer = setTimeout(() => {
			readAgain();
			setReads(reads + 1);
		}, FOLLOW_EVERY_MS);
		return () => clearTimeout(timer);
	}, [isOpen, isOver, reads]);
	return isOver;
}

/** The status of a change that the plan does not show yet. */
function Confirming({ plan, to, isOver }: { plan: PlanStanding; to: PlanView; isOver: boolean }) {
	if (!isOver) return t("account_change_confirming", { plan: to.name });
	return t("account_change_open", { plan: plan.name, to: to.name });
}

const costText = ({ amountCents, currency, interval }: PlanView) => `${money(amountCents, currency)} ${everyText(interval)}`;

function Upgrade({ plan, to }: { plan: PlanStanding; to: PlanView }) {
	const { price } = plan;
	const isSameInterval = price?.currency === to.currency && price.interval === to.interval;
	return (
		<>
			{isSameInterval
				? t("account_upgrade_now_max", { plan: to.name, max: money(to.amountCents - price.amountCents, to.currency) })
				: t("account_upgrade_now", { plan: to.name })}
			{plan.periodEnd && <> {rich("account_upgrade_from", { day: <Day at={plan.periodEnd} />, cost: costText(to) })}</>}
		</>
	);
}

function Downgrade({ plan, to }: { plan: PlanStanding; to: PlanView }) {
	const names = { plan: plan.name, to: to.name, cost: costText(to) };
	if (!plan.periodEnd) return t("account_downgrade", names);
	return rich("account_downgrade_until", { plan: plan.name, to: to.name, cost: costText(to), day: <Day at={plan.periodEnd} /> });
}

function Later({ plan, to }: { plan: PlanStanding; to: PlanView }) {
	if (!plan.periodEnd) return t("account_later", { plan: plan.name, to: to.name });
	return rich("account_later_on", { plan: plan.name, to: to.name, day: <Day at={plan.periodEnd} /> });
}
