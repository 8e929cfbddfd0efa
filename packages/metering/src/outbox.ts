import { isOwed, type RequestRow } from "./rows.ts";
import { subscriptionOf } from "./tier.ts";

/** One usage event for the billing provider. */
export interface Report {
	/** The request's row. */
	id: string;
	subscriptionId: string;
	units: number;
	/** When it was held: the provider books it in the period that it was taken from. */
	usedAtMs: number;
}

const BATCH_MAX = 50;
const RETRY_MIN_MS = 5_000;
const RETRY_MAX_MS = 15 * 60_000;

/** What is owed and due, oldest first, at most 50 a call (a provider's call keeps the object awake, and awake is billed). */
export function nextBatch(rows: Iterable<RequestRow>, nowMs: number): Report[] {
	const due: Report[] = [];
	for (const row of rows) {
		const subscriptionId = subscriptionOf(row.pool);
		if (subscriptionId === null || !isOwed(row) || (row.reportAfterMs ?? 0) > nowMs) continue;
		due.push({ id: row.id, subscriptionId, units: row.units, usedAtMs: row.heldAtMs });
	}
	return due.sort((a, b) => a.usedAtMs - b.usedAtMs || (a.id < b.id ? -1 : 1)).slice(0, BATCH_MAX);
}

/** When the outbox has something to do next, by itself; null when nothing is owed. Epoch milliseconds. */
export function nextDueMs(rows: Iterable<RequestRow>): number | null {
	let earliest: number | null = null;
	for (const row of rows) {
		if (isOwed(row)) earliest = Math.min(earliest ?? Number.POSITIVE_INFINITY, row.reportAfterMs ?? 0);
	}
	return earliest;
}

/**
 * How long to wait after the n-th failure in a row: doubling from 5 s to 15 min, of which a random half,
 * so that all ledgers do not come back to a recovering provider in the same second. `random` is in [0, 1).
 */
export function retryDelayMs(failures: number, random: number): number {
	const full = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.max(0, failures - 1));
	return Math.round(full * (0.5 + random / 2));
}
