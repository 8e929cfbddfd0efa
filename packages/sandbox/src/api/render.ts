/** State to response bodies, each held to the SDK's type of it. Schemas are closed: nothing extra may appear. */
import type { CustomerRetrieveBillingResponse } from "@flowglad/node/resources/customers";
import { usageMeterBalances } from "../billing/ledger-book.ts";
import { priceById, pricingModel } from "../billing/pricing.ts";
import type { Customer, Subscription, SubscriptionDetails } from "../billing/records.ts";
import { currentSubscriptions, featureItemsOf, itemsOf } from "../billing/subscriptions.ts";
import type { State } from "../state.ts";

function subscriptionDetails(state: State, subscription: Subscription): SubscriptionDetails {
	return {
		...subscription,
		subscriptionItems: itemsOf(state, subscription.id).map((item) => ({
			...item,
			price: priceById(item.priceId ?? subscription.priceId),
		})),
		experimental: {
			featureItems: featureItemsOf(state, subscription.id),
			usageMeterBalances: usageMeterBalances(state, subscription.id),
		},
	};
}

/** `GET customers/{externalId}/billing` (flowglad.md d). `origin` is where this sandbox was reached. */
export function billing(state: State, customer: Customer, origin: string) {
	const owned = <T extends { customerId: string }>(records: T[]) => records.filter(({ customerId }) => customerId === customer.id);
	const current = currentSubscriptions(state, customer.id).map((one) => subscriptionDetails(state, one));
	const [newest] = current;
	return {
		customer,
		subscriptions: owned(state.subscriptions).map((one) => subscriptionDetails(state, one)),
		currentSubscriptions: current,
		// Omitted when there is none: null fails the contract's schema.
		...(newest === undefined ? {} : { currentSubscription: newest }),
		invoices: state.invoices.filter(({ invoice }) => invoice.customerId === customer.id),
		paymentMethods: owned(state.paymentMethods),
		purchases: owned(state.purchases),
		pricingModel,
		catalog: pricingModel,
		billingPortalUrl: `${origin}/billing-portal/${customer.id}`,
	} satisfies CustomerRetrieveBillingResponse;
}
