import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, isStepCount, streamText, tool } from "ai";
import OpenAI from "openai";
import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { Client, eventually, faults, resetSandbox, sandboxState } from "../client.ts";

// The API with keys, called by OpenAI's own client, and what each request holds and counts.

beforeEach(resetSandbox);

interface Made {
	client: Client;
	userId: string;
	email: string;
	secret: string;
	keyId: string;
	openai: OpenAI;
}

const fetchFromWorker: typeof fetch = (input, init) => new Client().fetch(String(input), init as RequestInit);
const openaiWith = (apiKey: string) =>
	new OpenAI({ apiKey, baseURL: "http://localhost/v1", maxRetries: 0, dangerouslyAllowBrowser: true, fetch: fetchFromWorker });

async function made(more: object = {}, client = new Client()): Promise<Made> {
	const { id: userId, email } = await client.signUp();
	const response = await client.post("/api/keys", { name: "Script", scopes: ["chat", "models", "usage"], ...more });
	expect(response.status).toBe(201);
	const { secret, key } = await response.json<{ secret: string; key: { id: string } }>();
	return { client, userId, email, secret, keyId: key.id, openai: openaiWith(secret) };
}

const hello = { model: "sandbox", messages: [{ role: "user" as const, content: "Hello" }] };
const used = async (client: Client) => {
	const { used, held } = await client.usage();
	return { used, held };
};
const calls = async () => (await sandboxState()).modelCalls.length;

describe("OpenAI's client", () => {
	test("gets an answer and its usage; the request counts once and appears in no chat", async () => {
		const { openai, client } = await made();
		const { data, response } = await openai.chat.completions.create(hello).withResponse();
		expect(data.choices[0]?.message.content).toContain("You said: “Hello”");
		expect(data.choices[0]?.finish_reason).toBe("stop");
		expect(data.usage?.completion_tokens).toBeGreaterThan(0);
		expect(response.headers.get("x-ratelimit-limit-requests")).toBe("20");
		expect(response.headers.get("x-ratelimit-remaining-requests")).toBe("19");
		expect(response.headers.get("ratelimit")).toContain("r=19");
		expect(await used(client)).toEqual({ used: 1, held: 0 });
		expect(await (await client.fetch("/api/chats")).json()).toMatchObject({ chats: [] });
	});

	test("streams an answer, with usage if requested", async () => {
		const { openai, client } = await made();
		let text = "";
		let tokens = 0;
		for await (const chunk of await openai.chat.completions.create({ ...hello, stream: true, stream_options: { include_usage: true } })) {
			text += chunk.choices[0]?.delta.content ?? "";
			tokens = chunk.usage?.completion_tokens ?? tokens;
		}
		expect(text).toContain("You said: “Hello”");
		expect(tokens).toBeGreaterThan(0);
		expect(await used(client)).toEqual({ used: 1, held: 0 });
	});

	test("calls its own tools, and its fields reach the model unchanged", async () => {
		const { openai } = await made();
		const tools = [
			{
				type: "function" as const,
				function: { name: "web_search", parameters: { type: "object", properties: { query: { type: "string" } } } },
			},
		];
		const asked = {
			...hello,
			messages: [{ role: "user" as const, content: "The latest news?" }],
			tools,
			temperature: 0.3,
			seed: 7,
			stop: ["END"],
		};
		const { choices } = await openai.chat.completions.create({ ...asked, tool_choice: "auto", response_format: { type: "json_object" } });
		expect(choices[0]?.finish_reason).toBe("tool_calls");
		expect(choices[0]?.message.tool_calls?.[0]).toMatchObject({ type: "function", function: { name: "web_search" } });
		const { fields } = (await sandboxState()).modelCalls.at(-1) ?? {};
		expect(fields).toMatchObject({
			tools,
			temperature: 0.3,
			seed: 7,
			stop: ["END"],
			tool_choice: "auto",
			response_format: { type: "json_object" },
		});
	});

	test("aborts the model call by disconnecting, which counts once output has begun", async () => {
		const { openai, client } = await made();
		await faults({ model: { chunks: 500, chunkMs: 20 } });
		const stream = await openai.chat.completions.create({ ...hello, stream: true });
		for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
		stream.controller.abort();
		await eventually(async () => expect((await sandboxState()).modelCalls.at(-1)?.aborted).toBe(true));
		await eventually(async () => expect(await used(client)).toEqual({ used: 1, held: 0 }));
	});

	test("lists the models", async () => {
		const { openai } = await made();
		const ids = (await openai.models.list()).data.map(({ id }) => id);
		expect(ids).toContain("sandbox");
	});
});

