import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import OpenAI from "openai";
import { beforeEach, describe, expect, test } from "vitest";
import { Client, eventually, faults, resetSandbox, sandboxState } from "../client.ts";

// The API by keys, with OpenAI's own client, and what each request holds and counts.

beforeEach(resetSandbox);

interface Made {
	client: Client;
	userId: string;
	secret: string;
	keyId: string;
	openai: OpenAI;
}

const openaiWith = (apiKey: string, client: Client) =>
	new OpenAI({
		apiKey,
		baseURL: "http://localhost/v1",
		maxRetries: 0,
		dangerouslyAllowBrowser: true,
		fetch: (input, init) => new Client().fetch(String(input), init as RequestInit),
		defaultHeaders: client ? {} : {},
	});

async function made(more: object = {}, client = new Client()): Promise<Made> {
	const { id: userId } = await client.signUp();
	const response = await client.post("/api/keys", { name: "Script", scopes: ["chat", "models", "usage"], ...more });
	expect(response.status).toBe(201);
	const { secret, key } = await response.json<{ secret: string; key: { id: string } }>();
	return { client, userId, secret, keyId: key.id, openai: openaiWith(secret, client) };
}

const hello = { model: "sandbox", messages: [{ role: "user" as const, content: "Hello" }] };
const used = async (client: Client) => {
	const { used, held } = await client.usage();
	return { used, held };
};
const calls = async () => (await sandboxState()).modelCalls.length;

describe("OpenAI's client", () => {
	test("gets an answer with its usage, which counts once and is in no chat", async () => {
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

	test("streams an answer, with its usage where it asks for it", async () => {
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

	test("has its tools called, and its fields reach the model as they are", async () => {
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

	test("stops the model by leaving, which counts once words have come", async () => {
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

describe("the same Idempotency-Key", () => {
	test("is one unit and one model call, at once and afterwards, and another body is refused", async () => {
		const { openai, client } = await made();
		await faults({ model: { chunks: 20, chunkMs: 10 } });
		const once = { headers: { "idempotency-key": "order 1".replace(" ", "-") } };
		const before = await calls();
		const answers = await Promise.all([1, 2, 3].map(() => openai.chat.completions.create(hello, once)));
		answers.push(await openai.chat.completions.create(hello, once));
		expect(new Set(answers.map(({ choices }) => choices[0]?.message.content)).size).toBe(1);
		expect((await calls()) - before).toBe(1);
		expect(await used(client)).toEqual({ used: 1, held: 0 });
		await expect(openai.chat.completions.create({ ...hello, seed: 1 }, once)).rejects.toMatchObject({ status: 409 });
		expect(await used(client)).toEqual({ used: 1, held: 0 });
	});

	test("is a new attempt after a failure, which counts nothing", async () => {
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
	test("with 5 left admits 5 of 200 at once, and the limit is its own", async () => {
		const { openai, client, userId } = await made({ limit: { units: 5, per: "day" } });
		await env.USAGE_LEDGER.getByName(`user:${userId}`).grant(`user:${userId}`, "many", 500, null);
		await faults({ model: { chunks: 2, chunkMs: 0 } });
		const before = await calls();
		const ends = await Promise.allSettled(Array.from({ length: 200 }, () => openai.chat.completions.create(hello)));
		expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
		expect((await calls()) - before).toBe(5);
		expect(await used(client)).toEqual({ used: 5, held: 0 });
		await expect(openai.chat.completions.create(hello)).rejects.toMatchObject({ status: 429, code: "insufficient_quota" });
	});

	test("does no more than its scopes say", async () => {
		const { openai, secret, client } = await made({ scopes: ["models"] });
		await openai.models.list();
		await expect(openai.chat.completions.create(hello)).rejects.toMatchObject({ status: 403, code: "scope_missing" });
		expect((await new Client().fetch("/v1/usage", { headers: { authorization: `Bearer ${secret}` } })).status).toBe(403);
		expect((await new Client().fetch("/api/keys", { headers: { authorization: `Bearer ${secret}` } })).status).toBe(401);
		expect(await used(client)).toEqual({ used: 0, held: 0 });
	});

	test("fails at once when it is revoked, wrong or another's, and is stored as a hash", async () => {
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
		await expect(openaiWith("sk-wrong", client).models.list()).rejects.toMatchObject({ status: 401 });
	});

	test("fails once it has expired", async () => {
		const { openai, keyId } = await made({ expiresInDays: 1 });
		await openai.models.list();
		await env.DB.prepare("update api_keys set expires_at = 1 where id = ?").bind(keyId).run();
		await expect(openai.models.list()).rejects.toMatchObject({ status: 401 });
	});
});

test("a call whose object died is ended by its alarm, and counts nothing", async () => {
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

test("bad input is OpenAI's error, and nothing is counted", async () => {
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
