// Plain data for an export. Instants are ISO 8601 in UTC. Types only.

/** A ledger's counts, as exported for its subject. */
export interface OwnUsage {
	requests: {
		requestId: string;
		/** `settled` and `expired` were counted, `released` was not, `held` is in progress. */
		state: "held" | "settled" | "released" | "expired";
		units: number;
		heldAt: string;
		endedAt: string | null;
		chatId: string | null;
		/** The window or subscription that paid. */
		paidFrom: string;
		model: string | null;
		tokens: { input: number; cached: number; output: number; reasoning: number } | null;
	}[];
	/** Totals by UTC day, model and tier. They remain after their requests have been folded into sums. */
	days: { day: string; model: string; tier: string; requests: number; units: number }[];
	/** Units without a request: grants (negative), corrections, and units carried over from a guest. */
	adjustments: { id: string; units: number; paidFrom: string; at: string; expiresAt: string | null; requestId: string | null }[];
}

/** A page of it. `next` requests the next page; null after the last. The first page has the days and adjustments. */
export type OwnUsagePage = Pick<OwnUsage, "requests"> & Partial<OwnUsage> & { next: string | null };
