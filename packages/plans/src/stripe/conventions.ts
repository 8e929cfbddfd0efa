/** How plans are represented at Stripe. The app reads exactly this. */
import type { Offer, PlanFile } from "../plan-file.ts";

/** Metadata that marks our objects, in an account that may sell other things. */
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
	// A new default card, which pays for the plan too.
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
 * What the customer portal offers. Plans change in the app only, which writes the period's share of requests with the new price; the address of a
 * customer is the account's.
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
