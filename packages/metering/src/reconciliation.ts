import type { Entitlement } from "./tier.ts";

/** The provider's number at one instant. From then on, within one period, provider and ledger must change by the same units. */
export interface Baseline {
	subscriptionId: string;
	periodStartMs: number;
	available: number;
	/** All credits that the customer had bought by then. */
	creditsBought: number;
	/** When the read was sent, in epoch milliseconds. */
	atMs: number;
}

/** The baseline of a read. Null if the provider keeps no balance. */
export function baselineOf(entitlement: Entitlement | null, creditsBought: number): Baseline | null {
	if (entitlement?.kind !== "balance") return null;
	const { subscriptionId, periodStartMs, available, fetchedAtMs } = entitlement;
	return { subscriptionId, periodStartMs, available, creditsBought, atMs: fetchedAtMs };
}

/** Whether two baselines can be compared. Across periods they cannot, because the provider grants and expires units itself. */
export function isSamePeriod(before: Baseline, now: Baseline): boolean {
	return before.subscriptionId === now.subscriptionId && before.periodStartMs === now.periodStartMs;
}

/**
 * Difference between the provider's change and the ledger's, in units, between two reads with no report in flight.
 * @param acknowledged units of the subscription whose reports were acknowledged in between
 * @returns 0 when they agree. Positive: the provider counted less than it acknowledged, or granted credits that were not bought.
 * Negative: it counted twice, or counted usage or a refund from elsewhere.
 */
export function driftBetween(before: Baseline, now: Baseline, acknowledged: number): number {
	const bought = now.creditsBought - before.creditsBought;
	return now.available - (before.available + bought - acknowledged);
}
