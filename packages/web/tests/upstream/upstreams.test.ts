import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { Client, eventually, faults, hear, resetSandbox, sandboxState } from "../client.ts";
import { requestsOf } from "../stored.ts";
import { logLines } from "../worker-log.ts";
import { chunk, done, line, say, stop, type Wire } from "./behaviours.ts";

// Which upstream answers, what it receives, and what is stored about its usage.

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
const guest = () => new Client().visit();
const wires = (set: Record<string, Wire>) => faults({ model: { wires: set } });
const fine = (text: string): Wire => ({ parts: [say(text), stop, done] });
const ask = async (client: Client, model: string, more: { effort?: string } = {}) => {
	const message = { id: id(), role: "user", parts: [{ type: "text", text: "Hello" }] };
	return hear(await client.post("/api/chat/ai", { id: id(), messages: [message], trigger: "submit-message", model, ...more }));
};
/** The models that were called, in order. */
const called = async () => (await sandboxState()).modelCalls.map(({ model }) => model).filter((model) => model !== "titles");
const keyOf = (client: Client) => `guest:${client.cookies.get("parley.guest")?.split(".")[1]}`;
const spentOf = async (client: Client) => (await requestsOf(env.USAGE_LEDGER.getByName(keyOf(client))))[0]?.spent;

describe("a model with two upstreams", () => {
	const failures: [string, Wire][] = [
		["500", { status: 500 }],
		["401", { status: 401 }],
		["a reset", { end: "cut" }],
		["an error inside a 200", { parts: [line({ error: { message: "bad gateway", code: 502 } })] }],
		["an empty body", {}],
		["a page", { parts: ["<html>"] }],
	];
	test.each(failures)("is answered by the second after %s of the first, for one hold and one charge", async (_, first) => {
		const client = await guest();
		await wires({ "spare-1": first, "spare-2": fine("I am the spare.") });
		expect(await ask(client, "spare")).toMatchObject({ text: "I am the spare.", metadata: { state: "complete", counted: true } });
		expect(await called()).toEqual(["spare-1", "spare-2"]);
		expect(await client.usage()).toMatchObject({ used: 1, held: 0 });
	});

	test("is answered by the second when the first cannot be reached", async () => {
		await wires({ "spare-lost-2": fine("Here.") });
		expect(await ask(await guest(), "spare-lost")).toMatchObject({ text: "Here.", metadata: { counted: true } });
	});

	test("skips a busy one until it accepts calls again, and reports when the first of them does", async () => {
		const client = await guest();
		await wires({ "spare-busy-1": { status: 429, headers: { "retry-after": "250" } }, "spare-busy-2": fine("Here.") });
		expect((await ask(client, "spare-busy")).text).toBe("Here.");
		expect((await ask(client, "spare-busy")).text).toBe("Here.");
		expect(await called()).toEqual(["spare-busy-1", "spare-busy-2", "spare-busy-2"]);
		await wires({ "spare-busy-2": { status: 503, headers: { "retry-after": new Date(Date.now() + 100_000).toUTCString() } } });
		const busy = await ask(client, "spare-busy");
		expect(busy.metadata).toMatchObject({ state: "failed", counted: false, failure: "busy" });
		expect(busy.metadata.retryAfterS).toBeGreaterThan(50);
		expect(busy.metadata.retryAfterS).toBeLessThanOrEqual(100);
		expect(busy.metadata.rule).toBe("busy");
	});

	test.each([
		["after words", { parts: [say("Half "), line({ error: "overloaded" })] }, "Half "],
		["after reasoning", { parts: [line(chunk({ reasoning: "Hm" })), line({ error: "overloaded" })] }, ""],
	] as [string, Wire, string][])("has no second once the first has begun: %s", async (_, first, text) => {
		await wires({ "spare-1": first, "spare-2": fine("I am the spare.") });
		expect(await ask(await guest(), "spare")).toMatchObject({ text, metadata: { state: "failed", counted: false } });
		expect(await called()).toEqual(["spare-1"]);
	});

	test("does not try the second if the prompt is too long for the first, or if the first timed out", async () => {
		await wires({
			"spare-1": { status: 400, parts: ['{"error":{"code":"context_length_exceeded"}}'] },
			"spare-impatient-1": { end: "stay" },
		});
		expect((await ask(await guest(), "spare")).metadata.failure).toBe("too-long");
		expect((await ask(await guest(), "spare-impatient")).metadata.failure).toBe("failed");
		expect(await called()).toEqual(["spare-1", "spare-impatient-1"]);
	});

	test("is unavailable if all of them are, and the log names host and status but never the key", async () => {
		const refused = { status: 401, parts: ['{"error":{"message":"Incorrect API key: sk-secret","code":"invalid_api_key"}}'] };
		await wires({ "spare-1": refused, "spare-2": { status: 404 } });
		expect((await ask(await guest(), "spare")).metadata.failure).toBe("unavailable");
		const host = new URL(env.SANDBOX_URL).host;
		expect(logLines.filter((one) => one.includes(host))).toEqual([
			expect.stringContaining(`UpstreamFailure: ${host} answered 401 (invalid_api_key)`),
			expect.stringContaining(`UpstreamFailure: ${host} answered 404`),
		]);
		expect(logLines.join("\n")).not.toContain("sk-secret");
	});
});

