import { LIFETIME, utcDay, type Window } from "./window.ts";

export type Tier = "guest" | "free" | "paid";

/** What a ledger counts: a guest, a signed-in user, all members of one organization together, or all guests of one network. */
export type SubjectKind = "guest" | "user" | "organization" | "network";

/** Which limit refused a request. `organization`: it has no paid plan, and nothing without one. `member`: their share of its plan. */
export type Policy = "guest" | "network" | "free" | "paid" | "organization" | "member" | "in-flight";

/** Limits in requests. Architecture, section 3; the owner's three constants are `guest`, `free` and `paid`. */
export interface Limits {
	/** For the whole life of a guest. */
	guest: number;
	/** For a UTC day of a signed-in user without a paid plan. */
	free: number;
	/** For a billing period, where the plan names no amount of its own. */
	paid: number;
	/** For a UTC day of all guests of one network. */
	network: number;
	/** Requests of one subject that may be answered at once: of a person by tier, of an organization, and of each of its members. */
	inFlight: Record<Tier | "organization" | "member", number>;
}

export const DEFAULT_LIMITS: Limits = {
	guest: 5,
	free: 20,
	paid: 1000,
	network: 25,
	inFlight: { guest: 5, free: 6, paid: 20, organization: 100, member: 6 },
};

/** After this long without a successful read, a paid entitlement is no longer believed (invariant I7). */
export const ENTITLEMENT_TRUST_MS = 24 * 3_600_000;

/** Credits that were bought or given beside a plan. Spent after the window's own units, the soonest to expire first. */
interface Grant {
	/** The purchase that it came with; a grant counts once for each. */
	id: string;
	/** Credits as they were granted, whatever has been spent of them since. */
	units: number;
	/** The first instant at which they can no longer be spent; null for never. Epoch milliseconds. */
	expiresAtMs: number | null;
}

/**
 * What the billing provider said that a user may have, and when it was asked (`fetchedAtMs`: the instant at which the read was *sent*,
 * so that whatever was acknowledged before it is in the answer).
 *
 * - `none`: no paid subscription.
 * - `balance`: the provider burns its own grants and answers one number (Flowglad's `availableBalance`, which may be negative).
 * - `windowed`: the provider knows the plan and we count (Stripe): the window's limit first, then grants.
 */
export type Entitlement =
	| { kind: "none"; fetchedAtMs: number }
	| {
			kind: "balance";
			subscriptionId: string;
			/** Requests left at the provider, top-ups included. */
			available: number;
			/** Requests that the plan grants in each billing period. */
			allowance: number;
			periodStartMs: number;
			/** Null for a subscription that does not renew. */
			periodEndMs: number | null;
			fetchedAtMs: number;
	  }
	| {
			kind: "windowed";
			subscriptionId: string;
			/** Requests in the window [startMs, endMs). */
			limit: number;
			startMs: number;
			/** Null for a plan that does not renew. */
			endMs: number | null;
			/** What the provider lists beside the plan. One that the ledger holds as a row of its own is not counted again. */
			grants: readonly Grant[];
			fetchedAtMs: number;
	  };

/**
 * What holds are taken from: a `pool` is the name under which units are added up, and never changes for a hold once it is taken.
 * `windowed` counts our own units against `limit`; `balance` subtracts from the provider's number what it cannot know yet.
 * `stale`: the period that was read is over, and what comes after it is not known yet.
 */
export type Allowance =
	| {
			kind: "windowed";
			tier: Tier;
			policy: Policy;
			pool: string;
			window: Window;
			limit: number;
			/** The instant that it was asked for: a grant expires against it. */
			atMs: number;
			grants: readonly Grant[];
			stale: boolean;
			/** Of a stale allowance: the period that is over, whose rest bounds what is given on trust. */
			before: { pool: string; limit: number } | null;
	  }
	| { kind: "balance"; tier: "paid"; policy: "paid"; pool: string; window: Window; limit: number; entitlement: Balance; stale: boolean };

