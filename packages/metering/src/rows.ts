import type { Spent, Terms } from "./price.ts";
import { type Entitlement, type Limits, type SubjectKind, subscriptionOf, type Tier } from "./tier.ts";
import type { Window } from "./window.ts";

/** Units on one pool. */
export interface Part {
	pool: string;
	units: number;
}

/** Units that one step of an answer added to its request's hold. */
interface Raise {
	step: number;
	units: number;
}

/**
 * One request: its hold, how the hold ended, and what the billing provider knows about it. It only moves forward.
 * `expired` counts like `settled` until a late result corrects it. Instants are epoch milliseconds.
 */
export interface RequestRow {
	id: string;
	/** Identifies the request body. The same id with another fingerprint is a conflict, not a repeat. */
	fingerprint: string;
	/** The window or subscription of the hold. It never changes within an attempt. */
	pool: string;
	/** All units of the request, including those of `spill` and `raises`. */
	units: number;
	/** The part of `units` paid by grants, in the order of spending. Absent or null if the pool pays everything. */
	spill?: readonly Part[] | null;
	/** The raises of this attempt's hold, in order. Absent or null if there are none. */
	raises?: readonly Raise[] | null;
	state: "held" | "settled" | "released" | "expired";
	/** 1 for the first. A released request may be sent again. */
	attempt: number;
	/** Bounded releases of this row (see `Release`). */
	forgiven: number;
	/** The chat to query when the hold expires. Null if there is none. */
	chatId: string | null;
	/** The member who made an organization's request. */
	member?: string | null;
	/** What the request was sold as, at its first hold. Null for usage without a model, and in pools, which do not pay. */
	terms?: Terms | null;
	/** The usage of its model calls, all attempts together. Null if unknown. */
	spent?: Spent | null;
	/** Other ledgers that also hold this attempt (a guest's network). Its repeats use the same ones. */
	sharedWith?: readonly string[] | null;
	heldAtMs: number;
	expiresAtMs: number;
	endedAtMs: number | null;
	/** The earliest time of the report. */
	reportAfterMs: number | null;
	/** When the report of an `expired` row was sent. From then on a late result is a correction, not an undo. */
	sentAtMs?: number | null;
	/** How often the provider refused this row's report when sent alone. Absent if never. */
	refusals?: number;
	/** When the provider acknowledged the report. Null while it is owed. */
	reportedAtMs: number | null;
}

/** Units without a request: carried over from a guest, granted, or a correction. Immutable. */
export interface Adjustment {
	id: string;
	pool: string;
	/** Positive adds usage, negative refunds it. A grant is negative. Includes the parts on other pools (`spill`). */
	units: number;
	spill?: readonly Part[] | null;
	atMs: number;
	/** The corrected request. The correction counts in that request's window, not in the one it was written in. */
	requestId?: string | null;
	/** For a grant: the first instant at which it cannot be spent. Null if never. */
	expiresAtMs?: number | null;
}

/** The sum of one pool's folded rows. */
export interface Checkpoint {
	pool: string;
	/** Counted units on the pool. */
	units: number;
	/** Requests held on the pool. A request partly paid by grants is counted in its window's pool only. */
	requests: number;
}

/** The usage of one UTC day, model and tier. Stored as one row. Contains only requests with terms. */
export interface DayTotals extends Omit<Spent, "estimated"> {
	/** The UTC day of the hold, `YYYY-MM-DD`. */
	day: string;
	model: string;
	/** The tier that paid. A subscriber's free day counts as free. */
	tier: Tier;
	/** Requests that were counted. */
	requests: number;
	/** Their units, corrections included. Tokens and dollars are those of all model calls, counted or not. */
	units: number;
	/** Requests with at least one estimated number. */
	estimated: number;
}

/** One member's units. */
export interface Share {
	used: number;
	held: number;
}

/** Units of the requests of one pool. */
export interface Usage {
	counted: number;
	held: number;
	/** Bounded releases (see `Release`). */
	forgiven: number;
	/** Units of the pool's adjustments, each in the period of the corrected request. */
	adjusted: number;
}

/** The sums over all requests and adjustments that decisions need, without folded ones. Implemented by `KeptSums`. */
export interface Sums {
	/** The latest instant at which a hold was taken or ended, so that a clock that jumps back does not reopen a window. 0 if there is none. */
	readonly latestMs: number;
	/** Units of a pool that requests hold or have used, by their parts. */
	taken(pool: string): number;
	/** Units that adjustments add to a pool, by their parts. */
	adjusted(pool: string): number;
	/** The requests held on a pool in a window. Null for all of them. */
	usage(pool: string, window: Window | null): Usage;
	/** The same for one member, including corrections of the member's requests. */
	share(pool: string, window: Window | null, memberId: string): Share;
	/** Units of a pool that a read sent at `readMs` cannot know: held, owed, or acknowledged since. */
	unknownSince(pool: string, readMs: number): number;
	/** The pools of grants that adjustments touch, and their grants. A refund may arrive before its grant. */
	grants(): Iterable<readonly [pool: string, grant: Adjustment | undefined]>;
	/** The number of held requests, in total or of one member. */
	inFlight(memberId?: string): number;
	/** The totals from a day on, sorted by day, model and tier. Folded requests stay in them. */
	days(fromDay: string): DayTotals[];
}

/** Single entries of a ledger. A request is either in a checkpoint or among the rows. */
export interface Entries {
	row(id: string): RequestRow | undefined;
	adjustment(id: string): Adjustment | undefined;
	/** The adjustments of a request. */
	correctionsOf(requestId: string): Iterable<Adjustment>;
	checkpoint(pool: string): Checkpoint | undefined;
}

/** Everything that a decision depends on. */
export interface LedgerState {
	kind: SubjectKind;
	limits: Limits;
	entitlement: Entitlement | null;
	/** Whether a guest's chats have moved to an account. A closed ledger accepts no more holds. */
	closed: boolean;
	/** Whether a person with a plan also has the free day, on models of the free tier (rule P10). */
	paidKeepsFreeDay: boolean;
	entries: Entries;
	sums: Sums;
}

/**
 * Ledger time in epoch milliseconds, which never goes back. Use it to stamp an entitlement's read and to take a batch from the outbox. Otherwise a
 * clock jump makes a fresh copy look a day old.
 */
export function ledgerTimeMs({ sums }: { sums: Pick<Sums, "latestMs"> }, atMs: number): number {
	return Math.max(atMs, sums.latestMs);
}

/** Whether a row's units count as used. */
export function isCounted(row: RequestRow): boolean {
	return row.state === "settled" || row.state === "expired";
}

/** The subscription that a row's report is owed to. Null if none is owed. */
export function owedTo(row: RequestRow): string | null {
	return isCounted(row) && row.reportedAtMs === null ? subscriptionOf(row.pool) : null;
}

/** Whether a row's report is owed to a provider. */
export function isOwed(row: RequestRow): boolean {
	return owedTo(row) !== null;
}

/** Whether nothing is due for a row, so that only a late result or a new attempt changes it. */
export function isFinal(row: RequestRow): boolean {
	return row.state !== "held" && !isOwed(row);
}

/** Splits a row or adjustment by pool, in the order of spending: its own pool first, then grants. */
export function partsOf(entry: Pick<RequestRow, "pool" | "units" | "spill">): [Part, ...Part[]] {
	const spill = entry.spill ?? [];
	const beyond = spill.reduce((units, part) => units + part.units, 0);
	return [{ pool: entry.pool, units: entry.units - beyond }, ...spill];
}
