import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { priceOfSend } from "../../src/components/chat/price.ts";
import { modelOf } from "../../src/components/testing/views.ts";
import { instructionTokens, ownTokens, systemText } from "../../src/instructions.ts";
import { ConversationStorage } from "../../src/objects/conversation-storage.ts";
import { type Answer, Client, faults, hear, resetSandbox, sandboxState } from "../client.ts";

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
const own = { about: "I teach chemistry in Porto.", answer: "Briefly, in Portuguese." };
const narrow = modelOf("narrow", { inputStep: 100, maxOutput: 50, contextWindow: 550 });
const none = { site: "", about: "", answer: "", folder: "", chat: "" };
/** A text of this many words. */
const words = (n: number) => "word ".repeat(n).trim();

interface Asked {
	text?: string;
	key?: string;
	[field: string]: unknown;
}

async function ask(client: Client, chatId: string, { text = "Hello", key = id(), ...asked }: Asked = {}): Promise<Answer> {
	const messages = [{ id: key, role: "user", parts: [{ type: "text", text }] }];
	return hear(await client.post("/api/chat/ai", { id: chatId, messages, ...asked }, { "idempotency-key": key }));
}

async function user(): Promise<{ client: Client; key: string; userId: string }> {
	const client = new Client();
	const { id: userId } = await client.signUp();
	return { client, userId, key: `user:${userId}` };
}

const save = (client: Client, body: object) => client.post("/api/instructions", body);
const instruct = (client: Client, chatId: string, instructions: unknown) =>
	client.post(`/api/chat/${chatId}/instructions`, { instructions });
const view = (key: string, chatId: string) => env.CONVERSATION.getByName(chatId).view(key);
const lastSent = async () => (await sandboxState()).modelCalls.at(-1)?.messages ?? [];
const lastSystem = async () => (await lastSent()).find(({ role }) => role === "system")?.content ?? null;
/** The price that the page shows for a message to `narrow`. */
const shownPrice = (instructions: number, text: string) => priceOfSend({ model: narrow, effort: null, instructions }, false, 0, text).units;

describe("a user's instructions", () => {
	test("are sent before the messages of each chat, and are part of the price that the page computes", async () => {
		const { client } = await user();
		const chat = id();
		expect((await ask(client, chat)).metadata.instructions).toBeUndefined();
		expect(await lastSystem()).toBeNull();
		expect(await (await save(client, { about: ` ${own.about}\r\n`, answer: own.answer })).json()).toEqual(own);
		const text = words(40);
		const units = shownPrice(ownTokens(own), text);
		expect(units).toBeGreaterThan(shownPrice(0, text));
		const answer = await ask(client, chat, { model: "narrow", text, maxUnits: units });
		expect(answer.metadata).toMatchObject({ units, counted: true, instructions: ownTokens(own) });
		expect((await lastSent())[0]).toEqual({ role: "system", content: systemText({ ...none, ...own }) });
		expect((await lastSent()).filter(({ role }) => role === "system")).toHaveLength(1);
		await ask(client, id());
		expect(await lastSystem()).toBe(systemText({ ...none, ...own }));
		await save(client, { about: "", answer: "" });
		await ask(client, chat);
		expect(await lastSystem()).toBeNull();
	});

	test("reduce the room for older messages by their size", async () => {
		const { client } = await user();
		const chat = id();
		// Steps have 8,000 tokens.
		await ask(client, chat, { text: words(4_000) });
		expect((await ask(client, chat)).metadata.readFrom).toBeUndefined();
		await save(client, { about: words(790), answer: "" });
		const { metadata } = await ask(client, chat);
		expect(metadata).toMatchObject({ units: 1, readFrom: expect.any(String) });
	});

	test("are refused with the new price when they have grown since the page was read: nothing is held or counted", async () => {
		const { client } = await user();
		const chat = id();
		await save(client, { about: words(150), answer: "" });
		const refused = await ask(client, chat, { model: "narrow", maxUnits: 1 });
		expect(refused.status).toBe(409);
		const units = shownPrice(instructionTokens("about", words(150)), "Hello");
		expect(refused.problem).toMatchObject({ title: "Price has changed", price: { units, model: "narrow" } });
		expect(await client.usage()).toMatchObject({ used: 0, held: 0 });
		expect((await ask(client, chat, { model: "narrow", maxUnits: units })).metadata).toMatchObject({ units, counted: true });
	});

	test("are refused if they and the message together do not fit into a model", async () => {
		const { client } = await user();
		await save(client, { about: words(300), answer: words(700) });
		expect((await ask(client, id(), { model: "narrow" })).problem).toMatchObject({ title: "Message too long" });
	});

	test("belong to that user only, and are read with a session", async () => {
		const [ada, bob] = [await user(), await user()];
		await save(ada.client, own);
		await ask(bob.client, id());
		expect(await lastSystem()).toBeNull();
		const guest = await new Client().visit();
		expect((await save(guest, own)).status).toBe(401);
		const page = await (await bob.client.fetch("/account/appearance")).text();
		expect(page).toContain("About you");
		expect(page).not.toContain("chemistry");
		expect(await (await ada.client.fetch("/account/appearance")).text()).toContain("chemistry");
	});

	test("are refused when too long or not text, and the saved ones stay", async () => {
		const { client } = await user();
		await save(client, own);
		const long = await save(client, { ...own, answer: "x".repeat(4_001) });
		expect(long.status).toBe(413);
		expect(long.headers.get("content-type")).toBe("application/problem+json");
		expect(await long.json()).toMatchObject({
			type: "urn:parley:problem:instructions-too-long",
			detail: "answer: At most 4,000 characters are possible; this has 4,001.",
		});
		expect((await save(client, { ...own, about: "字".repeat(1_500) })).status).toBe(413);
		for (const bad of [{ about: "x" }, { about: 1, answer: "" }, { about: null, answer: "" }])
			expect((await save(client, bad)).status).toBe(400);
		await ask(client, id());
		expect(await lastSystem()).toBe(systemText({ ...none, ...own }));
	});

	test("can be changed 60 times an hour", async () => {
		const { client } = await user();
		const changes = Array.from({ length: 62 }, async (_, n) => (await save(client, { about: `${n}`, answer: "" })).status);
		const statuses = (await Promise.all(changes)).toSorted();
		expect(statuses).toEqual([...Array(60).fill(200), 429, 429]);
	});

	test("end with the account", async () => {
		const { client, userId } = await user();
		await save(client, own);
		const rows = async () => (await env.DB.prepare("SELECT * FROM instructions WHERE user_id = ?").bind(userId).all()).results;
		expect(await rows()).toHaveLength(1);
		await env.DB.prepare("DELETE FROM users WHERE id = ?").bind(userId).run();
		expect(await rows()).toEqual([]);
	});

	test("add no query to a request", async () => {
		const { client } = await user();
		await save(client, own);
		const prototype = Object.getPrototypeOf(env.DB);
		const { prepare } = prototype;
		const queries: string[] = [];
		prototype.prepare = function (this: D1Database, sql: string) {
			queries.push(sql);
			return prepare.call(this, sql);
		};
		try {
			await ask(client, id());
		} finally {
			prototype.prepare = prepare;
		}
		const reading = queries.filter((sql) => sql.includes('"instructions"'));
		expect(reading).toEqual([expect.stringContaining('from "sessions"')]);
	});
});