const weather = {
	type: "function" as const,
	name: "web_search",
	description: "Searches the web",
	strict: null,
	parameters: { type: "object", properties: { query: { type: "string" } } },
};

describe("OpenAI's client for Responses", () => {
	test("gets a response with text and usage, which counts once", async () => {
		const { openai, client } = await made();
		const asked = { model: "sandbox", instructions: "Be brief.", input: "Hello", text: { format: { type: "json_object" as const } } };
		const response = await openai.responses.create({ ...asked, max_output_tokens: 500 });
		expect(response).toMatchObject({ object: "response", status: "completed", store: false, instructions: "Be brief." });
		expect(response.output_text).toContain("You said: “Hello”");
		expect(response.usage?.total_tokens).toBe((response.usage?.input_tokens ?? 0) + (response.usage?.output_tokens ?? 0));
		expect(response.usage?.output_tokens).toBeGreaterThan(0);
		const { messages, fields } = (await sandboxState()).modelCalls.at(-1) ?? {};
		expect(messages).toEqual([
			{ role: "system", content: "Be brief." },
			{ role: "user", content: "Hello" },
		]);
		expect(fields).toMatchObject({ response_format: { type: "json_object" } });
		expect(await used(client)).toEqual({ used: 1, held: 0 });
	});

	test("streams events that its stream helper assembles into the same response", async () => {
		const { openai, client } = await made();
		const stream = openai.responses.stream({
			model: "sandbox",
			input: [{ role: "user", content: [{ type: "input_text", text: "Hello" }] }],
		});
		let text = "";
		const types: string[] = [];
		for await (const event of stream) {
			if (event.type === "response.output_text.delta") text += event.delta;
			if (types.at(-1) !== event.type) types.push(event.type);
		}
		const final = await stream.finalResponse();
		expect(types).toEqual([
			"response.created",
			"response.in_progress",
			"response.output_item.added",
			"response.content_part.added",
			"response.output_text.delta",
			"response.output_text.done",
			"response.content_part.done",
			"response.output_item.done",
			"response.completed",
		]);
		expect(final.output_text).toBe(text);
		expect(text).toContain("You said: “Hello”");
		expect(await used(client)).toEqual({ used: 1, held: 0 });
	});

	test("calls its own tools, and returns their results in a second request", async () => {
		const { openai, client } = await made();
		const input: OpenAI.Responses.ResponseInput = [{ role: "user", content: "The latest news?" }];
		const first = await openai.responses.create({ model: "sandbox", input, tools: [weather], tool_choice: "auto" });
		const call = first.output.find((item) => item.type === "function_call");
		if (!call) throw new Error("the model called nothing");
		expect(call).toMatchObject({ name: "web_search", status: "completed" });
		expect(JSON.parse(call.arguments)).toHaveProperty("query");
		const output = "Results.\n\n[1] Etna today\nhttps://a.example/\nIt smokes.";
		const said = first.output as OpenAI.Responses.ResponseInputItem[];
		const back: OpenAI.Responses.ResponseInput = [...input, ...said, { type: "function_call_output", call_id: call.call_id, output }];
		const second = await openai.responses.create({ model: "sandbox", input: back, tools: [weather] });
		expect(second.output_text).toContain("Etna today");
		const { messages } = (await sandboxState()).modelCalls.at(-1) ?? {};
		expect(messages?.map(({ role }) => role)).toEqual(["user", "assistant", "tool"]);
		expect(await used(client)).toEqual({ used: 2, held: 0 });

		const streamed: string[] = [];
		for await (const event of await openai.responses.create({ model: "sandbox", input, tools: [weather], stream: true }))
			if (event.type === "response.function_call_arguments.done") streamed.push(event.arguments);
		expect(streamed).toEqual([call.arguments]);
	});

	test("aborts the model call by disconnecting, joins a request by its key, and receives a failed answer as failed", async () => {
		const { openai, client } = await made();
		await faults({ model: { chunks: 500, chunkMs: 20 } });
		const left = await openai.responses.create({ model: "sandbox", input: "Hello", stream: true });
		for await (const event of left) if (event.type === "response.output_text.delta") break;
		await eventually(async () => expect((await sandboxState()).modelCalls.at(-1)?.aborted).toBe(true));
		await eventually(async () => expect(await used(client)).toEqual({ used: 1, held: 0 }));

		await faults({});
		const once = { headers: { "idempotency-key": "again" } };
		const texts = await Promise.all(
			[1, 2].map(async () => (await openai.responses.create({ model: "sandbox", input: "Hello" }, once)).output_text),
		);
		expect(new Set(texts).size).toBe(1);
		expect(await used(client)).toEqual({ used: 2, held: 0 });

		await faults({ model: { failAfterChunks: 3, chunks: 20 } });
		const types: string[] = [];
		for await (const event of await openai.responses.create({ model: "sandbox", input: "Hello", stream: true })) types.push(event.type);
		expect(types.at(-1)).toBe("response.failed");
		await expect(openai.responses.create({ model: "sandbox", input: "Hello" })).rejects.toMatchObject({
			status: 502,
			code: "model_failed",
		});
		expect(await used(client)).toEqual({ used: 2, held: 0 });
	});

	test("reports an answer cut by its limit or a filter as incomplete", async () => {
		const { openai } = await made();
		await faults({ model: { finishReason: "length" } });
		const short = await openai.responses.create({ model: "sandbox", input: "Hello" });
		expect(short).toMatchObject({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } });
		await faults({ model: { finishReason: "content_filter" } });
		const filtered = await openai.responses.create({ model: "sandbox", input: "Hello" });
		expect(filtered).toMatchObject({ status: "incomplete", incomplete_details: { reason: "content_filter" } });
	});

	test("sends every kind of input, and its format and tool choice, in the form that models expect", async () => {
		const { openai } = await made();
		const picture = "data:image/png;base64,iVBORw0KGgo=";
		await openai.responses.create({
			model: "seeing",
			input: [
				{ role: "developer", content: "Be brief." },
				{
					type: "message",
					role: "user",
					content: [
						{ type: "input_text", text: "What is this?" },
						{ type: "input_image", image_url: picture, detail: "low" },
					],
				},
				{ type: "function_call", call_id: "c1", name: "look", arguments: "{}" },
				{ type: "function_call", call_id: "c2", name: "look", arguments: '{"near":true}' },
				{ type: "function_call_output", call_id: "c1", output: "a tally" },
				{ type: "function_call_output", call_id: "c2", output: [{ type: "input_text", text: "five marks" }] },
				{ role: "user", content: "So?" },
			],
			tools: [{ ...weather, name: "look", strict: true }],
			tool_choice: { type: "function", name: "look" },
			parallel_tool_calls: false,
			text: { format: { type: "json_schema", name: "answer", schema: { type: "object" }, strict: true } },
		});
		const { messages, fields } = (await sandboxState()).modelCalls.at(-1) ?? {};
		const call = (id: string, args: string) => ({ id, type: "function", function: { name: "look", arguments: args } });
		expect(messages).toEqual([
			{ role: "developer", content: "Be brief." },
			{
				role: "user",
				content: [
					{ type: "text", text: "What is this?" },
					{ type: "image_url", image_url: { url: picture, detail: "low" } },
				],
			},
			{ role: "assistant", content: null, tool_calls: [call("c1", "{}"), call("c2", '{"near":true}')] },
			{ role: "tool", tool_call_id: "c1", content: "a tally" },
			{ role: "tool", tool_call_id: "c2", content: [{ type: "text", text: "five marks" }] },
			{ role: "user", content: "So?" },
		]);
		expect(fields).toMatchObject({
			tools: [{ type: "function", function: { name: "look", strict: true, parameters: weather.parameters } }],
			tool_choice: { type: "function", function: { name: "look" } },
			parallel_tool_calls: false,
			response_format: { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" }, strict: true } },
		});
	});

	test("cannot name a stored response, because none is stored", async () => {
		const { openai, client } = await made();
		const asked = { model: "sandbox", input: "Hello", previous_response_id: "resp_1" };
		await expect(openai.responses.create(asked)).rejects.toMatchObject({ status: 400, param: "previous_response_id" });
		expect(await used(client)).toEqual({ used: 0, held: 0 });
	});
});

