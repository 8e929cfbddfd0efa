// Plain data for pages. Instants are ISO 8601 in UTC, usage is in requests, money in cents. Types only.
import type { Tier } from "./usage.ts";

/**
 * The body of a refusal (RFC 9457). 429 carries the limit's fields; see docs/operations.md for every title.
 */
export interface Problem {
	type: string;
	title: string;
	status: number;
	detail: string;
	requestId?: string;
	policy?: "guest" | "network" | "free" | "paid" | "organization" | "member" | "in-flight";
	tier?: Tier;
	limit?: number;
	remaining?: number;
	resetAt?: string | null;
	upgradeUrl?: string;
	/** Of Cloudflare Turnstile, where it has to be solved first. */
	siteKey?: string;
}