describe("a chat's instructions", () => {
	const pirate = "Answer like a pirate.";

	test("are set with its first message, stay, and can be changed and removed", async () => {
		const { client, key } = await user();
		const chat = id();
		const first = await ask(client, chat, { instructions: ` ${pirate} ` });
		expect(first.metadata.instructions).toBe(instructionTokens("chat", pirate));
		expect(await view(key, chat)).toMatchObject({ instructions: pirate });
		await ask(client, chat);
		expect(await lastSystem()).toBe(systemText({ ...none, chat: pirate }));
		expect(await (await instruct(client, chat, "Answer like a poet.")).json()).toEqual({ instructions: "Answer like a poet." });
		expect((await view(key, chat))?.messages).toHaveLength(4);
		await ask(client, chat);
		expect(await lastSystem()).toBe(systemText({ ...none, chat: "Answer like a poet." }));
		await instruct(client, chat, "");
		await ask(client, chat);
		expect(await lastSystem()).toBeNull();
		expect(await view(key, chat)).not.toHaveProperty("instructions");
	});

	test("follow its user's instructions", async () => {
		const { client } = await user();
		await save(client, own);
		const answer = await ask(client, id(), { instructions: pirate, model: "narrow" });
		expect(await lastSystem()).toBe(systemText({ ...none, ...own, chat: pirate }));
		const tokens = ownTokens(own) + instructionTokens("chat", pirate);
		expect(answer.metadata).toMatchObject({ instructions: tokens, units: shownPrice(tokens, "Hello") });
	});

	test("stay as saved while a message is being sent", async () => {
		const { client, key } = await user();
		const chat = id();
		await ask(client, chat, { instructions: pirate });
		for (const text of ["one", "two", "three"]) {
			const [answer, saved] = await Promise.all([ask(client, chat), instruct(client, chat, text)]);
			expect([answer.metadata.counted, saved.status]).toEqual([true, 200]);
			expect(await view(key, chat)).toMatchObject({ instructions: text });
		}
	});

	test("are part of the price, and are refused with the new price when they have grown", async () => {
		const { client } = await user();
		const chat = id();
		await ask(client, chat, { model: "narrow" });
		await instruct(client, chat, words(150));
		const units = shownPrice(instructionTokens("chat", words(150)), "Hello");
		const refused = await ask(client, chat, { model: "narrow", maxUnits: 1 });
		expect(refused.problem).toMatchObject({ title: "Price has changed", price: { units } });
		expect(await client.usage()).toMatchObject({ used: 1, held: 0 });
	});

	test("are copied to a branch", async () => {
		const { client, key } = await user();
		const [chat, copy] = [id(), id()];
		const { id: answerId } = await ask(client, chat, { instructions: pirate });
		expect((await client.post(`/api/chat/${chat}/branch`, { messageId: answerId, id: copy, seen: answerId })).status).toBe(201);
		expect(await view(key, copy)).toMatchObject({ instructions: pirate });
		await ask(client, copy);
		expect(await lastSystem()).toBe(systemText({ ...none, chat: pirate }));
	});

	test("exist for guests too, and move to the account that the guest becomes", async () => {
		const guest = await new Client().visit();
		const chat = id();
		await ask(guest, chat, { instructions: pirate });
		const { id: userId } = await guest.signUp();
		await guest.visit();
		expect(await view(`user:${userId}`, chat)).toMatchObject({ instructions: pirate });
	});

	test("are deleted with the chat, at once", async () => {
		const { client } = await user();
		const chat = id();
		await ask(client, chat, { instructions: pirate });
		expect((await client.fetch(`/api/chat/${chat}`, { method: "DELETE" })).status).toBe(204);
		const kept = await runInDurableObject(env.CONVERSATION.getByName(chat), (_, { storage }) =>
			new ConversationStorage(storage.sql).chat(),
		);
		expect(kept).toMatchObject({ deleted: true, instructions: "" });
		expect((await instruct(client, chat, "again")).status).toBe(404);
	});

	test("can be neither read nor changed by anyone else, and nothing is stored for a chat that does not exist", async () => {
		const { client, key } = await user();
		const [chat, unknown] = [id(), id()];
		await ask(client, chat, { instructions: pirate });
		for (const other of [(await user()).client, await new Client().visit()]) {
			expect((await instruct(other, chat, "Mine.")).status).toBe(404);
			expect((await ask(other, chat, { instructions: "Mine." })).status).toBe(404);
		}
		expect(await view(key, chat)).toMatchObject({ instructions: pirate });
		expect((await instruct(client, unknown, pirate)).status).toBe(404);
		const tables = await runInDurableObject(env.CONVERSATION.getByName(unknown), (_, { storage }) =>
			storage.sql.exec("SELECT name FROM sqlite_master").toArray(),
		);
		expect(tables).toEqual([]);
	});

	test("are refused when too long or not text: nothing is sent, and the saved ones stay", async () => {
		const { client, key } = await user();
		const chat = id();
		await ask(client, chat, { instructions: pirate });
		expect((await instruct(client, chat, "x".repeat(4_001))).status).toBe(413);
		expect((await instruct(client, chat, 7)).status).toBe(400);
		expect((await ask(client, chat, { instructions: "x".repeat(4_001) })).problem).toMatchObject({ title: "Instructions too long" });
		expect(await client.usage()).toMatchObject({ used: 1, held: 0 });
		expect(await view(key, chat)).toMatchObject({ instructions: pirate });
	});
});