describe("the AI SDK's provider for OpenAI-compatible servers", () => {
	const modelWith = (secret: string) =>
		createOpenAICompatible({ name: "parley", baseURL: "http://localhost/v1", apiKey: secret, fetch: fetchFromWorker, includeUsage: true })(
			"sandbox",
		);

	test("generates and streams text, each counted once", async () => {
		const { secret, client } = await made();
		const model = modelWith(secret);
		const whole = await generateText({ model, prompt: "Hello", maxRetries: 0 });
		expect(whole.text).toContain("You said: “Hello”");
		expect(whole.usage.outputTokens).toBeGreaterThan(0);
		const streamed = streamText({ model, prompt: "Hello", maxRetries: 0 });
		expect(await streamed.text).toBe(whole.text);
		expect(await streamed.finishReason).toBe("stop");
		expect(await used(client)).toEqual({ used: 2, held: 0 });
	});

	test("runs a tool that the model calls, and sends its result", async () => {
		const { secret, client } = await made();
		const search = tool({
			description: "Searches the web",
			inputSchema: z.object({ query: z.string() }),
			execute: async () => "Results.\n\n[1] Etna today\nhttps://a.example/\nIt smokes.",
		});
		const result = streamText({
			...{ model: modelWith(secret), prompt: "The latest news?", tools: { web_search: search }, stopWhen: isStepCount(3), maxRetries: 0 },
		});
		expect(await result.text).toContain("Etna today");
		expect(await used(client)).toEqual({ used: 2, held: 0 });
	});

	test("receives a refusal as an error with our message", async () => {
		const { secret } = await made({ scopes: ["models"] });
		const failing = generateText({ model: modelWith(secret), prompt: "Hello", maxRetries: 0 });
		await expect(failing).rejects.toMatchObject({ statusCode: 403, message: expect.stringContaining("chat") });
	});
});

