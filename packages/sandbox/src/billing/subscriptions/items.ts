/** Subscription items and their features. In the sandbox a subscription has one item. */
import type { State } from "../../state.ts";
import { newRecord } from "../ids.ts";
import { pricingModelId, productOf } from "../pricing/pricing.ts";
import type { ProductPrice } from "../pricing/records.ts";
import type { FeatureItem, Product, Subscription, SubscriptionItem, SubscriptionPrice } from "../records.ts";
import { featureItemsOf, itemsOf } from "./find.ts";

/** Adds an item with a copy of the product's features. */
export function addItem(state: State, subscription: Subscription, price: ProductPrice, quantity: number, atMs: number): void {
	const item: SubscriptionItem = {
		...newRecord("si", atMs),
		subscriptionId: subscription.id,
		name: price.name,
		addedDate: atMs,
		priceId: price.id,
		unitPrice: subscription.doNotCharge ? 0 : price.unitPrice,
		quantity,
		metadata: null,
		type: "static",
		externalId: null,
		expiredAt: null,
		manuallyCreated: false,
		pricingModelId,
	};
	state.subscriptionItems.push(item);
	for (const feature of productOf(state, price).features) {
		const copy = featureItem(feature, item, atMs);
		if (copy !== null) state.featureItems.push(copy);
	}
}

/** The subscription's copy of a feature, so that later changes to the plan do not affect it. */
function featureItem(feature: Product["features"][number], item: SubscriptionItem, atMs: number): FeatureItem | null {
	const common = {
		...newRecord("sub_feature", atMs),
		subscriptionItemId: item.id,
		featureId: feature.id,
		productFeatureId: `product_${feature.id}`,
		expiredAt: null,
		detachedAt: null,
		detachedReason: null,
		manuallyCreated: false,
		pricingModelId,
		resourceId: null,
		name: feature.name,
		slug: feature.slug,
	};
	switch (feature.type) {
		case "usage_credit_grant": {
			const { usageMeterId, renewalFrequency } = feature;
			return { ...common, type: feature.type, amount: feature.amount * item.quantity, usageMeterId, renewalFrequency };
		}
		case "toggle":
			return { ...common, type: feature.type, amount: null, usageMeterId: null, renewalFrequency: null };
		default:
			return null;
	}
}

/** Expires all items and features. */
export function expireItems(state: State, subscription: Subscription, atMs: number): void {
	for (const feature of featureItemsOf(state, subscription.id)) feature.expiredAt = atMs;
	for (const item of itemsOf(state, subscription.id)) item.expiredAt = atMs;
}

/** Replaces the items for another price or quantity. The subscription keeps its id and its credits. */
export function replaceItems(
	state: State,
	subscription: Subscription,
	{ price, quantity, atMs }: { price: SubscriptionPrice; quantity: number; atMs: number },
): void {
	expireItems(state, subscription, atMs);
	subscription.priceId = price.id;
	subscription.name = price.name;
	subscription.updatedAt = atMs;
	addItem(state, subscription, price, quantity, atMs);
}
