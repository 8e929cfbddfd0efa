import { freeDayOf, poolOfGrant, remaining, spillOf } from "./balance.ts";
import { spentTogether } from "./daily.ts";
import { invariant } from "./invariant.ts";
import type { Member } from "./member.ts";
import { isDeadLetter, refused } from "./outbox.ts";
import type { Spent, Terms } from "./price.ts";
import { type LowerCommand, lower, type RaiseCommand, type RaiseOutcome, raise, unitsAtHold, withRaises } from "./raise.ts";
import { beyondShare, type Refusal, usedUp } from "./refusal.ts";
import { type Adjustment, isCounted, isOwed, type LedgerState, ledgerTimeMs, type Part, partsOf, type RequestRow } from "./rows.ts";
import { type Allowance, allowanceOf, subscriptionOf } from "./tier.ts";
import { type ChatStatus, FORGIVEN_MAX, fateOfExpired, isBounded, type Release } from "./who-pays.ts";
import { contains } from "./window.ts";

/** How long a hold lives without an `extend`, in milliseconds. */
export const HOLD_MS = 10 * 60_000;

/** Delay of the report of an `expired` row, in milliseconds, so that a late result can still correct the row. */
export const UNREACHABLE_REPORT_DELAY_MS = 60 * 60_000;

export type HoldCommand = {
	type: "hold";
	id: string;
	fingerprint: string;
	units: number;
	chatId: string | null;
	/** The member who made an organization's request. */
	member?: Member | null;
	/** See `RequestRow`. All later attempts have the units and terms of the first attempt with terms. */
	terms?: Terms | null;
	sharedWith?: readonly string[] | null;
	/** Whether a person's free day may pay if the plan and top-ups cannot, which requires that the free tier includes the model. */
	freeDay?: boolean;
};

export type Command =
	| HoldCommand
	| RaiseCommand
	| LowerCommand
	| SettleCommand
	| (Omit<SettleCommand, "type"> & { type: "release"; why: Release })
	| { type: "extend"; id: string }
	/** `chatStatus`: the chat's status for the expired hold. */
	| { type: "expire"; id: string; chatStatus: ChatStatus }
	/** Written before a row's report is sent. From then on the provider may know it, and a late result cannot undo it in place. */
	| { type: "dispatch"; id: string }
	| { type: "acknowledge"; id: string }
	/** The provider refused the content of a report that was sent alone. An outage is retried instead. */
	| { type: "refuse"; id: string }
	| { type: "carry-over"; id: string; units: number }
	| GrantCommand
	| CorrectCommand;

interface SettleCommand {
	type: "settle";
	id: string;
	/** The usage of the attempt's model calls. The attempt's first end stores it. */
	spent?: Spent | null;
	/** The steps whose raises count: for a shared pool, those of the paying ledger. All by default. */
	raised?: readonly number[] | undefined;
}

/** Grants credits, once per id. `expiresAtMs`: the first instant at which they cannot be spent, in epoch milliseconds; null if never. */
type GrantCommand = { type: "grant"; id: string; units: number; expiresAtMs: number | null };

/**
 * A correction, once per id. Positive `units` add usage (a refund takes back a grant's credits), negative ones refund it. A request is refunded at
 * most its counted units, grants first because they were spent last.
 */
export type CorrectCommand = { type: "correct"; id: string; of: { pool: string } | { grant: string } | { request: string }; units: number };

export type Outcome =
	| { kind: "held"; row: RequestRow }
	/** The same request again. Nothing is held; the row shows its state. */
	| { kind: "repeat"; row: RequestRow }
	/** The same id with other content, or a correction that contradicts the ledger. */
	| { kind: "conflict" }
	/** A hold or raise that a limit refuses. */
	| RaiseOutcome
	| { kind: "lowered" }
	| { kind: "ended"; row: RequestRow; counted: boolean }
	| { kind: "extended"; row: RequestRow }
	| { kind: "dispatched" }
	| { kind: "acknowledged" }
	| { kind: "report-refused"; deadLetter: boolean }
	| { kind: "carried-over" }
	| { kind: "granted" }
	| { kind: "corrected" }
	| { kind: "unknown" };

