import { config } from "../../config.ts";
import { t } from "../../text/text.ts";
import type { ModelOption, Price } from "../../view/chat.ts";
import type { Tier } from "../../view/usage.ts";
import type { ReportedStanding, UsageRefusal } from "../billing.ts";
import type { GuardedAction } from "../identity/turnstile.ts";
import { now } from "../time/clock.ts";
import { type ProblemFields, problemResponse } from "./problem.ts";

/** The page where the user can raise or lift each limit. */
const UPGRADE: Record<UsageRefusal["policy"], string> = {
	guest: "/sign-up",
	network: "/sign-up",
	unconfirmed: "/account/profile",
	free: "/pricing",
	paid: "/account/plan",
	organization: "/pricing",
	member: "/account/organization",
	key: "/account/keys",
	"in-flight": "/pricing",
};

/**
 * 429 for a request refused by a limit, with the limit's fields and headers (docs/operations.md). `offer`: the request's price, and affordable
 * alternatives.
 */
export function limitResponse(refusal: UsageRefusal, requestId: string, offer?: { price: Price; affordable: Price[] }): Response {
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
		...(offer && !inFlight && { price: offer.price, affordable: offer.affordable }),
	};
	const headers = new Headers(rateLimitHeaders({ policy, limit, remaining, resetAtMs, windowMs: null }));
	if (inFlight) headers.set("retry-after", "1");
	else if (resetAtMs !== null) headers.set("retry-after", String(secondsUntil(resetAtMs)));
	return problemResponse(inFlight ? "too-many-requests-at-once" : "usage-limit-reached", fields, headers);
}

const challenge = (): Record<GuardedAction, { detail: string; upgradeUrl?: string }> => ({
	guest: { detail: t("problem_human_guest"), upgradeUrl: UPGRADE.network },
	"sign-up": { detail: t("problem_human_sign_up") },
});

/** 403 until Turnstile is passed. The page shows the widget and resends the request with its token. */
export function challengeResponse(action: GuardedAction, requestId: string = crypto.randomUUID()): Response {
	const siteKey = config().turnstile?.siteKey;
	return problemResponse("human-check-needed", { ...challenge()[action], requestId, siteKey });
}

/** 403 for a model the viewer's tier may not use. A guest is sent to sign-up if that is enough. */
export function notInPlanResponse({ label, tiers }: ModelOption, tier: Tier, requestId: string): Response {
	const signsUp = tier === "guest" && tiers.includes("free");
	const detail = signsUp ? t("problem_model_for_accounts", { model: label }) : t("problem_model_for_paid", { model: label });
	return problemResponse("not-in-your-plan", { detail, requestId, tier, upgradeUrl: signsUp ? UPGRADE.guest : UPGRADE.free });
}

/** 429 for a network that has reached today's limit of new accounts. */
export function signUpLimitResponse({ limit, resetAtMs }: Pick<UsageRefusal, "limit" | "resetAtMs">): Response {
	const headers = new Headers(rateLimitHeaders({ policy: "sign-up", limit, remaining: 0, resetAtMs, windowMs: null }));
	if (resetAtMs !== null) headers.set("retry-after", String(secondsUntil(resetAtMs)));
	const detail = t("problem_sign_ups");
	return problemResponse("too-many-sign-ups", { detail }, headers);
}

function detailOf({ policy, limit }: UsageRefusal): string {
	switch (policy) {
		case "guest":
			return t("limit_guest", { limit: String(limit) });
		case "network":
			return t("limit_network");
		case "unconfirmed":
			return t("limit_unconfirmed");
		case "free":
			return t("limit_free", { limit: String(limit) });
		case "paid":
			return t("limit_paid");
		case "organization":
			return t("limit_organization");
		case "member":
			return t("limit_member", { limit: String(limit) });
		case "key":
			return t("limit_key", { limit: String(limit) });
		case "in-flight":
			return t("limit_in_flight", { limit: String(limit) });
	}
}

/** The `RateLimit` and `RateLimit-Policy` fields of an admitted request (IETF draft-ietf-httpapi-ratelimit-headers). */
export function standingHeaders(standing: ReportedStanding): Record<string, string> {
	const { tier, policy = tier, limit, remaining, window } = standing;
	const windowMs = window.endMs === null ? null : window.endMs - window.startMs;
	return rateLimitHeaders({ policy, limit, remaining, resetAtMs: window.endMs, windowMs });
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
