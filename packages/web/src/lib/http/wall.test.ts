import { describe, expect, test, vi } from "vitest";

vi.mock("cloudflare:workers", () => ({ env: {} }));
const { assertOwnRedirect, assertOwnTargets, isForeign, refusalOf } = await import("./wall.ts");
const { ProblemError } = await import("./problem.ts");

const APP = "https://parley.example";
const request = (path: string, init: RequestInit = {}) => new Request(new URL(path, APP), init);
const statusOf = (url: string, appOrigin: string | null, method = "GET") =>
	refusalOf(new Request(url, { method }), appOrigin)?.status ?? null;

describe("a host", () => {
	test("is accepted if it is the configured origin or this machine", () => {
		for (const url of [`${APP}/`, "http://localhost:3000/", "http://127.0.0.1/", "http://[::1]:3000/"])
			expect(statusOf(url, APP), url).toBe(null);
	});

	test.each([
		"https://evil.example/",
		"https://parley.example:8443/",
		"https://parley.example.evil.example/",
		"https://www.parley.example/",
		"http://localhost.evil.example/",
		"https://parley.workers.dev/api/auth/sign-up/email",
	])("is refused with 421 if it is any other: %s", (url) => {
		expect(statusOf(url, APP)).toBe(421);
		expect(statusOf(url, APP, "POST")).toBe(421);
	});

	test("must be this machine if no origin is configured", () => {
		expect(statusOf(`${APP}/`, null)).toBe(421);
		expect(statusOf("http://localhost:3000/", null)).toBe(null);
	});

	test("is redirected from http to the configured https, except for a write", () => {
		const moved = refusalOf(new Request("http://parley.example/pricing?a=b"), APP);
		expect([moved?.status, moved?.headers.get("location")]).toEqual([308, "https://parley.example/pricing?a=b"]);
		expect(statusOf("http://parley.example/api/auth/sign-in/email", APP, "POST")).toBe(421);
	});

	test.each(["/%2Fevil.example/account", "//evil.example/account", "/%2f%2fevil.example"])("is not taken from a path: %s", (path) => {
		expect(refusalOf(new Request(APP + path), APP)?.status).toBe(404);
	});
});

describe("a request from another site's page", () => {
	const FOREIGN: Record<string, string>[] = [
		{ origin: "https://evil.example" },
		{ origin: "null" },
		{ origin: "http://parley.example" },
		{ origin: "https://parley.example.evil.example" },
		{ origin: "https://blog.parley.example", "sec-fetch-site": "same-site" },
		{ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
		{ "sec-fetch-site": "same-site" },
		{ origin: APP, "sec-fetch-site": "cross-site" },
	];

	test.each(["/", "/pricing", "/api/chat/ai", "/api/no/such/thing", "/_serverFn/abc", "/%5FserverFn/abc"])("cannot write to %s", (path) => {
		for (const method of ["POST", "DELETE", "PUT", "PATCH", "OPTIONS"])
			for (const headers of FOREIGN) expect(isForeign(request(path, { method, headers })), JSON.stringify(headers)).toBe(true);
	});

	test.each(["/_serverFn/abc", "/%5FserverFn/abc", "/_serverFn/"])("cannot call the function at %s, not even by a link", (path) => {
		for (const headers of [...FOREIGN, { "sec-fetch-site": "none" }]) expect(isForeign(request(path, { headers }))).toBe(true);
	});

	test("may link to a page, and to a route that mails and checkouts lead to", () => {
		const visit = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
		for (const path of ["/", "/c/a", "/api/auth/verify-email?token=x", "/api/stripe?session_id=x"])
			expect(isForeign(request(path, { headers: visit })), path).toBe(false);
	});

	test("cannot load an API route as a script, an image or data", () => {
		for (const mode of ["no-cors", "cors", "same-origin"])
			expect(isForeign(request("/api/usage", { headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": mode } }))).toBe(true);
	});
});

test("a request from our own page, or from no page, is never blocked", () => {
	const own: Record<string, string>[] = [{}, { origin: APP }, { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" }];
	for (const path of ["/", "/api/chat/ai", "/_serverFn/abc"])
		for (const headers of own) for (const method of ["GET", "POST"]) expect(isForeign(request(path, { method, headers }))).toBe(false);
});

describe("a redirect", () => {
	const redirectTo = (location: string, from = "/api/auth/verify-email") =>
		assertOwnRedirect(request(from), new Response(null, { status: 302, headers: { location } }));

	test("may lead to an address on this site", () => {
		for (const location of ["/", "/account?error=INVALID_TOKEN", `${APP}/pricing`]) expect(redirectTo(location)).toBe(undefined);
	});

	test.each([
		"//evil.example/phish?error=INVALID_TOKEN",
		"https://evil.example/",
		"/..//evil.example",
		"/\\evil.example",
		"javascript:alert(1)",
		"https://user@parley.example/",
		"blob:https://parley.example/x",
	])("is refused to %s", (location) => {
		expect(() => redirectTo(location)).toThrow(ProblemError);
	});

	test("may lead to the billing provider's page only from the route for it, on http(s) without credentials", () => {
		expect(redirectTo("https://billing.stripe.com/p/session/x", "/api/billing/portal")).toBe(undefined);
		for (const location of ["javascript:alert(1)", "https://user:password@billing.stripe.com/", "//evil.example"])
			expect(() => redirectTo(location, "/api/billing/portal"), location).toThrow(ProblemError);
	});
});

describe("a field with the page to go to", () => {
	const NAMES = ["callbackURL", "redirectTo", "errorCallbackURL", "newUserCallbackURL", "errorURL", "CALLBACKURL"];

	test.each(NAMES)("is refused as %s if it leads elsewhere or is not text", (name) => {
		for (const value of ["/..//evil.example", "https://evil.example/", 7, ["/"]])
			expect(() => assertOwnTargets(request("/"), [[name, value]]), String(value)).toThrow(ProblemError);
	});

	test("is refused if only the first of two leads elsewhere", () => {
		const fields = new URLSearchParams("callbackURL=//evil.example&callbackURL=/");
		expect(() => assertOwnTargets(request("/"), fields)).toThrow(ProblemError);
	});

	test("is accepted for this site, and other fields may contain anything", () => {
		const fields = { callbackURL: "/pricing", redirectTo: null, name: "https://evil.example", callback: 7 };
		expect(assertOwnTargets(request("/"), Object.entries(fields))).toBe(undefined);
	});
});
