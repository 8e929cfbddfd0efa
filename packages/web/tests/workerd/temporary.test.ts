import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { MESSAGE_TOKENS, tokensOf } from "@parley/metering/price";
import { beforeEach, describe, expect, test } from "vitest";
import { priceOfSend } from "../../src/components/chat/price.ts";
import { modelOf } from "../../src/components/testing/views.ts";
import { stopAppClock } from "../app-time.ts";
import { type Answer, Client, faults, hear, resetSandbox, sandboxState } from "../client.ts";
import { requestsOf } from "../stored.ts";
import { begun } from "../talk.ts";

// Temporary chats are counted like any other, and their text is never stored.

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
const narrow = modelOf("narrow", { inputStep: 100, maxOutput: 50, contextWindow: 550 });
const SECRET = "a secret word";

interface Message {
	id: string;
	role: "user" | "assistant";
	parts: { type: string; text?: string }[];
}
const said = (role: Message["role"], text: string): Message => ({ id: id(), role, parts: [{ type: "text", text }] });
const conversation = (chat: string) => env.CONVERSATION.getByName(chat);

interface Sent {
	chat?: string;
	history?: Message[];
	text?: string;
	key?: string;
	[field: string]: unknown;
}

function post(client: Client, { chat = id(), history = [], text = SECRET, key = id(), ...more }: Sent = {}): Promise<Response> {
	const messages = [...history, { id: `q-${key}`, role: "user", parts: [{ type: "text", text }] }];
	return client.post("/api/chat/ai", { id: chat, messages, temporary: true, ...more }, { "idempotency-key": key });
}
const ask = async (client: Client, sent?: Sent): Promise<Answer> => hear(await post(client, sent));
const lastSent = async () => (await sandboxState()).modelCalls.at(-1)?.messages ?? [];

async function user(): Promise<{ client: Client; key: string }> {
	const client = new Client();
	return { client, key: `user:${(await client.signUp()).id}` };
}

/** Everything that an object has on disk, as text. */
const onDisk = (object: DurableObjectStub) =>
	runInDurableObject(object, async (_, { storage }) => {
		const tables = storage.sql
			.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'")
			.toArray();
		const rows = tables.map(({ name }) => [name, storage.sql.exec(`SELECT * FROM ${name}`).toArray()]);
		return JSON.stringify([rows, [...storage.kv.list()]]);
	});

