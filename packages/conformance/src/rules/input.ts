import { randomUUID } from "node:crypto";
import { difference, usageOf } from "../context.ts";
import { Client, type Reply } from "../http.ts";
import { Checks, type Rule } from "../rule.ts";

const CHAT = "/api/chat/ai";
const message = (text: string) => ({ id: "m", role: "user", parts: [{ type: "text", text }] });
const chat = (fields: object) => JSON.stringify({ id: randomUUID(), messages: [message("x")], ...fields });

/** Invalid bodies for the chat endpoint, with the status that they must get. None may reach a model. */
const BAD: [name: string, body: string, status: number][] = [
	["not JSON", "{", 400],
	["nothing", "", 400],
	["null", "null", 400],
	["a list", "[]", 400],
	["no id", JSON.stringify({ messages: [message("x")] }), 400],
	["an id with a slash", chat({ id: "a/b" }), 400],
	["an id that is a number", chat({ id: 7 }), 400],
	["messages that are a text", chat({ messages: "x" }), 400],
	["a message with a number for text", chat({ messages: [{ ...message("x"), parts: [{ type: "text", text: 1 }] }] }), 400],
	["no message of the user", chat({ messages: [{ ...message("x"), role: "system" }] }), 400],
	["an empty message", chat({ messages: [message("  ")] }), 400],
	["an unknown trigger", chat({ trigger: "resume" }), 400],
	["an unknown model", chat({ model: `no-such-model-${randomUUID()}` }), 400],
	["a message of 32 Ki characters and one", chat({ messages: [message("x".repeat(32 * 1024 + 1))] }), 413],
	["a body of more than 1 MiB", chat({ messages: [message("x".repeat(1024 * 1024))] }), 413],
];

/** Checks that a response is a refusal with this status, as problem+json. */
function assertProblem(checks: Checks, name: string, reply: Reply, status: number): void {
	const type = reply.headers.get("content-type") ?? "none";
	checks.that(reply.status === status, `${name}: ${reply.status} instead of ${status}`);
	if (reply.status === status) checks.that(type.startsWith("application/problem+json"), `${name}: content-type ${type}`);
}

const badInput: Rule = {
	name: "bad-input",
	did: `${BAD.length} invalid bodies for the chat endpoint: not JSON, wrong types, too large, an unknown model`,
	expected: "400 or 413 problem+json each; nothing counted",
	calls: () => 0,
	judge: async (context) => {
		const guest = await context.visit();
		const before = await usageOf(guest);
		const checks = new Checks();
		for (const [name, body, status] of BAD)
			assertProblem(
				checks,
				name,
				await guest.read(CHAT, { method: "POST", body, headers: { "content-type": "application/json" } }),
				status,
			);
		const after = await usageOf(guest);
		checks.that(difference(before, after) === 0 && after.held === 0, `used ${after.used}, held ${after.held} afterwards`);
		return checks.finding(`${BAD.length} refused as expected, 0 counted`);
	},
};

const VERBS: [path: string, method: string][] = [
	[CHAT, "GET"],
	[CHAT, "PUT"],
	["/api/chat/some/stream", "POST"],
	["/api/chat/some/stop", "GET"],
	["/api/chat/some", "PUT"],
	["/api/usage", "POST"],
	["/api/models", "POST"],
	["/api/usage-events", "GET"],
	["/api/health", "DELETE"],
];

const wrongVerb: Rule = {
	name: "wrong-verb",
	did: `${VERBS.length} endpoints with a method that they do not support`,
	expected: "405 problem+json with Allow",
	calls: () => 0,
	judge: async (context) => {
		const client = new Client(context.site);
		const checks = new Checks();
		for (const [path, method] of VERBS) {
			const reply = await client.read(path, { method });
			assertProblem(checks, `${method} ${path}`, reply, 405);
			if (reply.status === 405) checks.that(Boolean(reply.headers.get("allow")), `${method} ${path}: no Allow`);
		}
		return checks.finding(`405 ${VERBS.length} times`);
	},
};

const noAddress: Rule = {
	name: "unknown-address",
	did: "an address under /api that does not exist",
	expected: "404 problem+json",
	calls: () => 0,
	judge: async (context) => {
		const checks = new Checks();
		assertProblem(checks, "/api/no/such/thing", await new Client(context.site).read("/api/no/such/thing"), 404);
		return checks.finding("404");
	},
};

const FOREIGN: [name: string, headers: Record<string, string>][] = [
	["another Origin", { origin: "https://evil.example" }],
	['Origin "null"', { origin: "null" }],
	["Sec-Fetch-Site cross-site", { "sec-fetch-site": "cross-site" }],
];

const foreignOrigin: Rule = {
	name: "foreign-origin",
	did: "a chat, a stop, a deletion and a sign-out, sent as a page of another site would",
	expected: "403 problem+json each; nothing counted",
	calls: () => 0,
	judge: async (context) => {
		const guest = await context.visit();
		const checks = new Checks();
		const changes: [path: string, method: string, body?: string][] = [
			[CHAT, "POST", chat({})],
			["/api/chat/some/stop", "POST", "{}"],
			["/api/chat/some", "DELETE"],
			["/api/auth/sign-out", "POST", "{}"],
		];
		for (const [path, method, body] of changes)
			for (const [name, foreign] of FOREIGN) {
				const headers = { "content-type": "application/json", ...foreign };
				assertProblem(checks, `${method} ${path}, ${name}`, await guest.read(path, { method, body, headers }), 403);
			}
		const { used, held } = await usageOf(guest);
		checks.that(used + held === 0, `used ${used}, held ${held} afterwards`);
		return checks.finding(`403 ${changes.length * FOREIGN.length} times, 0 counted`);
	},
};

export const input: Rule[] = [badInput, wrongVerb, noAddress, foreignOrigin];
