import type { Standing } from "@parley/metering";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { UsageRefusal } from "../billing.ts";

vi.mock("cloudflare:workers", () => ({
	env: {
		BETTER_AUTH_SECRET: "x".repeat(32),
		GUEST_COOKIE_SECRET: "y".repeat(32),
		TURNSTILE_SITE_KEY: "a site key",
		TURNSTILE_SECRET_KEY: "a secret key",
	},
}));
const { challengeResponse, limitResponse, signUpLimitResponse, standingHeaders } = await import("./limits.ts");

const NOW_MS = Date.UTC(2026, 10, 28, 12);
const HOUR_MS = 3_600_000;

beforeEach(() => {
	vi.useFakeTimers({ now: NOW_MS });
});

afterEach(() => {
	vi.useRealTimers();
});

const refusal = (fields: Partial<UsageRefusal>): UsageRefusal => ({
	policy: "free",
	tier: "free",
	limit: 20,
	remaining: 0,
	resetAtMs: NOW_MS + HOUR_MS,
	...fields,
});

describe("a refused request", () => {
	test("names the limit, its reset and the next page", async () => {
		const response = limitResponse(refusal({}), "r1");
		expect(response.status).toBe(429);
		expect(response.headers.get("content-type")).toBe("application/problem+json");
		expect(response.headers.get("ratelimit-policy")).toBe('"free";q=20');
		expect(response.headers.get("ratelimit")).toBe('"free";r=0;t=3600');
		expect(response.headers.get("retry-after")).toBe("3600");
		expect(await response.json()).toEqual({
			type: "urn:parley:problem:usage-limit-reached",
			title: "Usage limit reached",
			status: 429,
			detail: "You have used your 20 requests of today.",
			requestId: "r1",
			policy: "free",
			tier: "free",
			limit: 20,
			remaining: 0,
			resetAt: "2026-11-28T13:00:00.000Z",
			upgradeUrl: "/pricing",
		});
	});

	test("has no Retry-After if the limit never resets", async () => {
		const response = limitResponse(refusal({ policy: "guest", tier: "guest", limit: 5, resetAtMs: null }), "r1");
		expect(response.headers.has("retry-after")).toBe(false);
		expect(response.headers.get("ratelimit")).toBe('"guest";r=0');
		expect(await response.json()).toMatchObject({ resetAt: null, upgradeUrl: "/sign-up" });
	});

	test("may be retried after a second if only too many requests are in flight", async () => {
		const response = limitResponse(refusal({ policy: "in-flight", limit: 6, resetAtMs: null }), "r1");
		expect(response.headers.get("retry-after")).toBe("1");
		expect(await response.json()).toMatchObject({ title: "Too many requests at once", policy: "in-flight" });
	});

	test("has a Retry-After of at least a second when the reset is due", () => {
		for (const resetAtMs of [NOW_MS - HOUR_MS, NOW_MS, NOW_MS + 1])
			expect(limitResponse(refusal({ resetAtMs }), "r1").headers.get("retry-after")).toBe("1");
	});

	test("has a detail and a next page for each policy", async () => {
		const policies: UsageRefusal["policy"][] = ["guest", "network", "unconfirmed", "free", "paid", "organization", "member", "in-flight"];
		const problems = await Promise.all(
			policies.map((policy) => limitResponse(refusal({ policy }), "r1").json<{ detail: string; upgradeUrl: string }>()),
		);
		expect(new Set(problems.map(({ detail }) => detail)).size).toBe(policies.length);
		for (const { detail, upgradeUrl } of problems) {
			expect(detail).toMatch(/^[A-Z].+\.$/);
			expect(upgradeUrl).toMatch(/^\/(sign-up|pricing|account\/(plan|profile|organization))$/);
		}
	});
});

describe("an admitted request", () => {
	const standing: Standing = {
		tier: "free",
		limit: 20,
		used: 3,
		held: 1,
		remaining: 16,
		topUps: 0,
		freeDay: null,
		window: { startMs: NOW_MS - 12 * HOUR_MS, endMs: NOW_MS + 12 * HOUR_MS },
	};

	test("reports the remaining requests of its window", () => {
		expect(standingHeaders(standing)).toEqual({
			"ratelimit-policy": '"free";q=20;w=86400',
			ratelimit: '"free";r=16;t=43200',
		});
	});

	test("reports no window and no reset for an allowance that never resets", () => {
		const guest: Standing = { ...standing, tier: "guest", limit: 5, remaining: 4, window: { startMs: 0, endMs: null } };
		expect(standingHeaders(guest)).toEqual({ "ratelimit-policy": '"guest";q=5', ratelimit: '"guest";r=4' });
	});
});

test("a guest who must pass Turnstile receives the site key, never the secret", async () => {
	const response = challengeResponse("guest", "r1");
	expect(response.status).toBe(403);
	const text = await response.text();
	expect(JSON.parse(text)).toMatchObject({ title: "Human check needed", requestId: "r1", siteKey: "a site key", upgradeUrl: "/sign-up" });
	expect(text).not.toContain("a secret key");
});

test("a sign-up beyond the network's daily limit carries its retry time", async () => {
	const response = signUpLimitResponse({ limit: 20, resetAtMs: NOW_MS + HOUR_MS });
	expect([response.status, response.headers.get("retry-after")]).toEqual([429, "3600"]);
	expect(await response.json()).toMatchObject({ title: "Too many sign-ups", detail: expect.stringContaining("tomorrow") });
});
