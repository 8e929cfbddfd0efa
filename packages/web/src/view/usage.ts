// Plain data for pages. Instants are ISO 8601 in UTC, usage is in requests, money in cents. Types only.

export type Tier = "guest" | "free" | "paid";

/** The body of `GET /api/usage`. */
export interface UsageView {
	tier: Tier;
	/** Requests in the window. For paid: those of the plan, without top-ups. */
	limit: number;
	used: number;
	/** Requests whose answers are under way. */
	held: number;
	/** Remaining requests, with top-ups; at least 0. */
	remaining: number;
	/** Remaining requests from top-ups; 0 for guest and free. */
	topUps: number;
	/** The free day beside a paid plan, for models of the free tier once the plan and its top-ups are used up; null without one. It ends at 00:00 UTC. */
	freeDay?: { limit: number; used: number; held: number; remaining: number } | null;
	window: { start: string | null; end: string | null };
	/** Null when nothing resets, as for a guest. */
	resetAt: string | null;
	/** Whether the billing provider could not be reached, so that the tier may be too low. */
	unverified: boolean;
	/** The organization whose plan this is; absent for the viewer's own plan. `member`: the viewer's share; its limit is null for none. */
	organization?: {
		name: string;
		/** Whether the viewer may manage its plan. */
		mayBuy: boolean;
		member: { limit: number | null; used: number; held: number };
	};
	/** Whether a checkout was opened in the last 30 minutes and its purchase has not arrived yet. */
	checkoutOpen: boolean;
}
