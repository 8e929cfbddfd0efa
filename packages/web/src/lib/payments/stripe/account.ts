import { now } from "../../time/clock.ts";
import type { AccountPort, CustomerBilling } from "../port.ts";
import { creditsBought, currentAmong, stripe, subscriptionsOf, topUpsOf } from "./client.ts";
import { idOf, toInvoice, toPaymentMethod, toStanding } from "./objects.ts";
import { CustomerGone, withCustomer, withEnsuredCustomer } from "./own-customer.ts";
import { cancelPlan, changePlan, resumePlan } from "./plan.ts";
import { openCardPage, openPortal } from "./portal.ts";
import { offersTo, proPriceId, readPrices } from "./prices.ts";

const INVOICES_MAX = 24;

export const stripeAccount: AccountPort = {
	async readBilling(externalId) {
		const [prices, records] = await Promise.all([readPrices(), withCustomer(externalId, recordsOf, () => null)]);
		if (records !== null) return toBilling(records, prices);
		const offers = offersTo([], prices);
		const nothing = { plans: [], waiting: null, paymentMethods: [], invoices: [], portalUrl: null, topUpsOutlivePlan: true };
		return { ...nothing, customerId: null, offers, defaultPriceId: proPriceId(offers), creditsBought: 0, planStart: "possible" };
	},

	addCard: (externalId, _planId, { successUrl }) => withEnsuredCustomer(externalId, (customer) => openCardPage(customer, successUrl)),

	activatePlan: null,
	readForSdk: null,

	async openPortal(externalId, returnUrl) {
		const open = async (customer: string) => (await openPortal(customer, returnUrl)).url;
		return withCustomer(externalId, open, () => null);
	},

	cancelPlan: (_externalId, planId, when) => cancelPlan(stripe(), planId, when),
	resumePlan: (_externalId, planId) => resumePlan(stripe(), planId),
	changePlan: (_externalId, planId, offer, returnUrl) => changePlan(stripe(), planId, offer, returnUrl),
};

/** Stripe's records for a customer. @throws CustomerGone for a deleted one */
async function recordsOf(customer: string) {
	const client = stripe();
	const [subscriptions, topUps, methods, invoices, account] = await Promise.all([
		subscriptionsOf(client, customer),
		topUpsOf(client, customer),
		client.paymentMethods.list({ customer, limit: 20 }),
		client.invoices.list({ customer, limit: INVOICES_MAX }),
		client.customers.retrieve(customer),
	]);
	if (account.deleted) throw new CustomerGone();
	return { subscriptions, topUps, methods, invoices, account };
}

type Prices = Awaited<ReturnType<typeof readPrices>>;

function toBilling(
	{ subscriptions, topUps, methods, invoices, account }: Awaited<ReturnType<typeof recordsOf>>,
	prices: Prices,
): CustomerBilling {
	const current = currentAmong(subscriptions);
	const offers = offersTo(subscriptions, prices);
	const defaultMethod = idOf(current[0]?.default_payment_method) ?? idOf(account.invoice_settings.default_payment_method);
	return {
		customerId: account.id,
		offers,
		defaultPriceId: proPriceId(offers),
		creditsBought: creditsBought(topUps),
		planStart: "possible",
		plans: current.map((one) => toStanding(one, offers, now())),
		waiting: null,
		paymentMethods: methods.data.map((method) => toPaymentMethod(method, defaultMethod)),
		invoices: invoices.data.filter(({ status }) => status !== "draft").map((invoice) => toInvoice(invoice, subscriptions)),
		portalUrl: "/api/billing/portal",
		topUpsOutlivePlan: true,
	};
}
