import { type Entitlement, type Limits, type SubjectKind, subscriptionOf } from "./tier.ts";

/** Units on one pool. */
export interface Part {
	pool: string;
	units: number;
}

/**
 * One request: its hold, how that ended, and what the billing provider knows of it. It only moves forward;
 * `expired` is counted like `settled`, until a late word corrects it. Instants are epoch milliseconds.
 */
export interface RequestRow {
	id: string;
	/** Of the request's body: the same id with another one is a mistake, not a repeat. */
	fingerprint: string;
	/** The window or subscription that the hold was taken in; it never changes while the attempt lives. */
	pool: string;
	/** All units of the request, those of `spill` included. */
	units: number;
	/** What of `units` the pool had no room for and grants pay, in the order of burning; absent or null when the pool pays all. */
	spill?: readonly Part[] | null;
	state: "held" | "settled" | "released" | "expired";
	/** 1 for the first; a request that was released may be sent again. */
	attempt: number;
	/** Attempts of this row that were forgiven (see `Release`). */
	forgiven: number;
	/** Who speaks for the hold when it expires: the chat's id; null where no one does. */
	chatId: string | null;
	/** Of an organization's request: the member who made it. */
	member?: string | null;
	/** The other ledgers that the attempt is taken from, too (a guest's network): its repeats are taken from the same. */
	sharedWith?: readonly string[] | null;
	heldAtMs: number;
	expiresAtMs: number;
	endedAtMs: number | null;
	/** Not before this may it be reported. */
	reportAfterMs: number | null;
	/** When an `expired` row was about to leave for the provider: from then on a late word cannot undo it, only correct it. */
	sentAtMs?: number | null;
	/** How often the provider refused the report of this row when it was sent by itself; absent for never. */
	refusals?: number;
	/** When the provider's acknowledgement came; null while it is owed. */
	reportedAtMs: number | null;
}

/** Units that count without a request: carried over from a guest, granted, or a correction. Never changed once written. */
export interface Adjustment {
	id: string;
	pool: string;
	/** Positive adds to what is used, negative gives back; a grant is negative. What of it lies on other pools is in `spill`. */
	units: number;
	spill?: readonly Part[] | null;
	atMs: number;
	/** The request that it corrects: it counts in the window of that request, not in that of its own writing. */
	requestId?: string | null;
	/** Of a grant: the first instant at which it can no longer be spent; null for never. */
	expiresAtMs?: number | null;
}

/** What is left of the requests of one pool that are no longer kept by themselves. */
export interface Checkpoint {
	pool: string;
	/** Counted units that lie on the pool. */
	units: number;
	/** Requests that were held on it; one that grants helped to pay counts in its window's pool alone. */
	requests: number;
}

/** All that a decision depends on. */
export interface LedgerState {
	kind: SubjectKind;
	limits: Limits;
	entitlement: Entitlement | null;
	rows: ReadonlyMap<string, RequestRow>;
	adjustments: ReadonlyMap<string, Adjustment>;
	/** By pool. A row is either here or in `rows`, never in both. */
	checkpoints: ReadonlyMap<string, Checkpoint>;
	/** A guest's ledger after its chats moved to an account: nothing more is held. */
	closed: boolean;
	/** The latest instant seen; a clock that jumps back does not open a window again. */
	latestMs: number;
}

/**
 * The ledger's own time, epoch milliseconds: it never goes back. Whoever stamps an entitlement's read or takes a batch from the outbox
 * asks here too, or a clock that jumped would make a fresh copy look a day old.
 */
export function ledgerTimeMs(state: Pick<LedgerState, "latestMs">, atMs: number): number {
	return Math.max(atMs, state.latestMs);
}

/** Whether a row's units count as used. */
export function isCounted(row: RequestRow): boolean {
	return row.state === "settled" || row.state === "expired";
}

/** The subscription whose provider is still to hear of a row; null when none is. */
export function owedTo(row: RequestRow): string | null {
	return isCounted(row) && row.reportedAtMs === null ? subscriptionOf(row.pool) : null;
}

/** Whether a provider is still to hear of a row. */
export function isOwed(row: RequestRow): boolean {
	return owedTo(row) !== null;
}

/** The pools that a row or an adjustment lies on, in the order of burning: its own first, then the grants. */
export function partsOf(entry: Pick<RequestRow, "pool" | "units" | "spill">): Part[] {
	const spill = entry.spill ?? [];
	const beyond = spill.reduce((units, part) => units + part.units, 0);
	return [{ pool: entry.pool, units: entry.units - beyond }, ...spill];
}
