/** What is sold, record by record, as Flowglad keeps it: the seed until somebody changes it through the API, from then on state. */
import type { State } from "../../state.ts";
import type { PricingModel, Product, SinglePaymentPrice, SubscriptionPrice, UsageMeter, UsagePrice } from "../records.ts";
import { organizationId, pricingModelId, seed, seeded } from "./catalogue.ts";

export type ProductPrice = SubscriptionPrice | SinglePaymentPrice;
export type Price = ProductPrice | UsagePrice;
export type Feature = Product["features"][number];
export type ProductRecord = Omit<Product, "prices" | "defaultPrice" | "features">;
export type MeterRecord = Omit<UsageMeter, "prices" | "defaultPrice">;

/** An endpoint that was made through the API. It is kept and never called: see the README. */
export interface WebhookEndpoint {
	id: string;
	createdAt: number;
	updatedAt: number;
	livemode: boolean;
	filterTypes: string[];
	organizationId: string;
	url: string;
	name: string;
	active: boolean;
	pricingModelId: string;
}

export interface Catalogue {
	products: ProductRecord[];
	prices: Price[];
	features: Feature[];
	/** Which product has which feature now. */
	productFeatures: { productId: string; featureId: string }[];
	usageMeters: MeterRecord[];
	webhookEndpoints: WebhookEndpoint[];
}

export function catalogueOf(state: State): Catalogue {
	return state.catalogue ?? seedRecords(state);
}

/** The catalogue to write to. With the first change it is state, and the settings of what is sold no longer matter. */
export function changeableCatalogue(state: State): Catalogue {
	state.catalogue ??= structuredClone(seedRecords(state));
	return state.catalogue;
}

function seedRecords(state: State): Catalogue {
	const { products, usageMeters } = seed(state.settings);
	return {
		products: products.map(({ prices: _, defaultPrice: __, features: ___, ...record }) => record),
		prices: [...products, ...usageMeters].flatMap(({ prices }) => prices),
		features: products.flatMap(({ features }) => features),
		productFeatures: products.flatMap(({ id, features }) => features.map((feature) => ({ productId: id, featureId: feature.id }))),
		usageMeters: usageMeters.map(({ prices: _, defaultPrice: __, ...record }) => record),
		webhookEndpoints: [],
	};
}

/** A product with all that belongs to it now. */
export function productWithParts(catalogue: Catalogue, record: ProductRecord): Product {
	const own = catalogue.prices.filter((price) => price.productId === record.id);
	const prices = own.filter(({ active }) => active);
	const defaultPrice = prices.find(({ isDefault }) => isDefault) ?? prices[0] ?? own[0];
	if (defaultPrice === undefined) throw new Error(`The product ${record.id} has no price`);
	const linked = catalogue.productFeatures.filter(({ productId }) => productId === record.id).map(({ featureId }) => featureId);
	return { ...record, prices, defaultPrice, features: catalogue.features.filter(({ id }) => linked.includes(id)) };
}

function meterWithPrices(catalogue: Catalogue, record: MeterRecord): UsageMeter {
	const prices = catalogue.prices.filter((price): price is UsagePrice => price.usageMeterId === record.id && price.active);
	const defaultPrice = prices.find(({ isDefault }) => isDefault);
	return { ...record, prices, ...(defaultPrice === undefined ? {} : { defaultPrice }) };
}

/** What is on offer. */
export function pricingModelOf(state: State): PricingModel {
	const catalogue = catalogueOf(state);
	const active = catalogue.products.filter((product) => product.active).map((record) => productWithParts(catalogue, record));
	// The API shows no product without an active price.
	const products = active.filter(({ prices }) => prices.length > 0);
	const defaultProduct = products.find((product) => product.default);
	return {
		...seeded,
		id: pricingModelId,
		organizationId,
		isDefault: true,
		name: "Parley sandbox",
		products,
		usageMeters: catalogue.usageMeters.map((record) => meterWithPrices(catalogue, record)),
		...(defaultProduct === undefined ? {} : { defaultProduct }),
	};
}
