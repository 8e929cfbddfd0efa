import { isOwed, owedTo, type RequestRow } from "./rows.ts";

/** One usage event for the billing provider. */
export interface Report {
	/** The request's row. */
	id: string;
	subscriptionId: string;
	units: number;
	/** When the hold was taken, so that the provider counts it in that period. Epoch milliseconds. */
	usedAtMs: number;
}

const BATCH_MAX = 50;
const RETRY_MIN_MS = 5_000;
const RETRY_MAX_MS = 15 * 60_000;

/** Refusals that make a row a dead letter, which needs a person. */
const REFUSALS_MAX = 5;
const DEAD_LETTER_RETRY_MS = 86_400_000;

/**
 * The reports that are owed and due, oldest first, at most 50 (a call keeps the object awake, which is billed). A refused row is sent alone and last,
 * because it would fail the whole batch. After a refused batch, send its rows one by one and record each result (`acknowledge`, `refuse`).
 */
export function nextBatch(rows: Iterable<RequestRow>, nowMs: number): Report[] {
	const due: Report[] = [];
	const refused: Report[] = [];
	for (const row of rows) {
		const subscriptionId = owedTo(row);
		if (subscriptionId === null || (row.reportAfterMs ?? 0) > nowMs) continue;
		const report = { id: row.id, subscriptionId, units: row.units, usedAtMs: row.heldAtMs };
		if (refusalsOf(row) > 0) keepOldest(refused, report, 1);
		else keepOldest(due, report, BATCH_MAX);
	}
	return due.length > 0 ? due : refused;
}

/** Inserts a report by age, and drops the newest beyond `max`, so that the batch stays short however much is owed. */
function keepOldest(batch: Report[], report: Report, max: number): void {
	const newest = batch[max - 1];
	if (newest && newest.usedAtMs <= report.usedAtMs) return;
	const at = batch.findLastIndex(({ usedAtMs }) => usedAtMs <= report.usedAtMs) + 1;
	batch.splice(at, 0, report);
	if (batch.length > max) batch.pop();
}

/**
 * The row after the provider refused its report: retried in 15 minutes, or daily as a dead letter. It stays owed. It counts as sent, so a
 * late result cannot undo it in place.
 */
export function refused(row: RequestRow, nowMs: number): RequestRow {
	const refusals = refusalsOf(row) + 1;
	const reportAfterMs = nowMs + (refusals < REFUSALS_MAX ? RETRY_MAX_MS : DEAD_LETTER_RETRY_MS);
	return { ...row, refusals, reportAfterMs, sentAtMs: row.sentAtMs ?? nowMs };
}

/** Whether a row is still owed after five refusals. */
export function isDeadLetter(row: RequestRow): boolean {
	return isOwed(row) && refusalsOf(row) >= REFUSALS_MAX;
}

/** The dead letters among rows. They need a person, and are part of the drift between ledger and provider. */
export function deadLetters(rows: Iterable<RequestRow>): RequestRow[] {
	const letters: RequestRow[] = [];
	for (const row of rows) if (isDeadLetter(row)) letters.push(row);
	return letters;
}

function refusalsOf(row: RequestRow): number {
	return row.refusals ?? 0;
}

/** When the next report is due, in epoch milliseconds. Null if none is owed. */
export function nextDueMs(rows: Iterable<RequestRow>): number | null {
	let earliest: number | null = null;
	for (const row of rows) {
		if (isOwed(row)) earliest = Math.min(earliest ?? Number.POSITIVE_INFINITY, row.reportAfterMs ?? 0);
	}
	return earliest;
}

/**
 * Delay after the n-th consecutive failure, in milliseconds: doubles from 5 s to 15 min, half of it random, so that ledgers do not all
 * return to a recovering provider at once. `random` is in [0, 1).
 */
export function retryDelayMs(failures: number, random: number): number {
	const full = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.max(0, failures - 1));
	return Math.round(full * (0.5 + random / 2));
}
