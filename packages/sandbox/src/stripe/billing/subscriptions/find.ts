import type { Subscription, SubscriptionItem } from "../../records.ts";

/** Whether the subscription has not ended. */
export function isLive({ status }: Subscription): boolean {
	return status !== "canceled" && status !== "incomplete_expired";
}

/** The subscription's item. In the sandbox a subscription has one. */
export function itemOf({ id, items }: Subscription): SubscriptionItem {
	const [item] = items.data;
	if (item === undefined) throw new Error(`Subscription ${id} has no item`);
	return item;
}
