import { describe, expect, test } from "vitest";
import { Answer } from "./answer.ts";
import { difference, modelCallsToLimit, modelFailed, refusedByOthers, toOffers, toUsage, type Usage } from "./context.ts";
import { Breach, describe as describeError, Unjudged } from "./failure.ts";
import type { Reply } from "./http.ts";
import { Checks } from "./rule.ts";
import { checkUsage } from "./rules/identity.ts";
import { checkRefusal } from "./rules/limits.ts";
import { checkCookie } from "./rules/site.ts";

/** The faults that a check reports. */
function wrong(check: (checks: Checks) => void): string[] {
	const checks = new Checks();
	check(checks);
	return checks.wrong;
}

const reply = (body: unknown, status = 200, headers: Record<string, string> = {}): Reply => ({
	status,
	headers: new Headers(headers),
	body: JSON.stringify(body),
	json: body,
});

/** A complete answer of the chat endpoint. */
const answerOf = (body: string, status: number, headers: Record<string, string> = {}) =>
	new Answer(new Response(body, { status, headers }), () => {}).whole();

describe("a guest's cookie", () => {
	const https = "https://chat.example.com";
	const http = "http://localhost";

	test("passes with HttpOnly and SameSite, and on https also with __Host- and Secure", () => {
		expect(wrong((checks) => checkCookie(checks, "guest=1; Path=/; HttpOnly; SameSite=Lax", http))).toEqual([]);
		expect(wrong((checks) => checkCookie(checks, "__Host-guest=1; Path=/; Secure; HttpOnly; SameSite=Strict", https))).toEqual([]);
	});

	test.each([
		["guest=1; SameSite=Lax", http, "guest is not HttpOnly"],
		["guest=1; HttpOnly", http, "guest is not SameSite"],
		["guest=1; HttpOnly; SameSite=None", http, "guest is not SameSite"],
		["guest=1; HttpOnly; SameSite=Lax; Secure", https, "guest is not __Host- and Secure"],
		["__Host-guest=1; HttpOnly; SameSite=Lax", https, "__Host-guest is not __Host- and Secure"],
	])("fails as %s on %s", (line, origin, reason) => {
		expect(wrong((checks) => checkCookie(checks, line, origin))).toEqual([reason]);
	});
});

describe("the usage of a guest or a free account", () => {
	const day = { start: "2026-11-20T00:00:00.000Z", end: "2026-11-21T00:00:00.000Z" };
	const free = { tier: "free", limit: 20, used: 3, held: 1, remaining: 16, topUps: 0, window: day, resetAt: day.end, unverified: false };
	const guest = { ...free, tier: "guest", window: { start: null, end: null }, resetAt: null };
	const noon = { date: "Fri, 20 Nov 2026 12:00:00 GMT" };
	const check = (body: object) => wrong((checks) => checkUsage(checks, reply(body, 200, noon)));

	test("passes in its published form", () => {
		expect(check(free)).toEqual([]);
		expect(check(guest)).toEqual([]);
	});

	test("may report fewer remaining units than the limit allows, if the network's pool has fewer", () => {
		expect(check({ ...guest, remaining: 0 })).toEqual([]);
	});

	test.each<[string, object, string]>([
		["a negative number", { ...free, used: -1 }, "used is -1"],
		["a fraction", { ...free, held: 0.5 }, "held is 0.5"],
		["a missing number", { ...free, topUps: undefined }, "topUps is undefined"],
		["more remaining than limit, used and held leave", { ...free, remaining: 17 }, "17 remaining, but at most 16 are possible"],
		["an unverified flag that is not a boolean", { ...free, unverified: "no" }, "unverified is no"],
		["a reset that is not the window's end", { ...free, resetAt: null }, "resetAt is null, the window ends 2026-11-21T00:00:00.000Z"],
		["a guest's window that ends", { ...guest, window: day, resetAt: day.end }, "but a guest's never ends"],
		["a day that does not begin at midnight UTC", { ...free, window: { ...day, start: "2026-11-20T01:00:00.000Z" } }, "no UTC day"],
		["yesterday", { ...free, window: { start: "2026-11-18T00:00:00.000Z", end: "2026-11-19T00:00:00.000Z" } }, "but it is 2026-11-20"],
	])("fails with %s", (_, body, reason) => {
		expect(check(body).join("; ")).toContain(reason);
	});

	test("allows a minute of clock skew around midnight", () => {
		const at = (date: string) => wrong((checks) => checkUsage(checks, reply(free, 200, { date })));
		expect(at("Thu, 19 Nov 2026 23:59:30 GMT")).toEqual([]);
		expect(at("Thu, 19 Nov 2026 23:58:00 GMT")).toHaveLength(1);
	});

	test("is a breach when it cannot be read", () => {
		expect(() => toUsage(reply({}, 500))).toThrow(Breach);
		expect(() => toUsage(reply({ tier: "guest", limit: "5" }))).toThrow('GET /api/usage has no number "limit"');
	});
});

describe("the models on offer", () => {
	const model = { id: "m", weight: 3, efforts: {}, allowed: true };

	test("are offers with a price for each effort, the cheapest first", () => {
		const models = [
			{ ...model, id: "n", efforts: { low: 1, high: 4 } },
			{ ...model, id: "p", allowed: false },
			{ ...model, weight: 2 },
		];
		expect(toOffers(reply({ models }))).toEqual([
			{ model: "m", effort: null, units: 2 },
			{ model: "n", effort: "low", units: 3 },
			{ model: "n", effort: "high", units: 12 },
		]);
	});

	test.each([{}, { models: {} }, { models: [{ ...model, weight: 0 }] }, { models: [{ ...model, efforts: { low: 1.5 } }] }])(
		"are a breach as %j",
		(body) => {
			expect(() => toOffers(reply(body))).toThrow(Breach);
		},
	);

	test("are a breach when they cannot be read", () => {
		expect(() => toOffers(reply({ models: [model] }, 404))).toThrow(Breach);
	});
});