test("a model whose only address is unreachable fails, and the request can be sent again", async () => {
	const client = await guest();
	expect(await ask(client, "lost")).toMatchObject({ metadata: { state: "failed", counted: false, failure: "failed" } });
	expect(await client.usage()).toMatchObject({ used: 0, held: 0 });
});

test("a missing binding passes the model on to its next upstream", async () => {
	await wires({ "bound-ai": fine("Here.") });
	expect((await ask(await guest(), "bound-ai")).text).toBe("Here.");
});

describe("a call", () => {
	test("carries the output cap, the usage option and the hash of its subject, and no effort unless one was chosen", async () => {
		const client = await guest();
		await wires({ odd: fine("Hello"), thinker: fine("Hello") });
		await ask(client, "odd");
		await ask(client, "thinker", { effort: "high" });
		const [first, second] = (await sandboxState()).modelCalls.filter(({ model }) => model !== "titles");
		expect(first?.fields).toEqual({
			max_tokens: 4_000,
			stream: true,
			stream_options: { include_usage: true },
			safety_identifier: expect.stringMatching(/^[0-9a-f]{32}$/),
		});
		expect(second?.fields).toMatchObject({ reasoning_effort: "high", safety_identifier: first?.fields.safety_identifier });
		expect(first?.headers).not.toHaveProperty("authorization");
	});

	test("keeps the query string of its base URL", async () => {
		await wires({ azure: fine("Hello") });
		expect((await ask(await guest(), "azure")).text).toBe("Hello");
		expect((await sandboxState()).modelCalls[0]?.url).toBe("/model/v1/chat/completions?api-version=2026-01-01");
	});

	test("is repeated without a field that the provider rejects by name, and that field is omitted from then on", async () => {
		const refuse = (message: string): Wire => ({ status: 400, parts: [JSON.stringify({ error: { message } })], calls: 1 });
		await wires({ picky: refuse("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.") });
		expect((await ask(await guest(), "picky")).metadata.state).toBe("complete");
		await wires({ picky: refuse("Unknown field: safety_identifier") });
		expect((await ask(await guest(), "picky")).metadata.state).toBe("complete");
		const calls = (await sandboxState()).modelCalls.filter(({ model }) => model === "picky");
		expect(calls.map(({ fields }) => Object.keys(fields).sort())).toEqual([
			["max_tokens", "safety_identifier", "stream", "stream_options"],
			...Array<string[]>(2).fill(["max_completion_tokens", "safety_identifier", "stream", "stream_options"]),
			["max_completion_tokens", "stream", "stream_options"],
		]);
	});
});