/** The outcome and the writes: at most one row and one adjustment. Write both or neither. */
export interface Decision {
	outcome: Outcome;
	row?: RequestRow;
	adjustment?: Adjustment;
}

/** Decides one command at `atMs` (epoch milliseconds). Pure: the caller writes the row and adjustment in the same turn, or nothing. */
export function decide(state: LedgerState, command: Command, atMs: number): Decision {
	const nowMs = ledgerTimeMs(state, atMs);
	if (command.type === "hold") return hold(state, command, nowMs);
	if (command.type === "carry-over") return carryOver(state, command, nowMs);
	if (command.type === "grant") return grant(state, command, nowMs);
	if (command.type === "correct") return correct(state, command, nowMs);
	const row = state.entries.row(command.id);
	if (!row) return { outcome: { kind: "unknown" } };
	switch (command.type) {
		case "raise":
			return raise(state, row, command, nowMs);
		case "lower":
			return lower(row, command);
		case "settle":
			return settle(state, row, command, nowMs);
		case "release":
			return release(state, row, command, nowMs);
		case "extend":
			return extend(state, row, nowMs);
		case "expire":
			return expire(state, row, command.chatStatus, nowMs);
		case "dispatch":
			return dispatch(row, nowMs);
		case "acknowledge":
			return acknowledge(state, row, nowMs);
		case "refuse":
			return refuse(row, nowMs);
	}
}

function hold(state: LedgerState, command: HoldCommand, nowMs: number): Decision {
	invariant(Number.isSafeInteger(command.units) && command.units > 0, "the units of a hold are a positive integer");
	const earlier = state.entries.row(command.id);
	if (earlier && earlier.fingerprint !== command.fingerprint) return { outcome: { kind: "conflict" } };
	// An id with a reported and refunded unit cannot be reused: the provider would drop its second report as a repeat.
	if (earlier && isCorrected(state, earlier)) return { outcome: { kind: "conflict" } };
	if (earlier && earlier.state !== "released") return { outcome: { kind: "repeat", row: earlier } };
	const { units, terms = null } = earlier?.terms ? { ...earlier, units: unitsAtHold(earlier) } : command;
	const allowance = allowanceOf(state.kind, state.entitlement, state.limits, nowMs);
	const source = sourceOf(state, allowance, units, command.freeDay ?? false, nowMs);
	// Check the allowance before the in-flight limit, so that an exhausted subject is not advised to retry in a second.
	if (!source || state.closed) return refuseHold(state, allowance, usedUp(state, allowance, command.member), nowMs);
	const refusal = beyondShare(state, allowance, command.member, units) ?? tooManyAtOnce(state, allowance, command.member?.id);
	if (refusal) return refuseHold(state, allowance, refusal, nowMs);
	const row: RequestRow = {
		id: command.id,
		fingerprint: command.fingerprint,
		pool: source.allowance.pool,
		units,
		spill: source.spill,
		raises: null,
		state: "held",
		attempt: (earlier?.attempt ?? 0) + 1,
		forgiven: earlier && inSameWindow(source.allowance, earlier, nowMs) ? earlier.forgiven : 0,
		chatId: command.chatId,
		member: command.member?.id ?? null,
		terms,
		spent: earlier?.spent ?? null,
		sharedWith: command.sharedWith ?? null,
		heldAtMs: nowMs,
		expiresAtMs: nowMs + HOLD_MS,
		endedAtMs: null,
		reportAfterMs: null,
		sentAtMs: null,
		refusals: 0,
		reportedAtMs: null,
	};
	return { outcome: { kind: "held", row }, row };
}

/** What pays a hold: the allowance, or a person's free day if plan and top-ups cannot. Null if neither has room. */
function sourceOf(
	state: LedgerState,
	allowance: Allowance,
	units: number,
	isFreeModel: boolean,
	nowMs: number,
): { allowance: Allowance; spill: Part[] | null } | null {
	const spill = spillOf(state, allowance, units);
	if (spill !== undefined) return { allowance, spill };
	const freeDay = isFreeModel ? freeDayOf(state, allowance, nowMs) : null;
	return freeDay && units <= freeDay.standing.remaining ? { allowance: freeDay.allowance, spill: null } : null;
}