describe("a temporary chat", () => {
	test("is answered and counted like any other, and is neither stored nor listed", async () => {
		const { client, key } = await user();
		const chat = id();
		const answer = await ask(client, { chat, instructions: "Keep it secret." });
		expect(answer).toMatchObject({ last: "finish", metadata: { counted: true, units: 1 } });
		expect(answer.text).toContain(SECRET);
		expect((await lastSent())[0]?.content).toContain("Keep it secret.");
		expect(await client.usage()).toMatchObject({ used: 1, held: 0 });
		for (const object of [conversation(chat), env.CHAT_LIST.getByName(key), env.USAGE_LEDGER.getByName(key)])
			expect(await onDisk(object)).not.toContain("secret");
		expect((await env.CHAT_LIST.getByName(key).every()).chats).toEqual([]);
		expect((await env.CHAT_LIST.getByName(key).find("secret")).chats).toEqual([]);
	});

	test("stores nothing while a long answer with reasoning and searches is being written", async () => {
		await faults({ model: { chunks: 60, chunkMs: 40 } });
		const { client } = await user();
		const chat = id();
		const running = await begun(await post(client, { chat, search: true }));
		expect(await onDisk(conversation(chat))).not.toContain("secret");
		await hear(running);
		expect(await onDisk(conversation(chat))).not.toContain("secret");
	});

	test("sends the model the page's history, as far as its price covers", async () => {
		const { client } = await user();
		const history = [said("user", "What is a tally?"), said("assistant", "A mark.")];
		await ask(client, { history, text: "And a stick?" });
		expect(await lastSent()).toEqual([
			{ role: "user", content: "What is a tally?" },
			{ role: "assistant", content: "A mark." },
			{ role: "user", content: "And a stick?" },
		]);
		const long = [said("user", "word ".repeat(30)), said("assistant", "word ".repeat(30))];
		const newest = await ask(client, { history: [...long, ...long], text: "Next", model: "narrow", maxUnits: 1 });
		expect(newest.metadata).toMatchObject({ units: 1, readFrom: expect.any(String) });
		const before = 4 * (tokensOf("word ".repeat(30)) + MESSAGE_TOKENS);
		const { units } = priceOfSend({ model: narrow, effort: null, instructions: 0 }, true, before, "Next");
		expect(units).toBeGreaterThan(1);
		expect((await ask(client, { history: [...long, ...long], text: "Next", model: "narrow", whole: true, maxUnits: 1 })).status).toBe(409);
		expect(
			(await ask(client, { history: [...long, ...long], text: "Next", model: "narrow", whole: true, maxUnits: units })).metadata,
		).toMatchObject({
			units,
			counted: true,
		});
	});

	test("regenerates and edits from the history it receives, each as its own request", async () => {
		const { client } = await user();
		const chat = id();
		const first = await ask(client, { chat });
		const again = await ask(client, { chat, trigger: "regenerate-message", messageId: first.id });
		const edited = await ask(client, { chat, text: "Other words", messageId: "q1", trigger: "submit-message" });
		expect([again.metadata.counted, edited.text]).toEqual([true, expect.stringContaining("Other words")]);
		expect(await client.usage()).toMatchObject({ used: 3 });
	});

	test("is refused at a limit like any other chat, and nothing is stored", async () => {
		const guest = await new Client().visit();
		for (let n = 0; n < 5; n += 1) expect((await ask(guest)).status).toBe(200);
		const chat = id();
		expect((await ask(guest, { chat })).problem).toMatchObject({ status: 429, policy: "guest" });
		expect(await onDisk(conversation(chat))).toBe("[[],[]]");
	});
});

describe("the answer of a temporary chat", () => {
	test("can be joined and repeated while it is in memory, and counts once", async () => {
		await faults({ model: { chunks: 30, chunkMs: 20 } });
		const { client, key: owner } = await user();
		const [chat, key] = [id(), id()];
		const running = await begun(await post(client, { chat, key }));
		const joined = await client.fetch(`/api/chat/${chat}/stream`);
		const [one, other] = await Promise.all([hear(running), hear(joined)]);
		expect(other.text).toBe(one.text);
		const repeated = await ask(client, { chat, key });
		expect([repeated.text, repeated.id]).toEqual([one.text, one.id]);
		expect(await client.usage()).toMatchObject({ used: 1, held: 0 });
		expect(await conversation(chat).view(owner)).toMatchObject({
			temporary: true,
			running: false,
			messages: [{ id: one.id, role: "assistant" }],
		});
	});

	test("can be stopped, before and after its first word", async () => {
		await faults({ model: { chunks: 400, chunkMs: 20 } });
		const { client } = await user();
		const [chat, key] = [id(), id()];
		const running = await begun(await post(client, { chat, key }));
		expect(await (await client.post(`/api/chat/${chat}/stop`, { requestId: key })).json()).toEqual({ stopped: true });
		expect((await hear(running)).metadata).toMatchObject({ state: "stopped", counted: true });
	});

	test("is gone after a restart, and is not generated again for the same request", async () => {
		const { client, key: owner } = await user();
		const [chat, key] = [id(), id()];
		await ask(client, { chat, key });
		await evictDurableObject(conversation(chat));
		expect((await post(client, { chat, key })).status).toBe(410);
		expect(await conversation(chat).view(owner)).toBeNull();
		expect(await client.usage()).toMatchObject({ used: 1, held: 0 });
		// The chat itself continues: the page has its messages.
		const next = await ask(client, { chat, history: [said("user", "One"), said("assistant", "Two")], text: "Three" });
		expect(next.metadata.counted).toBe(true);
		expect((await lastSent()).map(({ content }) => content)).toEqual(["One", "Two", "Three"]);
	});

	test("is released by the next request when a restart cuts it off", async () => {
		await faults({ model: { chunks: 400, chunkMs: 50 } });
		const { client, key: owner } = await user();
		const [chat, key] = [id(), id()];
		const reader = (await begun(await post(client, { chat, key }))).body?.getReader();
		await abortAllDurableObjects();
		await reader?.cancel().catch(() => {});
		await faults({});
		expect(await conversation(chat).view(owner)).toBeNull();
		expect(await client.usage()).toMatchObject({ used: 0, held: 0 });
		const [row] = await requestsOf(env.USAGE_LEDGER.getByName(owner));
		expect(row?.state).toBe("released");
		expect((await ask(client, { chat, key })).metadata).toMatchObject({ counted: true });
		expect(await client.usage()).toMatchObject({ used: 1, held: 0 });
	});
});

