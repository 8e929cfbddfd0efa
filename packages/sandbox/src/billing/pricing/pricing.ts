/** Looks up prices, products and meters. */
import type { State } from "../../state.ts";
import type { Product, UsageMeter } from "../records.ts";
import type { Price, ProductPrice } from "./records.ts";
import { catalogueOf, pricingModelOf, productWithParts } from "./stored.ts";

export { organizationId, pricingModelId } from "./catalogue.ts";
export { pricingModelOf } from "./stored.ts";

/** The price of the default plan, on which every customer starts. */
export function defaultPriceOf(state: State): ProductPrice {
	const price = pricingModelOf(state).defaultProduct?.defaultPrice;
	if (price === undefined || price.type === "usage") throw new Error("The pricing model has no default plan");
	return price;
}

/** An active price by id or slug. */
export function findPrice(
	state: State,
	wanted: { priceId?: string | null | undefined; priceSlug?: string | undefined },
): Price | undefined {
	const { products, usageMeters } = pricingModelOf(state);
	const prices = [...products, ...usageMeters].flatMap((owner): Price[] => owner.prices);
	return prices.find(({ id, slug }) => (wanted.priceId == null ? slug === wanted.priceSlug : id === wanted.priceId));
}

/** A price by an id that the sandbox stored. An unknown id is a bug or a state file of another version. */
export function priceById(state: State, id: string): Price {
	const price = catalogueOf(state).prices.find((one) => one.id === id);
	if (price === undefined) throw new Error(`The pricing model has no price ${id}`);
	return price;
}

/** The product of a price, with its parts. */
export function productOf(state: State, price: ProductPrice): Product {
	const catalogue = catalogueOf(state);
	const record = catalogue.products.find(({ id }) => id === price.productId);
	if (record === undefined) throw new Error(`The pricing model has no product ${price.productId}`);
	return productWithParts(catalogue, record);
}

/** A meter by id or slug. */
export function findUsageMeter(
	state: State,
	wanted: { usageMeterId?: string | null | undefined; usageMeterSlug?: string | undefined },
): UsageMeter | undefined {
	return pricingModelOf(state).usageMeters.find(({ id, slug }) => id === wanted.usageMeterId || slug === wanted.usageMeterSlug);
}
