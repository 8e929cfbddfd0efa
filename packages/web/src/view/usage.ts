// Plain data for pages. Instants are ISO 8601 in UTC, usage is in requests, money in cents. Types only.

export type Tier = "guest" | "free" | "paid";

/**
 * News about the plan behind a balance, as of the last read. `owed`: the last payment failed and will be retried. `unpaid`: it will not
 * be retried. `ending`: cancelled. `changing`: another plan replaces it. `confirming`: its first payment has not settled yet.
 */
export interface PlanNews {
	state: "owed" | "unpaid" | "ending" | "trial" | "changing" | "confirming";
	/** When the plan or its trial ends, or the next plan starts; null if nothing is scheduled. */
	at: string | null;
	/** The organization that has the plan; absent for the viewer's own. */
	of?: string;
}

/** A subject's standing. `GET /api/usage` returns it together with `days`, a list of `UsageDay`. */
export interface UsageView {
	tier: Tier;
	/** Requests in the window. For paid: the plan's, without top-ups. */
	limit: number;
	used: number;
	/** Requests held by answers in progress. */
	held: number;
	/** Remaining requests, with top-ups; at least 0. */
	remaining: number;
	/** Remaining requests from top-ups; 0 for guest and free. */
	topUps: number;
	/** The free day alongside a paid plan, for free-tier models once plan and top-ups are used up; null without one. It ends at 00:00 UTC. */
	freeDay: { limit: number; used: number; held: number; remaining: number } | null;
	window: { start: string | null; end: string | null };
	/** Null if nothing resets, as for a guest. */
	resetAt: string | null;
	/** Whether the billing provider could not be reached, so that the tier may be too low. */
	unverified: boolean;
	/** The organization that has this plan; absent for the viewer's own plan. `member`: the viewer's share; its limit is null for none. */
	organization?: {
		name: string;
		/** Whether the viewer may manage its plan. */
		mayBuy: boolean;
		member: { limit: number | null; used: number; held: number };
	};
	/** The standing of the request's API key in its own limit; absent without one. `resetAt`: end of the limit's window; null for never. */
	key?: { limit: number; used: number; held: number; remaining: number; resetAt: string | null };
	/** Absent if there is no news, and for viewers who may not manage the plan. */
	plan?: PlanNews;
	/** Whether a checkout was opened in the last 30 minutes and its purchase has not arrived yet. */
	checkoutOpen: boolean;
}

/** Usage of one model on one UTC day. */
export interface UsageDay {
	/** `YYYY-MM-DD`. */
	day: string;
	model: string;
	/** Counted answers, and their price in requests. */
	requests: number;
	units: number;
	/** Tokens of all answers, including uncounted ones. Cached tokens are part of the input, reasoning tokens part of the output. */
	inputTokens: number;
	cachedInputTokens: number;
	outputTokens: number;
	reasoningTokens: number;
	/** Answers whose token numbers are estimates, because the model's provider reported none. */
	estimatedRequests: number;
}

/** Usage in the last 31 UTC days, including `today`. */
export interface UsageHistory {
	/** `YYYY-MM-DD`. */
	today: string;
	/** Oldest first. Days without usage are omitted. */
	days: UsageDay[];
}
