import { FlowgladProvider, useBilling } from "@flowglad/react";
import { Link } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import { BuyPrice } from "../billing/checkout.tsx";
import { usePlanNews } from "../billing/plan-news.ts";
import { Price, TopUpTerms } from "../billing/plans.tsx";
import { returnPath } from "../billing/return-path.ts";
import { readUsageAfterCheckout } from "../requests.ts";
import type { AccountBillingProps } from "./account-billing.tsx";
import { ChangePlan } from "./change-plan.tsx";
import { Invoices } from "./invoices.tsx";
import { PaymentMethods } from "./payment-methods.tsx";
import { type Billing as BillingData, balanceOf, type Plan, paidPlans } from "./plan.ts";
import { PlanSection } from "./plan-section.tsx";
import { Section } from "./section.tsx";

export default function Billing(props: AccountBillingProps) {
	return (
		<FlowgladProvider>
			<BillingSections {...props} />
		</FlowgladProvider>
	);
}

function BillingSections(props: AccountBillingProps) {
	const billing = useBilling();
	usePlanNews(() => void billing.reload?.());
	// The SDK keeps what it has read, which may be of who paid before.
	const isOther = billing.loaded && billing.customer && billing.customer.externalId !== props.customer.id;
	if (!billing.loaded || isOther) {
		return (
			<Section title="Plan">
				<p className="text-soft">Asking the billing service …</p>
			</Section>
		);
	}
	if (!billing.customer) return <Unavailable />;
	return <Loaded billing={billing} {...props} />;
}

function Loaded({ billing, customer, pricing, usage, onChanged }: AccountBillingProps & { billing: BillingData }) {
	const [plan] = paidPlans(billing);
	// Bought or ended elsewhere: then the count on this page is older than the plan.
	const isBehind = plan ? balanceOf(plan) !== null && usage.tier !== "paid" : usage.tier === "paid";
	useCatchingUp(isBehind, onChanged);
	return (
		<>
			<PlanSection billing={billing} organization={customer.name} usage={usage} freeLimit={pricing.freeLimit} onChanged={onChanged} />
			{plan && ["active", "trialing"].includes(plan.status) && (
				<ChangePlan billing={billing} plan={plan} plans={pricing.plans} onChanged={onChanged} />
			)}
			{plan && <TopUps plan={plan} pricing={pricing} isNext={usage.remaining === 0 && plan.status === "active"} />}
			<PaymentMethods billing={billing} plan={plan} />
			<Invoices invoices={billing.invoices} />
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

/** Of a plan that goes on: one that ends would take them along. */
function TopUps({ plan, pricing, isNext }: Pick<AccountBillingProps, "pricing"> & { plan: Plan; isNext: boolean }) {
	const topUps = pricing.plans.filter(({ kind }) => kind === "top-up");
	if (topUps.length === 0) return null;
	return (
		<Section title="Top-up">
			{plan.status === "cancellation_scheduled" ? (
				<p className="text-soft">Top-ups go with a plan that goes on. Keep the plan to buy one.</p>
			) : (
				topUps.map((topUp) => (
					<div key={topUp.priceSlug} className="mb-4 flex flex-col items-start gap-3 last:mb-0">
						<TopUpTerms topUp={topUp} />
						<Price {...topUp} />
						<BuyPrice
							priceSlug={topUp.priceSlug}
							label="Buy a top-up"
							main={isNext}
							successPath={returnPath("top-up")}
							cancelPath="/account"
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
