/** The seed catalogue: the sandbox's plans as the app's push command would create them. */
import type { State } from "../../state.ts";
import type { Meter, PortalConfiguration, Price, Product } from "../records.ts";
import { newPortalConfiguration, setPortalConfiguration } from "./portal.ts";

const seededSeconds = Date.UTC(2026, 0, 1) / 1000;

/** A product with Stripe's default values. */
export function newProduct(given: Pick<Product, "id" | "name" | "created"> & Partial<Product>): Product {
	return {
		object: "product",
		active: true,
		default_price: null,
		description: null,
		images: [],
		livemode: false,
		marketing_features: [],
		metadata: {},
		package_dimensions: null,
		shippable: null,
		statement_descriptor: null,
		tax_code: null,
		tax_details: null,
		type: "service",
		unit_label: null,
		updated: given.created,
		url: null,
		...given,
	};
}

/** A price with Stripe's default values. */
export function newPrice(given: Pick<Price, "id" | "product" | "currency" | "unit_amount" | "created"> & Partial<Price>): Price {
	const { recurring = null, unit_amount: amount } = given;
	return {
		object: "price",
		active: true,
		billing_scheme: "per_unit",
		custom_unit_amount: null,
		livemode: false,
		lookup_key: null,
		metadata: {},
		nickname: null,
		recurring,
		tax_behavior: "unspecified",
		tiers_mode: null,
		transform_quantity: null,
		type: recurring === null ? "one_time" : "recurring",
		unit_amount_decimal: amount === null ? null : String(amount),
		...given,
	};
}

/** A meter with Stripe's default values. */
export function newMeter(given: Pick<Meter, "id" | "display_name" | "event_name" | "created"> & Partial<Meter>): Meter {
	return {
		object: "billing.meter",
		customer_mapping: { event_payload_key: "stripe_customer_id", type: "by_id" },
		default_aggregation: { formula: "sum" },
		event_time_window: null,
		livemode: false,
		status: "active",
		status_transitions: { deactivated_at: null },
		updated: given.created,
		value_settings: { event_payload_key: "value" },
		...given,
	};
}

const monthly = { interval: "month", interval_count: 1, meter: null, trial_period_days: null, usage_type: "licensed" } as const;

const plans = [
	{
		key: "pro_monthly",
		product: "prod_pro",
		name: "Pro",
		description: "1000 requests a month.",
		cents: 799,
		requests: "1000",
		isMonthly: true,
	},
	{
		key: "top_up_1000",
		product: "prod_top_up",
		name: "Top-up",
		description: "1000 requests, used after those of your plan.",
		cents: 800,
		requests: "1000",
		isMonthly: false,
	},
	{
		key: "max_monthly",
		product: "prod_max",
		name: "Max",
		description: "3000 requests a month.",
		cents: 1999,
		requests: "3000",
		isMonthly: true,
	},
] as const;

type Plan = (typeof plans)[number];

/** Adapts the catalogue to changed settings. Changes made through the API stay until then. */
export function offer(state: State): void {
	const { stripeCatalogue, maxPlan, proTrialDays } = state.settings;
	const wanted = { stripeCatalogue, maxPlan, proTrialDays };
	const { stripe } = state;
	const isConfigured = !stripeCatalogue || stripe.portalConfigurations.length > 0;
	if (isConfigured && JSON.stringify(stripe.offered) === JSON.stringify(wanted)) return;
	const isFirst = stripe.offered === null;
	stripe.offered = wanted;
	if (isFirst && !stripeCatalogue) return;
	for (const plan of plans) {
		const isSold = stripeCatalogue && (plan.key !== "max_monthly" || maxPlan);
		if (isSold) add(state, plan, proTrialDays);
		else retire(state, plan);
	}
	if (!isConfigured) stripe.portalConfigurations.push(portal());
	if (stripeCatalogue && !stripe.meters.some(({ event_name }) => event_name === "ai_requests"))
		stripe.meters.push(
			newMeter({ id: "mtr_test_ai_requests", display_name: "AI Requests", event_name: "ai_requests", created: seededSeconds }),
		);
}

/** The portal as the app's push command configures it, saved as the default of the account. */
function portal(): PortalConfiguration {
	const configuration = newPortalConfiguration({
		id: "bpc_parley",
		created: seededSeconds,
		metadata: { app: "parley" },
		name: "Parley",
		is_default: true,
	});
	setPortalConfiguration(
		configuration,
		{
			features: {
				customer_update: { enabled: true, allowed_updates: ["address", "name", "tax_id"] },
				invoice_history: { enabled: true },
				payment_method_update: { enabled: true },
				subscription_cancel: { enabled: true, mode: "at_period_end", proration_behavior: "none" },
			},
		},
		seededSeconds,
	);
	return configuration;
}

function add(state: State, plan: Plan, proTrialDays: number): void {
	const { stripe } = state;
	const product = stripe.products.find(({ id }) => id === plan.product);
	const metadata = { app: "parley" };
	const ofProduct = { ...metadata, slug: plan.key };
	if (product === undefined) {
		const { product: id, name, description } = plan;
		stripe.products.push(
			newProduct({ id, name, description, metadata: ofProduct, default_price: `price_${plan.key}`, created: seededSeconds }),
		);
	} else product.active = true;
	const price = stripe.prices.find(({ id }) => id === `price_${plan.key}`);
	const terms: Record<string, string> = { ...metadata, ai_requests: plan.requests };
	if (plan.key === "max_monthly") terms.features = "First in line";
	if (plan.key === "pro_monthly" && proTrialDays > 0) terms.trial_days = String(proTrialDays);
	if (price === undefined)
		stripe.prices.push(
			newPrice({
				id: `price_${plan.key}`,
				product: plan.product,
				currency: "usd",
				unit_amount: plan.cents,
				lookup_key: plan.key,
				metadata: terms,
				recurring: plan.isMonthly ? { ...monthly } : null,
				created: seededSeconds,
			}),
		);
	else Object.assign(price, { active: true, metadata: terms });
}

/** Deactivates a plan. Subscribers keep it. */
function retire({ stripe }: State, plan: Plan): void {
	for (const record of [...stripe.products, ...stripe.prices]) {
		if (record.id === plan.product || record.id === `price_${plan.key}`) record.active = false;
	}
}
