import { now } from "../../time/clock.ts";
import type { AccountPort, CustomerBilling } from "../port.ts";
import { creditsBought, currentAmong, customerIdOf, ensureCustomer, stripe, subscriptionsOf, topUpsOf } from "./client.ts";
import { idOf, toInvoice, toPaymentMethod, toStanding } from "./objects.ts";
import { cancelPlan, changePlan, resumePlan } from "./plan.ts";
import { offersTo, proPriceId, readPrices } from "./prices.ts";

const INVOICES_MAX = 24;

export const stripeAccount: AccountPort = {
	async readBilling(externalId) {
		const [prices, customer] = await Promise.all([readPrices(), customerIdOf(externalId)]);
		if (customer !== null) return billingOf(customer, prices);
		const offers = offersTo([], prices);
		const nothing = { plans: [], waiting: null, paymentMethods: [], invoices: [], portalUrl: null, topUpsOutlivePlan: true };
		return { ...nothing, customerId: null, offers, defaultPriceId: proPriceId(offers), creditsBought: 0 };
	},

	async addCard(externalId, _planId, { successUrl }) {
		const customer = await ensureCustomer(externalId);
		const after_completion = { type: "redirect", redirect: { return_url: successUrl } } as const;
		const flow_data = { type: "payment_method_update", after_completion } as const;
		return stripe().billingPortal.sessions.create({ customer, return_url: successUrl, flow_data });
	},

	activatePlan: null,
	readForSdk: null,

	async openPortal(externalId, returnUrl) {
		const customer = await customerIdOf(externalId);
		return customer === null ? null : (await stripe().billingPortal.sessions.create({ customer, return_url: returnUrl })).url;
	},

	cancelPlan: (_externalId, planId, when) => cancelPlan(stripe(), planId, when),
	resumePlan: (_externalId, planId) => resumePlan(stripe(), planId),
	changePlan: (_externalId, planId, offer) => changePlan(stripe(), planId, offer),
};

async function billingOf(customer: string, prices: Awaited<ReturnType<typeof readPrices>>): Promise<CustomerBilling> {
	const client = stripe();
	const [subscriptions, topUps, methods, invoices, account] = await Promise.all([
		subscriptionsOf(client, customer),
		topUpsOf(client, customer),
		client.paymentMethods.list({ customer, limit: 20 }),
		client.invoices.list({ customer, limit: INVOICES_MAX }),
		client.customers.retrieve(customer),
	]);
	const current = currentAmong(subscriptions);
	const offers = offersTo(subscriptions, prices);
	const customersDefault = account.deleted ? null : idOf(account.invoice_settings.default_payment_method);
	const defaultMethod = idOf(current[0]?.default_payment_method) ?? customersDefault;
	return {
		customerId: customer,
		offers,
		defaultPriceId: proPriceId(offers),
		creditsBought: creditsBought(topUps),
		plans: current.map((one) => toStanding(one, offers, now())),
		waiting: null,
		paymentMethods: methods.data.map((method) => toPaymentMethod(method, defaultMethod)),
		invoices: invoices.data.filter(({ status }) => status !== "draft").map((invoice) => toInvoice(invoice, subscriptions)),
		portalUrl: "/api/billing/portal",
		topUpsOutlivePlan: true,
	};
}
