// API keys as their page shows them. Types and names only.

/** What a key may be used for. */
export const SCOPES = ["chat", "models", "usage"] as const;
export type Scope = (typeof SCOPES)[number];

/** The most that a key may use in each UTC day or month, units. */
export interface KeyLimit {
	units: number;
	per: "day" | "month";
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
