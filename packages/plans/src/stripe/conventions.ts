/** How plans are represented at Stripe. The app reads exactly this form. */
import type { Offer, PlanFile } from "../plan-file.ts";

/** Metadata that marks our objects, because the account may sell other things. */
export const app = "parley";

/** The events that the app handles. */
export const webhookEvents = [
	"checkout.session.completed",
	"checkout.session.async_payment_succeeded",
	"checkout.session.async_payment_failed",
	"checkout.session.expired",
	"customer.subscription.created",
	"customer.subscription.updated",
	"customer.subscription.deleted",
	"invoice.paid",
	"invoice.payment_failed",
	"charge.refunded",
	"charge.dispute.created",
	"charge.dispute.closed",
	"customer.deleted",
	// Sent for a new default card, which also pays for the plan.
	"customer.updated",
] as const;

/** A product's metadata. */
export const productMetadata = ({ slug }: Offer) => ({ app, slug });

/** A price's metadata. An empty value removes a key. */
export function priceMetadata({ requests, features, trialDays }: Offer, { meter }: PlanFile) {
	return {
		app,
		[meter.slug]: String(requests),
		features: features.join(", "),
		trial_days: trialDays > 0 ? String(trialDays) : "",
	};
}

/**
 * The features of the customer portal. Plans can only be changed in the app, which writes the period's share of requests with the new price. A
 * customer's address is the account's.
 */
export const portalFeatures = {
	customer_update: { enabled: true, allowed_updates: ["address", "name", "tax_id"] },
	invoice_history: { enabled: true },
	payment_method_update: { enabled: true },
	subscription_cancel: { enabled: true, mode: "at_period_end", proration_behavior: "none" },
	subscription_update: { enabled: false },
} as const;

/** The required properties of a meter, which cannot be changed later. */
export const meterTerms = {
	aggregation: "sum",
	customerKey: "stripe_customer_id",
	valueKey: "value",
} as const;
