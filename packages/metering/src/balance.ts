import { isCounted, type LedgerState, ledgerTimeMs, type Part, partsOf, type RequestRow } from "./rows.ts";
import { type Allowance, allowanceOf, type Tier } from "./tier.ts";
import { contains, type Window } from "./window.ts";

/** Prefix of the pools of grants. */
const GRANT = "grant:";

/** The pool of a grant. The adjustment that grants the credits has it as its id. */
export function poolOfGrant(grantId: string): string {
	return GRANT + grantId;
}

/** Units that can still be held from an allowance. Negative only if a provider's balance is. */
export function remaining(state: LedgerState, allowance: Allowance): number {
	if (allowance.kind === "balance") return balanceLeft(state, allowance);
	const used = usedByPool(state);
	return windowLeft(used, allowance) + Math.max(0, creditsLeft(creditsOf(state, allowance, used)));
}

/**
 * Splits the units of a hold: the window first, then grants, the soonest to expire first.
 * @returns the grants' part; null when the window pays all; undefined when the units do not fit as a whole
 */
export function spillOf(state: LedgerState, allowance: Allowance, units: number): Part[] | null | undefined {
	if (allowance.kind === "balance") return units <= balanceLeft(state, allowance) ? null : undefined;
	const used = usedByPool(state);
	let rest = units - Math.min(units, windowLeft(used, allowance));
	if (rest === 0) return null;
	const credits = creditsOf(state, allowance, used);
	if (rest > creditsLeft(credits)) return undefined;
	const spill: Part[] = [];
	for (const { pool, left } of credits) {
		const taken = Math.min(rest, Math.max(0, left));
		if (taken > 0) spill.push({ pool, units: taken });
		rest -= taken;
	}
	return spill;
}

/** Units taken from each pool: held or counted by requests, and adjusted. */
interface Used {
	held: Map<string, number>;
	adjusted: Map<string, number>;
}

function usedByPool(state: LedgerState): Used {
	const adjusted = new Map<string, number>();
	const held = new Map([...state.checkpoints.values()].map(({ pool, units }) => [pool, units]));
	for (const row of state.rows.values()) if (row.state !== "released") addParts(held, row);
	for (const adjustment of state.adjustments.values()) addParts(adjusted, adjustment);
	return { held, adjusted };
}

function addParts(pools: Map<string, number>, entry: Pick<RequestRow, "pool" | "units" | "spill">): void {
	for (const { pool, units } of partsOf(entry)) pools.set(pool, (pools.get(pool) ?? 0) + units);
}

function takenFrom(used: Used, pool: string): number {
	return (used.held.get(pool) ?? 0) + (used.adjusted.get(pool) ?? 0);
}

/**
 * At least zero: a window overdrawn by a downgrade does not consume bought credits. On trust, after the period's end, it is at most what
 * the period had left and at most a free day.
 */
function windowLeft(used: Used, { pool, limit, before }: Extract<Allowance, { kind: "windowed" }>): number {
	const bound = before ? Math.min(limit, before.limit - takenFrom(used, before.pool)) : limit;
	return Math.max(0, bound - takenFrom(used, pool));
}

/** Spendable credits of one grant. Negative after a refund of credits that were already spent. */
interface Credit {
	pool: string;
	left: number;
	expiresAtMs: number | null;
}

function creditsOf(state: LedgerState, { atMs, grants }: Extract<Allowance, { kind: "windowed" }>, used: Used): Credit[] {
	const credits = new Map<string, Credit>();
	const listed = new Map(grants.map((grant) => [poolOfGrant(grant.id), grant]));
	for (const pool of new Set([...used.adjusted.keys(), ...listed.keys()])) {
		if (!pool.startsWith(GRANT)) continue;
		const row = state.adjustments.get(pool);
		const grant = row ? { units: 0, expiresAtMs: row.expiresAtMs ?? null } : listed.get(pool);
		// A refund may arrive before its grant. Credits spent from a grant that is no longer listed were valid then; only a refund is a debt.
		const left = grant ? grant.units - takenFrom(used, pool) : -(used.adjusted.get(pool) ?? 0);
		const expiresAtMs = grant?.expiresAtMs ?? null;
		const spendable = grant !== undefined && (expiresAtMs === null || atMs < expiresAtMs);
		credits.set(pool, { pool, left: spendable ? left : Math.min(0, left), expiresAtMs });
	}
	return [...credits.values()].sort(bySoonestExpiry);
}

