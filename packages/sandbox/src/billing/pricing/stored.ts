/** The catalogue as flat records: derived from the seed until the first change through the API, then part of the state. */
import type { State } from "../../state.ts";
import type { PricingModel, Product, UsageMeter, UsagePrice } from "../records.ts";
import { organizationId, pricingModelId, seed, seeded } from "./catalogue.ts";
import type { Catalogue, MeterRecord, ProductRecord } from "./records.ts";

/** The current catalogue, for reading. */
export function catalogueOf(state: State): Catalogue {
	return state.catalogue ?? seedRecords(state);
}

/** The catalogue, for writing. The first call copies the seed into the state; from then on the settings do not affect it. */
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

/** A product with its current prices and features. */
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

/** The pricing model: active products and all meters. */
export function pricingModelOf(state: State): PricingModel {
	const catalogue = catalogueOf(state);
	const active = catalogue.products.filter((product) => product.active).map((record) => productWithParts(catalogue, record));
	// The API omits products without an active price.
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