function refuseHold(state: LedgerState, allowance: Allowance, refusal: Refusal, nowMs: number): Decision {
	const freeDay = freeDayOf(state, allowance, nowMs);
	return { outcome: { kind: "refused", refusal: freeDay ? { ...refusal, freeDay: freeDay.standing } : refusal } };
}

/** Refuses a hold beyond the in-flight limit of the subject or member. A network has no limit (many guests); a key uses its subject's. */
function tooManyAtOnce(state: LedgerState, allowance: Allowance, memberId: string | undefined): Refusal | null {
	if (state.kind === "network" || state.kind === "key") return null;
	const { tier } = allowance;
	const { inFlight } = state.limits;
	const limit = state.kind === "organization" ? inFlight.organization : inFlight[tier];
	const full = (reached: number): Refusal => ({
		policy: "in-flight",
		tier,
		limit: reached,
		remaining: remaining(state, allowance),
		resetAtMs: null,
	});
	if (state.sums.inFlight() >= limit) return full(limit);
	return memberId !== undefined && state.sums.inFlight(memberId) >= inFlight.member ? full(inFlight.member) : null;
}

type End = Omit<SettleCommand, "type" | "id">;

function settle(state: LedgerState, row: RequestRow, { spent: added, raised }: End, nowMs: number): Decision {
	const spent = spentTogether(row.spent, added);
	if (row.state === "expired" && !isCorrected(state, row)) {
		if (mayBeKnown(row, nowMs)) return ended({ ...row, spent, state: "settled" });
		return ended({ ...countingRaises(row, raised), spent, state: "settled", reportAfterMs: nowMs });
	}
	if (row.state !== "held") return unchanged(state, row);
	return ended({ ...countingRaises(row, raised), spent, state: "settled", endedAtMs: nowMs, reportAfterMs: nowMs });
}

function countingRaises(row: RequestRow, steps: readonly number[] | undefined): RequestRow {
	return steps ? withRaises(row, (step) => steps.includes(step)) : row;
}

function release(state: LedgerState, row: RequestRow, end: End & { why: Release }, nowMs: number): Decision {
	if (row.state !== "held" && (row.state !== "expired" || isCorrected(state, row))) return unchanged(state, row);
	const bounded = isBounded(end.why);
	if (bounded && forgivenBeside(state, row, nowMs) >= forgivenMax(state, row, nowMs)) return settle(state, row, end, nowMs);
	const forgiven = row.forgiven + (bounded ? 1 : 0);
	const spent = spentTogether(row.spent, end.spent);
	if (!mayBeKnown(row, nowMs)) {
		return ended({ ...row, spent, state: "released", forgiven, endedAtMs: nowMs, reportAfterMs: null });
	}
	const corrected = { ...row, spent, forgiven };
	const { units, spill } = giveBack(netParts(state, row), Number.POSITIVE_INFINITY);
	const adjustment = { id: lateCorrectionId(row), pool: row.pool, units, spill, atMs: nowMs, requestId: row.id };
	return { outcome: { kind: "ended", row: corrected, counted: false }, row: corrected, adjustment };
}

/** The id of the correction for a late release of a reported attempt. */
function lateCorrectionId(row: RequestRow): string {
	return `late:${row.id}:${row.attempt}`;
}

function isCorrected(state: LedgerState, row: RequestRow): boolean {
	return state.entries.adjustment(lateCorrectionId(row)) !== undefined;
}

/** Whether the provider may know an `expired` row's unit. True once its report is due: it may have been sent, and its response lost. */
function mayBeKnown(row: RequestRow, nowMs: number): boolean {
	if (row.state !== "expired" || subscriptionOf(row.pool) === null) return false;
	return (row.sentAtMs ?? row.reportedAtMs) !== null || nowMs >= (row.reportAfterMs ?? 0);
}

