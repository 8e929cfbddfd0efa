import { freeDayOf, spillOf } from "./balance.ts";
import { invariant } from "./invariant.ts";
import type { Member } from "./member.ts";
import { beyondShare, type Refusal, usedUp } from "./refusal.ts";
import type { LedgerState, Part, RequestRow } from "./rows.ts";
import { type Allowance, allowanceOf, isTrusted } from "./tier.ts";
import { RAISES_MAX } from "./who-pays.ts";

/** Adds units to an open hold, once per step. */
export interface RaiseCommand {
	type: "raise";
	id: string;
	/** The raising attempt. A late raise of an earlier attempt must not charge the current one. */
	attempt: number;
	/** 1 to 8. Repeating a step adds nothing. */
	step: number;
	units: number;
	/** The most that the request may cost, for its hold and all raises together. Null for no bound. */
	maxUnits?: number | null | undefined;
	/** The member's cap in a window, in units. Null for no cap. */
	cap?: number | null;
}

/** Removes a step's units from an open hold, because another ledger that holds the request refused them. */
export interface LowerCommand {
	type: "lower";
	id: string;
	attempt: number;
	step: number;
}

/**
 * Why a hold is not raised, apart from a limit. `max-units`: the request would cost more than its sender agreed to. `too-many`: the step is beyond
 * the last. `ended`: the attempt is no longer open. `conflict`: the step was raised by another number of units.
 */
export type NotRaised = "max-units" | "too-many" | "ended" | "conflict";

export type RaiseOutcome =
	/** The row has the step's units, from this call or an earlier one. */
	| { kind: "raised"; row: RequestRow }
	| { kind: "refused"; refusal: Refusal }
	/** `left`: the units by which the hold could still be raised. */
	| { kind: "not-raised"; reason: NotRaised; left: number };

interface Raised {
	outcome: RaiseOutcome;
	row?: RequestRow;
}

interface Lowered {
	outcome: { kind: "lowered" };
	row?: RequestRow;
}

/**
 * Decides a raise like a hold of the same units, from the pool and window of the row. It uses the time of the row's hold, so an answer that runs past
 * midnight still draws on its own day.
 */
export function raise(state: LedgerState, row: RequestRow, command: RaiseCommand, nowMs: number): Raised {
	const { attempt, step, units } = command;
	invariant(Number.isSafeInteger(units) && units > 0, "the units of a raise are a positive integer");
	invariant(Number.isSafeInteger(step) && step > 0, "the step of a raise is a positive integer");
	if (row.state !== "held" || row.attempt !== attempt) return notRaised("ended", 0);
	const { raises } = row;
	const earlier = raises?.find((one) => one.step === step);
	if (earlier) return earlier.units === units ? { outcome: { kind: "raised", row } } : notRaised("conflict", 0);
	if (step > RAISES_MAX) return notRaised("too-many", 0);
	const agreed = Math.max(0, (command.maxUnits ?? Number.POSITIVE_INFINITY) - row.units);
	if (units > agreed) return notRaised("max-units", agreed);
	const member = row.member ? { id: row.member, cap: command.cap ?? null } : null;
	const source = sourceOf(state, row, nowMs);
	const spill = source && !state.closed && units <= source.most ? spillOf(state, source.allowance, units) : undefined;
	if (!source || spill === undefined) return { outcome: { kind: "refused", refusal: refusalOf(state, source, member, nowMs) } };
	const refusal = beyondShare(state, source.allowance, member, units);
	if (refusal) return { outcome: { kind: "refused", refusal } };
	const raised: RequestRow = {
		...row,
		units: row.units + units,
		spill: together(row.spill, spill),
		raises: [...(raises ?? []), { step, units }],
	};
	return { outcome: { kind: "raised", row: raised }, row: raised };
}

/** Undoes a raise of an open hold. Idempotent. */
export function lower(row: RequestRow, { attempt, step }: LowerCommand): Lowered {
	const outcome = { kind: "lowered" } as const;
	const isRaised = row.state === "held" && row.attempt === attempt && row.raises?.some((one) => one.step === step);
	return isRaised ? { outcome, row: withRaises(row, (other) => other !== step) } : { outcome };
}

/** The row with only the raises that `isKept` selects. Units of grants are refunded first, because they are spent last. */
export function withRaises(row: RequestRow, isKept: (step: number) => boolean): RequestRow {
	const raises = row.raises?.filter(({ step }) => isKept(step)) ?? [];
	const dropped = unitsOf(row.raises) - unitsOf(raises);
	if (dropped === 0) return row;
	const spill: Part[] = [];
	let back = dropped;
	for (const { pool, units } of row.spill?.toReversed() ?? []) {
		const left = Math.max(0, units - back);
		back -= units - left;
		if (left > 0) spill.unshift({ pool, units: left });
	}
	return { ...row, units: row.units - dropped, spill: spill.length > 0 ? spill : null, raises };
}

/** The units of a row's hold without its raises: the price of each later attempt. */
export function unitsAtHold({ units, raises }: Pick<RequestRow, "units" | "raises">): number {
	return units - unitsOf(raises);
}

const unitsOf = (raises: RequestRow["raises"]) => (raises ?? []).reduce((all, { units }) => all + units, 0);

const notRaised = (reason: NotRaised, left: number): Raised => ({ outcome: { kind: "not-raised", reason, left } });

/** What pays additional units of a held request, and its maximum. */
interface Source {
	allowance: Allowance;
	most: number;
}

/** The allowance of a held request at the time of its hold. Null if that is over and its remaining units are no longer known. */
function sourceOf(state: LedgerState, row: RequestRow, nowMs: number): Source | null {
	const { kind, limits } = state;
	const entitlement = state.entitlement && isTrusted(state.entitlement, nowMs) ? state.entitlement : null;
	const now = allowanceOf(kind, entitlement, limits, nowMs);
	const then = allowanceOf(kind, entitlement, limits, row.heldAtMs);
	if (then.pool !== row.pool) {
		// The free day beside a plan. It pays whole requests, without grants.
		const freeDay = freeDayOf(state, now, row.heldAtMs);
		return freeDay?.allowance.pool === row.pool ? { allowance: freeDay.allowance, most: freeDay.standing.remaining } : null;
	}
	const most = Number.POSITIVE_INFINITY;
	// A balance spans all periods of its subscription, and its number is the latest period's.
	if (then.kind === "balance") return row.heldAtMs >= then.window.startMs ? { allowance: then, most } : null;
	// Units given on trust since the period's end reduce the period's remaining units.
	const beside = now.kind === "windowed" && now.before?.pool === row.pool ? { pool: now.pool, limit: then.limit } : then.before;
	return { allowance: { ...then, atMs: nowMs, before: beside }, most };
}

function refusalOf(state: LedgerState, source: Source | null, member: Member | null, nowMs: number): Refusal {
	if (source) {
		const refusal = usedUp(state, source.allowance, member);
		return { ...refusal, remaining: Math.min(refusal.remaining, source.most) };
	}
	return { ...usedUp(state, allowanceOf(state.kind, state.entitlement, state.limits, nowMs), member), remaining: 0 };
}

/** Adds a raise's units on grants to the row's. */
function together(before: RequestRow["spill"], added: readonly Part[] | null): Part[] | null {
	const units = new Map<string, number>();
	for (const part of [...(before ?? []), ...(added ?? [])]) units.set(part.pool, (units.get(part.pool) ?? 0) + part.units);
	return units.size > 0 ? [...units].map(([pool, of]) => ({ pool, units: of })) : null;
}
