import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { BillingView, PlanStanding } from "../../view/billing.ts";
import type { UsageView } from "../../view/usage.ts";
import { CheckoutButton } from "../billing/checkout.tsx";
import { everyText, priceText } from "../billing/money.ts";
import { returnPath } from "../billing/return-path.ts";
import { type BillingActions, refusalOf } from "../billing/source.ts";
import { LocalNumber, LocalTime } from "../frame/local-time.tsx";
import { CancelPlan } from "./cancel-plan.tsx";
import { Section } from "./section.tsx";

interface PlanSectionProps {
	/** What is not known yet about the last action. */
	notice?: ReactNode;
	view: BillingView;
	actions: BillingActions;
	/** The name of the organization whose plan it is; null for the viewer's own. */
	organization: string | null;
	usage: UsageView;
	/** Requests a day without a plan. */
	freeLimit: number;
	onChanged: () => void;
}

/** The current plan in each of its states, with the actions that the state allows. */
export function PlanSection(props: PlanSectionProps) {
	const { view, actions, organization, freeLimit, notice } = props;
	const { plans, waiting } = view;
	return (
		<Section title="Plan">
			{notice}
			{organization !== null && plans.length > 0 && (
				<p className="mb-2 text-soft wrap-anywhere">All members of {organization} can use this plan.</p>
			)}
			{plans.length > 1 && (
				<p className="mb-4">
					You have <LocalNumber value={plans.length} /> plans. One is used before the other; cancel the one you don’t need.
				</p>
			)}
			{plans.map((plan) => (
				<div key={plan.id} className="mb-6 last:mb-0">
					<PlanState {...props} plan={plan} />
				</div>
			))}
			{plans.length === 0 && waiting && <WithoutCard actions={actions} plan={waiting} />}
			{plans.length === 0 && !waiting && (
				<>
					{organization === null ? (
						<p>
							Free: <LocalNumber value={freeLimit} /> requests a day.
						</p>
					) : (
						<p className="wrap-anywhere">{organization} has no plan yet. Until then, members use their own requests.</p>
					)}
					<Link to="/pricing" className="button-next mt-4">
						Go Pro
					</Link>
				</>
			)}
		</Section>
	);
}

type PlanStateProps = PlanSectionProps & { plan: PlanStanding };

function PlanState(props: PlanStateProps) {
	const { actions, plan, usage, freeLimit, view } = props;
	if (plan.state === "ending") return <Cancelling {...props} />;
	return (
		<>
			{(plan.state === "owed" || plan.state === "unpaid") && (
				<Owed actions={actions} plan={plan} freeLimit={freeLimit} invoices={view.invoices} />
			)}
			{(plan.state === "active" || plan.state === "trial") && <Running plan={plan} usage={usage} />}
			<Overuse plan={plan} />
			{plan.state === "active" && plan.next !== null && <Keep {...props} isNext={false} />}
			<CancelPlan {...props} topUpsOutlivePlan={props.view.topUpsOutlivePlan} />
		</>
	);
}

function Running({ plan, usage }: { plan: PlanStanding; usage: UsageView }) {
	const trialEnd = plan.state === "trial" ? plan.trialEnd : null;
	if (!plan.live && usage.tier !== "paid") {
		return <p>{plan.name}. Your payment is being confirmed, and your requests come with it. Until then you have your free ones.</p>;
	}
	return (
		<p>
			{plan.name}
			{trialEnd ? (
				<>
					, free trial until <Day at={trialEnd} />.
					{!plan.paused && (
						<>
							{" After that it’s "}
							<Cost plan={plan} /> unless you cancel.
						</>
					)}
				</>
			) : (
				<>
					, <Cost plan={plan} />.
					{plan.periodEnd && (plan.next !== null || !plan.paused) && (
						<>
							{plan.next ? ` ${plan.next} starts on ` : " It renews on "}
							<Day at={plan.periodEnd} />.
						</>
					)}
				</>
			)}
			{plan.paused && " Payments are paused: you won’t be charged until they resume."}
		</p>
	);
}

interface OwedProps extends Pick<BillingView, "invoices"> {
	actions: BillingActions;
	plan: PlanStanding;
	freeLimit: number;
}

/** Whether its requests can be used although its last payment failed. */
const goesOn = ({ live, balance }: PlanStanding) => live || balance !== null;

