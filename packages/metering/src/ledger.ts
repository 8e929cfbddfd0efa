import { poolOfGrant, remaining, spillOf } from "./balance.ts";
import { invariant } from "./invariant.ts";
import { type Member, takenBy } from "./member.ts";
import { isDeadLetter, refused } from "./outbox.ts";
import { type Adjustment, isCounted, isOwed, type LedgerState, ledgerTimeMs, type Part, partsOf, type RequestRow } from "./rows.ts";
import { type Allowance, allowanceOf, type Policy, subscriptionOf, type Tier } from "./tier.ts";
import { FORGIVEN_MAX, fateOfSilence, type Heard, isBounded, type Release } from "./who-pays.ts";
import { contains } from "./window.ts";

/** How long a hold lives without word from its answer, in milliseconds. */
export const HOLD_MS = 10 * 60_000;

/** A unit counted because nobody spoke for it is reported this much later, so that a late word can still correct it. */
export const UNHEARD_REPORT_DELAY_MS = 60 * 60_000;

export interface Refusal {
	policy: Policy;
	tier: Tier;
	limit: number;
	remaining: number;
	/** Null where nothing resets, and for `in-flight`. */
	resetAtMs: number | null;
}

export type HoldCommand = {
	type: "hold";
	id: string;
	fingerprint: string;
	units: number;
	chatId: string | null;
	/** Of an organization: who asks. */
	member?: Member | null;
	/** See `RequestRow`. */
	sharedWith?: readonly string[] | null;
};

export type Command =
	| HoldCommand
	| { type: "settle"; id: string }
	| { type: "release"; id: string; why: Release }
	| { type: "extend"; id: string }
	/** What the chat said when it was asked about an expired hold. */
	| { type: "expire"; id: string; heard: Heard }
	/** The report of a row is about to leave. Decided before it does: from then on a late word cannot undo what the provider may know. */
	| { type: "dispatch"; id: string }
	| { type: "acknowledge"; id: string }
	/** The provider refused the report of a row that was sent by itself, for its content (never for its own trouble: that is a retry). */
	| { type: "refuse"; id: string }
	| { type: "carry-over"; id: string; units: number }
	| GrantCommand
	| CorrectCommand;

/** Credits that arrive once for each id. The first instant at which they can no longer be spent, epoch milliseconds; null for never. */
type GrantCommand = { type: "grant"; id: string; units: number; expiresAtMs: number | null };

/**
 * A correction, once for each id. Positive `units` count more (a refund takes a grant's credits back), negative ones give back. Of a
 * request never more is given back than it counts, and to the grants first, as they were spent last.
 */
export type CorrectCommand = { type: "correct"; id: string; of: { pool: string } | { grant: string } | { request: string }; units: number };

export type Outcome =
	| { kind: "held"; row: RequestRow }
	/** The same request again: nothing is held, the row says how it stands. */
	| { kind: "repeat"; row: RequestRow }
	/** The same id with another content, or a correction that contradicts what stands. */
	| { kind: "conflict" }
	| { kind: "refused"; refusal: Refusal }
	| { kind: "ended"; row: RequestRow; counted: boolean }
	| { kind: "extended"; row: RequestRow }
	| { kind: "dispatched" }
	| { kind: "acknowledged" }
	| { kind: "report-refused"; deadLetter: boolean }
	| { kind: "carried-over" }
	| { kind: "granted" }
	| { kind: "corrected" }
	| { kind: "unknown" };

/** A decision: what to answer, and what it writes: at most one row and one adjustment, both or neither. */
export interface Decision {
	outcome: Outcome;
	row?: RequestRow;
	adjustment?: Adjustment;
}

/** Decides one command at one instant. Pure: the caller writes what it names in the same turn, or nothing. */
export function decide(state: LedgerState, command: Command, atMs: number): Decision {
	const nowMs = ledgerTimeMs(state, atMs);
	if (command.type === "hold") return hold(state, command, nowMs);
	if (command.type === "carry-over") return carryOver(state, command, nowMs);
	if (command.type === "grant") return grant(state, command, nowMs);
	if (command.type === "correct") return correct(state, command, nowMs);
	const row = state.rows.get(command.id);
	if (!row) return { outcome: { kind: "unknown" } };
	switch (command.type) {
		case "settle":
			return settle(state, row, nowMs);
		case "release":
			return release(state, row, command.why, nowMs);
		case "extend":
			return extend(state, row, nowMs);
		case "expire":
			return expire(state, row, command.heard, nowMs);
		case "dispatch":
			return dispatch(row, nowMs);
		case "acknowledge":
			return acknowledge(state, row, nowMs);
		case "refuse":
			return refuse(row, nowMs);
	}
}

