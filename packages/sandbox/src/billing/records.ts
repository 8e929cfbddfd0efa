/**
 * The records the sandbox stores are the records Flowglad's API answers with, typed by its own SDK. So a
 * field the contract does not know cannot be stored, and rendering them needs no translation.
 */
import type {
	ActivateSubscriptionCheckoutSessionClientSelectSchema,
	AddPaymentMethodCheckoutSessionClientSelectSchema,
	ProductCheckoutSessionClientSelectSchema,
} from "@flowglad/node/resources/checkout-sessions";
import type {
	CustomerClientSelectSchema,
	CustomerCreateResponse,
	CustomerRetrieveBillingResponse,
	StandardSubscriptionDetails,
} from "@flowglad/node/resources/customers";
import type { PaymentClientSelectSchema } from "@flowglad/node/resources/payments";
import type {
	SinglePaymentPriceClientSelectSchema,
	SubscriptionPriceClientSelectSchema,
	UsagePriceClientSelectSchema,
} from "@flowglad/node/resources/prices";
import type {
	PaymentMethodClientSelectSchema,
	PricingModelDetailsRecord,
	StandardSubscriptionRecord,
} from "@flowglad/node/resources/shared";
import type { UsageEventCreateResponse } from "@flowglad/node/resources/usage-events";

export type Customer = CustomerClientSelectSchema;
export type Subscription = StandardSubscriptionRecord;
export type SubscriptionStatus = Subscription["status"];
export type SubscriptionItem = NonNullable<CustomerCreateResponse["data"]["subscriptionItems"]>[number];
export type SubscriptionDetails = StandardSubscriptionDetails;
type Experimental = NonNullable<StandardSubscriptionDetails["experimental"]>;
export type FeatureItem = Exclude<Experimental["featureItems"][number], { type: "resource" }>;
export type UsageMeterBalance = Experimental["usageMeterBalances"][number];
export type InvoiceWithLines = CustomerRetrieveBillingResponse["invoices"][number];
export type InvoiceLine = InvoiceWithLines["invoiceLineItems"][number];
export type Purchase = CustomerRetrieveBillingResponse["purchases"][number];
export type Payment = PaymentClientSelectSchema;
export type PaymentMethod = PaymentMethodClientSelectSchema;
export type UsageEvent = UsageEventCreateResponse.UsageEvent;
export type CheckoutSession =
	| ProductCheckoutSessionClientSelectSchema
	| AddPaymentMethodCheckoutSessionClientSelectSchema
	| ActivateSubscriptionCheckoutSessionClientSelectSchema;

export type SubscriptionPrice = SubscriptionPriceClientSelectSchema;
export type SinglePaymentPrice = SinglePaymentPriceClientSelectSchema;
export type UsagePrice = UsagePriceClientSelectSchema;
export type PricingModel = PricingModelDetailsRecord;
export type Product = PricingModel["products"][number];
export type UsageMeter = PricingModel["usageMeters"][number];

/** Half-open: an event at `endMs` belongs to the next period. */
export interface BillingPeriod {
	id: string;
	subscriptionId: string;
	startMs: number;
	endMs: number;
}

/** A change of plan that waits for the end of the current billing period. */
export interface ScheduledAdjustment {
	subscriptionId: string;
	priceId: string;
	quantity: number;
}

/** A paid checkout whose effect is held back (`activationDelayMs`), as a slow webhook would. */
export interface PendingActivation {
	checkoutSessionId: string;
	cardNumber: string;
	dueAtMs: number;
}

/** Money asked of a card. What comes of it, paid or not: payments/settlement.ts. */
export interface Charge {
	invoiceId: string;
	paymentMethodId: string;
	amountCents: number;
	/** 1, then the retries of a renewal. */
	attempt: number;
	/** When its next step is due: the attempt, or, once there is a payment, that payment's settlement. */
	dueAtMs: number;
	/** The payment of an attempt that has not settled. */
	paymentId: string | null;
	purpose:
		| { type: "period"; subscriptionId: string; billingPeriodId: string }
		| { type: "top_up"; checkoutSessionId: string }
		| { type: "adjustment"; subscriptionId: string; priceId: string; quantity: number };
}
