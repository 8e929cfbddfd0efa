import { config } from "../../../config.ts";
import { paidSubscriptions, toBillingView } from "../../../view/flowglad.ts";
import { creditsBought, toOffers } from "../../billing-helpers.ts";
import { now } from "../../time/clock.ts";
import type { AccountPort, HostedPage } from "../port.ts";
import { adminClient, customerBilling, flowgladServer } from "./client.ts";
import { cancelPlan, changePlan, resumePlan, withComingChange } from "./plan.ts";
import { planStart } from "./plan-start.ts";
import { readForSdk } from "./sdk-reads.ts";

const READ_TIMEOUT_MS = 8_000;

export const flowgladAccount: AccountPort = {
	async readBilling(externalId) {
		const billing = await customerBilling(adminClient(READ_TIMEOUT_MS), externalId);
		const offers = toOffers(billing.pricingModel, config().limits.paid, paidSubscriptions(billing)[0]?.priceId ?? undefined);
		const view = toBillingView(billing);
		return {
			...view,
			plans: await withComingChange(externalId, view.plans, billing.subscriptions),
			customerId: billing.customer.id,
			offers,
			defaultPriceId: offers.find(({ kind }) => kind === "subscription")?.priceId ?? null,
			creditsBought: creditsBought(billing),
			planStart: planStart(billing, now()),
		};
	},

	readForSdk,

	async addCard(externalId, planId, pages) {
		const target = planId === undefined ? {} : { targetSubscriptionId: planId };
		return toPage(await flowgladServer(externalId).createAddPaymentMethodCheckoutSession({ ...pages, ...target }));
	},

	async activatePlan(externalId, planId, pages) {
		return toPage(await flowgladServer(externalId).createActivateSubscriptionCheckoutSession({ ...pages, targetSubscriptionId: planId }));
	},

	async openPortal(externalId) {
		return (await customerBilling(adminClient(READ_TIMEOUT_MS), externalId)).billingPortalUrl ?? null;
	},

	cancelPlan,
	resumePlan,
	changePlan,
};

const toPage = ({ checkoutSession, url }: { checkoutSession: { id: string }; url: string }): HostedPage => ({
	id: checkoutSession.id,
	url,
});
