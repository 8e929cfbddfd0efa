// Plain data for pages. Instants are ISO 8601 in UTC, usage is in requests, money in cents. Types only.

export type Tier = "guest" | "free" | "paid";

/** The body of `GET /api/usage` (architecture, section 6). */
export interface UsageView {
	tier: Tier;
	/** Requests of the window: for paid, the period's grants without top-ups. */
	limit: number;
	used: number;
	/** Requests that are being answered right now. */
	held: number;
	/** What can still be asked, top-ups included; never negative. */
	remaining: number;
	/** Requests left beyond the plan's own; 0 for guest and free. */
	topUps: number;
	window: { start: string | null; end: string | null };
	/** Null where nothing resets (a guest). */
	resetAt: string | null;
	/** True when the billing provider could not be asked, so that the tier shown may be too low. */
	unverified: boolean;
	/** The organization whose plan this is; absent for a plan of one's own. `member`: the asker's part, with their cap, null for none. */
	organization?: {
		name: string;
		/** Whether the asker decides on its plan. */
		mayBuy: boolean;
		member: { limit: number | null; used: number; held: number };
	};
	/** A checkout was opened in the last 30 minutes, and what is bought there has not come yet. */
	checkoutOpen: boolean;
}
