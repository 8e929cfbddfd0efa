/** Where prices, products and meters are looked up. */
import type { State } from "../../state.ts";
import type { PricingModel, Product, SinglePaymentPrice, SubscriptionPrice, UsageMeter, UsagePrice } from "../records.ts";
import { allProducts, freeMonthly, noCharge, pricingModel } from "./catalogue.ts";

export { organizationId, pricingModelId } from "./catalogue.ts";

type ProductPrice = SubscriptionPrice | SinglePaymentPrice;
export type Price = ProductPrice | UsagePrice;

export function pricingModelOf(state: State): PricingModel {
	return pricingModel(state.settings);
}

export const defaultPrice: SubscriptionPrice = freeMonthly;

/** A price on offer, as a request names it. */
export function findPrice(
	state: State,
	wanted: { priceId?: string | null | undefined; priceSlug?: string | undefined },
): Price | undefined {
	const prices = [...pricesOf(pricingModelOf(state).products), noCharge];
	return prices.find(({ id, slug }) => (wanted.priceId == null ? slug === wanted.priceSlug : id === wanted.priceId));
}

/** For ids that the sandbox stored itself: an unknown one is a bug or a state file of another version. */
export function priceById(state: State, id: string): Price {
	const price = [...pricesOf(allProducts(state.settings)), noCharge].find((one) => one.id === id);
	if (price === undefined) throw new Error(`The pricing model has no price ${id}`);
	return price;
}

export function productOf(state: State, price: ProductPrice): Product {
	const found = allProducts(state.settings).find(({ id }) => id === price.productId);
	if (found === undefined) throw new Error(`The pricing model has no product ${price.productId}`);
	return found;
}

export function findUsageMeter(
	state: State,
	wanted: { usageMeterId?: string | null | undefined; usageMeterSlug?: string | undefined },
): UsageMeter | undefined {
	return pricingModelOf(state).usageMeters.find(({ id, slug }) => id === wanted.usageMeterId || slug === wanted.usageMeterSlug);
}

function pricesOf(products: Product[]): ProductPrice[] {
	return products.flatMap(({ prices }) => prices).filter((price) => price.type !== "usage");
}