describe("the same Idempotency-Key", () => {
	test("is one unit and one model call, concurrently and afterwards; a different body is refused", async () => {
		const { openai, client } = await made();
		await faults({ model: { chunks: 20, chunkMs: 10 } });
		const once = { headers: { "idempotency-key": "order-1" } };
		const before = await calls();
		const answers = await Promise.all([1, 2, 3].map(() => openai.chat.completions.create(hello, once)));
		answers.push(await openai.chat.completions.create(hello, once));
		expect(new Set(answers.map(({ choices }) => choices[0]?.message.content)).size).toBe(1);
		expect((await calls()) - before).toBe(1);
		expect(await used(client)).toEqual({ used: 1, held: 0 });
		await expect(openai.chat.completions.create({ ...hello, seed: 1 }, once)).rejects.toMatchObject({ status: 409 });
		expect(await used(client)).toEqual({ used: 1, held: 0 });
	});

	test("starts a new attempt after a failure, and the failure counts nothing", async () => {
		const { openai, client } = await made();
		const once = { headers: { "idempotency-key": "again" } };
		await faults({ model: { failBeforeOutput: true } });
		await expect(openai.chat.completions.create(hello, once)).rejects.toMatchObject({ status: 502 });
		expect(await used(client)).toEqual({ used: 0, held: 0 });
		await faults({});
		await openai.chat.completions.create(hello, once);
		expect(await used(client)).toEqual({ used: 1, held: 0 });
	});
});