function hold(state: LedgerState, command: HoldCommand, nowMs: number): Decision {
	invariant(Number.isSafeInteger(command.units) && command.units > 0, "a hold is of a positive integer of units");
	const earlier = state.rows.get(command.id);
	if (earlier && earlier.fingerprint !== command.fingerprint) return { outcome: { kind: "conflict" } };
	// A unit that was given back after it was reported is spent as an id: the provider would take a second one for a repeat.
	if (earlier && isCorrected(state, earlier)) return { outcome: { kind: "conflict" } };
	if (earlier && earlier.state !== "released") return { outcome: { kind: "repeat", row: earlier } };
	const allowance = allowanceOf(state.kind, state.entitlement, state.limits, nowMs);
	const spill = spillOf(state, allowance, command.units);
	// The allowance is judged first, then what is in flight: whoever has nothing left is told that, not to try again in a second.
	if (spill === undefined || state.closed) return { outcome: { kind: "refused", refusal: usedUp(state, allowance) } };
	const refusal = beyondShare(state, allowance, command) ?? tooManyAtOnce(state, allowance, command.member?.id);
	if (refusal) return { outcome: { kind: "refused", refusal } };
	const row: RequestRow = {
		id: command.id,
		fingerprint: command.fingerprint,
		pool: allowance.pool,
		units: command.units,
		spill,
		state: "held",
		attempt: (earlier?.attempt ?? 0) + 1,
		forgiven: earlier && inSameWindow(allowance, earlier, { pool: allowance.pool, heldAtMs: nowMs }) ? earlier.forgiven : 0,
		chatId: command.chatId,
		member: command.member?.id ?? null,
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

function usedUp(state: LedgerState, allowance: Allowance): Refusal {
	const { tier, policy, limit, window, stale } = allowance;
	const left = state.closed ? 0 : Math.max(0, remaining(state, allowance));
	return { policy, tier, limit, remaining: left, resetAtMs: stale ? null : window.endMs };
}

/** The refusal of a member whose own cap has no room for a request, however much the organization has left. */
function beyondShare(state: LedgerState, allowance: Allowance, { member, units }: HoldCommand): Refusal | null {
	if (!member || member.cap === null) return null;
	const { used, held } = takenBy(state, allowance, member.id);
	const left = Math.max(0, member.cap - used - held);
	if (units <= left) return null;
	const { tier, window, stale } = allowance;
	return { policy: "member", tier, limit: member.cap, remaining: left, resetAtMs: stale ? null : window.endMs };
}

/** A network's guests are many: only what they use is bounded, not how much of it at once. */
function tooManyAtOnce(state: LedgerState, allowance: Allowance, memberId: string | undefined): Refusal | null {
	const { tier } = allowance;
	const { inFlight } = state.limits;
	const limit = state.kind === "organization" ? inFlight.organization : inFlight[tier];
	let open = 0;
	let own = 0;
	for (const row of state.rows.values()) {
		if (row.state !== "held") continue;
		open += 1;
		if (row.member === memberId) own += 1;
	}
	const full = (reached: number): Refusal => ({
		policy: "in-flight",
		tier,
		limit: reached,
		remaining: remaining(state, allowance),
		resetAtMs: null,
	});
	if (state.kind !== "network" && open >= limit) return full(limit);
	return memberId !== undefined && own >= inFlight.member ? full(inFlight.member) : null;
}

function settle(state: LedgerState, row: RequestRow, nowMs: number): Decision {
	if (row.state === "expired" && !isCorrected(state, row)) {
		return ended({ ...row, state: "settled", reportAfterMs: mayBeKnown(row, nowMs) ? row.reportAfterMs : nowMs });
	}
	if (row.state !== "held") return unchanged(state, row);
	return ended({ ...row, state: "settled", endedAtMs: nowMs, reportAfterMs: nowMs });
}

function release(state: LedgerState, row: RequestRow, why: Release, nowMs: number): Decision {
	if (row.state !== "held" && (row.state !== "expired" || isCorrected(state, row))) return unchanged(state, row);
	const bounded = isBounded(why);
	if (bounded && forgivenBeside(state, row, nowMs) >= forgivenMax(state, row, nowMs)) return settle(state, row, nowMs);
	const forgiven = row.forgiven + (bounded ? 1 : 0);
	if (!mayBeKnown(row, nowMs)) {
		return ended({ ...row, state: "released", forgiven, endedAtMs: nowMs, reportAfterMs: null });
	}
	const corrected = { ...row, forgiven };
	const { units, spill } = giveBack(netParts(state, row), Number.POSITIVE_INFINITY);
	const adjustment = { id: lateWordOf(row), pool: row.pool, units, spill, atMs: nowMs, requestId: row.id };
	return { outcome: { kind: "ended", row: corrected, counted: false }, row: corrected, adjustment };
}

/** The correction that a late word about a reported attempt is written as. */
function lateWordOf(row: RequestRow): string {
	return `late:${row.id}:${row.attempt}`;
}

function isCorrected(state: LedgerState, row: RequestRow): boolean {
	return state.adjustments.has(lateWordOf(row));
}

/**
 * Whether the provider may have heard of a unit that was counted for want of word. Its hour being over is enough: the report may be
 * under way, and its answer lost.
 */
function mayBeKnown(row: RequestRow, nowMs: number): boolean {
	if (row.state !== "expired" || subscriptionOf(row.pool) === null) return false;
	return (row.sentAtMs ?? row.reportedAtMs) !== null || nowMs >= (row.reportAfterMs ?? 0);
}

function extend(state: LedgerState, row: RequestRow, nowMs: number): Decision {
	if (row.state !== "held") return unchanged(state, row);
	const extended = { ...row, expiresAtMs: Math.max(row.expiresAtMs, nowMs + HOLD_MS) };
	return { outcome: { kind: "extended", row: extended }, row: extended };
}

function expire(state: LedgerState, row: RequestRow, heard: Heard, nowMs: number): Decision {
	if (row.state !== "held" || nowMs < row.expiresAtMs) return unchanged(state, row);
	const fate = fateOfSilence(heard);
	if (fate.kind === "extend") return extend(state, row, nowMs);
	if (fate.kind === "release") return release(state, row, fate.why, nowMs);
	return ended({ ...row, state: "expired", endedAtMs: nowMs, reportAfterMs: nowMs + UNHEARD_REPORT_DELAY_MS });
}

/** Only what a late word could still undo is written before it leaves; a settled row is final, and costs no write. */
function dispatch(row: RequestRow, nowMs: number): Decision {
	const outcome: Outcome = { kind: "dispatched" };
	if (row.state !== "expired" || !isOwed(row) || (row.sentAtMs ?? null) !== null) return { outcome };
	return { outcome, row: { ...row, sentAtMs: nowMs } };
}

/** Never earlier than the copy in hand: its number cannot hold what is acknowledged only now, whatever a clock that jumped says. */
function acknowledge({ entitlement }: LedgerState, row: RequestRow, nowMs: number): Decision {
	const outcome: Outcome = { kind: "acknowledged" };
	const reportedAtMs = Math.max(nowMs, entitlement?.fetchedAtMs ?? 0);
	return isOwed(row) ? { outcome, row: { ...row, reportedAtMs } } : { outcome };
}

/** Of a row that was acknowledged by another answer meanwhile, a refusal says nothing. */
function refuse(row: RequestRow, nowMs: number): Decision {
	if (!isOwed(row)) return { outcome: { kind: "report-refused", deadLetter: false } };
	const after = refused(row, nowMs);
	return { outcome: { kind: "report-refused", deadLetter: isDeadLetter(after) }, row: after };
}

function ended(row: RequestRow): Decision {
	return { outcome: { kind: "ended", row, counted: isCounted(row) }, row };
}

/** The second of two ends changes nothing and gets the answer of the first (invariant I2). */
function unchanged(state: LedgerState, row: RequestRow): Decision {
	return { outcome: { kind: "ended", row, counted: isCounted(row) && !isCorrected(state, row) } };
}

function carryOver(state: LedgerState, command: { id: string; units: number }, nowMs: number): Decision {
	invariant(Number.isSafeInteger(command.units) && command.units >= 0, "what is carried over is an integer, and not negative");
	const outcome: Outcome = { kind: "carried-over" };
	if (command.units === 0 || state.adjustments.has(command.id)) return { outcome };
	// Always into the free day: what a guest used was never paid for.
	const { pool } = allowanceOf(state.kind, null, state.limits, nowMs);
	return { outcome, adjustment: { id: command.id, pool, units: command.units, atMs: nowMs } };
}

function grant(state: LedgerState, { id, units, expiresAtMs }: GrantCommand, nowMs: number): Decision {
	invariant(Number.isSafeInteger(units) && units > 0, "a grant is a positive integer of units");
	const pool = poolOfGrant(id);
	const earlier = state.adjustments.get(pool);
	if (earlier) {
		const same = earlier.units === -units && (earlier.expiresAtMs ?? null) === expiresAtMs;
		return { outcome: { kind: same ? "granted" : "conflict" } };
	}
	return { outcome: { kind: "granted" }, adjustment: { id: pool, pool, units: -units, atMs: nowMs, expiresAtMs } };
}

function correct(state: LedgerState, command: CorrectCommand, nowMs: number): Decision {
	const { units } = command;
	invariant(Number.isSafeInteger(units) && units !== 0, "a correction is an integer of units, and not zero");
	// Apart from the ids of grants and of what is carried over, which others choose.
	const id = `correct:${command.id}`;
	const target = targetOf(state, command.of);
	if (!target) return { outcome: { kind: "unknown" } };
	const { pool, row } = target;
	const requestId = row?.id ?? null;
	const earlier = state.adjustments.get(id);
	if (earlier) {
		const same = earlier.units === units && earlier.pool === pool && (earlier.requestId ?? null) === requestId;
		return { outcome: { kind: same ? "corrected" : "conflict" } };
	}
	const adjustment: Adjustment = { id, pool, units, atMs: nowMs, requestId };
	if (!row) return { outcome: { kind: "corrected" }, adjustment };
	// What is not final yet is ended, not corrected: a late word would give it back a second time.
	if (row.state !== "settled" && !mayBeKnown(row, nowMs)) return { outcome: { kind: "conflict" } };
	if (units > 0) return { outcome: { kind: "corrected" }, adjustment };
	const back = giveBack(netParts(state, row), -units);
	if (back.units !== units) return { outcome: { kind: "conflict" } };
	return { outcome: { kind: "corrected" }, adjustment: { ...adjustment, spill: back.spill } };
}

function targetOf(state: LedgerState, of: CorrectCommand["of"]): { pool: string; row?: RequestRow } | undefined {
	if ("pool" in of) return of;
	if ("grant" in of) return { pool: poolOfGrant(of.grant) };
	const row = state.rows.get(of.request);
	return row && { pool: row.pool, row };
}

/** What a request counts on each pool, corrections included, in the order of burning. */
function netParts(state: LedgerState, row: RequestRow): Part[] {
	const net = new Map(partsOf(row).map((part) => [part.pool, part.units]));
	for (const adjustment of state.adjustments.values()) {
		if (adjustment.requestId !== row.id) continue;
		for (const { pool, units } of partsOf(adjustment)) net.set(pool, (net.get(pool) ?? 0) + units);
	}
	return [...net].map(([pool, units]) => ({ pool, units }));
}

/** Gives at most `units` back, the last burned first. */
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

/** How often the window of a row forgives: what its plan holds, or its tier where the plan is another by now. */
function forgivenMax(state: LedgerState, row: RequestRow, nowMs: number): number {
	const { pool, limit } = allowanceOf(state.kind, state.entitlement, state.limits, nowMs);
	if (pool === row.pool && limit > 0) return Math.min(limit, FORGIVEN_MAX);
	const ofKind = { guest: state.limits.guest, network: state.limits.network, user: state.limits.free, organization: state.limits.free };
	return Math.min(subscriptionOf(row.pool) === null ? ofKind[state.kind] : state.limits.paid, FORGIVEN_MAX);
}

/** Answers forgiven so far in the window that a row belongs to. */
function forgivenBeside(state: LedgerState, row: RequestRow, nowMs: number): number {
	const allowance = allowanceOf(state.kind, state.entitlement, state.limits, nowMs);
	let forgiven = 0;
	for (const other of state.rows.values()) if (inSameWindow(allowance, other, row)) forgiven += other.forgiven;
	return forgiven;
}

/**
 * Whether two holds were taken in one window. A pool that we count is one; a subscription's balance has one for each period, of which
 * only the present one is known: those before it are taken together.
 */
function inSameWindow(allowance: Allowance, a: Pick<RequestRow, "pool" | "heldAtMs">, b: Pick<RequestRow, "pool" | "heldAtMs">): boolean {
	if (a.pool !== b.pool) return false;
	return allowance.pool !== a.pool || contains(allowance.window, a.heldAtMs) === contains(allowance.window, b.heldAtMs);
}
