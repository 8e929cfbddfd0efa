import { type ReactNode, useEffect, useEffectEvent, useState } from "react";
import type { PlanStanding, PlanView } from "../../view/billing.ts";
import { everyText, priceText } from "../billing/money.ts";
import { Price } from "../billing/plans.tsx";
import { type BillingActions, refusalOf } from "../billing/source.ts";
import { ConfirmDialog } from "../frame/confirm-dialog.tsx";
import { LocalNumber } from "../frame/local-time.tsx";
import { Day } from "./plan-section.tsx";
import { Section } from "./section.tsx";

interface ChangePlanProps {
	plan: PlanStanding;
	actions: BillingActions;
	/** Everything for sale. */
	plans: PlanView[];
	onChanged: () => void;
}

/** The other plans, each with when the change takes effect and what it costs. The providers have no preview of the exact amount. */
export function ChangePlan({ plan, actions, plans, onChanged }: ChangePlanProps) {
	const [target, setTarget] = useState<PlanView>();
	const [asked, setAsked] = useState<Asked>();
	const outcome = asked && outcomeOf(asked.to, plan);
	const isFollowed = asked?.isConfirming === true && !outcome;
	const isOver = useFollowed(isFollowed, onChanged);
	const hasArrived = asked?.isConfirming === true && !isFollowed;
	const arrived = useEffectEvent(() => {
		setAsked((one) => one && { ...one, isConfirming: false });
		// The rest of the page, such as the balance, was read before the change arrived.
		onChanged();
	});
	useEffect(() => {
		if (hasArrived) arrived();
	}, [hasArrived]);
	const { price: current } = plan;
	const others = plans.filter(({ kind, priceSlug, name }) => kind === "subscription" && priceSlug !== current?.slug && name !== plan.next);
	// A change that was just scheduled leaves no other plan, and its outcome is still to be read.
	if (!current || (others.length === 0 && !outcome && !isFollowed)) return null;
	const isMoreExpensive = ({ amountCents }: PlanView) => amountCents > current.amountCents;

	async function change(to: PlanView) {
		const result = await actions.change(plan.id, to.priceSlug);
		if (result.kind === "failed") return refusalOf(result);
		const { value: takesEffect } = result;
		// The page leaves for the provider's.
		if (takesEffect === "not-yet") return;
		setAsked({ to, isConfirming: takesEffect === "confirming" });
		onChanged();
	}

	return (
		<Section title={others.length > 1 ? "Other plans" : "Other plan"}>
			<ul className="flex flex-col gap-6">
				{others.map((other) => (
					<li key={other.priceSlug} className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
						<div className="min-w-0">
							<p className="font-semibold wrap-anywhere">{other.name}</p>
							<Price {...other} />
							<p className="text-soft">
								{other.requests !== null && (
									<>
										<LocalNumber value={other.requests} /> requests {everyText(other.interval)}
									</>
								)}
								{other.features.map((feature) => `, ${feature}`)}
							</p>
						</div>
						<button type="button" className="button-plain" onClick={() => setTarget(other)}>
							Change to {other.name}
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
					title={`Change to ${target.name}?`}
					text={isMoreExpensive(target) ? <Upgrade plan={plan} to={target} /> : <Downgrade plan={plan} to={target} />}
					action={`Change to ${target.name}`}
					dismiss="Not now"
					isDestructive={false}
					onConfirm={() => change(target)}
					onClose={() => setTarget(undefined)}
				/>
			)}
		</Section>
	);
}

/** The change that was made last on this page. */
interface Asked {
	to: PlanView;
	/** Only a later read tells what became of it. */
	isConfirming: boolean;
}

/** What to say of a change once the plan shows it: an answer alone says nothing. */
function outcomeOf(to: PlanView, plan: PlanStanding): ReactNode {
	if (plan.price?.slug === to.priceSlug) return <>You’re on {to.name} now.</>;
	return plan.next === to.name ? <Later plan={plan} to={to} /> : null;
}

/** A change waits up to 60 s for its payment at the provider. */
const FOLLOW_EVERY_MS = 3_000;
const FOLLOW_TIMES = 25;

/** Reads the plan again while a change of it is being confirmed. Returns whether it has given up. */
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

/** What is known of a change that the plan does not show yet. */
function Confirming({ plan, to, isOver }: { plan: PlanStanding; to: PlanView; isOver: boolean }) {
	if (!isOver) return <>Your change to {to.name} is being confirmed. This can take a minute.</>;
	return (
		<>
			Your plan still shows as {plan.name}, but {to.name} may yet start. Your invoices below show whether a payment is open. Check again in
			a few minutes before you repeat it.
		</>
	);
}

const costText = ({ amountCents, currency, interval }: PlanView) => `${priceText(amountCents, currency, undefined)} ${everyText(interval)}`;

function Upgrade({ plan, to }: { plan: PlanStanding; to: PlanView }) {
	const { price } = plan;
	const isSameInterval = price?.currency === to.currency && price.interval === to.interval;
	return (
		<>
			{to.name} starts now, with its share of this period’s requests. Today you pay the difference for the rest of the period
			{isSameInterval && `, at most ${priceText(to.amountCents - price.amountCents, to.currency, undefined)}`}; the billing service works
			out the exact amount.
			{plan.periodEnd && (
				<>
					{" From "}
					<Day at={plan.periodEnd} /> on, it’s {costText(to)}.
				</>
			)}
		</>
	);
}

function Downgrade({ plan, to }: { plan: PlanStanding; to: PlanView }) {
	return (
		<>
			You keep {plan.name}
			{plan.periodEnd && (
				<>
					{" until "}
					<Day at={plan.periodEnd} />
				</>
			)}
			{" and pay nothing today. Then "}
			{to.name} starts, for {costText(to)}.
		</>
	);
}

function Later({ plan, to }: { plan: PlanStanding; to: PlanView }) {
	return (
		<>
			Done. {to.name} starts
			{plan.periodEnd && (
				<>
					{" on "}
					<Day at={plan.periodEnd} />
				</>
			)}
			; until then you keep {plan.name}.
		</>
	);
}
