import { isOwed, owedTo, type RequestRow } from "./rows.ts";

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

/** A row whose report was refused this often is a dead letter: no further attempt is expected to help before someone looks. */
const REFUSALS_MAX = 5;
const DEAD_LETTER_RETRY_MS = 86_400_000;

/**
 * What is owed and due, oldest first, at most 50 a call (a provider's call keeps the object awake, and awake is billed). A row that was
 * refused comes by itself, after all others: one that the provider does not take would have the whole batch refused again. Where a batch
 * is refused for its content, the caller sends its rows one by one and tells each answer (`acknowledge`, `refuse`).
 */
export function nextBatch(rows: Iterable<RequestRow>, nowMs: number): Report[] {
	const due: Report[] = [];
	const refused: Report[] = [];
	for (const row of rows) {
		const subscriptionId = owedTo(row);
		if (subscriptionId === null || (row.reportAfterMs ?? 0) > nowMs) continue;
		(refusalsOf(row) > 0 ? refused : due).push({ id: row.id, subscriptionId, units: row.units, usedAtMs: row.heldAtMs });
	}
	const byAge = (a: Report, b: Report) => a.usedAtMs - b.usedAtMs;
	return due.length > 0 ? due.sort(byAge).slice(0, BATCH_MAX) : refused.sort(byAge).slice(0, 1);
}

/**
 * A row after the provider refused its report, sent by itself: tried again in 15 minutes, as a dead letter in a day. It stays owed. It was
 * sent, so that a late word cannot undo it in place.
 */
export function refused(row: RequestRow, nowMs: number): RequestRow {
	const refusals = refusalsOf(row) + 1;
	const reportAfterMs = nowMs + (refusals < REFUSALS_MAX ? RETRY_MAX_MS : DEAD_LETTER_RETRY_MS);
	return { ...row, refusals, reportAfterMs, sentAtMs: row.sentAtMs ?? nowMs };
}

/** Whether a row is still owed after the provider refused it five times. */
export function isDeadLetter(row: RequestRow): boolean {
	return isOwed(row) && refusalsOf(row) >= REFUSALS_MAX;
}

/** The dead letters among rows: for someone to look at, and part of the drift between ledger and provider. */
export function deadLetters(rows: Iterable<RequestRow>): RequestRow[] {
	return [...rows].filter(isDeadLetter);
}

function refusalsOf(row: RequestRow): number {
	return row.refusals ?? 0;
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
