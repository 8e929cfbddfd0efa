import type { Plan, Price, SubscriptionItem } from "../../records.ts";

/** Sets price and quantity of an item. */
export function replacePrice(item: SubscriptionItem, price: Price, quantity: number): void {
	item.quantity = quantity;
	if (item.price.id === price.id) return;
	item.price = structuredClone(price);
	item.plan = planOf(price);
}

/** A recurring price in the legacy form that items still contain. */
export function planOf(price: Price): Plan {
	return {
		id: price.id,
		object: "plan",
		active: price.active,
		amount: price.unit_amount,
		amount_decimal: price.unit_amount_decimal,
		billing_scheme: "per_unit",
		created: price.created,
		currency: price.currency,
		interval: price.recurring?.interval ?? "month",
		interval_count: price.recurring?.interval_count ?? 1,
		livemode: false,
		metadata: price.metadata,
		meter: null,
		nickname: price.nickname,
		product: price.product,
		tiers_mode: null,
		transform_usage: null,
		trial_period_days: null,
		usage_type: "licensed",
	};
}