describe("a key", () => {
	test.each([
		["day", "free"],
		["period", "free"],
		["period", "paid"],
	])("with 5 left admits 5 of 200 concurrent requests, by a limit of its own: per %s, %s", async (per, tier) => {
		const { openai, client, userId, email } = await made({ limit: { units: 5, per } });
		if (tier === "paid") {
			await client.confirm(email);
			await client.buy("pro_monthly");
			await eventually(async () => expect(await client.usage()).toMatchObject({ tier: "paid" }));
		}
		await env.USAGE_LEDGER.getByName(`user:${userId}`).grant(`user:${userId}`, "many", 500, null);
		await faults({ model: { chunks: 2, chunkMs: 0 } });
		const before = await calls();
		const ends = await Promise.allSettled(Array.from({ length: 200 }, () => openai.chat.completions.create(hello)));
		expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
		expect((await calls()) - before).toBe(5);
		expect(await used(client)).toEqual({ used: 5, held: 0 });
		await expect(openai.chat.completions.create(hello)).rejects.toMatchObject({ status: 429, code: "insufficient_quota" });
	});

	test("is limited to its scopes", async () => {
		const { openai, secret, client } = await made({ scopes: ["models"] });
		await openai.models.list();
		await expect(openai.chat.completions.create(hello)).rejects.toMatchObject({ status: 403, code: "scope_missing" });
		expect((await new Client().fetch("/v1/usage", { headers: { authorization: `Bearer ${secret}` } })).status).toBe(403);
		expect((await new Client().fetch("/api/keys", { headers: { authorization: `Bearer ${secret}` } })).status).toBe(401);
		expect(await used(client)).toEqual({ used: 0, held: 0 });
	});

	test("fails at once when it is revoked, wrong or another user's, and is stored as a hash", async () => {
		const { openai, client, keyId, secret } = await made();
		const { results } = await env.DB.prepare("select * from api_keys where id = ?").bind(keyId).all();
		expect(JSON.stringify(results)).not.toContain(secret);
		const { keys } = await (await client.fetch("/api/keys")).json<{ keys: { prefix: string }[] }>();
		expect(secret.startsWith(keys[0]?.prefix ?? "none")).toBe(true);
		const other = await made();
		expect((await other.client.fetch(`/api/keys/${keyId}`, { method: "DELETE" })).status).toBe(404);
		await openai.models.list();
		expect((await client.fetch(`/api/keys/${keyId}`, { method: "DELETE" })).status).toBe(204);
		await expect(openai.models.list()).rejects.toMatchObject({ status: 401, code: "invalid_api_key" });
		await expect(openaiWith("sk-wrong").models.list()).rejects.toMatchObject({ status: 401 });
	});

	test("can be neither created nor revoked more than ten minutes after the last proof", async () => {
		const { client, userId, keyId, openai } = await made();
		await env.DB.prepare("UPDATE sessions SET created_at = created_at - 660000, proven_at = NULL WHERE user_id = ?").bind(userId).run();
		const tries = [
			await client.post("/api/keys", { name: "Late", scopes: ["chat"] }),
			await client.fetch(`/api/keys/${keyId}`, { method: "DELETE" }),
		];
		for (const refused of tries) {
			expect([refused.status, refused.headers.get("parley-proof")]).toEqual([403, "password,mail"]);
			expect(await refused.json()).toMatchObject({ type: "urn:parley:problem:proof-needed" });
		}
		await openai.models.list();
	});

	test("fails while its account is being deleted, and appears in the account's export without its secret", async () => {
		const { client, userId, secret, openai } = await made();
		const exported = await (await client.fetch("/api/account")).text();
		expect(JSON.parse(exported).apiKeys).toMatchObject([{ name: "Script", prefix: secret.slice(0, 12) }]);
		expect(exported).not.toContain(secret);
		await env.DB.prepare("insert into deletions values (?, 'user', 'none', 1, 9999999999999, 0)").bind(userId).run();
		await expect(openai.models.list()).rejects.toMatchObject({ status: 401 });
		await env.DB.prepare("delete from deletions where id = ?").bind(userId).run();
		await openai.models.list();
	});

	test("fails once it has expired", async () => {
		const { openai, keyId } = await made({ expiresInDays: 1 });
		await openai.models.list();
		await env.DB.prepare("update api_keys set expires_at = 1 where id = ?").bind(keyId).run();
		await expect(openai.models.list()).rejects.toMatchObject({ status: 401 });
	});
});

test("a limit stored per month by an earlier version is read as one per billing period", async () => {
	const { client, keyId } = await made({ limit: { units: 5, per: "day" } });
	await env.DB.prepare("update api_keys set limit_per = 'month' where id = ?").bind(keyId).run();
	const { queries = [] } = env.TEST_MIGRATIONS.find(({ name }) => name.startsWith("0013")) ?? {};
	for (const query of queries) await env.DB.prepare(query).run();
	expect(await (await client.fetch("/api/keys")).json()).toMatchObject({ keys: [{ limit: { units: 5, per: "period" } }] });
});