function extend(state: LedgerState, row: RequestRow, nowMs: number): Decision {
	if (row.state !== "held") return unchanged(state, row);
	const extended = { ...row, expiresAtMs: Math.max(row.expiresAtMs, nowMs + HOLD_MS) };
	return { outcome: { kind: "extended", row: extended }, row: extended };
}

function expire(state: LedgerState, row: RequestRow, chatStatus: ChatStatus, nowMs: number): Decision {
	if (row.state !== "held" || nowMs < row.expiresAtMs) return unchanged(state, row);
	const fate = fateOfExpired(chatStatus);
	if (fate.kind === "extend") return extend(state, row, nowMs);
	if (fate.kind === "release") return release(state, row, { why: fate.why }, nowMs);
	return ended({ ...row, state: "expired", endedAtMs: nowMs, reportAfterMs: nowMs + UNREACHABLE_REPORT_DELAY_MS });
}

/** Marks a row as sent if a late result could still undo it. A settled row is final and needs no write. */
function dispatch(row: RequestRow, nowMs: number): Decision {
	const outcome: Outcome = { kind: "dispatched" };
	if (row.state !== "expired" || !isOwed(row) || (row.sentAtMs ?? null) !== null) return { outcome };
	return { outcome, row: { ...row, sentAtMs: nowMs } };
}

/** Never before the entitlement's read: that number cannot include a report acknowledged now, even if the clock jumped back. */
function acknowledge({ entitlement }: LedgerState, row: RequestRow, nowMs: number): Decision {
	const outcome: Outcome = { kind: "acknowledged" };
	const reportedAtMs = Math.max(nowMs, entitlement?.fetchedAtMs ?? 0);
	return isOwed(row) ? { outcome, row: { ...row, reportedAtMs } } : { outcome };
}

/** Ignores a refusal if another response has acknowledged the row in the meantime. */
function refuse(row: RequestRow, nowMs: number): Decision {
	if (!isOwed(row)) return { outcome: { kind: "report-refused", deadLetter: false } };
	const after = refused(row, nowMs);
	return { outcome: { kind: "report-refused", deadLetter: isDeadLetter(after) }, row: after };
}

function ended(row: RequestRow): Decision {
	return { outcome: { kind: "ended", row, counted: isCounted(row) }, row };
}

/** A second end changes nothing and gets the outcome of the first (invariant I2). */
function unchanged(state: LedgerState, row: RequestRow): Decision {
	return { outcome: { kind: "ended", row, counted: isCounted(row) && !isCorrected(state, row) } };
}

function carryOver(state: LedgerState, command: { id: string; units: number }, nowMs: number): Decision {
	invariant(Number.isSafeInteger(command.units) && command.units >= 0, "carried-over units are a non-negative integer");
	const outcome: Outcome = { kind: "carried-over" };
	if (command.units === 0 || state.entries.adjustment(command.id)) return { outcome };
	// Always into the free day, because a guest's units were never paid for.
	const { pool } = allowanceOf(state.kind, null, state.limits, nowMs);
	return { outcome, adjustment: { id: command.id, pool, units: command.units, atMs: nowMs } };
}

function grant(state: LedgerState, { id, units, expiresAtMs }: GrantCommand, nowMs: number): Decision {
	invariant(Number.isSafeInteger(units) && units > 0, "the units of a grant are a positive integer");
	const pool = poolOfGrant(id);
	const earlier = state.entries.adjustment(pool);
	if (earlier) {
		const same = earlier.units === -units && (earlier.expiresAtMs ?? null) === expiresAtMs;
		return { outcome: { kind: same ? "granted" : "conflict" } };
	}
	return { outcome: { kind: "granted" }, adjustment: { id: pool, pool, units: -units, atMs: nowMs, expiresAtMs } };
}