describe("a request repeated after its instructions have grown", () => {
	test("joins its answer if there is one, whatever it would cost now", async () => {
		const { client } = await user();
		const chat = id();
		const first = await ask(client, chat, { model: "narrow", key: "k1", maxUnits: 1 });
		await instruct(client, chat, words(1_000).slice(0, 3_900));
		const again = await ask(client, chat, { model: "narrow", key: "k1", maxUnits: 1 });
		expect(again).toMatchObject({ id: first.id, text: first.text });
		expect(await client.usage()).toMatchObject({ used: 1, held: 0 });
	});

	test("is refused after a failure if its first price does not cover them, and succeeds under a new id", async () => {
		const { client } = await user();
		const chat = id();
		await faults({ model: { failBeforeOutput: 500 } });
		expect((await ask(client, chat, { model: "narrow", key: "k1" })).metadata).toMatchObject({ counted: false, units: 1 });
		await faults({});
		await instruct(client, chat, words(150));
		const units = shownPrice(instructionTokens("chat", words(150)), "Hello");
		const calls = (await sandboxState()).modelCalls.length;
		const refused = await ask(client, chat, { model: "narrow", key: "k1", maxUnits: units });
		expect([refused.status, refused.problem]).toMatchObject([409, { title: "Price has changed", price: { units } }]);
		expect(await client.usage()).toMatchObject({ used: 0, held: 0 });
		expect((await sandboxState()).modelCalls).toHaveLength(calls);
		expect((await ask(client, chat, { model: "narrow", key: "k2", maxUnits: units })).metadata).toMatchObject({ units, counted: true });
		expect(await client.usage()).toMatchObject({ used: units, held: 0 });
	});
});
