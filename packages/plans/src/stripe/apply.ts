/** Applies one change at Stripe. */
import { createHash } from "node:crypto";
import Stripe from "stripe";
import type { Offer, PlanFile } from "../plan-file.ts";
import { app, meterTerms, portalFeatures, priceMetadata, productMetadata, webhookEvents } from "./conventions.ts";
import type { Step } from "./diff.ts";

/** Applies a step. Returns extra lines to print, such as a secret that is shown once. */
export async function apply(stripe: Stripe, plans: PlanFile, webhookUrl: string | null, step: Step): Promise<string[]> {
	switch (step.type) {
		case "create meter":
			await createMeter(stripe, plans.meter);
			return [];
		case "rename meter":
			await stripe.billing.meters.update(step.id, { display_name: plans.meter.name });
			return [];
		case "reactivate meter":
			await stripe.billing.meters.reactivate(step.id);
			return [];
		case "create product":
			await createProduct(stripe, plans, step.offer);
			return [];
		case "update product":
			await stripe.products.update(step.id, step.fields);
			return [];
		case "archive product":
			// The product first: archiving it ends the offer, and its default price cannot be deactivated before that.
			await stripe.products.update(step.product.id, { active: false });
			for (const { id, active } of step.product.prices) {
				if (active && id !== step.product.defaultPriceId) await stripe.prices.update(id, { active: false });
			}
			return [];
		case "create price":
			await createPrice(stripe, plans, step);
			return [];
		case "update price":
			await stripe.prices.update(step.id, { metadata: step.metadata });
			return [];
		case "deactivate price":
			if (step.product.defaultPriceId === step.id) await stripe.products.update(step.product.id, { default_price: step.keep });
			await stripe.prices.update(step.id, { active: false });
			return [];
		case "create portal":
			await createPortal(stripe);
			return [];
		case "update portal":
			await stripe.billingPortal.configurations.update(step.id, { features: portalParams() });
			return [];
		case "archive portal":
			await stripe.billingPortal.configurations.update(step.id, { active: false });
			return [];
		case "create endpoint":
			return createEndpoint(stripe, webhookUrl ?? "");
		case "update endpoint":
			await stripe.webhookEndpoints.update(step.id, { enabled_events: [...webhookEvents], disabled: false });
			return [];
	}
}

async function createMeter(stripe: Stripe, { slug, name }: PlanFile["meter"]): Promise<void> {
	const params: Stripe.Billing.MeterCreateParams = {
		event_name: slug,
		display_name: name,
		default_aggregation: { formula: meterTerms.aggregation },
		customer_mapping: { type: "by_id", event_payload_key: meterTerms.customerKey },
		value_settings: { event_payload_key: meterTerms.valueKey },
	};
	await stripe.billing.meters.create(params, once("meter", params));
}

async function createProduct(stripe: Stripe, plans: PlanFile, offer: Offer): Promise<void> {
	const { name, description } = offer;
	const params: Stripe.ProductCreateParams = { name, description, metadata: productMetadata(offer) };
	const { id } = await stripe.products.create(params, once("product", params));
	await createPrice(stripe, plans, { offer, productId: id, replaces: null });
}

async function createPrice(
	stripe: Stripe,
	plans: PlanFile,
	{ offer, productId, replaces }: { offer: Offer; productId: string; replaces: string | null },
): Promise<void> {
	const params: Stripe.PriceCreateParams = {
		product: productId,
		currency: plans.currency.toLowerCase(),
		unit_amount: offer.amountCents,
		lookup_key: offer.slug,
		transfer_lookup_key: true,
		metadata: Object.fromEntries(Object.entries(priceMetadata(offer, plans)).filter(([, value]) => value !== "")),
		...(offer.interval === null ? {} : { recurring: { interval: offer.interval } }),
	};
	await stripe.prices.create(params, once("price", { ...params, replaces }));
}

/** The features as parameters, in the mutable type that the SDK requires. */
function portalParams(): Stripe.BillingPortal.ConfigurationCreateParams.Features {
	const { customer_update, ...others } = portalFeatures;
	return { ...others, customer_update: { ...customer_update, allowed_updates: [...customer_update.allowed_updates] } };
}

async function createPortal(stripe: Stripe): Promise<void> {
	const params = { name: "Parley", features: portalParams(), metadata: { app } };
	await stripe.billingPortal.configurations.create(params, once("portal", params));
}

async function createEndpoint(stripe: Stripe, url: string): Promise<string[]> {
	// Without a version, events use the account's default API version, which may be years old.
	const version = { api_version: Stripe.API_VERSION };
	const params: Stripe.WebhookEndpointCreateParams = { url, enabled_events: [...webhookEvents], description: "Parley", ...version };
	const { secret } = await stripe.webhookEndpoints.create(params, once("endpoint", params));
	return [`The secret of ${url}, shown only this once: ${secret}`, "Give it to the app: npx wrangler secret put STRIPE_WEBHOOK_SECRET"];
}

const hourMs = 60 * 60 * 1000;

/**
 * The idempotency key of a creation, so that two concurrent pushes create one object. Stripe repeats a key's first response for a day, even a failure
 * or a since deleted object. So the key contains the hour, and for a price the previous price: 799, 999 and 799 again are three prices.
 */
function once(what: string, params: object): { idempotencyKey: string } {
	const hour = Math.floor(Date.now() / hourMs);
	const digest = createHash("sha256").update(JSON.stringify(params)).digest("hex").slice(0, 40);
	return { idempotencyKey: `parley-${what}-${hour}-${digest}` };
}
