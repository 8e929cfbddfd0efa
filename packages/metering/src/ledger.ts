import {
	type Allowance,
	allowanceOf,
	type Entitlement,
	type Limits,
	type Policy,
	type SubjectKind,
	subscriptionOf,
	type Tier,
} from "./tier.ts";
import { contains, type Window } from "./window.ts";

/** How long a hold lives without word from its answer, in milliseconds. */
export const HOLD_MS = 10 * 60_000;

/** A unit counted because nobody spoke for it is reported this much later, so that a late word can still correct it. */
export const UNHEARD_REPORT_DELAY_MS = 60 * 60_000;

/** At most this many answers a window are forgiven after they cost something; see `Release`. */
const FORGIVEN_MAX = 20;

/**
 * Why a hold is given back. The first two are forgiven at most min(limit, 20) times a window, then they count:
 * a model that was started has its price, and forgiveness without a bound is a way to chat for nothing.
 */
export type Release = "failed-midway" | "stopped-early" | "failed-early" | "never-started" | "refused";

const BOUNDED: ReadonlySet<Release> = new Set(["failed-midway", "stopped-early"]);

/**
 * One request: its hold, how that ended, and what the billing provider knows of it. It only moves forward;
 * `expired` is counted like `settled`, until a late word corrects it. Instants are epoch milliseconds.
 */
export interface RequestRow {
	id: string;
	/** Of the request's body: the same id with another one is a mistake, not a repeat. */
	fingerprint: string;
	pool: string;
	units: number;
	state: "held" | "settled" | "released" | "expired";
	/** 1 for the first; a request that was released may be sent again. */
	attempt: number;
	/** Attempts of this row that were forgiven (see `Release`). */
	forgiven: number;
	/** Who speaks for the hold when it expires: the chat's id; null where no one does. */
	chatId: string | null;
	heldAtMs: number;
	expiresAtMs: number;
	endedAtMs: number | null;
	/** Not before this may it be reported. */
	reportAfterMs: number | null;
	/** When the provider's acknowledgement came; null while it is owed. */
	reportedAtMs: number | null;
}

/** Units that count without a request: carried over from a guest, or a correction of a unit already reported. Never changed once written. */
export interface Adjustment {
	id: string;
	pool: string;
	/** Positive adds to what is used, negative gives back. */
	units: number;
	atMs: number;
}

/** All that a decision depends on. `rows` and `adjustments` may leave out what lies in closed windows, but never a hold or an owed report. */
export interface LedgerState {
	kind: SubjectKind;
	limits: Limits;
	entitlement: Entitlement | null;
	rows: ReadonlyMap<string, RequestRow>;
	adjustments: ReadonlyMap<string, Adjustment>;
	/** A guest's ledger after its chats moved to an account: nothing more is held. */
	closed: boolean;
	/** The latest instant seen; a clock that jumps back does not open a window again. */
	latestMs: number;
}

export interface Refusal {
	policy: Policy;
	tier: Tier;
	limit: number;
	remaining: number;
	/** Null where nothing resets, and for `in-flight`. */
	resetAtMs: number | null;
}

export type HoldCommand = { type: "hold"; id: string; fingerprint: string; units: number; chatId: string | null };

export type Command =
	| HoldCommand
	| { type: "settle"; id: string }
	| { type: "release"; id: string; why: Release }
	| { type: "extend"; id: string }
	/** What the chat said when it was asked about an expired hold. */
	| { type: "expire"; id: string; heard: "never-started" | "running" | "unreachable" }
	| { type: "acknowledge"; id: string }
	| { type: "carry-over"; id: string; units: number };

export type Outcome =
	| { kind: "held"; row: RequestRow }
	/** The same request again: nothing is held, the row says how it stands. */
	| { kind: "repeat"; row: RequestRow }
	/** The same id with another body. */
	| { kind: "conflict" }
	| { kind: "refused"; refusal: Refusal }
	| { kind: "ended"; row: RequestRow; counted: boolean }
	| { kind: "extended"; row: RequestRow }
	| { kind: "acknowledged" }
	| { kind: "carried-over" }
	| { kind: "unknown" };

/** A decision: what to answer, and the one row that it writes (absent when nothing changes). */
export interface Decision {
	outcome: Outcome;
	row?: RequestRow;
	adjustment?: Adjustment;
}

/** Whether a row's units count as used. */
export function isCounted(row: RequestRow): boolean {
	return row.state === "settled" || row.state === "expired";
}

/** Whether the provider is still to hear of a row. */
export function isOwed(row: RequestRow): boolean {
	return isCounted(row) && row.reportedAtMs === null && subscriptionOf(row.pool) !== null;
}

