import { type LedgerState, ledgerTimeMs, type Part, type Sums } from "./rows.ts";
import { type Allowance, allowanceOf, freeAllowance, type Tier, type WindowedAllowance } from "./tier.ts";
import type { Window } from "./window.ts";

/** Prefix of the pools of grants. */
const GRANT = "grant:";

/** The pool of a grant. It equals the id of the adjustment that grants the credits. */
export function poolOfGrant(grantId: string): string {
	return GRANT + grantId;
}

/** Whether a pool belongs to a grant. */
export function isGrantPool(pool: string): boolean {
	return pool.startsWith(GRANT);
}

/** Remaining units of an allowance. Negative only if a provider's balance is. */
export function remaining(state: LedgerState, allowance: Allowance): number {
	if (allowance.kind === "balance") return balanceLeft(state, allowance);
	return windowLeft(state, allowance) + Math.max(0, creditsLeft(creditsOf(state, allowance)));
}

/**
 * Splits the units of a hold: the window first, then grants, the soonest to expire first.
 * @returns the grants' part; null if the window pays everything; undefined if the units do not fit as a whole
 */
export function spillOf(state: LedgerState, allowance: Allowance, units: number): Part[] | null | undefined {
	if (allowance.kind === "balance") return units <= balanceLeft(state, allowance) ? null : undefined;
	let rest = units - Math.min(units, windowLeft(state, allowance));
	if (rest === 0) return null;
	const credits = creditsOf(state, allowance);
	if (rest > creditsLeft(credits)) return undefined;
	const spill: Part[] = [];
	for (const { pool, left } of credits) {
		const taken = Math.min(rest, Math.max(0, left));
		if (taken > 0) spill.push({ pool, units: taken });
		rest -= taken;
	}
	return spill;
}

/** Units taken from a pool: held or counted by requests, folded ones included, and adjusted. */
function takenFrom({ sums, entries }: LedgerState, pool: string): number {
	return sums.taken(pool) + (entries.checkpoint(pool)?.units ?? 0) + sums.adjusted(pool);
}

/**
 * At least zero, because a window overdrawn by a downgrade does not consume bought credits. On trust, after the period's end, at most the period's
 * remaining units and at most a free day.
 */
function windowLeft(state: LedgerState, { pool, limit, before }: WindowedAllowance): number {
	const bound = before ? Math.min(limit, before.limit - takenFrom(state, before.pool)) : limit;
	return Math.max(0, bound - takenFrom(state, pool));
}

/** Spendable credits of one grant. Negative after a refund of credits that were already spent. */
interface Credit {
	pool: string;
	left: number;
	expiresAtMs: number | null;
}

function creditsOf(state: LedgerState, { atMs, grants }: WindowedAllowance): Credit[] {
	const credits = new Map<string, Credit>();
	const listed = new Map(grants.map((grant) => [poolOfGrant(grant.id), grant]));
	const adjusted = new Map(state.sums.grants());
	for (const pool of new Set([...adjusted.keys(), ...listed.keys()])) {
		const row = adjusted.get(pool);
		const grant = row ? { units: 0, expiresAtMs: row.expiresAtMs ?? null } : listed.get(pool);
		// A refund may arrive before its grant. Credits spent from a grant that is no longer listed were valid when spent; only a refund is a debt.
		const left = grant ? grant.units - takenFrom(state, pool) : -state.sums.adjusted(pool);
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

function balanceLeft({ sums, limits }: LedgerState, allowance: Extract<Allowance, { kind: "balance" }>): number {
	const { entitlement, pool, window, stale } = allowance;
	// The provider's number includes reports acknowledged before the read was sent. A subscription's pool spans all its periods, so a
	// correction in one period must not apply again in the next.
	const left = entitlement.available - sums.usage(pool, window).adjusted - sums.unknownSince(pool, entitlement.fetchedAtMs);
	if (!stale) return left;
	// After the period's end the plan may be gone: allow at most a free day until the next read.
	return Math.min(left, limits.free - takenAfter(sums, allowance));
}

/** Units of a balance's requests that were held after the end of its period. */
function takenAfter(sums: Sums, { pool, window }: Allowance): number {
	const { counted, held } = sums.usage(pool, { startMs: window.endMs ?? 0, endMs: null });
	return counted + held;
}

/** A subject's usage for display, in requests. `UsageView` in the web package is the published form. */
export interface Standing {
	tier: Tier;
	limit: number;
	/** Units counted in the window, including those paid by grants. */
	used: number;
	held: number;
	remaining: number;
	topUps: number;
	/** The remaining free day beside a paid plan. Null without a plan, and if the deployment has no such day. */
	freeDay: FreeDay | null;
	window: Window;
}

/** A free day in requests. It ends with the UTC day. */
export interface FreeDay {
	limit: number;
	used: number;
	held: number;
	remaining: number;
}

/**
 * The free day of a person with a paid plan (`allowance`): the pool and limit of free users. Credits do not add to it, and units taken on trust after
 * the plan's period reduce it. Null for everyone else.
 */
export function freeDayOf(
	state: LedgerState,
	allowance: Allowance,
	nowMs: number,
): { allowance: WindowedAllowance; standing: FreeDay } | null {
	if (!state.paidKeepsFreeDay || state.kind !== "user" || allowance.tier !== "paid") return null;
	const day = freeAllowance(state.limits, nowMs);
	const { held } = state.sums.usage(day.pool, null);
	// Not the counted units, because credits may have paid part of the requests before the plan.
	const used = Math.max(0, takenFrom(state, day.pool) - held);
	const remaining = Math.max(0, Math.min(windowLeft(state, day), day.limit - takenOnTrust(state, allowance)));
	return { allowance: day, standing: { limit: day.limit, used, held, remaining } };
}

function takenOnTrust(state: LedgerState, allowance: Allowance): number {
	if (!allowance.stale) return 0;
	return allowance.kind === "windowed" ? takenFrom(state, allowance.pool) : takenAfter(state.sums, allowance);
}

/** A subject's usage at `atMs` (epoch milliseconds). No number is negative. */
export function standing(state: LedgerState, atMs: number): Standing {
	const nowMs = ledgerTimeMs(state, atMs);
	const allowance = allowanceOf(state.kind, state.entitlement, state.limits, nowMs);
	const { tier, limit, pool, window, kind } = allowance;
	// A windowed pool is the window. A balance pool spans all periods, so its checkpoint does not apply.
	const { counted, held, adjusted } = state.sums.usage(pool, kind === "windowed" ? null : window);
	// Folded units of this window, if its plan was cancelled and resumed.
	const folded = kind === "windowed" ? (state.entries.checkpoint(pool)?.units ?? 0) : 0;
	const used = counted + adjusted + folded;
	const left = state.closed ? 0 : Math.max(0, remaining(state, allowance));
	const topUps = state.closed ? 0 : beyondPlan(state, allowance, left, used + held);
	const freeDay = freeDayOf(state, allowance, nowMs)?.standing ?? null;
	return { tier, limit, used: Math.max(0, used), held, remaining: left, topUps, freeDay, window };
}

function beyondPlan(state: LedgerState, allowance: Allowance, left: number, taken: number): number {
	if (allowance.kind === "windowed") return left - windowLeft(state, allowance);
	return Math.min(left, Math.max(0, left + taken - allowance.limit));
}
