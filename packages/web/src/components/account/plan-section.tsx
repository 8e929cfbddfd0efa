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
				<p className="mb-2 text-soft wrap-anywhere">Everyone in {organization} asks on this plan.</p>
			)}
			{plans.length > 1 && (
				<p className="mb-4">
					You have <LocalNumber value={plans.length} /> plans at once. One is used up after the other; cancel the one that you do not need.
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
						<p className="wrap-anywhere">{organization} has no plan yet. Until it has one, what its members ask counts on themselves.</p>
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
			{plan.state === "owed" && <Owed actions={actions} plan={plan} freeLimit={freeLimit} />}
			{plan.state === "unpaid" && <Unpaid actions={actions} plan={plan} freeLimit={freeLimit} invoices={view.invoices} />}
			{(plan.state === "active" || plan.state === "trial") && <Running plan={plan} usage={usage} />}
			<Balance plan={plan} />
			{plan.state === "active" && plan.next !== null && <Keep {...props} isNext={false} />}
			<CancelPlan {...props} topUpsOutlivePlan={props.view.topUpsOutlivePlan} />
		</>
	);
}

function Running({ plan, usage }: { plan: PlanStanding; usage: UsageView }) {
	const trialEnd = plan.state === "trial" ? plan.trialEnd : null;
	if (!plan.live && usage.tier !== "paid") {
		return <p>{plan.name}. Your payment is being confirmed, and the requests come with it. Until then you go on with your free ones.</p>;
	}
	return (
		<p>
			{plan.name}
			{trialEnd ? (
				<>
					, on trial until <Day at={trialEnd} />.
					{!plan.paused && (
						<>
							{" After that it costs "}
							<Cost plan={plan} />, unless you cancel before.
						</>
					)}
				</>
			) : (
				<>
					, <Cost plan={plan} />.
					{plan.periodEnd && (plan.next !== null || !plan.paused) && (
						<>
							{plan.next ? ` ${plan.next} begins on ` : " It renews on "}
							<Day at={plan.periodEnd} />.
						</>
					)}
				</>
			)}
			{plan.paused && " Its payments are paused: nothing is charged for it until they go on."}
		</p>
	);
}

interface OwedProps {
	actions: BillingActions;
	plan: PlanStanding;
	freeLimit: number;
}

/** Whether its requests can be used although its last payment failed. */
const goesOn = ({ live, balance }: PlanStanding) => live || balance !== null;

/** The last payment failed. Says what happens until it is paid. */
function Owed({ actions, plan, freeLimit }: OwedProps) {
	return (
		<>
			<p className="text-warn">{plan.name}. The last payment did not go through.</p>
			<p className="mt-2 mb-4">
				It happens when a card runs out or the bank says no.{" "}
				{goesOn(plan) ? (
					"You can go on meanwhile, and the payment is tried again in the next days: put in a card that works, so that your plan stays."
				) : (
					<>
						Until it is paid you go on with <LocalNumber value={freeLimit} /> free requests a day. Put in a card that works: the payment is
						tried again in the next days, and your plan is back with it.
					</>
				)}
			</p>
			<CheckoutButton label="Add a card" main open={() => actions.addPaymentMethod(plan.id)} />
		</>
	);
}

/** The last payment failed for good. Only the customer can bring the plan back, by paying its latest invoice. */
function Unpaid({ actions, plan, freeLimit, invoices }: OwedProps & Pick<BillingView, "invoices">) {
	const url = invoices.find(({ id }) => id === plan.invoice)?.url;
	return (
		<>
			<p className="text-warn">{plan.name}. The last payment did not go through.</p>
			<p className="mt-2 mb-4">
				It is not tried again by itself.{" "}
				{goesOn(plan) ? (
					"You can go on for now; pay its latest invoice, so that your plan stays."
				) : (
					<>
						Until its latest invoice is paid you go on with <LocalNumber value={freeLimit} /> free requests a day.
					</>
				)}
			</p>
			{url ? (
				<a href={url} className="button-next" target="_blank" rel="noopener">
					Pay the invoice
				</a>
			) : (
				<CheckoutButton label="Add a card" main open={() => actions.addPaymentMethod(plan.id)} />
			)}
		</>
	);
}

function WithoutCard({ actions, plan }: { actions: BillingActions; plan: PlanStanding }) {
	return (
		<>
			<p className="mb-4">
				{plan.name}, <Cost plan={plan} />, waits for a card. Nothing has been charged, and it begins when you put one in.
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
				Keep {plan.name}
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
				{plan.name}, cancelled.
				{plan.endsAt && (
					<>
						{" It stays yours until "}
						<Day at={plan.endsAt} />; nothing is charged any more.
					</>
				)}
			</p>
			<Balance plan={plan} />
			<Keep {...props} isNext={usage.remaining === 0} />
			<CancelPlan {...props} topUpsOutlivePlan={props.view.topUpsOutlivePlan} />
		</>
	);
}

/** The provider's own balance, which lags a few seconds behind the ledger. */
function Balance({ plan: { balance } }: { plan: PlanStanding }) {
	if (balance === null) return null;
	return (
		<p className="mt-1 text-small text-soft">
			{balance < 0 ? (
				<>
					You have used <LocalNumber value={-balance} /> more than you had. New requests make up for these first.
				</>
			) : (
				<>
					The billing service has <LocalNumber value={balance} /> left on its books.
				</>
			)}
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
