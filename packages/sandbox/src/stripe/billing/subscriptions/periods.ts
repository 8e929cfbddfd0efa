import { periodEndMs } from "../../../billing/subscriptions/periods.ts";
import type { Price, Subscription } from "../../records.ts";

const units = ["day", "week", "month", "year"] as const;

/** The end of the period that starts at `startSeconds`, in epoch seconds. Counted from the anchor: the 31st returns after February. */
export function periodEnd(
	{ billing_cycle_anchor: anchor }: Pick<Subscription, "billing_cycle_anchor">,
	price: Price,
	startSeconds: number,
): number {
	return intervalsAfter(startSeconds, { interval: price.recurring?.interval, interval_count: price.recurring?.interval_count }, anchor);
}

interface Interval {
	interval: string | undefined;
	interval_count?: number | undefined;
}

/** `startSeconds` plus an interval, in epoch seconds. */
export function intervalsAfter(
	startSeconds: number,
	{ interval, interval_count: intervalCount = 1 }: Interval,
	anchorSeconds = startSeconds,
): number {
	const intervalUnit = units.find((unit) => unit === interval);
	if (intervalUnit === undefined) throw new Error(`There is no interval ${interval}`);
	return periodEndMs(anchorSeconds * 1000, startSeconds * 1000, { intervalUnit, intervalCount }) / 1000;
}
