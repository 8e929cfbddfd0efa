import { LIFETIME, utcDay, type Window } from "./window.ts";

export type Tier = "guest" | "free" | "paid";

/** What a ledger counts: a guest, a signed-in user, or all guests of one network together. */
export type SubjectKind = "guest" | "user" | "network";

/** Which limit refused a request. */
export type Policy = "guest" | "network" | "free" | "paid" | "in-flight";

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
	/** Requests of one subject that may be answered at once. */
	inFlight: Record<Tier, number>;
}

export const DEFAULT_LIMITS: Limits = {
	guest: 5,
	free: 20,
	paid: 1000,
	network: 25,
	inFlight: { guest: 5, free: 6, paid: 20 },
};

/** After this long without a successful read, a paid entitlement is no longer believed (invariant I7). */
export const ENTITLEMENT_TRUST_MS = 24 * 3_600_000;

/**
 * What the billing provider said that a user may have, and when it was asked (`fetchedAtMs`: the instant at which the read was *sent*,
 * so that whatever was acknowledged before it is in the answer).
 *
 * - `none`: no paid subscription.
 * - `balance`: the provider burns its own grants and answers one number (Flowglad's `availableBalance`, which may be negative).
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
	  };

/**
 * What holds are taken from: a `pool` is the name under which units are added up, and never changes for a hold once it is taken.
 * `windowed` counts our own units against `limit`; `balance` subtracts from the provider's number what it cannot know yet.
 */
export type Allowance =
	| { kind: "windowed"; tier: "guest" | "free"; policy: Policy; pool: string; window: Window; limit: number }
	| { kind: "balance"; tier: "paid"; policy: "paid"; pool: string; window: Window; limit: number; entitlement: Balance; stale: boolean };

type Balance = Extract<Entitlement, { kind: "balance" }>;

/** The start of the names of pools whose units are reported to the billing provider. */
const SUBSCRIPTION = "sub:";

/** The subscription that a pool belongs to, or null for units that no provider hears of. */
export function subscriptionOf(pool: string): string | null {
	return pool.startsWith(SUBSCRIPTION) ? pool.slice(SUBSCRIPTION.length) : null;
}

/** The pool and limit that a subject's next hold is taken from, at an instant. */
export function allowanceOf(kind: SubjectKind, entitlement: Entitlement | null, limits: Limits, nowMs: number): Allowance {
	if (kind === "guest") {
		return { kind: "windowed", tier: "guest", policy: "guest", pool: "guest", window: LIFETIME, limit: limits.guest };
	}
	const day = utcDay(nowMs);
	const pool = `day:${new Date(day.startMs).toISOString().slice(0, 10)}`;
	if (kind === "network") return { kind: "windowed", tier: "guest", policy: "network", pool, window: day, limit: limits.network };
	if (entitlement?.kind === "balance" && isTrusted(entitlement, nowMs)) {
		return {
			kind: "balance",
			tier: "paid",
			policy: "paid",
			pool: SUBSCRIPTION + entitlement.subscriptionId,
			window: { startMs: entitlement.periodStartMs, endMs: entitlement.periodEndMs },
			limit: entitlement.allowance,
			entitlement,
			stale: entitlement.periodEndMs !== null && nowMs >= entitlement.periodEndMs,
		};
	}
	return { kind: "windowed", tier: "free", policy: "free", pool, window: day, limit: limits.free };
}

/** Whether an entitlement is recent enough to be believed; an old one falls to the free tier (I7). */
export function isTrusted(entitlement: Entitlement, nowMs: number): boolean {
	return nowMs - entitlement.fetchedAtMs <= ENTITLEMENT_TRUST_MS;
}
