// Plain data for pages. Instants are ISO 8601 in UTC, usage is in requests, money in cents. Types only.

export type Tier = "guest" | "free" | "paid";

/**
 * What the viewer should know of the plan behind a balance, as the provider told when the balance was last read. `owed`: the last payment failed and is
 * tried again. `unpaid`: it is not. `ending`: cancelled. `changing`: another plan replaces it. `confirming`: its first payment is not settled yet.
 */
export interface PlanNews {
	state: "owed" | "unpaid" | "ending" | "trial" | "changing" | "confirming";
	/** When the plan or its trial ends, or the other plan begins; null where nothing is due. */
	at: string | null;
	/** The organization whose plan it is; absent for the viewer's own. */
	of?: string;
}

/** A subject's standing. `GET /api/usage` answers it together with `days`, a list of `UsageDay`. */
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
	freeDay: { limit: number; used: number; held: number; remaining: number } | null;
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
	/** What the API key of the request has of its own limit; absent for a key without one. `resetAt` is the end of the limit's window; null for never. */
	key?: { limit: number; used: number; held: number; remaining: number; resetAt: string | null };
	/** Absent while all is well, and for who may not manage the plan. */
	plan?: PlanNews;
	/** Whether a checkout was opened in the last 30 minutes and its purchase has not arrived yet. */
	checkoutOpen: boolean;
}

/** What was used of one model on one UTC day. */
export interface UsageDay {
	/** `YYYY-MM-DD`. */
	day: string;
	model: string;
	/** Answers that were counted, and the requests that they cost. */
	requests: number;
	units: number;
	/** Tokens of all answers, also of those that were not counted. Cached tokens are a part of the input, reasoning tokens of the output. */
	inputTokens: number;
	cachedInputTokens: number;
	outputTokens: number;
	reasoningTokens: number;
	/** Answers with a number that is an estimate, because the model's provider reported none. */
	estimatedRequests: number;
}

/** What was used on the last 31 UTC days, `today` included. */
export interface UsageHistory {
	/** `YYYY-MM-DD`. */
	today: string;
	/** Oldest first. Days without usage are left out. */
	days: UsageDay[];
}
