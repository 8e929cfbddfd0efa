/**
 * Stored records are the records that Stripe's API answers with, typed by its SDK. Expandable fields hold the id, decimals their text.
 * Rendering is a copy, and a field the SDK does not know cannot be stored.
 */
import type Stripe from "stripe";

type Scalar = string | number | boolean | bigint | symbol | null | undefined;
type Kept<V> = string extends V ? Exclude<V, { object: string }> : V;

/** A record as the state stores it. */
type Stored<T> = T extends Scalar
	? T
	: T extends Stripe.Decimal
		? string
		: T extends readonly (infer Item)[]
			? Stored<Kept<Item>>[]
			: { [Key in keyof T]: Stored<Kept<T[Key]>> };

export type Customer = Stored<Stripe.Customer>;
export type Product = Stored<Stripe.Product>;
export type Price = Stored<Stripe.Price>;
export type Plan = Stored<Stripe.Plan>;
export type PaymentMethod = Stored<Stripe.PaymentMethod>;
export type PaymentIntent = Stored<Stripe.PaymentIntent>;
export type SetupIntent = Stored<Stripe.SetupIntent>;
export type Charge = Stored<Stripe.Charge>;
export type Refund = Stored<Stripe.Refund>;
export type Dispute = Stored<Stripe.Dispute>;
export type CheckoutSession = Stored<Stripe.Checkout.Session>;
export type LineItem = Stored<Stripe.LineItem>;
export type Subscription = Stored<Stripe.Subscription>;
export type SubscriptionItem = Stored<Stripe.SubscriptionItem>;
export type Schedule = Stored<Stripe.SubscriptionSchedule>;
export type Invoice = Stored<Stripe.Invoice>;
export type InvoiceLine = Stored<Stripe.InvoiceLineItem>;
export type InvoiceItem = Stored<Stripe.InvoiceItem>;
export type InvoicePayment = Stored<Stripe.InvoicePayment>;
export type PortalConfiguration = Stored<Stripe.BillingPortal.Configuration>;
export type PortalSession = Stored<Stripe.BillingPortal.Session>;
export type Meter = Stored<Stripe.Billing.Meter>;
export type MeterEvent = Stored<Stripe.Billing.MeterEvent>;
export type WebhookEndpoint = Stored<Stripe.WebhookEndpoint>;
export type EventType = Stripe.Event.Type;

/** An event as it is sent and listed. Its object is a copy of the record at that moment. */
export interface StripeEvent
	extends Pick<Stripe.EventBase, "id" | "object" | "api_version" | "created" | "livemode" | "pending_webhooks" | "request"> {
	type: string;
	data: { object: object; previous_attributes?: object };
}
