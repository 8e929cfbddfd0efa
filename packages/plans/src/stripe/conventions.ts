/** How what is sold is written down at Stripe. The app reads exactly this. */
import type { Offer, PlanFile } from "../plan-file.ts";

/** Marks what belongs to us, in an account that may sell other things too. */
export const app = "parley";

/** The events that the app takes. */
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
] as const;

/** A product's metadata. */
export const productMetadata = ({ slug }: Offer) => ({ app, slug });

/** A price's metadata. An empty value takes a key away. */
export function priceMetadata({ requests, features, trialDays }: Offer, { meter }: PlanFile) {
	return {
		app,
		[meter.slug]: String(requests),
		features: features.join(", "),
		trial_days: trialDays > 0 ? String(trialDays) : "",
	};
}

/** What a meter has to be; none of it can be changed once it is there. */
export const meterTerms = {
	aggregation: "sum",
	customerKey: "stripe_customer_id",
	valueKey: "value",
} as const;
