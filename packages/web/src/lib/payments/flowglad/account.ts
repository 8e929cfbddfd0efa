import { config } from "../../../config.ts";
import { paidSubscriptions, toBillingView } from "../../../view/flowglad.ts";
import { creditsBought, toOffers } from "../../billing-helpers.ts";
import { flowglad } from "../../flowglad.ts";
import type { AccountPort, HostedPage } from "../port.ts";
import { adminClient, customerBilling } from "./client.ts";
import { readForSdk } from "./sdk-reads.ts";

const READ_TIMEOUT_MS = 8_000;

export const flowgladAccount: AccountPort = {
	async readBilling(externalId) {
		const billing = await customerBilling(adminClient(READ_TIMEOUT_MS), externalId);
		const offers = toOffers(billing.pricingModel, config().limits.paid, paidSubscriptions(billing)[0]?.priceId ?? undefined);
		return {
			...toBillingView(billing),
			customerId: billing.customer.id,
			offers,
			defaultPriceId: offers.find(({ kind }) => kind === "subscription")?.priceId ?? null,
			creditsBought: creditsBought(billing),
		};
	},

	readForSdk,

	async addCard(externalId, planId, pages) {
		const target = planId === undefined ? {} : { targetSubscriptionId: planId };
		return toPage(await flowglad(externalId).createAddPaymentMethodCheckoutSession({ ...pages, ...target }));
	},

	async activatePlan(externalId, planId, pages) {
		return toPage(await flowglad(externalId).createActivateSubscriptionCheckoutSession({ ...pages, targetSubscriptionId: planId }));
	},

	async openPortal(externalId) {
		return (await customerBilling(adminClient(READ_TIMEOUT_MS), externalId)).billingPortalUrl ?? null;
	},

	async cancelPlan(externalId, id, when) {
		const timing = when === "now" ? "immediately" : "at_end_of_current_billing_period";
		return flowglad(externalId).cancelSubscription({ id, cancellation: { timing } });
	},

	async resumePlan(externalId, id) {
		return flowglad(externalId).uncancelSubscription({ id });
	},

	async changePlan(externalId, subscriptionId, { priceId }) {
		const answer = await flowglad(externalId).adjustSubscription({ subscriptionId, priceId, timing: "auto" });
		if (answer.resolvedTiming !== "immediately") return { takesEffect: "period-end", answer };
		// Flowglad reports no error for a declined card: the subscription keeps its price.
		return { takesEffect: answer.subscription.priceId === priceId ? "now" : "declined", answer };
	},
};

const toPage = ({ checkoutSession, url }: { checkoutSession: { id: string }; url: string }): HostedPage => ({
	id: checkoutSession.id,
	url,
});