function correct(state: LedgerState, command: CorrectCommand, nowMs: number): Decision {
	const { units } = command;
	invariant(Number.isSafeInteger(units) && units !== 0, "the units of a correction are a non-zero integer");
	// The prefix separates it from the ids of grants and carry-overs, which callers choose.
	const id = `correct:${command.id}`;
	const target = targetOf(state, command.of);
	if (!target) return { outcome: { kind: "unknown" } };
	const { pool, row } = target;
	const requestId = row?.id ?? null;
	const earlier = state.entries.adjustment(id);
	if (earlier) {
		const same = earlier.units === units && earlier.pool === pool && (earlier.requestId ?? null) === requestId;
		return { outcome: { kind: same ? "corrected" : "conflict" } };
	}
	const adjustment: Adjustment = { id, pool, units, atMs: nowMs, requestId };
	if (!row) return { outcome: { kind: "corrected" }, adjustment };
	// A request that is not final cannot be corrected, because a late result would refund it a second time.
	if (row.state !== "settled" && !mayBeKnown(row, nowMs)) return { outcome: { kind: "conflict" } };
	if (units > 0) return { outcome: { kind: "corrected" }, adjustment };
	const back = giveBack(netParts(state, row), -units);
	if (back.units !== units) return { outcome: { kind: "conflict" } };
	return { outcome: { kind: "corrected" }, adjustment: { ...adjustment, spill: back.spill } };
}

function targetOf(state: LedgerState, of: CorrectCommand["of"]): { pool: string; row?: RequestRow } | undefined {
	if ("pool" in of) return of;
	if ("grant" in of) return { pool: poolOfGrant(of.grant) };
	const row = state.entries.row(of.request);
	return row && { pool: row.pool, row };
}

/** A request's units per pool, corrections included, in the order of spending. */
function netParts(state: LedgerState, row: RequestRow): Part[] {
	const net = new Map(partsOf(row).map((part) => [part.pool, part.units]));
	for (const adjustment of state.entries.correctionsOf(row.id)) {
		for (const { pool, units } of partsOf(adjustment)) net.set(pool, (net.get(pool) ?? 0) + units);
	}
	return [...net].map(([pool, units]) => ({ pool, units }));
}

/** Refunds at most `units`, the last spent first. */
function giveBack(parts: readonly Part[], units: number): { units: number; spill: Part[] | null } {
	let left = units;
	const given = parts.toReversed().map((part) => {
		const back = Math.min(left, part.units);
		left -= back;
		return { pool: part.pool, units: 0 - back };
	});
	const [, ...spill] = given.reverse();
	const all = given.reduce((sum, part) => sum + part.units, 0);
	return { units: all, spill: spill.length > 0 ? spill : null };
}

/** How many bounded releases a row's window allows: its plan's limit, or its tier's once the plan has changed. */
function forgivenMax(state: LedgerState, row: RequestRow, nowMs: number): number {
	const { pool, limit } = allowanceOf(state.kind, state.entitlement, state.limits, nowMs);
	if (pool === row.pool && limit > 0) return Math.min(limit, FORGIVEN_MAX);
	const ofKind = {
		guest: state.limits.guest,
		network: state.limits.network,
		user: state.limits.free,
		organization: state.limits.free,
		key: FORGIVEN_MAX,
	};
	return Math.min(subscriptionOf(row.pool) === null ? ofKind[state.kind] : state.limits.paid, FORGIVEN_MAX);
}

/**
 * Bounded releases so far in a row's window. A `windowed` pool is one window. A `balance` pool has one per period, and only the current one is known,
 * so all earlier periods count as one.
 */
function forgivenBeside({ kind, entitlement, limits, sums }: LedgerState, row: RequestRow, nowMs: number): number {
	const { pool, window } = allowanceOf(kind, entitlement, limits, nowMs);
	const { forgiven } = sums.usage(row.pool, null);
	if (pool !== row.pool) return forgiven;
	const present = sums.usage(pool, window).forgiven;
	return contains(window, row.heldAtMs) ? present : forgiven - present;
}

/** Whether an earlier attempt was held in the window of a new one. */
function inSameWindow({ pool, window }: Allowance, earlier: RequestRow, nowMs: number): boolean {
	return earlier.pool === pool && contains(window, earlier.heldAtMs) === contains(window, nowMs);
}