function bySoonestExpiry(a: Credit, b: Credit): number {
	const endOf = ({ expiresAtMs }: Credit) => expiresAtMs ?? Number.MAX_SAFE_INTEGER;
	return endOf(a) - endOf(b) || (a.pool < b.pool ? -1 : 1);
}

/** Credits of all grants together. A refund beyond its own grant is owed by the other grants, never by the window. */
function creditsLeft(credits: readonly Credit[]): number {
	return credits.reduce((units, credit) => units + credit.left, 0);
}

function balanceLeft(state: LedgerState, allowance: Extract<Allowance, { kind: "balance" }>): number {
	const { available, fetchedAtMs, periodEndMs } = allowance.entitlement;
	let left = available - adjustedIn(state, allowance);
	// After the period's end the plan may be gone: allow at most a free day until the next read.
	let onTrust = allowance.stale ? state.limits.free : Number.POSITIVE_INFINITY;
	for (const row of state.rows.values()) {
		if (row.pool !== allowance.pool || row.state === "released") continue;
		// The provider's number includes reports acknowledged before the read was sent.
		if (row.reportedAtMs === null || row.reportedAtMs >= fetchedAtMs) left -= row.units;
		if (row.heldAtMs >= (periodEndMs ?? Number.POSITIVE_INFINITY)) onTrust -= row.units;
	}
	return Math.min(left, onTrust);
}

/**
 * Adjustments of an allowance's pool in its window. A subscription's pool spans all its periods, so a correction in one period must not
 * apply again in the next.
 */
function adjustedIn(state: LedgerState, { kind, pool, window }: Allowance): number {
	let units = 0;
	for (const { pool: own, units: adjusted, requestId, atMs } of state.adjustments.values()) {
		if (own !== pool) continue;
		const corrected = requestId ? state.rows.get(requestId) : undefined;
		if (kind === "windowed" || contains(window, corrected?.heldAtMs ?? atMs)) units += adjusted;
	}
	return units;
}

/** A subject's usage for display, in requests. `UsageView` in the web package is the published form. */
export interface Standing {
	tier: Tier;
	limit: number;
	/** Units counted in the window, including those that grants paid. */
	used: number;
	held: number;
	remaining: number;
	topUps: number;
	window: Window;
}

/** A subject's usage at `atMs` (epoch milliseconds). No number is negative. */
export function standing(state: LedgerState, atMs: number): Standing {
	const nowMs = ledgerTimeMs(state, atMs);
	const allowance = allowanceOf(state.kind, state.entitlement, state.limits, nowMs);
	const { tier, limit, pool, window, kind } = allowance;
	let used = adjustedIn(state, allowance);
	// Folded units of this window, if its plan was cancelled and resumed. A balance pool spans all periods, so its checkpoint does not apply.
	if (kind === "windowed") used += state.checkpoints.get(pool)?.units ?? 0;
	let held = 0;
	for (const row of state.rows.values()) {
		// A windowed pool is the window. A balance pool spans all periods.
		if (row.pool !== pool || (kind === "balance" && !contains(window, row.heldAtMs))) continue;
		if (isCounted(row)) used += row.units;
		if (row.state === "held") held += row.units;
	}
	const left = state.closed ? 0 : Math.max(0, remaining(state, allowance));
	const topUps = state.closed ? 0 : beyondPlan(state, allowance, left, used + held);
	return { tier, limit, used: Math.max(0, used), held, remaining: left, topUps, window };
}

function beyondPlan(state: LedgerState, allowance: Allowance, left: number, taken: number): number {
	if (allowance.kind === "windowed") return left - windowLeft(usedByPool(state), allowance);
	return Math.min(left, Math.max(0, left + taken - allowance.limit));
}
