import type { RequestRow } from "./rows.ts";
import { type Entitlement, subscriptionOf } from "./tier.ts";

/** The provider's number at one instant, from which on both books must move alike. Valid within one period of one subscription. */
export interface Baseline {
	subscriptionId: string;
	periodStartMs: number;
	available: number;
	/** Credits that the customer had bought by then, over all time. */
	creditsBought: number;
	/** When the number was asked for. */
	atMs: number;
}

/** The baseline of a read; null where the provider keeps no balance. */
export function baselineOf(entitlement: Entitlement | null, creditsBought: number): Baseline | null {
	if (entitlement?.kind !== "balance") return null;
	const { subscriptionId, periodStartMs, available, fetchedAtMs } = entitlement;
	return { subscriptionId, periodStartMs, available, creditsBought, atMs: fetchedAtMs };
}

/** Whether two baselines can be compared: what a new period grants and takes is the provider's own affair. */
export function isSamePeriod(before: Baseline, now: Baseline): boolean {
	return before.subscriptionId === now.subscriptionId && before.periodStartMs === now.periodStartMs;
}

/**
 * By how many units the provider's number moved otherwise than the ledger's rows say it had to, between two reads with no report under way.
 * @returns 0 when the books agree. Positive: the provider has less usage than was acknowledged, or gave credits that were not bought.
 * Negative: it counted twice, or took usage or a refund from elsewhere.
 */
export function driftBetween(before: Baseline, now: Baseline, rows: Iterable<RequestRow>): number {
	let acknowledged = 0;
	for (const row of rows) {
		const known = row.reportedAtMs !== null && row.reportedAtMs >= before.atMs && row.reportedAtMs < now.atMs;
		if (known && subscriptionOf(row.pool) === now.subscriptionId) acknowledged += row.units;
	}
	const bought = now.creditsBought - before.creditsBought;
	return now.available - (before.available + bought - acknowledged);
}
