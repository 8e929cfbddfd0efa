import { periodEndMs } from "../../../billing/subscriptions/periods.ts";
import type { Price, Subscription } from "../../records.ts";

/** The end, in epoch seconds, of the period that starts at `startSeconds`: counted from the anchor, so the 31st comes back after February. */
export function periodEnd(
	{ billing_cycle_anchor: anchor }: Pick<Subscription, "billing_cycle_anchor">,
	price: Price,
	startSeconds: number,
): number {
	const { interval, interval_count: intervalCount = 1 } = price.recurring ?? {};
	const intervalUnit = (["day", "week", "month", "year"] as const).find((one) => one === interval);
	if (intervalUnit === undefined) throw new Error(`Price ${price.id} has no interval`);
	return periodEndMs(anchor * 1000, startSeconds * 1000, { intervalUnit, intervalCount }) / 1000;
}
