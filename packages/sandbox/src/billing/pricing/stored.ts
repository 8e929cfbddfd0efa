/** What is sold, record by record, as Flowglad keeps it: the seed until somebody changes it through the API, from then on state. */
import type { State } from "../../state.ts";
import type { PricingModel, Product, UsageMeter, UsagePrice } from "../records.ts";
import { organizationId, pricingModelId, seed, seeded } from "./catalogue.ts";
import type { Catalogue, MeterRecord, ProductRecord } from "./records.ts";

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