describe("a limit's 429", () => {
	const problem = {
		title: "Usage limit reached",
		status: 429,
		detail: "You have used all 5.",
		policy: "guest",
		tier: "guest",
		limit: 5,
		remaining: 0,
		resetAt: null,
		upgradeUrl: "/sign-up",
	};
	const check = async (fields: object, headers: Record<string, string> = { "content-type": "application/problem+json" }) => {
		const answer = await answerOf(JSON.stringify({ ...problem, ...fields }), 429, headers);
		return wrong((checks) => checkRefusal(checks, answer, 5));
	};

	test("passes with every published field", async () => {
		expect(await check({})).toEqual([]);
		expect(await check({ policy: "network", limit: 25, resetAt: "2026-11-21T00:00:00Z" })).toEqual([]);
	});

	test("for the in-flight limit has its own title, and allows a retry after a second", async () => {
		const inFlight = { policy: "in-flight", title: "Too many requests at once" };
		const headers = { "content-type": "application/problem+json", "retry-after": "1" };
		expect(await check(inFlight, headers)).toEqual([]);
		expect(await check(inFlight)).toEqual(["429 in flight: Retry-After none"]);
		expect(await check({ policy: "in-flight" }, headers)).toEqual(["429 in flight: title Usage limit reached"]);
	});

	test.each<[string, object]>([
		["status", { status: 400 }],
		["no detail", { detail: "" }],
		["policy", { policy: "paid" }],
		["tier", { tier: "free" }],
		["limit", { limit: "5" }],
		["resetAt", { resetAt: "soon" }],
		["upgradeUrl", { upgradeUrl: null }],
		["title", { title: "Too many requests" }],
		["limit 4, usage says 5", { limit: 4 }],
		["remaining 1", { remaining: 1 }],
	])("reports a wrong field: %s", async (reason, fields) => {
		expect((await check(fields)).join("; ")).toContain(reason);
	});

	test("fails as plain JSON", async () => {
		expect(await check({}, { "content-type": "application/json" })).toEqual(["429: content-type application/json"]);
	});
});

describe("an answer", () => {
	const events = (...chunks: object[]) => chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("");

	test("is read from the UI message stream: id, output with reasoning, metadata and last chunk", async () => {
		const answer = await answerOf(
			events(
				{ type: "start", messageId: "m1" },
				{ type: "reasoning-delta", delta: "Hm. " },
				{ type: "text-delta", delta: "Yes" },
				{ type: "text-delta", delta: "" },
				{ type: "message-metadata", messageMetadata: { state: "complete" } },
				{ type: "message-metadata", messageMetadata: { counted: true } },
				{ type: "finish" },
			),
			200,
		);
		expect(answer).toMatchObject({ id: "m1", output: "Hm. Yes", metadata: { state: "complete", counted: true }, last: "finish" });
		expect(answer.deltas.map(({ chars }) => chars)).toEqual([4, 7]);
		expect(modelFailed(answer)).toBe(false);
	});

	test.each([
		["an error chunk", { type: "error" }],
		["a failed state", { type: "finish", messageMetadata: { state: "failed" } }],
		["an interrupted state", { type: "finish", messageMetadata: { state: "interrupted" } }],
	])("failed by the model has %s", async (_, last) => {
		expect(modelFailed(await answerOf(events(last), 200))).toBe(true);
	});

	test("ignores events that are not JSON objects", async () => {
		expect(await answerOf("data: [DONE]\n\ndata: 7\n\n", 200)).toMatchObject({ last: "", output: "" });
	});

	test("stops waiting for deltas when it ends without them", async () => {
		const answer = await answerOf(events({ type: "text-delta", delta: "one" }), 200);
		expect((await answer.until(5)).deltas).toHaveLength(1);
	});

	test("is not judged if it was refused because of the network", async () => {
		const pool = await answerOf(JSON.stringify({ policy: "network" }), 429);
		const human = await answerOf(JSON.stringify({ title: "Human check needed" }), 403);
		const own = await answerOf(JSON.stringify({ policy: "guest" }), 429);
		expect(() => refusedByOthers(pool)).toThrow(Unjudged);
		expect(() => refusedByOthers(human)).toThrow(Unjudged);
		expect(() => refusedByOthers(own)).not.toThrow();
	});
});

describe("units between two readings", () => {
	const usage: Usage = { tier: "guest", limit: 5, used: 1, held: 0, remaining: 4, window: { start: null } };

	test("are the difference of used", () => {
		expect(difference(usage, { ...usage, used: 3 })).toBe(2);
	});

	test.each([
		["another window", { window: { start: "2026-11-21T00:00:00Z" } }],
		["another tier", { tier: "free" }],
	])("are not judged across %s", (_, change) => {
		expect(() => difference(usage, { ...usage, ...change })).toThrow(Unjudged);
	});
});

test("a guest limit above 8 is not used up, since each unit costs a model call", () => {
	expect([0, 5, 8, 9].map(modelCallsToLimit)).toEqual([0, 5, 8, 0]);
});

test("a connection error is described with the cause that fetch hides", () => {
	const refused = Object.assign(new Error("fetch failed"), { cause: Object.assign(new Error(""), { code: "ECONNREFUSED" }) });
	expect(describeError(refused)).toBe("fetch failed (ECONNREFUSED)");
	expect(describeError(new DOMException("", "TimeoutError"))).toBe("no answer in time");
	expect(describeError("text")).toBe("text");
});