describe("a retry with the same Idempotency-Key", () => {
	const once = { headers: { "idempotency-key": "crash" } };

	/** A call whose object dies before the model has sent anything, and what is on the object's disk. */
	async function crashed({ openai, client }: Made, { isStored }: { isStored: boolean }): Promise<string> {
		await faults({ model: { firstTokenMs: 60_000 } });
		const { response, data } = await openai.chat.completions.create({ ...hello, stream: true }, once).withResponse();
		const name = `call.${response.headers.get("x-request-id")}`;
		await eventually(async () => expect(await used(client)).toEqual({ used: 0, held: 1 }));
		const dying = runInDurableObject(env.API_CALL.getByName(name), async (_, state) => {
			if (!isStored) await state.storage.deleteAll();
			await state.storage.sync();
			state.abort("a crash");
		});
		await dying.catch(() => {});
		await expect(
			(async () => {
				for await (const _ of data);
			})(),
		).rejects.toMatchObject({ code: "model_failed" });
		await faults({});
		return name;
	}

	test("gets an answer when the first attempt died between its hold and its model call, and counts one unit", async () => {
		const key = await made({ limit: { units: 5, per: "day" } });
		await crashed(key, { isStored: false });
		expect(await used(key.client)).toEqual({ used: 0, held: 1 });
		const { choices } = await key.openai.chat.completions.create(hello, once);
		expect(choices[0]?.message.content).toContain("You said");
		expect(await used(key.client)).toEqual({ used: 1, held: 0 });
	});

	test("gets an answer when the first attempt died during its model call, and counts one unit", async () => {
		const key = await made();
		await crashed(key, { isStored: true });
		const { choices } = await key.openai.chat.completions.create(hello, once);
		expect(choices[0]?.message.content).toContain("You said");
		expect(await used(key.client)).toEqual({ used: 1, held: 0 });
	});

	test("reports that the request was already counted when its answer died with the object, and counts it once", async () => {
		const { openai, client } = await made();
		const { response } = await openai.chat.completions.create(hello, once).withResponse();
		const call = env.API_CALL.getByName(`call.${response.headers.get("x-request-id")}`);
		await runInDurableObject(call, (_, state) => state.abort("a crash")).catch(() => {});
		const before = await calls();
		await expect(openai.chat.completions.create(hello, once)).rejects.toMatchObject({ status: 409, code: "answer_not_kept" });
		await expect(openai.chat.completions.create({ ...hello, seed: 1 }, once)).rejects.toMatchObject({ code: "request_id_already_used" });
		expect(await calls()).toBe(before);
		expect(await used(client)).toEqual({ used: 1, held: 0 });
	});
});

test("an alarm ends a call whose object died, and nothing is counted", async () => {
	const { openai, client } = await made();
	await faults({ model: { chunks: 3_000, chunkMs: 20 } });
	const { response, data } = await openai.chat.completions
		.create({ ...hello, stream: true }, { headers: { "idempotency-key": "crash" } })
		.withResponse();
	const reading = (async () => {
		for await (const _ of data);
	})().catch(() => {});
	const call = env.API_CALL.getByName(`call.${response.headers.get("x-request-id")}`);
	await eventually(async () => expect(await used(client)).toEqual({ used: 0, held: 1 }));
	await runInDurableObject(call, (_, state) => state.abort("a crash")).catch(() => {});
	await runInDurableObject(env.API_CALL.getByName(`call.${response.headers.get("x-request-id")}`), (instance) => instance.alarm());
	await reading;
	expect(await used(client)).toEqual({ used: 0, held: 0 });
});

test("bad input gets OpenAI's error format, and nothing is counted", async () => {
	const { secret, client } = await made();
	const post = (json: unknown, path = "/v1/chat/completions") => client.post(path, json, { authorization: `Bearer ${secret}` });
	const bad: [unknown, number][] = [
		[{}, 400],
		[null, 400],
		[[], 400],
		[{ ...hello, model: "none" }, 404],
		[{ ...hello, messages: [] }, 400],
		[{ ...hello, temperature: "hot" }, 400],
		[{ ...hello, n: 2 }, 400],
		[{ ...hello, tools: [{ type: "web_search" }] }, 400],
		[{ ...hello, messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "https://a.example/a.png" } }] }] }, 400],
		// The model's provider fetches image URLs. It may run inside a network that callers must not reach.
		...["http://10.0.0.1/a.png", "file:///etc/hosts", "//10.0.0.1/a.png"].map((url): [unknown, number] => [
			{ model: "seeing", messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }] },
			400,
		]),
	];
	for (const [json, status] of bad) {
		const response = await post(json);
		expect(response.status, JSON.stringify(json)).toBe(status);
		expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", message: expect.any(String) } });
	}
	expect((await post({}, "/v1/nothing")).status).toBe(404);
	expect((await client.fetch("/v1/chat/completions")).status).toBe(405);
	expect(await used(client)).toEqual({ used: 0, held: 0 });
});
