/** Where prices, products and meters are looked up. */
import type { State } from "../../state.ts";
import type { Product, SubscriptionPrice, UsageMeter } from "../records.ts";
import type { Price, ProductPrice } from "./records.ts";
import { catalogueOf, pricingModelOf, productWithParts } from "./stored.ts";

export { organizationId, pricingModelId } from "./catalogue.ts";
export { pricingModelOf } from "./stored.ts";

/** What every customer starts on. */
export function defaultPriceOf(state: State): SubscriptionPrice {
	const price = pricingModelOf(state).defaultProduct?.defaultPrice;
	if (price?.type !== "subscription") throw new Error("The pricing model has no default plan");
	return price;
}

/** A price on offer, as a request names it. */
export function findPrice(
	state: State,
	wanted: { priceId?: string | null | undefined; priceSlug?: string | undefined },
): Price | undefined {
	const { products, usageMeters } = pricingModelOf(state);
	const prices = [...products, ...usageMeters].flatMap((owner): Price[] => owner.prices);
	return prices.find(({ id, slug }) => (wanted.priceId == null ? slug === wanted.priceSlug : id === wanted.priceId));
}

/** For ids that the sandbox stored itself: an unknown one is a bug or a state file of another version. */
export function priceById(state: State, id: string): Price {
	const price = catalogueOf(state).prices.find((one) => one.id === id);
	if (price === undefined) throw new Error(`The pricing model has no price ${id}`);
	return price;
}

export function productOf(state: State, price: ProductPrice): Product {
	const catalogue = catalogueOf(state);
	const record = catalogue.products.find(({ id }) => id === price.productId);
	if (record === undefined) throw new Error(`The pricing model has no product ${price.productId}`);
	return productWithParts(catalogue, record);
}

export function findUsageMeter(
	state: State,
	wanted: { usageMeterId?: string | null | undefined; usageMeterSlug?: string | undefined },
): UsageMeter | undefined {
	return pricingModelOf(state).usageMeters.find(({ id, slug }) => id === wanted.usageMeterId || slug === wanted.usageMeterSlug);
}
