/**
 * Stored records are the records that Flowglad's API answers with, typed by its SDK: rendering needs no translation, and a field the
 * SDK does not know cannot be stored.
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
	NonRenewingSubscriptionRecord,
	PaymentMethodClientSelectSchema,
	PricingModelDetailsRecord,
	StandardSubscriptionRecord,
} from "@flowglad/node/resources/shared";
import type { UsageEventCreateResponse } from "@flowglad/node/resources/usage-events";

export type Customer = CustomerClientSelectSchema;
/** A subscription that renews, or one to a default product with a one-time price (`interval` null, no periods). */
export type Subscription = Omit<StandardSubscriptionRecord, "interval" | "intervalCount" | "renews"> & {
	interval: StandardSubscriptionRecord["interval"] | null;
	intervalCount: number | null;
	renews: boolean;
};
/** A subscription as the API returns it. `scheduledAdjustmentAt` is newer than the SDK's types. */
export type SubscriptionRecord = (StandardSubscriptionRecord | NonRenewingSubscriptionRecord) & { scheduledAdjustmentAt?: number | null };
export type SubscriptionStatus = Subscription["status"];
export type SubscriptionItem = NonNullable<CustomerCreateResponse["data"]["subscriptionItems"]>[number];
export type SubscriptionDetails = CustomerRetrieveBillingResponse["subscriptions"][number];
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

/** A plan change that takes effect when the current billing period ends. */
export interface ScheduledAdjustment {
	subscriptionId: string;
	priceId: string;
	quantity: number;
}

/** A paid checkout whose effect is delayed by the fault `activationDelayMs`, as by a slow webhook. */
export interface PendingActivation {
	checkoutSessionId: string;
	cardNumber: string;
	dueAtMs: number;
}

/** A charge of a card. Its result: payments/settlement.ts. */
export interface Charge {
	invoiceId: string;
	paymentMethodId: string;
	amountCents: number;
	/** 1 for the first attempt, then counting the retries of a renewal. */
	attempt: number;
	/** When the next step is due: the attempt, or the settlement once there is a payment. */
	dueAtMs: number;
	/** The payment that has not settled yet; null before the attempt. */
	paymentId: string | null;
	purpose:
		| { type: "period"; subscriptionId: string; billingPeriodId: string }
		| { type: "top_up"; checkoutSessionId: string }
		| { type: "adjustment"; subscriptionId: string; priceId: string; quantity: number };
}
