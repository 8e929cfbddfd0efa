import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { UsageView } from "../../view.ts";
import { CheckoutButton, checkoutPages } from "../billing/checkout.tsx";
import { everyText, priceText } from "../billing/money.ts";
import { returnPath } from "../billing/return-path.ts";
import { LocalNumber, LocalTime } from "../frame/local-time.tsx";
import { CancelPlan } from "./cancel-plan.tsx";
import { type Billing, balanceOf, nameOf, notDone, type Plan, paidPlans, planWithoutCard, priceOf } from "./plan.ts";
import { Section } from "./section.tsx";

interface PlanSectionProps {
	billing: Billing;
	/** The name of the organization whose plan it is; null for the reader's own. */
	organization: string | null;
	usage: UsageView;
	/** Requests a day without a plan. */
	freeLimit: number;
	onChanged: () => void;
}

export function PlanSection(props: PlanSectionProps) {
	const { billing, organization, freeLimit } = props;
	const plans = paidPlans(billing);
	const waiting = planWithoutCard(billing);
	return (
		<Section title="Plan">
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
			{plans.length === 0 && waiting && <WithoutCard billing={billing} plan={waiting} />}
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

type PlanStateProps = PlanSectionProps & { plan: Plan };

function PlanState(props: PlanStateProps) {
	const { billing, plan, usage } = props;
	if (plan.status === "cancellation_scheduled") return <Cancelling {...props} />;
	const isOwed = plan.status === "past_due" || plan.status === "unpaid";
	return (
		<>
			{isOwed ? <Owed billing={billing} plan={plan} /> : <Running plan={plan} usage={usage} />}
			<Balance plan={plan} />
			<CancelPlan {...props} />
		</>
	);
}

function Running({ plan, usage }: { plan: Plan; usage: UsageView }) {
	const trialEnd = plan.status === "trialing" ? plan.trialEnd : null;
	if (balanceOf(plan) === null && usage.tier !== "paid") {
		return <p>{nameOf(plan)}. Your payment is being confirmed, and the requests come with it. Until then you go on with your free ones.</p>;
	}
	return (
		<p>
			{nameOf(plan)}
			{trialEnd ? (
				<>
					, on trial until <Day at={trialEnd} />. After that it costs <Cost plan={plan} />, unless you cancel before.
				</>
			) : (
				<>
					, <Cost plan={plan} />.
					{plan.currentBillingPeriodEnd && (
						<>
							{" It renews on "}
							<Day at={plan.currentBillingPeriodEnd} />.
						</>
					)}
				</>
			)}
		</p>
	);
}

/** The card was declined. Nobody's fault, and it is said what helps. */
function Owed({ billing, plan }: { billing: Billing; plan: Plan }) {
	return (
		<>
			<p className="text-warn">{nameOf(plan)}. The last payment did not go through.</p>
			<p className="mt-2 mb-4">
				It happens when a card runs out or the bank says no. You can go on meanwhile, and the payment is tried again in the next days: put
				in a card that works, so that your plan stays.
			</p>
			<CheckoutButton label="Add a card" main open={() => addCard(billing, plan)} />
		</>
	);
}

/** The new card pays for the plan from then on. */
export function addCard(billing: Billing, plan: Plan | undefined) {
	const forPlan = plan ? { targetSubscriptionId: plan.id } : {};
	return billing.createAddPaymentMethodCheckoutSession({ ...checkoutPages("/account", "/account"), ...forPlan });
}

function WithoutCard({ billing, plan }: { billing: Billing; plan: Plan }) {
	const activate = () =>
		billing.createActivateSubscriptionCheckoutSession({
			targetSubscriptionId: plan.id,
			...checkoutPages(returnPath("plan"), "/account"),
		});
	return (
		<>
			<p className="mb-4">
				{nameOf(plan)}, <Cost plan={plan} />, waits for a card. Nothing has been charged, and it begins when you put one in.
			</p>
			<CheckoutButton label={`Start ${nameOf(plan)}`} main open={activate} />
		</>
	);
}

function Cancelling(props: PlanStateProps) {
	const { billing, plan, usage, onChanged } = props;
	const [state, setState] = useState<"ready" | "busy" | "failed">("ready");
	const end = plan.cancelScheduledAt ?? plan.currentBillingPeriodEnd;
	async function keep() {
		setState("busy");
		const { subscription: after } = await billing.uncancelSubscription({ id: plan.id });
		setState(after ? "ready" : "failed");
		if (after) onChanged();
	}
	return (
		<>
			<p>
				{nameOf(plan)}, cancelled.
				{end && (
					<>
						{" It stays yours until "}
						<Day at={end} />; nothing is charged any more.
					</>
				)}
			</p>
			<Balance plan={plan} />
			<button
				type="button"
				className={`${usage.remaining === 0 ? "button-next" : "button-plain"} mt-4`}
				disabled={state === "busy"}
				onClick={() => void keep()}
			>
				Keep {nameOf(plan)}
			</button>
			{state === "failed" && <Told>{notDone}</Told>}
			<CancelPlan {...props} />
		</>
	);
}

/** What the billing service has on its books; what was asked in the last seconds reaches it a little later. */
function Balance({ plan }: { plan: Plan }) {
	const balance = balanceOf(plan);
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

function Cost({ plan }: { plan: Plan }) {
	const price = priceOf(plan);
	if (!price) return <>paid</>;
	return (
		<>
			{priceText(price.unitPrice, price.currency, undefined)} {everyText(price.intervalUnit ?? null)}
		</>
	);
}

export function Day({ at }: { at: number }) {
	return <LocalTime iso={new Date(at).toISOString()} form="date" />;
}

function Told({ children }: { children: ReactNode }) {
	return (
		<p role="alert" className="mt-2 text-warn">
			{children}
		</p>
	);
}
