// Plain data for an export. Instants are ISO 8601 in UTC. Types only.

/** What a ledger counted, as its subject exports it. */
export interface OwnUsage {
	requests: {
		requestId: string;
		/** `settled` and `expired` were counted, `released` was not, `held` is under way. */
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
	/** Totals by UTC day, model and tier. They stay when their requests have become sums. */
	days: { day: string; model: string; tier: string; requests: number; units: number }[];
	/** Units without a request: grants (negative), corrections, and what came along from a guest. */
	adjustments: { id: string; units: number; paidFrom: string; at: string; expiresAt: string | null; requestId: string | null }[];
}

/** A part of it. `next` asks for the next requests; null after the last. The first page has the days and adjustments. */
export type OwnUsagePage = Pick<OwnUsage, "requests"> & Partial<OwnUsage> & { next: string | null };
