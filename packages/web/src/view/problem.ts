// Plain data for pages. Instants are ISO 8601 in UTC, usage is in requests, money in cents. Types only.
import type { ChatView, Price } from "./chat.ts";
import type { Tier } from "./usage.ts";

/**
 * What is known about plan, payments and count after a failed billing action. `unchanged`: nothing was sent, or the provider refused it and
 * a read shows everything as before. `unknown`: it was sent, and neither an answer nor a read has shown the result.
 */
export type Outcome = "unchanged" | "unknown";

/** The body of an error response (RFC 9457). A 429 also has the fields of the limit. docs/operations.md lists every type. */
export interface Problem {
	type: string;
	title: string;
	status: number;
	detail: string;
	requestId?: string;
	policy?: "guest" | "network" | "unconfirmed" | "free" | "paid" | "organization" | "member" | "key" | "in-flight";
	tier?: Tier;
	limit?: number;
	remaining?: number;
	resetAt?: string | null;
	upgradeUrl?: string;
	/** The request's price: if it exceeds the request's `maxUnits`, and at a limit. */
	price?: Price;
	/** At a limit: requests the remaining units can pay, closest to the refused one first. */
	affordable?: Price[];
	/** What is known after a failed billing action. A 4xx of a billing route without it means `unchanged`. */
	outcome?: Outcome;
	/** The newest page of a chat that has changed since the client read it. */
	chat?: ChatView;
	/** The Turnstile site key, if a check must be solved first. */
	siteKey?: string;
}
