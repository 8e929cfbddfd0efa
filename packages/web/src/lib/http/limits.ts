import type { Refusal, Standing } from "@parley/metering";
import { config } from "../../config.ts";
import { now } from "../time/clock.ts";
import { type ProblemFields, problemResponse } from "./problem.ts";

/** The page where the user can get past each limit. */
const UPGRADE: Record<Refusal["policy"], string> = {
	guest: "/sign-up",
	network: "/sign-up",
	free: "/pricing",
	paid: "/account",
	organization: "/pricing",
	member: "/account",
	"in-flight": "/pricing",
};

/** 429 for a request that a limit refuses, with the limit's fields and headers (docs/operations.md). */
export function limitResponse(refusal: Refusal, requestId: string): Response {
	const { policy, tier, limit, remaining, resetAtMs } = refusal;
	const resetAt = resetAtMs === null ? null : new Date(resetAtMs).toISOString();
	const inFlight = policy === "in-flight";
	const fields: ProblemFields = {
		detail: detailOf(refusal),
		requestId,
		policy,
		tier,
		limit,
		remaining,
		resetAt,
		upgradeUrl: UPGRADE[policy],
	};
	const headers = new Headers(rateLimitHeaders({ policy, limit, remaining, resetAtMs, windowMs: null }));
	if (inFlight) headers.set("retry-after", "1");
	else if (resetAtMs !== null) headers.set("retry-after", String(secondsUntil(resetAtMs)));
	return problemResponse(inFlight ? "too-many-requests-at-once" : "usage-limit-reached", fields, headers);
}

/** 403 for a new guest who has to pass Turnstile first. The page shows the widget and sends the request again with its token. */
export function challengeResponse(requestId: string): Response {
	const detail = "Many guests have come from your network today. Show that you are human, or sign up.";
	const siteKey = config().turnstile?.siteKey;
	return problemResponse("human-check-needed", { detail, requestId, upgradeUrl: UPGRADE.network, siteKey });
}

function detailOf({ policy, limit }: Refusal): string {
	switch (policy) {
		case "guest":
			return `You have used your ${limit} free requests. Sign up to get more every day.`;
		case "network":
			return "The free requests that guests share are used up for today. Sign up to get your own.";
		case "free":
			return `You have used your ${limit} requests of today.`;
		case "paid":
			return "You have used all requests of this billing period.";
		case "organization":
			return "This organization has no plan.";
		case "member":
			return `You have used the ${limit} requests that your organization gives each member in this billing period.`;
		case "in-flight":
			return `At most ${limit} answers can be written at once. Wait until one of them has ended.`;
	}
}

/** The `RateLimit` and `RateLimit-Policy` fields of an admitted request (IETF draft-ietf-httpapi-ratelimit-headers). */
export function standingHeaders(standing: Standing): Record<string, string> {
	const { tier, limit, remaining, window } = standing;
	const windowMs = window.endMs === null ? null : window.endMs - window.startMs;
	return rateLimitHeaders({ policy: tier, limit, remaining, resetAtMs: window.endMs, windowMs });
}

function rateLimitHeaders(at: {
	policy: string;
	limit: number;
	remaining: number;
	resetAtMs: number | null;
	windowMs: number | null;
}): Record<string, string> {
	const window = at.windowMs === null ? "" : `;w=${Math.round(at.windowMs / 1000)}`;
	const reset = at.resetAtMs === null ? "" : `;t=${secondsUntil(at.resetAtMs)}`;
	return { "ratelimit-policy": `"${at.policy}";q=${at.limit}${window}`, ratelimit: `"${at.policy}";r=${at.remaining}${reset}` };
}

const secondsUntil = (instantMs: number) => Math.max(1, Math.ceil((instantMs - now()) / 1000));
