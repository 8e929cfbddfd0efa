/** State to response bodies, each held to the SDK's type of it. Schemas are closed: nothing extra may appear. */
import type { CustomerRetrieveBillingResponse } from "@flowglad/node/resources/customers";
import { usageMeterBalances } from "../billing/credits.ts";
import { priceById, pricingModelOf } from "../billing/pricing/pricing.ts";
import type { Customer, InvoiceWithLines, Payment, Subscription, SubscriptionDetails } from "../billing/records.ts";
import { currentSubscriptions, featureItemsOf, itemsOf, newestCurrent } from "../billing/subscriptions/find.ts";
import type { State } from "../state.ts";

function subscriptionDetails(state: State, subscription: Subscription): SubscriptionDetails {
	return {
		...subscription,
		subscriptionItems: itemsOf(state, subscription.id).map((item) => ({
			...item,
			price: priceById(state, item.priceId ?? subscription.priceId),
		})),
		experimental: {
			featureItems: featureItemsOf(state, subscription.id),
			usageMeterBalances: usageMeterBalances(state, subscription.id),
		},
	};
}

/** An invoice leads to the sandbox's own page of it; a receipt there is of a paid one only. */
export function withLinks(invoice: InvoiceWithLines["invoice"], requestUrl: string): InvoiceWithLines["invoice"] {
	const { origin } = new URL(requestUrl);
	const receiptPdfURL = invoice.status === "paid" ? `${origin}/invoices/${invoice.id}/receipt` : null;
	return { ...invoice, pdfURL: `${origin}/invoices/${invoice.id}`, receiptPdfURL };
}

export function withReceipt(payment: Payment, requestUrl: string): Payment {
	if (payment.status !== "succeeded" && payment.status !== "refunded") return payment;
	return { ...payment, receiptURL: `${new URL(requestUrl).origin}/invoices/${payment.invoiceId}/receipt` };
}

/** `GET customers/{externalId}/billing` (flowglad.md d). Links lead to where this sandbox was reached. */
export function billing(state: State, customer: Customer, requestUrl: string) {
	const owned = <T extends { customerId: string }>(records: T[]) => records.filter(({ customerId }) => customerId === customer.id);
	const newest = newestCurrent(state, customer.id);
	const pricingModel = pricingModelOf(state);
	return {
		customer,
		subscriptions: owned(state.subscriptions).map((one) => subscriptionDetails(state, one)),
		currentSubscriptions: currentSubscriptions(state, customer.id).map((one) => subscriptionDetails(state, one)),
		// Omitted when there is none: null fails the contract's schema.
		...(newest === undefined ? {} : { currentSubscription: subscriptionDetails(state, newest) }),
		invoices: state.invoices
			.filter(({ invoice }) => invoice.customerId === customer.id)
			.map(({ invoice, invoiceLineItems }) => ({ invoice: withLinks(invoice, requestUrl), invoiceLineItems })),
		paymentMethods: owned(state.paymentMethods),
		purchases: owned(state.purchases),
		pricingModel,
		catalog: pricingModel,
		billingPortalUrl: `${new URL(requestUrl).origin}/billing-portal/${customer.id}`,
	} satisfies CustomerRetrieveBillingResponse;
}
