// Plain data for pages. Instants are ISO 8601 in UTC, usage is in requests, money in cents. Types only.
import type { Tier } from "./usage.ts";

/** The body of an error response (RFC 9457). A 429 also has the fields of the limit. docs/operations.md lists every type. */
export interface Problem {
	type: string;
	title: string;
	status: number;
	detail: string;
	requestId?: string;
	policy?: "guest" | "network" | "unconfirmed" | "free" | "paid" | "organization" | "member" | "in-flight";
	tier?: Tier;
	limit?: number;
	remaining?: number;
	resetAt?: string | null;
	upgradeUrl?: string;
	/** The Turnstile site key, when a check has to be solved first. */
	siteKey?: string;
}
