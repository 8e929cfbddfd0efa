import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useEffectEvent } from "react";
import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";
import type { BillingView, PlanStanding, PricingView } from "../../view/billing.ts";

import type { UsageView } from "../../view/usage.ts";
import { CheckoutButton } from "../billing/checkout.tsx";
import { usePlanChanges } from "../billing/plan-changes.ts";
import { Price, TopUpTerms } from "../billing/plans.tsx";
import { returnPath } from "../billing/return-path.ts";
import type { BillingActions, BillingSource } from "../billing/source.ts";
import { readUsageAfterCheckout } from "../requests.ts";
import { ChangePlan } from "./change-plan.tsx";
import { Invoices } from "./invoices.tsx";
import { OutcomeNotice, useWatchedActions } from "./outcome-notice.tsx";
import { PaymentMethods } from "./payment-methods.tsx";
import { PlanSection } from "./plan-section.tsx";
import { Section } from "./section.tsx";

const FlowgladSource = lazy(() => import("../billing/flowglad-source.tsx"));
const ServerSource = lazy(() => import("../billing/server-source.tsx"));

export interface BillingProps {
	/** The customer: the viewer, with a null `name`, or the organization that they act for. */
	customer: { id: string; name: string | null };
	hasBrowserSdk: boolean;
	usage: UsageView;
	pricing: PricingView;
	/** Something changed at the billing provider that affects the whole page and other tabs. */
	onChanged: () => void;
}

/** A customer's billing: plan, other plans, top-ups, cards and invoices. */
export default function Billing(props: BillingProps) {
	const Source = props.hasBrowserSdk ? FlowgladSource : ServerSource;
	return (
		<Suspense fallback={<Loading />}>
			<Source>{(source) => <BillingSections {...props} source={source} />}</Source>
		</Suspense>
	);
}

function Loading() {
	return (
		<Section title={t("account_plan")}>
			<p className="text-soft">{t("account_loading_plan")}</p>
		</Section>
	);
}

function BillingSections({ source, onChanged, ...props }: BillingProps & { source: BillingSource }) {
	const reload = () => {
		if (source.state === "here") source.reload();
	};
	usePlanChanges(reload);
	if (source.state === "unavailable") return <Unavailable />;
	if (source.state === "asking") return <Loading />;
	// The source may still hold the previous payer's data.
	if (source.customerId !== undefined && source.customerId !== props.customer.id) return <Loading />;
	const onPlanChanged = () => {
		reload();
		onChanged();
	};
	return <Loaded {...props} view={source.view} actions={source.actions} reload={reload} onChanged={onPlanChanged} />;
}

type LoadedProps = BillingProps & { view: BillingView; actions: BillingActions; reload: () => void };

function Loaded({ view, actions: unwatched, reload, customer, pricing, usage, onChanged }: Omit<LoadedProps, "hasBrowserSdk">) {
	const { actions, sentence } = useWatchedActions(view, unwatched, reload, onChanged);
	const [plan] = view.plans;
	// The plan was bought or ended elsewhere, and this page's balance is older.
	const isBehind = plan ? plan.live && usage.tier !== "paid" : usage.tier === "paid";
	useCatchingUp(isBehind, onChanged);
	return (
		<>
			<PlanSection
				notice={<OutcomeNotice sentence={sentence} />}
				view={view}
				actions={actions}
				organization={customer.name}
				usage={usage}
				freeLimit={pricing.freeLimit}
				onChanged={onChanged}
			/>
			{plan?.live && (plan.state === "active" || plan.state === "trial") && (
				<ChangePlan plan={plan} actions={actions} plans={pricing.plans} onChanged={onChanged} />
			)}
			{plan?.live && <TopUps plan={plan} actions={actions} pricing={pricing} isNext={usage.remaining === 0 && plan.state === "active"} />}
			<PaymentMethods view={view} actions={actions} plan={plan} />
			<Invoices invoices={view.invoices} />
		</>
	);
}

/** The server rereads the billing provider after 10 s at the latest. */
const catchUpPausesMs = [0, 5_000, 6_000];

/** While the balance is older than the plan, makes the server reread both. */
function useCatchingUp(isBehind: boolean, onCaughtUp: () => void) {
	const caughtUp = useEffectEvent(onCaughtUp);
	useEffect(() => {
		if (!isBehind) return;
		let current = true;
		void (async () => {
			for (const pauseMs of catchUpPausesMs) {
				await new Promise((resolve) => setTimeout(resolve, pauseMs));
				if (!current) return;
				await readUsageAfterCheckout().then(caughtUp, () => undefined);
			}
		})();
		return () => {
			current = false;
		};
	}, [isBehind]);
}

/** The top-ups for sale. They require a plan that renews. */
function TopUps({ plan, actions, pricing, isNext }: Pick<LoadedProps, "pricing" | "actions"> & { plan: PlanStanding; isNext: boolean }) {
	const topUps = pricing.plans.filter(({ kind }) => kind === "top-up");
	if (topUps.length === 0) return null;
	return (
		<Section title={t("account_top_up")}>
			{plan.state === "ending" ? (
				<p className="text-soft">{t("account_resume_to_top_up", { plan: plan.name })}</p>
			) : (
				topUps.map((topUp) => (
					<div key={topUp.priceSlug} className="mb-4 flex flex-col items-start gap-3 last:mb-0">
						<TopUpTerms topUp={topUp} outlivesPlan={pricing.topUpsOutlivePlan} />
						<Price {...topUp} />
						<CheckoutButton
							label={t("tally_buy_top_up")}
							main={isNext}
							open={() => actions.buy(topUp.priceSlug, returnPath("top-up"), "/account/plan")}
						/>
					</div>
				))
			)}
		</Section>
	);
}

function Unavailable() {
	return (
		<Section title={t("account_plan")}>
			<p>{t("account_unavailable")}</p>
			<p className="mt-2 text-soft">
				{rich("account_reload_or", {
					link: (
						<Link to="/" className="link text-ink">
							{t("account_keep_chatting")}
						</Link>
					),
				})}
			</p>
		</Section>
	);
}
