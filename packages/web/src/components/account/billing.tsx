import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useEffectEvent } from "react";
import type { BillingView, PlanStanding } from "../../view/billing.ts";
import { CheckoutButton } from "../billing/checkout.tsx";
import { usePlanNews } from "../billing/plan-news.ts";
import { Price, TopUpTerms } from "../billing/plans.tsx";
import { returnPath } from "../billing/return-path.ts";
import type { BillingActions, BillingSource } from "../billing/source.ts";
import { readUsageAfterCheckout } from "../requests.ts";
import type { AccountBillingProps } from "./account-billing.tsx";
import { ChangePlan } from "./change-plan.tsx";
import { Invoices } from "./invoices.tsx";
import { PaymentMethods } from "./payment-methods.tsx";
import { PlanSection } from "./plan-section.tsx";
import { Section } from "./section.tsx";

const FlowgladSource = lazy(() => import("../billing/flowglad-source.tsx"));
const ServerSource = lazy(() => import("../billing/server-source.tsx"));

export default function Billing(props: AccountBillingProps) {
	const Source = props.hasBrowserSdk ? FlowgladSource : ServerSource;
	return (
		<Suspense fallback={<Asking />}>
			<Source>{(source) => <BillingSections {...props} source={source} />}</Source>
		</Suspense>
	);
}

function Asking() {
	return (
		<Section title="Plan">
			<p className="text-soft">Asking the billing service …</p>
		</Section>
	);
}

function BillingSections({ source, onChanged, ...props }: AccountBillingProps & { source: BillingSource }) {
	const reload = () => {
		if (source.state === "here") source.reload();
	};
	usePlanNews(reload);
	if (source.state === "unavailable") return <Unavailable />;
	if (source.state === "asking") return <Asking />;
	// The source keeps what it has read, which may be of who paid before.
	if (source.customerId !== undefined && source.customerId !== props.customer.id) return <Asking />;
	const changed = () => {
		reload();
		onChanged();
	};
	return <Loaded {...props} view={source.view} actions={source.actions} onChanged={changed} />;
}

type LoadedProps = AccountBillingProps & { view: BillingView; actions: BillingActions };

function Loaded({ view, actions, customer, pricing, usage, onChanged }: Omit<LoadedProps, "hasBrowserSdk">) {
	const [plan] = view.plans;
	// Bought or ended elsewhere: then the count on this page is older than the plan.
	const isBehind = plan ? plan.live && usage.tier !== "paid" : usage.tier === "paid";
	useCatchingUp(isBehind, onChanged);
	return (
		<>
			<PlanSection
				view={view}
				actions={actions}
				organization={customer.name}
				usage={usage}
				freeLimit={pricing.freeLimit}
				onChanged={onChanged}
			/>
			{plan?.live && (plan.state === "active" || plan.state === "trial") && (
				<ChangePlan key={plan.next} plan={plan} actions={actions} plans={pricing.plans} onChanged={onChanged} />
			)}
			{plan?.live && <TopUps plan={plan} actions={actions} pricing={pricing} isNext={usage.remaining === 0 && plan.state === "active"} />}
			<PaymentMethods view={view} actions={actions} plan={plan} />
			<Invoices invoices={view.invoices} />
		</>
	);
}

/** The server asks the billing service again within 10 s at the latest. */
const catchUpPausesMs = [0, 5_000, 6_000];

function useCatchingUp(isBehind: boolean, onCaughtUp: () => void) {
	const caughtUp = useEffectEvent(onCaughtUp);
	useEffect(() => {
		if (!isBehind) return;
		let wanted = true;
		void (async () => {
			for (const pauseMs of catchUpPausesMs) {
				await new Promise((resolve) => setTimeout(resolve, pauseMs));
				if (!wanted) return;
				await readUsageAfterCheckout().then(caughtUp, () => undefined);
			}
		})();
		return () => {
			wanted = false;
		};
	}, [isBehind]);
}

/** Of a plan that is there and goes on: nothing else gives what they are worth. */
function TopUps({ plan, actions, pricing, isNext }: Pick<LoadedProps, "pricing" | "actions"> & { plan: PlanStanding; isNext: boolean }) {
	const topUps = pricing.plans.filter(({ kind }) => kind === "top-up");
	if (topUps.length === 0) return null;
	return (
		<Section title="Top-up">
			{plan.state === "ending" ? (
				<p className="text-soft">Top-ups go with a plan that goes on. Keep the plan to buy one.</p>
			) : (
				topUps.map((topUp) => (
					<div key={topUp.priceSlug} className="mb-4 flex flex-col items-start gap-3 last:mb-0">
						<TopUpTerms topUp={topUp} />
						<Price {...topUp} />
						<CheckoutButton
							label="Buy a top-up"
							main={isNext}
							open={() => actions.buy(topUp.priceSlug, returnPath("top-up"), "/account")}
						/>
					</div>
				))
			)}
		</Section>
	);
}

function Unavailable() {
	return (
		<Section title="Plan">
			<p>The billing service did not reply, so your plan cannot be shown just now. It goes on as it is.</p>
			<p className="mt-2 text-soft">
				Load the page again in a moment, or{" "}
				<Link to="/" className="link text-ink">
					go on chatting
				</Link>
				.
			</p>
		</Section>
	);
}