describe("the usage of a call", () => {
	test("is stored as the provider reports it, with its cost", async () => {
		const client = await guest();
		const usage = {
			prompt_tokens: 1_000,
			prompt_tokens_details: { cached_tokens: 600 },
			completion_tokens: 50,
			completion_tokens_details: { reasoning_tokens: 20 },
		};
		await wires({ odd: { parts: [say("Hello"), stop, line({ choices: [], usage }), done] } });
		const answer = await ask(client, "odd");
		// 400 at $1, 600 at $0.10 and 50 at $4 for a million.
		expect(await spentOf(client)).toEqual({ input: 1_000, cached: 600, output: 50, reasoning: 20, microDollars: 660, estimated: false });
		expect(answer.metadata.thoughtMs).toEqual(expect.any(Number));
	});

	test("is estimated if the provider does not report it, even for a failed answer", async () => {
		const client = await guest();
		await wires({ odd: { parts: [line(chunk({ reasoning: "Hm. " })), say("Half ")], end: "cut", gapMs: 20 } });
		await ask(client, "odd");
		const spent = await spentOf(client);
		expect(spent).toMatchObject({ estimated: true, cached: 0 });
		expect(Math.min(spent?.input ?? 0, spent?.reasoning ?? 0, (spent?.output ?? 0) - (spent?.reasoning ?? 0))).toBeGreaterThan(0);
	});

	test("is zero if no upstream accepted the call", async () => {
		const client = await guest();
		await wires({ odd: { status: 500 } });
		await ask(client, "odd");
		expect(await spentOf(client)).toBeNull();
	});

	test("is summed over the attempts of a request", async () => {
		const client = await guest();
		const [chat, message] = [id(), id()];
		const usage = { prompt_tokens: 10, completion_tokens: 5 };
		await wires({ odd: { parts: [line(chunk({}, "length")), line({ choices: [], usage }), done], calls: 1 } });
		for (const state of ["failed", "complete"]) {
			expect((await hear(await client.send(chat, message, { model: "odd" }))).metadata.state).toBe(state);
			await wires({ odd: { parts: [say("Hello"), stop, line({ choices: [], usage }), done] } });
		}
		expect(await spentOf(client)).toMatchObject({ input: 20, output: 10 });
	});
});

describe("a chat's title", () => {
	const titleIn = async (client: Client) => (await env.CHAT_LIST.getByName(keyOf(client)).list()).chats[0]?.title;

	test("comes from the title model after the first counted answer, and is not counted itself", async () => {
		const client = await guest();
		const chat = id();
		await wires({ odd: { parts: [say("Half ")], calls: 1 }, titles: fine("“Greeting a machine.”\nAnd more") });
		await hear(await client.send(chat, "m1", { model: "odd" }));
		await wires({ odd: fine("Hello there"), titles: fine("“Greeting a machine.”") });
		await hear(await client.send(chat, "m1", { model: "odd" }));
		await eventually(async () => expect(await titleIn(client)).toBe("Greeting a machine"));
		await hear(await client.send(chat, "m2", { model: "odd", text: "More" }));
		expect(await client.usage()).toMatchObject({ used: 2, held: 0 });
		const calls = (await sandboxState()).modelCalls.filter(({ model }) => model === "titles");
		expect(calls).toHaveLength(1);
		expect(calls[0]).toMatchObject({ fields: { max_tokens: 30 }, messages: [{ content: expect.stringContaining("Hello there") }] });
	});

	test.each([
		["fails", { status: 500 }],
		["says too much", fine("word ".repeat(100))],
		["says nothing", { parts: [stop, done] }],
	] as [string, Wire][])("stays the first words if that model %s", async (_, titles) => {
		const client = await guest();
		await wires({ odd: fine("Hello there"), titles });
		await hear(await client.send(id(), id(), { model: "odd", text: "# Tell me" }));
		await eventually(async () => expect((await sandboxState()).modelCalls.map(({ model }) => model)).toContain("titles"));
		expect(await titleIn(client)).toBe("Tell me");
	});
});
