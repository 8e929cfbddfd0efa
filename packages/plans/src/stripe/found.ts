/** Our objects at Stripe. */
import type Stripe from "stripe";
import { app } from "./conventions.ts";

export interface FoundPrice {
	id: string;
	active: boolean;
	lookupKey: string | null;
	/** Null for a price with fractional cents. */
	amountCents: number | null;
	/** Lower case, as Stripe writes it. */
	currency: string;
	/** "month", "3 months"; null for a one-time price. */
	interval: string | null;
	metadata: Record<string, string>;
}

export interface FoundProduct {
	id: string;
	/** From its metadata. */
	slug: string | null;
	active: boolean;
	name: string;
	description: string | null;
	/** The default price, which cannot be deactivated. */
	defaultPriceId: string | null;
	/** Newest first. */
	prices: FoundPrice[];
}

export interface FoundMeter {
	id: string;
	active: boolean;
	name: string;
	aggregation: string;
	customerKey: string;
	valueKey: string;
}

interface FoundEndpoint {
	id: string;
	enabled: boolean;
	events: string[];
}

export interface FoundPortal {
	id: string;
	/** By feature and setting, such as `subscription_cancel.mode`. Lists are sorted. */
	settings: Record<string, string>;
}

export interface Found {
	/** Meters with the plan file's event name. At most one is active. */
	meters: FoundMeter[];
	products: FoundProduct[];
	/** Our active configurations of the customer portal, newest first. The app uses the first. */
	portals: FoundPortal[];
	/** Webhook endpoints at the app's address; null without --app-url. */
	endpoints: FoundEndpoint[] | null;
}

const pageSize = 100;

/** Reads everything that the plan file defines. */
export async function read(stripe: Stripe, meterSlug: string, webhookUrl: string | null): Promise<Found> {
	const [meters, products, portals, endpoints] = await Promise.all([
		stripe.billing.meters.list({ limit: pageSize }).autoPagingToArray({ limit: 10_000 }),
		stripe.products.list({ limit: pageSize }).autoPagingToArray({ limit: 10_000 }),
		stripe.billingPortal.configurations.list({ active: true, limit: pageSize }).autoPagingToArray({ limit: 10_000 }),
		webhookUrl === null ? null : stripe.webhookEndpoints.list({ limit: pageSize }).autoPagingToArray({ limit: 10_000 }),
	]);
	const ours = products.filter(({ metadata }) => metadata.app === app);
	return {
		meters: meters.filter(({ event_name }) => event_name === meterSlug).map(meter),
		products: await Promise.all(ours.map((product) => withPrices(stripe, product))),
		portals: portals.filter(({ metadata }) => metadata?.app === app).map(portal),
		endpoints: endpoints?.filter(({ url }) => url === webhookUrl).map(endpoint) ?? null,
	};
}

function meter({ id, status, display_name, default_aggregation, customer_mapping, value_settings }: Stripe.Billing.Meter): FoundMeter {
	return {
		id,
		active: status === "active",
		name: display_name,
		aggregation: default_aggregation.formula,
		customerKey: customer_mapping.event_payload_key,
		valueKey: value_settings.event_payload_key,
	};
}

async function withPrices(stripe: Stripe, product: Stripe.Product): Promise<FoundProduct> {
	const prices = await stripe.prices.list({ product: product.id, limit: pageSize }).autoPagingToArray({ limit: 10_000 });
	const { id, active, name, description, default_price, metadata } = product;
	return {
		id,
		slug: metadata.slug ?? null,
		active,
		name,
		description,
		defaultPriceId: typeof default_price === "string" ? default_price : (default_price?.id ?? null),
		prices: prices.map(price),
	};
}

function price({ id, active, lookup_key, unit_amount, currency, recurring, metadata }: Stripe.Price): FoundPrice {
	const { interval, interval_count = 1 } = recurring ?? {};
	return {
		id,
		active,
		lookupKey: lookup_key,
		amountCents: unit_amount,
		currency,
		interval: interval === undefined ? null : interval_count === 1 ? interval : `${interval_count} ${interval}s`,
		metadata,
	};
}

function portal({ id, features }: Stripe.BillingPortal.Configuration): FoundPortal {
	return { id, settings: settingsOf(features) };
}

/** Features as text by name, such as `subscription_cancel.mode`, to compare and to print. */
export function settingsOf(features: object): Record<string, string> {
	const entries = Object.entries(features).flatMap(([feature, settings]: [string, object]) =>
		Object.entries(settings).map(([name, value]): [string, string] => [
			`${feature}.${name}`,
			Array.isArray(value) ? value.toSorted().join(", ") : String(value),
		]),
	);
	return Object.fromEntries(entries);
}

function endpoint({ id, status, enabled_events }: Stripe.WebhookEndpoint): FoundEndpoint {
	return { id, enabled: status === "enabled", events: enabled_events };
}