/** Decides one command at one instant. Pure: the caller writes `row` or `adjustment` in the same turn, or nothing. */
export function decide(state: LedgerState, command: Command, atMs: number): Decision {
	const nowMs = Math.max(atMs, state.latestMs);
	if (command.type === "hold") return hold(state, command, nowMs);
	if (command.type === "carry-over") return carryOver(state, command, nowMs);
	const row = state.rows.get(command.id);
	if (!row) return { outcome: { kind: "unknown" } };
	switch (command.type) {
		case "settle":
			return settle(row, nowMs);
		case "release":
			return release(state, row, command.why, nowMs);
		case "extend":
			return extend(row, nowMs);
		case "expire":
			return expire(state, row, command.heard, nowMs);
		case "acknowledge": {
			if (!isOwed(row)) return { outcome: { kind: "acknowledged" } };
			return { outcome: { kind: "acknowledged" }, row: { ...row, reportedAtMs: nowMs } };
		}
	}
}

function hold(state: LedgerState, command: HoldCommand, nowMs: number): Decision {
	const earlier = state.rows.get(command.id);
	if (earlier && earlier.fingerprint !== command.fingerprint) return { outcome: { kind: "conflict" } };
	if (earlier && earlier.state !== "released") return { outcome: { kind: "repeat", row: earlier } };
	const allowance = allowanceOf(state.kind, state.entitlement, state.limits, nowMs);
	const refusal = refuse(state, allowance, command.units);
	if (refusal) return { outcome: { kind: "refused", refusal } };
	const row: RequestRow = {
		id: command.id,
		fingerprint: command.fingerprint,
		pool: allowance.pool,
		units: command.units,
		state: "held",
		attempt: (earlier?.attempt ?? 0) + 1,
		forgiven: earlier?.pool === allowance.pool ? earlier.forgiven : 0,
		chatId: command.chatId,
		heldAtMs: nowMs,
		expiresAtMs: nowMs + HOLD_MS,
		endedAtMs: null,
		reportAfterMs: null,
		reportedAtMs: null,
	};
	return { outcome: { kind: "held", row }, row };
}

/** The allowance is judged first, then what is in flight: whoever has nothing left is told that, not to try again in a second. */
function refuse(state: LedgerState, allowance: Allowance, units: number): Refusal | null {
	const { tier, policy, limit } = allowance;
	const left = remaining(state, allowance);
	if (state.closed || units > left) {
		return { policy, tier, limit, remaining: state.closed ? 0 : Math.max(0, left), resetAtMs: allowance.window.endMs };
	}
	const inFlight = state.limits.inFlight[tier];
	const open = count(state.rows.values(), (row) => row.state === "held");
	if (state.kind !== "network" && open >= inFlight) {
		return { policy: "in-flight", tier, limit: inFlight, remaining: left, resetAtMs: null };
	}
	return null;
}

function settle(row: RequestRow, nowMs: number): Decision {
	if (row.state !== "held" && !isCorrectable(row)) return unchanged(row);
	return ended({ ...row, state: "settled", endedAtMs: row.endedAtMs ?? nowMs, reportAfterMs: nowMs });
}

/** A chat that was unreachable may speak after all, as long as what was counted for want of word has not been reported. */
function isCorrectable(row: RequestRow): boolean {
	return row.state === "expired" && row.reportedAtMs === null;
}

function release(state: LedgerState, row: RequestRow, why: Release, nowMs: number): Decision {
	if (row.state !== "held" && !isCorrectable(row)) return unchanged(row);
	if (BOUNDED.has(why) && forgivenBeside(state, row, nowMs) >= Math.min(limitAt(state, nowMs), FORGIVEN_MAX)) return settle(row, nowMs);
	const forgiven = row.forgiven + (BOUNDED.has(why) ? 1 : 0);
	return ended({ ...row, state: "released", forgiven, endedAtMs: nowMs, reportAfterMs: null });
}

function extend(row: RequestRow, nowMs: number): Decision {
	if (row.state !== "held") return unchanged(row);
	const extended = { ...row, expiresAtMs: Math.max(row.expiresAtMs, nowMs + HOLD_MS) };
	return { outcome: { kind: "extended", row: extended }, row: extended };
}

function expire(state: LedgerState, row: RequestRow, heard: "never-started" | "running" | "unreachable", nowMs: number): Decision {
	if (row.state !== "held" || nowMs < row.expiresAtMs) return unchanged(row);
	if (heard === "running") return extend(row, nowMs);
	if (heard === "never-started") return release(state, row, "never-started", nowMs);
	return ended({ ...row, state: "expired", endedAtMs: nowMs, reportAfterMs: nowMs + UNHEARD_REPORT_DELAY_MS });
}