/** The last payment failed. Says what happens until it is paid, and leads to its payment and to another card. */
function Owed({ actions, plan, freeLimit, invoices }: OwedProps) {
	const url = invoices.find(({ id }) => id === plan.invoice)?.url;
	const card = (main: boolean) => <CheckoutButton label="Replace card" main={main} open={() => actions.addPaymentMethod(plan.id)} />;
	return (
		<>
			<p className="text-warn">{plan.name}. Your last payment failed.</p>
			<p className="mt-2 mb-4">
				{plan.state === "owed" ? <Retried plan={plan} freeLimit={freeLimit} /> : <GivenUp plan={plan} freeLimit={freeLimit} />}
			</p>
			<div className="flex flex-wrap gap-2">
				{url && (
					<a href={url} className="button-next" target="_blank" rel="noopener">
						Pay now
					</a>
				)}
				{card(!url)}
			</div>
		</>
	);
}

/** The provider tries the payment again by itself. */
function Retried({ plan, freeLimit }: Pick<OwedProps, "plan" | "freeLimit">) {
	if (goesOn(plan)) {
		return (
			<>
				The card may have expired or been declined. You can keep using {plan.name} while we retry over the next few days. Update your card
				to keep your plan.
			</>
		);
	}
	return (
		<>
			The card may have expired or been declined. Until it’s paid, you have <LocalNumber value={freeLimit} /> free requests a day. Update
			your card: we retry over the next few days, and {plan.name} comes back with the payment.
		</>
	);
}

/** Only the customer can bring the plan back, by paying its latest invoice. */
function GivenUp({ plan, freeLimit }: Pick<OwedProps, "plan" | "freeLimit">) {
	return (
		<>
			We won’t retry it.{" "}
			{goesOn(plan) ? (
				<>You can keep using {plan.name} for now. Pay the latest invoice to keep your plan.</>
			) : (
				<>
					Until you pay the latest invoice, you have <LocalNumber value={freeLimit} /> free requests a day.
				</>
			)}
		</>
	);
}

function WithoutCard({ actions, plan }: { actions: BillingActions; plan: PlanStanding }) {
	return (
		<>
			<p className="mb-4">
				{plan.name}, <Cost plan={plan} />, needs a card to start. You haven’t been charged.
			</p>
			<CheckoutButton label={`Start ${plan.name}`} main open={() => actions.activate(plan.id, returnPath("plan"))} />
		</>
	);
}

/** Reverts a cancellation, or a scheduled change of plan. */
function Keep({ actions, plan, onChanged, isNext }: Pick<PlanStateProps, "actions" | "plan" | "onChanged"> & { isNext: boolean }) {
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<string>();
	async function keep() {
		setBusy(true);
		const result = await actions.keep(plan.id);
		setBusy(false);
		setProblem(refusalOf(result));
		if (result.kind === "done") onChanged();
	}
	return (
		<>
			<button type="button" className={`${isNext ? "button-next" : "button-plain"} mt-4`} disabled={busy} onClick={() => void keep()}>
				{plan.state === "ending" ? "Resume" : "Keep"} {plan.name}
			</button>
			{problem && <Alert>{problem}</Alert>}
		</>
	);
}

function Cancelling(props: PlanStateProps) {
	const { plan, usage } = props;
	return (
		<>
			<p>
				{plan.name} (cancelled).
				{plan.endsAt && (
					<>
						{" Active until "}
						<Day at={plan.endsAt} />. You won’t be charged again.
					</>
				)}
			</p>
			<Overuse plan={plan} />
			<Keep {...props} isNext={usage.remaining === 0} />
			<CancelPlan {...props} topUpsOutlivePlan={props.view.topUpsOutlivePlan} />
		</>
	);
}

/** More was used than the plan had. The provider's own balance lags a few seconds behind the count, so only a debt is shown. */
function Overuse({ plan: { balance } }: { plan: PlanStanding }) {
	if (balance === null || balance >= 0) return null;
	return (
		<p className="mt-1 text-small text-soft">
			You’re <LocalNumber value={-balance} /> {balance === -1 ? "request" : "requests"} over. They’ll come off your next renewal or top-up.
		</p>
	);
}

function Cost({ plan: { price } }: { plan: PlanStanding }) {
	if (!price) return <>paid</>;
	return (
		<>
			{priceText(price.amountCents, price.currency, undefined)} {everyText(price.interval)}
		</>
	);
}

/** A date in the viewer's time zone. */
export function Day({ at }: { at: string }) {
	return <LocalTime iso={at} form="date" />;
}

function Alert({ children }: { children: ReactNode }) {
	return (
		<p role="alert" className="mt-2 text-warn">
			{children}
		</p>
	);
}
