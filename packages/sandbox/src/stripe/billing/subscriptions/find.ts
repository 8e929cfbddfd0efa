import type { Subscription, SubscriptionItem } from "../../records.ts";

/** Whether time still brings it something. */
export function isLive({ status }: Subscription): boolean {
	return status !== "canceled" && status !== "incomplete_expired";
}

/** The one item that a plan here has: the sandbox sells nothing with several. */
export function itemOf({ id, items }: Subscription): SubscriptionItem {
	const [item] = items.data;
	if (item === undefined) throw new Error(`Subscription ${id} has no item`);
	return item;
}
