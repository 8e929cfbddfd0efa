// API keys as their page shows them. Types and names only.

/** What a key may be used for. */
export const SCOPES = ["chat", "models", "usage"] as const;
export type Scope = (typeof SCOPES)[number];

/** The most that a key may use in each of its windows, units. */
export interface KeyLimit {
	units: number;
	/** The UTC day, or the billing period of the plan that pays: without a plan it is the UTC day, too. */
	per: "day" | "period";
}

/** A key without its secret, which is shown once. Instants are ISO 8601 in UTC. */
export interface ApiKeyView {
	id: string;
	name: string;
	/** The beginning of the key. */
	prefix: string;
	scopes: Scope[];
	limit: KeyLimit | null;
	/** The organization that it acts for. */
	organization: string | null;
	/** Who created it, if that is another than the viewer. */
	owner: string | null;
	expiresAt: string | null;
	isExpired: boolean;
	lastUsedAt: string | null;
	createdAt: string;
}