function ended(row: RequestRow): Decision {
	return { outcome: { kind: "ended", row, counted: isCounted(row) }, row };
}

/** The second of two ends changes nothing and gets the answer of the first (invariant I2). */
function unchanged(row: RequestRow): Decision {
	return { outcome: { kind: "ended", row, counted: isCounted(row) } };
}

function carryOver(state: LedgerState, command: { id: string; units: number }, nowMs: number): Decision {
	const outcome: Outcome = { kind: "carried-over" };
	if (command.units === 0 || state.adjustments.has(command.id)) return { outcome };
	// Always into the free day: what a guest used was never paid for.
	const { pool } = allowanceOf(state.kind, null, state.limits, nowMs);
	return { outcome, adjustment: { id: command.id, pool, units: command.units, atMs: nowMs } };
}

/** What can still be held from an allowance, in units; negative where a provider's balance is. */
export function remaining(state: LedgerState, allowance: Allowance): number {
	if (allowance.kind === "windowed") return allowance.limit - taken(state, allowance.pool);
	const { available, fetchedAtMs, periodEndMs } = allowance.entitlement;
	// What was acknowledged before the read was sent is in the provider's number already.
	const unknown = sum(state.rows.values(), (row) => {
		const known = row.reportedAtMs !== null && row.reportedAtMs < fetchedAtMs;
		return row.pool === allowance.pool && row.state !== "released" && !known;
	});
	const left = available - unknown - adjusted(state, allowance.pool);
	if (!allowance.stale || periodEndMs === null) return left;
	// Past the period's end the copy may be of a plan that is gone: no more than a free user has until it is read again.
	const since = sum(
		state.rows.values(),
		(row) => row.pool === allowance.pool && row.state !== "released" && contains({ startMs: periodEndMs, endMs: null }, row.heldAtMs),
	);
	return Math.min(left, state.limits.free - since);
}

/** Units of a pool that are held or counted. */
function taken(state: LedgerState, pool: string): number {
	return sum(state.rows.values(), (row) => row.pool === pool && row.state !== "released") + adjusted(state, pool);
}

function adjusted(state: LedgerState, pool: string): number {
	let units = 0;
	for (const adjustment of state.adjustments.values()) if (adjustment.pool === pool) units += adjustment.units;
	return units;
}

/** Answers forgiven so far in the window that a row belongs to. A pool of days is one window; a subscription's pool has one per period. */
function forgivenBeside(state: LedgerState, row: RequestRow, nowMs: number): number {
	const { window } = allowanceOf(state.kind, state.entitlement, state.limits, nowMs);
	const current = contains(window, row.heldAtMs);
	let forgiven = 0;
	for (const other of state.rows.values()) {
		if (other.pool === row.pool && (!current || contains(window, other.heldAtMs))) forgiven += other.forgiven;
	}
	return forgiven;
}

function limitAt(state: LedgerState, nowMs: number): number {
	return allowanceOf(state.kind, state.entitlement, state.limits, nowMs).limit;
}

/** How a subject stands, for showing. Units are requests; see `UsageView` in the web package for the published form. */
export interface Standing {
	tier: Tier;
	limit: number;
	used: number;
	held: number;
	remaining: number;
	topUps: number;
	window: Window;
}

export function standing(state: LedgerState, atMs: number): Standing {
	const nowMs = Math.max(atMs, state.latestMs);
	const allowance = allowanceOf(state.kind, state.entitlement, state.limits, nowMs);
	const inWindow = (row: RequestRow) => row.pool === allowance.pool && contains(allowance.window, row.heldAtMs);
	const used = sum(state.rows.values(), (row) => inWindow(row) && isCounted(row)) + adjusted(state, allowance.pool);
	const held = sum(state.rows.values(), (row) => inWindow(row) && row.state === "held");
	const left = state.closed ? 0 : Math.max(0, remaining(state, allowance));
	const beyond = Math.max(0, left + used + held - allowance.limit);
	return {
		tier: allowance.tier,
		limit: allowance.limit,
		used,
		held,
		remaining: left,
		topUps: allowance.kind === "balance" ? Math.min(left, beyond) : 0,
		window: allowance.window,
	};
}

function sum(rows: Iterable<RequestRow>, matches: (row: RequestRow) => boolean): number {
	let units = 0;
	for (const row of rows) if (matches(row)) units += row.units;
	return units;
}

function count(rows: Iterable<RequestRow>, matches: (row: RequestRow) => boolean): number {
	let found = 0;
	for (const row of rows) if (matches(row)) found += 1;
	return found;
}