describe("no one", () => {
	test("can share, export, branch, rename, pin, instruct or attach to a temporary chat", async () => {
		const client = new Client();
		const { email } = await client.signUp();
		await client.confirm(email);
		const chat = id();
		const { id: answerId } = await ask(client, { chat });
		const answers = [
			await client.post(`/api/chat/${chat}/share`, {}),
			await client.fetch(`/api/chat/${chat}/export`),
			await client.post(`/api/chat/${chat}/branch`, { messageId: answerId, id: id() }),
			await client.post(`/api/chat/${chat}/version`, { turn: 1, of: "answer" }),
			await client.post(`/api/chat/${chat}/instructions`, { instructions: "x" }),
			await client.fetch(`/api/chat/${chat}`, { method: "PATCH", json: { title: "x" } }),
			await client.fetch(`/api/chat/${chat}`, { method: "PATCH", json: { pinned: true } }),
			await client.fetch(`/api/chat/${chat}/files?name=x.txt`, { method: "POST", body: "x" }),
		];
		expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
		const part = { type: "file", url: `/api/chat/${chat}/files/x`, mediaType: "text/plain" };
		const messages = [{ id: id(), role: "user", parts: [part, { type: "text", text: "x" }] }];
		expect((await client.post("/api/chat/ai", { id: chat, messages, temporary: true })).status).toBe(400);
	});

	test("can turn a temporary chat into a stored one, or the reverse", async () => {
		const { client } = await user();
		const [temporary, kept] = [id(), id()];
		await ask(client, { chat: temporary });
		await client.chat(kept, id());
		expect((await client.send(temporary, id())).status).toBe(404);
		expect((await post(client, { chat: kept })).status).toBe(404);
		expect(await client.usage()).toMatchObject({ used: 2, held: 0 });
	});

	test("else can read, join or continue it", async () => {
		const [mine, other] = [await user(), await user()];
		const chat = id();
		await ask(mine.client, { chat });
		expect((await post(other.client, { chat })).status).toBe(404);
		expect((await other.client.fetch(`/api/chat/${chat}/stream`)).status).toBe(404);
		expect(await conversation(chat).view(other.key)).toBeNull();
		expect((await mine.client.fetch(`/c/${chat}`)).status).toBe(404);
	});
});

test("the counting records of a temporary chat are deleted after 90 days", async () => {
	const clock = stopAppClock();
	const { client } = await user();
	const chat = id();
	await ask(client, { chat });
	await runDurableObjectAlarm(conversation(chat));
	expect(await onDisk(conversation(chat))).toContain("turn");
	clock.advance(90 * 86_400_000);
	await runDurableObjectAlarm(conversation(chat));
	expect(await onDisk(conversation(chat))).toBe("[[],[]]");
});
