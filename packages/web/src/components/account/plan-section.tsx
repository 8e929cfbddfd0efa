import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { money, number } from "../../text/format.ts";
import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";
import type { BillingView, PlanStanding } from "../../view/billing.ts";
import type { UsageView } from "../../view/usage.ts";
import { CheckoutButton } from "../billing/checkout.tsx";
import { everyText } from "../billing/interval.ts";
import { returnPath } from "../billing/return-path.ts";
import { type BillingActions, refusalOf } from "../billing/source.ts";
import { LocalTime } from "../frame/local-time.tsx";
import { CancelPlan } from "./cancel-plan.tsx";
import { Section } from "./section.tsx";

interface PlanSectionProps {
	/** The notice about an action with an unknown outcome. */
	notice?: ReactNode;
	view: BillingView;
	actions: BillingActions;
	/** The name of the organization that owns the plan. Null for the viewer's own. */
	organization: string | null;
	usage: UsageView;
	/** Requests per day without a plan. */
	freeLimit: number;
	onChanged: () => void;
}

/** The current plan in each of its states, with that state's actions. */
export function PlanSection(props: PlanSectionProps) {
	const { view, actions, organization, freeLimit, notice } = props;
	const { plans, waiting } = view;
	return (
		<Section title={t("account_plan")}>
			{notice}
			{organization !== null && plans.length > 0 && (
				<p className="mb-2 text-soft wrap-anywhere">{t("account_all_members_use", { organization })}</p>
			)}
			{plans.length > 1 && <p className="mb-4">{t("account_several_plans", { count: plans.length })}</p>}
			{plans.map((plan) => (
				<div key={plan.id} className="mb-6 last:mb-0">
					<PlanState {...props} plan={plan} />
				</div>
			))}
			{plans.length === 0 && waiting && <WithoutCard actions={actions} plan={waiting} />}
			{plans.length === 0 && !waiting && (
				<>
					{organization === null ? (
						<p>{t("account_free_daily", { count: freeLimit })}</p>
					) : (
						<p className="wrap-anywhere">{t("account_organization_no_plan", { organization })}</p>
					)}
					<Link to="/pricing" className="button-next mt-4">
						{t("chat_go_pro")}
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
		return <p>{t("account_plan_confirming", { plan: plan.name })}</p>;
	}
	return (
		<p>
			{trialEnd ? (
				<>
					{rich("account_trial_until", { plan: plan.name, day: <Day at={trialEnd} /> })}
					{!plan.paused && ` ${t("account_trial_then", { cost: costOf(plan) })}`}
				</>
			) : (
				<>
					{t("account_plan_cost", { plan: plan.name, cost: costOf(plan) })}
					{plan.periodEnd && (plan.next !== null || !plan.paused) && <> {nextOf(plan.next, <Day at={plan.periodEnd} />)}</>}
				</>
			)}
			{plan.paused && ` ${t("account_paused")}`}
		</p>
	);
}

const nextOf = (next: string | null, day: ReactNode): ReactNode =>
	next ? rich("account_next_starts", { next, day }) : rich("account_renews_on", { day });

interface OwedProps extends Pick<BillingView, "invoices"> {
	actions: BillingActions;
	plan: PlanStanding;
	freeLimit: number;
}

/** Whether its requests are usable despite a failed last payment. */
const goesOn = ({ live, balance }: PlanStanding) => live || balance !== null;

/** The last payment failed. Shows what happens until it is paid, and links to the payment and to another card. */
function Owed({ actions, plan, freeLimit, invoices }: OwedProps) {
	const url = invoices.find(({ id }) => id === plan.invoice)?.url;
	const card = (main: boolean) => (
		<CheckoutButton label={t("account_replace_card")} main={main} open={() => actions.addPaymentMethod(plan.id)} />
	);
	return (
		<>
			<p className="text-warn">{t("account_payment_failed", { plan: plan.name })}</p>
			<p className="mt-2 mb-4">
				{plan.state === "owed" ? <Retried plan={plan} freeLimit={freeLimit} /> : <GivenUp plan={plan} freeLimit={freeLimit} />}
			</p>
			<div className="flex flex-wrap gap-2">
				{url && (
					<a href={url} className="button-next" target="_blank" rel="noopener">
						{t("plan_pay_now")}
					</a>
				)}
				{card(!url)}
			</div>
		</>
	);
}

/** The provider retries the payment automatically. */
function Retried({ plan, freeLimit }: Pick<OwedProps, "plan" | "freeLimit">) {
	if (goesOn(plan)) return t("account_retried", { plan: plan.name });
	return t("account_retried_free", { plan: plan.name, limit: number(freeLimit) });
}

/** Only the customer can restore the plan, by paying its latest invoice. */
function GivenUp({ plan, freeLimit }: Pick<OwedProps, "plan" | "freeLimit">) {
	return (
		<>
			{t("account_not_retried")}{" "}
			{goesOn(plan) ? t("account_keep_using_for_now", { plan: plan.name }) : t("account_free_until_paid", { limit: number(freeLimit) })}
		</>
	);
}

function WithoutCard({ actions, plan }: { actions: BillingActions; plan: PlanStanding }) {
	return (
		<>
			<p className="mb-4">{t("account_needs_card", { plan: plan.name, cost: costOf(plan) })}</p>
			<CheckoutButton label={t("account_start_of", { plan: plan.name })} main open={() => actions.activate(plan.id, returnPath("plan"))} />
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
				{plan.state === "ending" ? t("account_resume_of", { plan: plan.name }) : t("account_keep_of", { plan: plan.name })}
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
				{t("account_cancelled", { plan: plan.name })}
				{plan.endsAt && <> {rich("account_active_until", { day: <Day at={plan.endsAt} /> })}</>}
			</p>
			<Overuse plan={plan} />
			<Keep {...props} isNext={usage.remaining === 0} />
			<CancelPlan {...props} topUpsOutlivePlan={props.view.topUpsOutlivePlan} />
		</>
	);
}

/** More was used than the plan had. The provider's balance lags a few seconds behind the ledger, so only a debt is shown. */
function Overuse({ plan: { balance } }: { plan: PlanStanding }) {
	if (balance === null || balance >= 0) return null;
	return <p className="mt-1 text-small text-soft">{t("account_over", { count: -balance })}</p>;
}

const costOf = ({ price }: PlanStanding): string =>
	price ? `${money(price.amountCents, price.currency)} ${everyText(price.interval)}` : t("invoice_paid");

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
