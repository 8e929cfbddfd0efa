import { dayOf, LIFETIME, utcDay, type Window } from "./window.ts";

export type Tier = "guest" | "free" | "paid";

/**
 * The owner of a ledger: a guest, a signed-in user, all members of an organization together, all guests of a network, or one window of an API key, whose
 * own limit is the cap of each hold.
 */
export type SubjectKind = "guest" | "user" | "organization" | "network" | "key";

/** Which limit refused a request. `organization`: it has no paid plan, so its limit is 0. `member`: the member's cap. `key`: an API key's own. */
export type Policy = "guest" | "network" | "free" | "paid" | "organization" | "member" | "key" | "in-flight";

/** Limits in requests (docs/architecture.md, Tiers). The owner's three constants are `guest`, `free` and `paid`. */
export interface Limits {
	/** Per guest, for the guest's lifetime. */
	guest: number;
	/** Per UTC day, for a signed-in user without a paid plan. */
	free: number;
	/** Per billing period, if the plan has no amount of its own. */
	paid: number;
	/** Per UTC day, for all guests of a network together. */
	network: number;
	/** Concurrent requests of a person (by tier), of an organization, and of each of its members. */
	inFlight: Record<Tier | "organization" | "member", number>;
}

export const DEFAULT_LIMITS: Limits = {
	guest: 5,
	free: 20,
	paid: 1000,
	network: 25,
	inFlight: { guest: 5, free: 6, paid: 20, organization: 100, member: 6 },
};

/** How long a paid entitlement is trusted after its last successful read (invariant I7). */
export const ENTITLEMENT_TRUST_MS = 24 * 3_600_000;

/** Credits in addition to a plan, bought or granted. Spent after the window's units, the soonest to expire first. */
interface Grant {
	/** Id of the purchase. A grant counts once per id. */
	id: string;
	/** Credits granted, including spent ones. */
	units: number;
	/** The first instant at which the credits cannot be spent, in epoch milliseconds. Null if never. */
	expiresAtMs: number | null;
}

/**
 * What a user may use, as the billing provider reported it. `fetchedAtMs` is when the read was *sent*, so the response includes every
 * report acknowledged before it.
 *
 * - `none`: no paid subscription.
 * - `balance`: the provider spends its own grants and returns one number (Flowglad's `availableBalance`, which may be negative).
 * - `windowed`: the provider knows the plan and the ledger counts (Stripe): the window's limit first, then grants.
 */
export type Entitlement =
	| { kind: "none"; fetchedAtMs: number }
	| {
			kind: "balance";
			subscriptionId: string;
			/** Remaining requests at the provider, top-ups included. */
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
			/** The provider's list. A grant that is also an adjustment of the ledger counts once. */
			grants: readonly Grant[];
			fetchedAtMs: number;
	  };

/**
 * What holds are taken from. `pool` is the name under which units are summed; it never changes for a hold. `windowed`: the ledger counts its own units
 * against `limit`. `balance`: units unknown to the provider are subtracted from its number. `stale`: the read period is over, the next not yet known.
 */
export type Allowance =
	| {
			kind: "windowed";
			tier: Tier;
			policy: Policy;
			pool: string;
			window: Window;
			limit: number;
			/** The instant of the allowance, against which grants expire. */
			atMs: number;
			grants: readonly Grant[];
			stale: boolean;
			/** For a stale allowance: the ended period. Its remaining units bound what is allowed on trust. */
			before: { pool: string; limit: number } | null;
	  }
	| { kind: "balance"; tier: "paid"; policy: "paid"; pool: string; window: Window; limit: number; entitlement: Balance; stale: boolean };

export type WindowedAllowance = Extract<Allowance, { kind: "windowed" }>;
type Balance = Extract<Entitlement, { kind: "balance" }>;
type Windowed = Extract<Entitlement, { kind: "windowed" }>;

/** Prefix of pools whose units are reported to the billing provider. */
const SUBSCRIPTION = "sub:";

/** Separates a subscription from the start of its window. If the ledger counts, each window is a pool of its own. */
const WINDOW = "@";

/** The subscription that a pool belongs to. Null if its units are not reported. */
export function subscriptionOf(pool: string): string | null {
	if (!pool.startsWith(SUBSCRIPTION)) return null;
	const at = pool.lastIndexOf(WINDOW);
	return pool.slice(SUBSCRIPTION.length, at === -1 ? undefined : at);
}

/** The pool and limit of a subject's next hold at an instant (epoch milliseconds). */
export function allowanceOf(kind: SubjectKind, entitlement: Entitlement | null, limits: Limits, nowMs: number): Allowance {
	const free = freeAllowance(limits, nowMs);
	if (kind === "guest") return { ...free, tier: "guest", policy: "guest", pool: "guest", window: LIFETIME, limit: limits.guest };
	if (kind === "key") return { ...free, tier: "guest", policy: "key", pool: "key", window: LIFETIME, limit: Number.MAX_SAFE_INTEGER };
	if (kind === "network") return { ...free, tier: "guest", policy: "network", limit: limits.network };
	if (entitlement && isTrusted(entitlement, nowMs)) {
		if (entitlement.kind === "balance") return ofBalance(entitlement, nowMs);
		if (entitlement.kind === "windowed") return ofWindow(entitlement, limits, nowMs);
	}
	// Free days are per person. Otherwise each new organization would add one.
	return kind === "organization" ? { ...free, policy: "organization", limit: 0 } : free;
}

/** The free UTC day of a person. */
export function freeAllowance(limits: Limits, nowMs: number): WindowedAllowance {
	const day = { pool: `day:${dayOf(nowMs)}`, window: utcDay(nowMs), limit: limits.free, atMs: nowMs };
	return { kind: "windowed", tier: "free", policy: "free", ...day, grants: [], stale: false, before: null };
}

/** The tier whose requests a pool counts. */
export function tierOf(pool: string): Tier {
	if (subscriptionOf(pool) !== null) return "paid";
	return pool === "guest" ? "guest" : "free";
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
 * After the window's end, holds are taken on trust from the window that starts there. The renewal starts at the same instant, so it includes them
 * once it is read.
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

/** Whether the entitlement's period is over, so that a new read is due. */
export function isOver(entitlement: Entitlement, nowMs: number): boolean {
	if (entitlement.kind === "none") return false;
	const endMs = entitlement.kind === "balance" ? entitlement.periodEndMs : entitlement.endMs;
	return endMs !== null && nowMs >= endMs;
}

/** Whether an entitlement is recent enough to trust. Otherwise the subject is free (invariant I7). */
export function isTrusted(entitlement: Entitlement, nowMs: number): boolean {
	return nowMs - entitlement.fetchedAtMs <= ENTITLEMENT_TRUST_MS;
}