type Balance = Extract<Entitlement, { kind: "balance" }>;
type Windowed = Extract<Entitlement, { kind: "windowed" }>;

/** The start of the names of pools whose units are reported to the billing provider. */
const SUBSCRIPTION = "sub:";

/** Between a subscription and the start of its window: where we count, each window is a pool of its own. */
const WINDOW = "@";

/** The subscription that a pool belongs to, or null for units that no provider hears of. */
export function subscriptionOf(pool: string): string | null {
	if (!pool.startsWith(SUBSCRIPTION)) return null;
	const at = pool.lastIndexOf(WINDOW);
	return pool.slice(SUBSCRIPTION.length, at === -1 ? undefined : at);
}

/** The pool and limit that a subject's next hold is taken from, at an instant. */
export function allowanceOf(kind: SubjectKind, entitlement: Entitlement | null, limits: Limits, nowMs: number): Allowance {
	const counted = { kind: "windowed", atMs: nowMs, grants: [], stale: false, before: null } as const;
	if (kind === "guest") {
		return { ...counted, tier: "guest", policy: "guest", pool: "guest", window: LIFETIME, limit: limits.guest };
	}
	const day = utcDay(nowMs);
	const pool = `day:${new Date(day.startMs).toISOString().slice(0, 10)}`;
	if (kind === "network") return { ...counted, tier: "guest", policy: "network", pool, window: day, limit: limits.network };
	if (entitlement && isTrusted(entitlement, nowMs)) {
		if (entitlement.kind === "balance") return ofBalance(entitlement, nowMs);
		if (entitlement.kind === "windowed") return ofWindow(entitlement, limits, nowMs);
	}
	// The free day is a person's: whoever founds organizations would have as many of them.
	if (kind === "organization") return { ...counted, tier: "free", policy: "organization", pool, window: day, limit: 0 };
	return { ...counted, tier: "free", policy: "free", pool, window: day, limit: limits.free };
}

function ofBalance(entitlement: Balance, nowMs: number): Allowance {
	return {
		kind: "balance",
		tier: "paid",
		policy: "paid",
		pool: SUBSCRIPTION + entitlement.subscriptionId,
		window: { startMs: entitlement.periodStartMs, endMs: entitlement.periodEndMs },
		limit: entitlement.allowance,
		entitlement,
		stale: isOver(entitlement, nowMs),
	};
}

/**
 * Past its end, holds are taken on trust from the window that begins there: when the renewal is read, it starts at the same instant, and
 * they are counted in it already.
 */
function ofWindow(entitlement: Windowed, limits: Limits, nowMs: number): Allowance {
	const { subscriptionId, startMs, endMs, limit, grants } = entitlement;
	const poolFrom = (windowStartMs: number) => `${SUBSCRIPTION}${subscriptionId}${WINDOW}${windowStartMs}`;
	const paid = { kind: "windowed", tier: "paid", policy: "paid", atMs: nowMs, grants } as const;
	if (endMs === null || nowMs < endMs) {
		return { ...paid, pool: poolFrom(startMs), window: { startMs, endMs }, limit, stale: false, before: null };
	}
	return {
		...paid,
		pool: poolFrom(endMs),
		window: { startMs: endMs, endMs: null },
		limit: limits.free,
		stale: true,
		before: { pool: poolFrom(startMs), limit },
	};
}

/** Whether the period that was read is over, so that a new read is due. */
export function isOver(entitlement: Entitlement, nowMs: number): boolean {
	if (entitlement.kind === "none") return false;
	const endMs = entitlement.kind === "balance" ? entitlement.periodEndMs : entitlement.endMs;
	return endMs !== null && nowMs >= endMs;
}

/** Whether an entitlement is recent enough to be believed; an old one falls to the free tier (I7). */
export function isTrusted(entitlement: Entitlement, nowMs: number): boolean {
	return nowMs - entitlement.fetchedAtMs <= ENTITLEMENT_TRUST_MS;
}
