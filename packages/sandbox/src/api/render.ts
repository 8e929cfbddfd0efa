/** Turns state into response bodies. They must not contain fields that the SDK's types lack. */
import type { CustomerRetrieveBillingResponse } from "@flowglad/node/resources/customers";
import { usageMeterBalances } from "../billing/credits.ts";
import { priceById, pricingModelOf } from "../billing/pricing/pricing.ts";
import type { Customer, InvoiceWithLines, Payment, Subscription, SubscriptionDetails, SubscriptionRecord } from "../billing/records.ts";
import { currentSubscriptions, featureItemsOf, itemsOf, newestCurrent, scheduledChangeOf } from "../billing/subscriptions/find.ts";
import type { State } from "../state.ts";

/** A subscription as the API sends it. Of a scheduled plan change it has only the date, as in the real service. */
export function subscriptionRecord(state: State, subscription: Subscription): SubscriptionRecord {
	const { interval, intervalCount, renews, ...record } = subscription;
	if (!renews || interval === null || intervalCount === null) {
		const noPeriod = { interval: null, intervalCount: null, billingCycleAnchorDate: null, trialEnd: null };
		const status = record.status === "canceled" ? record.status : "active";
		return { ...record, ...noPeriod, renews: false, currentBillingPeriodStart: null, currentBillingPeriodEnd: null, status };
	}
	const at = subscription.currentBillingPeriodEnd;
	const waits = scheduledChangeOf(state, subscription.id) !== undefined && typeof at === "number";
	const change = state.settings.scheduledChangeBlocks ? { scheduledAdjustmentAt: waits ? at : null } : {};
	return { ...record, renews, interval, intervalCount, ...change };
}

function subscriptionDetails(state: State, subscription: Subscription): SubscriptionDetails {
	const record = subscriptionRecord(state, subscription);
	const parts = {
		subscriptionItems: itemsOf(state, subscription.id).map((item) => ({
			...item,
			price: priceById(state, item.priceId ?? subscription.priceId),
		})),
		experimental: {
			featureItems: featureItemsOf(state, subscription.id),
			usageMeterBalances: usageMeterBalances(state, subscription.id),
		},
	};
	return record.interval === null ? { ...record, ...parts } : { ...record, ...parts };
}

/** Adds the links to the sandbox's own invoice page. Only a paid invoice has a receipt. */
export function withLinks(invoice: InvoiceWithLines["invoice"], requestUrl: string): InvoiceWithLines["invoice"] {
	const { origin } = new URL(requestUrl);
	const receiptPdfURL = invoice.status === "paid" ? `${origin}/invoices/${invoice.id}/receipt` : null;
	return { ...invoice, pdfURL: `${origin}/invoices/${invoice.id}`, receiptPdfURL };
}

/** Adds the receipt link to a successful payment. */
export function withReceipt(payment: Payment, requestUrl: string): Payment {
	if (payment.status !== "succeeded" && payment.status !== "refunded") return payment;
	return { ...payment, receiptURL: `${new URL(requestUrl).origin}/invoices/${payment.invoiceId}/receipt` };
}

/** The body of `GET customers/{externalId}/billing` (flowglad.md d). Links use the origin of the request. */
export function billing(state: State, customer: Customer, requestUrl: string) {
	const owned = <T extends { customerId: string }>(records: T[]) => records.filter(({ customerId }) => customerId === customer.id);
	const newest = newestCurrent(state, customer.id);
	const pricingModel = pricingModelOf(state);
	return {
		customer,
		subscriptions: owned(state.subscriptions).map((one) => subscriptionDetails(state, one)),
		currentSubscriptions: currentSubscriptions(state, customer.id).map((one) => subscriptionDetails(state, one)),
		// Omitted when there is none: the OpenAPI schema does not allow null.
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
