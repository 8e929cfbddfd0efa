// API keys for pages. Types and names only.

/** What a key may be used for. */
export const SCOPES = ["chat", "models", "usage"] as const;
export type Scope = (typeof SCOPES)[number];

/** The most a key may use per window, units. */
export interface KeyLimit {
	units: number;
	/** The UTC day, or the billing period of the paying plan; without a plan also the UTC day. */
	per: "day" | "period";
}

/** A key without its secret, which is shown once. Times are ISO 8601 in UTC. */
export interface ApiKeyView {
	id: string;
	name: string;
	/** The visible start of the key. */
	prefix: string;
	scopes: Scope[];
	limit: KeyLimit | null;
	/** The organization it acts for. */
	organization: string | null;
	/** Who created it, if not the viewer. */
	owner: string | null;
	expiresAt: string | null;
	isExpired: boolean;
	lastUsedAt: string | null;
	createdAt: string;
}
