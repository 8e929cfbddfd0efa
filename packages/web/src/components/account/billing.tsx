import { FlowgladProvider, type LoadedFlowgladContextValues, useBilling } from "@flowglad/react";
import { Link } from "@tanstack/react-router";
import { CheckoutButton } from "../billing/checkout.tsx";
import { Price, TopUpTerms } from "../billing/plans.tsx";
import { returnPath } from "../billing/return-path.ts";
import type { AccountBillingProps } from "./account-billing.tsx";
import { Invoices } from "./invoices.tsx";
import { type PaidSubscription, PlanSection } from "./plan-section.tsx";
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
	if (!billing.loaded) {
		return (
			<Section title="Plan">
				<p className="text-soft">Asking the billing service …</p>
			</Section>
		);
	}
	if (!billing.customer) return <Unavailable />;
	return <Loaded billing={billing} {...props} />;
}

/** Every renewal and every free plan is a subscription too: only `isFreePlan` tells which is paid. */
const paidOf = ({ currentSubscriptions = [] }: LoadedFlowgladContextValues): PaidSubscription | undefined =>
	currentSubscriptions.find(({ isFreePlan }) => isFreePlan === false);

function Loaded({ billing, pricing, ...reader }: AccountBillingProps & { billing: LoadedFlowgladContextValues }) {
	const paid = paidOf(billing);
	const cancelling = paid?.status === "cancellation_scheduled";
	const atLimit = reader.usage.remaining === 0;
	const topUps = pricing.plans.filter(({ kind }) => kind === "top-up");
	return (
		<>
			<PlanSection billing={billing} subscription={paid} atLimit={atLimit} />
			{paid && topUps.length > 0 && (
				<Section title="Top-up">
					{cancelling ? (
						<p className="text-soft">Top-ups go with a plan that goes on. Keep the plan to buy one.</p>
					) : (
						topUps.map((topUp) => (
							<div key={topUp.priceSlug} className="mb-4 flex flex-col items-start gap-3 last:mb-0">
								<TopUpTerms topUp={topUp} />
								<Price {...topUp} />
								<CheckoutButton
									priceSlug={topUp.priceSlug}
									label="Buy a top-up"
									main={atLimit && paid.status !== "past_due"}
									successPath={returnPath("top-up")}
									cancelPath="/account"
								/>
							</div>
						))
					)}
				</Section>
			)}
			<Invoices invoices={billing.invoices} />
			{billing.billingPortalUrl && (
				<Section title="Billing">
					<a href={billing.billingPortalUrl} className="link" target="_blank" rel="noopener">
						Open the billing portal
					</a>
					<p className="text-small text-soft">Cards, addresses and receipts.</p>
				</Section>
			)}
		</>
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
