import type { SubscriptionPrice } from "../records.ts";

type Interval = Pick<SubscriptionPrice, "intervalUnit" | "intervalCount">;

const dayMs = 24 * 60 * 60 * 1000;

/**
 * The end of the billing period that starts at `startMs`, in UTC epoch milliseconds. Months are counted from the anchor: a
 * subscription of 31 January renews on 28 February, then on 31 March.
 */
export function periodEndMs(anchorMs: number, startMs: number, { intervalUnit, intervalCount }: Interval): number {
	if (intervalUnit === "day") return startMs + intervalCount * dayMs;
	if (intervalUnit === "week") return startMs + intervalCount * 7 * dayMs;
	const months = intervalUnit === "year" ? 12 * intervalCount : intervalCount;
	const anchor = new Date(anchorMs);
	const start = new Date(startMs);
	const monthsSinceAnchor = (start.getUTCFullYear() - anchor.getUTCFullYear()) * 12 + start.getUTCMonth() - anchor.getUTCMonth();
	return addMonths(anchor, monthsSinceAnchor + months);
}

function addMonths(date: Date, months: number): number {
	const monthStart = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1));
	const lastDay = new Date(Date.UTC(monthStart.getUTCFullYear(), monthStart.getUTCMonth() + 1, 0)).getUTCDate();
	const timeOfDayMs = date.getTime() - Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
	return monthStart.getTime() + (Math.min(date.getUTCDate(), lastDay) - 1) * dayMs + timeOfDayMs;
}
