import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { priceOfSend } from "../../src/components/chat/price.ts";
import { modelOf } from "../../src/components/testing/views.ts";
import { instructionTokens } from "../../src/instructions.ts";
import type { Folder } from "../../src/view/chat.ts";
import { type Answer, Client, eventually, hear, resetSandbox, sandboxState } from "../client.ts";

// Folders of chats, and the instructions they add for every model.

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
const narrow = modelOf("narrow", { inputStep: 100, maxOutput: 50, contextWindow: 550 });
const words = (n: number) => "word ".repeat(n).trim();

async function user(): Promise<{ client: Client; key: string }> {
	const client = new Client();
	return { client, key: `user:${(await client.signUp()).id}` };
}

async function makeFolder(client: Client, folder: Partial<Folder> = {}): Promise<Folder> {
	const response = await client.post("/api/folders", { id: id(), name: "Tallies", ...folder });
	expect(response.status).toBe(201);
	return (await response.json<{ folder: Folder }>()).folder;
}
const change = (client: Client, folder: string, body: object) => client.fetch(`/api/folders/${folder}`, { method: "PATCH", json: body });
const move = (client: Client, chat: string, folder: string | null) =>
	client.fetch(`/api/chat/${chat}`, { method: "PATCH", json: { folder } });
const listOf = (key: string) => env.CHAT_LIST.getByName(key);
const listed = async (key: string) => (await listOf(key).list()).chats.map((chat) => chat.id);
const inFolder = async (key: string, folder: string) => (await listOf(key).inFolder(folder)).chats.map((chat) => chat.id);
const lastSystem = async () => (await sandboxState()).modelCalls.at(-1)?.messages.find(({ role }) => role === "system")?.content ?? null;
const inForm = (text: string) => `What the user wants in this chat and others like it:\n<this_folder>\n${text}\n</this_folder>`;

async function ask(client: Client, chat: string, more: object = {}): Promise<Answer> {
	const messages = [{ id: id(), role: "user", parts: [{ type: "text", text: "Hello" }] }];
	return hear(await client.post("/api/chat/ai", { id: chat, messages, ...more }, { "idempotency-key": id() }));
}

/** A user's chat, already listed. */
async function chatOf({ client, key }: { client: Client; key: string }): Promise<string> {
	const chat = id();
	await ask(client, chat);
	await eventually(async () => expect((await listOf(key).every()).chats.map((one) => one.id)).toContain(chat));
	return chat;
}

describe("a folder", () => {
	test("lists the chats moved into it; the main list shows the rest", async () => {
		const owner = await user();
		const [one, other] = [await chatOf(owner), await chatOf(owner)];
		const [first, second] = [await makeFolder(owner.client), await makeFolder(owner.client, { name: "Sticks" })];
		expect((await move(owner.client, one, first.id)).status).toBe(200);
		expect([await listed(owner.key), await inFolder(owner.key, first.id)]).toEqual([[other], [one]]);
		expect(await (await owner.client.fetch(`/api/chats?folder=${first.id}`)).json()).toMatchObject({ chats: [{ id: one }], next: null });
		await move(owner.client, one, second.id);
		expect([await inFolder(owner.key, first.id), await inFolder(owner.key, second.id)]).toEqual([[], [one]]);
		await move(owner.client, one, null);
		expect((await listed(owner.key)).toSorted()).toEqual([one, other].toSorted());
		// A chat that is used again stays in its folder.
		await move(owner.client, one, first.id);
		await ask(owner.client, one);
		expect(await listed(owner.key)).toEqual([other]);
	});

	test("is listed by name, and created once however often it is sent", async () => {
		const { client, key } = await user();
		const folder = { id: id(), name: "  b \n c ", instructions: "" };
		await makeFolder(client, folder);
		await makeFolder(client, folder);
		await makeFolder(client, { name: "A" });
		expect((await listOf(key).front()).folders).toEqual([
			{ id: expect.any(String), name: "A" },
			{ id: folder.id, name: "b c" },
		]);
	});

	test("leaves its chats when it is deleted, and they no longer follow its instructions", async () => {
		const owner = await user();
		const chat = await chatOf(owner);
		const folder = await makeFolder(owner.client, { instructions: "Answer in verse." });
		await move(owner.client, chat, folder.id);
		expect((await owner.client.fetch(`/api/folders/${folder.id}`, { method: "DELETE" })).status).toBe(204);
		expect(await listed(owner.key)).toEqual([chat]);
		await ask(owner.client, chat);
		expect(await lastSystem()).toBeNull();
		expect((await change(owner.client, folder.id, { name: "x" })).status).toBe(404);
		expect((await owner.client.fetch(`/api/folders/${folder.id}`, { method: "DELETE" })).status).toBe(404);
		// Nothing is kept about a chat that left its folder.
		const filed = await runInDurableObject(listOf(owner.key), (_, { storage }) => storage.sql.exec("SELECT * FROM filed").toArray());
		expect(filed).toEqual([]);
	});

	test("no longer lists a chat that was deleted", async () => {
		const owner = await user();
		const chat = await chatOf(owner);
		const folder = await makeFolder(owner.client);
		await move(owner.client, chat, folder.id);
		await owner.client.fetch(`/api/chat/${chat}`, { method: "DELETE" });
		expect(await inFolder(owner.key, folder.id)).toEqual([]);
	});
});

describe("a folder's instructions", () => {
	test("are sent with each request of its chats, before the chat's own, and are part of the price that the page computes", async () => {
		const owner = await user();
		const chat = await chatOf(owner);
		const text = words(40);
		const folder = await makeFolder(owner.client, { instructions: ` ${text} ` });
		expect(folder.instructions).toBe(text);
		await move(owner.client, chat, folder.id);
		const view = await env.CONVERSATION.getByName(chat).view(owner.key);
		const tokens = instructionTokens("folder", text);
		expect(view).toMatchObject({ folderTokens: tokens });
		const units = priceOfSend({ model: narrow, effort: null, instructions: tokens }, false, 0, "Hello").units;
		expect(units).toBeGreaterThan(1);
		const answer = await ask(owner.client, chat, { model: "narrow", maxUnits: units });
		expect(answer.metadata).toMatchObject({ units, instructions: tokens, counted: true });
		expect(await lastSystem()).toBe(inForm(text));
		await owner.client.post(`/api/chat/${chat}/instructions`, { instructions: "Be a pirate." });
		await ask(owner.client, chat);
		expect(await lastSystem()).toMatch(/this_folder[\s\S]*<this_chat>\nBe a pirate\./);
	});

	test("reach its chats when they are edited or the chats move, without an extra call per request", async () => {
		const owner = await user();
		const [chat, other] = [await chatOf(owner), await chatOf(owner)];
		const [verse, prose] = [
			await makeFolder(owner.client, { instructions: "Verse." }),
			await makeFolder(owner.client, { instructions: "Prose." }),
		];
		await move(owner.client, chat, verse.id);
		await change(owner.client, verse.id, { instructions: "Rhyme." });
		await ask(owner.client, chat);
		expect(await lastSystem()).toBe(inForm("Rhyme."));
		await change(owner.client, verse.id, { name: "Poems" });
		await move(owner.client, chat, prose.id);
		await ask(owner.client, chat);
		expect(await lastSystem()).toBe(inForm("Prose."));
		await ask(owner.client, other);
		expect(await lastSystem()).toBeNull();
		// Without an update from the list, the chat keeps what it knows: no request queries the list.
		await runInDurableObject(listOf(owner.key), (_, { storage }) => void storage.sql.exec("UPDATE folder SET instructions = 'Unheard.'"));
		await ask(owner.client, chat);
		expect(await lastSystem()).toBe(inForm("Prose."));
	});

	test("are refused with the new price when they have grown since the page was read: nothing is held or counted", async () => {
		const owner = await user();
		const chat = await chatOf(owner);
		const folder = await makeFolder(owner.client, { instructions: "Verse." });
		await move(owner.client, chat, folder.id);
		const { used } = await owner.client.usage();
		await change(owner.client, folder.id, { instructions: words(150) });
		const refused = await ask(owner.client, chat, { model: "narrow", maxUnits: 1 });
		expect(refused.problem).toMatchObject({ status: 409, title: "Price has changed" });
		expect(await owner.client.usage()).toMatchObject({ used, held: 0 });
	});

	test("are pushed by alarm to chats beyond what one call reaches", async () => {
		const { client, key } = await user();
		const folder = await makeFolder(client, { instructions: "Verse." });
		const chats = Array.from({ length: 60 }, (_, n) => `${n}-${id()}`);
		const document = (chat: string) => ({
			...{ format: "parley.chat", version: 1, id: `elsewhere-${chat}`, title: chat, shown: 1 },
			turns: [{ turn: 1, parent: null, question: { text: "Hello" }, answer: null }],
		});
		const ids: string[] = [];
		for (const chat of chats) ids.push((await (await client.post("/api/chats/import", document(chat))).json<{ id: string }>()).id);
		for (const one of ids) await move(client, one, folder.id);
		await change(client, folder.id, { instructions: "Rhyme." });
		const know = async () => {
			const views = await Promise.all(ids.map((one) => env.CONVERSATION.getByName(one).view(key)));
			return views.filter((view) => view?.folderTokens === instructionTokens("folder", "Rhyme.")).length;
		};
		const owing = () =>
			runInDurableObject(listOf(key), (_, { storage }) => storage.sql.exec("SELECT * FROM filed WHERE owes = 1").toArray().length);
		await eventually(async () => {
			await runDurableObjectAlarm(listOf(key));
			expect([await know(), await owing()]).toEqual([60, 0]);
		});
	});

	test("follow a branch into a new chat, like a chat's own instructions", async () => {
		const owner = await user();
		const chat = await chatOf(owner);
		const folder = await makeFolder(owner.client, { instructions: "Verse." });
		await move(owner.client, chat, folder.id);
		const { id: answerId } = await ask(owner.client, chat);
		const copy = id();
		await owner.client.post(`/api/chat/${chat}/branch`, { messageId: answerId, id: copy });
		expect(await env.CONVERSATION.getByName(copy).view(owner.key)).toHaveProperty("folderTokens");
		expect((await inFolder(owner.key, folder.id)).toSorted()).toEqual([chat, copy].toSorted());
		expect(await listed(owner.key)).toEqual([]);
	});
});

describe("a folder is refused", () => {
	test("when it is another user's or does not exist: both are 404", async () => {
		const [mine, other] = [await user(), await user()];
		const [folder, chat] = [await makeFolder(mine.client, { instructions: "Mine." }), await chatOf(other)];
		for (const one of [folder.id, id()]) {
			expect((await move(other.client, chat, one)).status).toBe(404);
			expect((await change(other.client, one, { name: "x" })).status).toBe(404);
			expect((await other.client.fetch(`/api/folders/${one}`, { method: "DELETE" })).status).toBe(404);
		}
		expect(await (await other.client.fetch("/api/folders")).json()).toEqual({ folders: [] });
		expect(await (await mine.client.fetch("/api/folders")).json()).toEqual({ folders: [folder] });
	});

	test("for a guest, and nothing is stored", async () => {
		const guest = await new Client().visit();
		const key = `guest:${guest.cookies.get("parley.guest")?.split(".")[1]}`;
		const answers = [
			await guest.fetch("/api/folders"),
			await guest.post("/api/folders", { id: id(), name: "x" }),
			await change(guest, id(), { name: "x" }),
			await move(guest, id(), id()),
		];
		expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
		const tables = await runInDurableObject(listOf(key), (_, { storage }) => [
			...storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
		]);
		expect(tables).toEqual([]);
	});

	test.each([
		["no name", { name: " " }, 400],
		["a name of 61 characters", { name: "x".repeat(61) }, 400],
		["an unknown field", { name: "x", owner: "user:x" }, 400],
		["instructions of 2,001 characters", { name: "x", instructions: "x".repeat(2_001) }, 413],
	])("with %s", async (_, body, status) => {
		const { client } = await user();
		expect((await client.post("/api/folders", { id: id(), ...body })).status).toBe(status);
		const folder = await makeFolder(client);
		expect((await change(client, folder.id, body)).status).toBe(status);
		expect((await change(client, folder.id, {})).status).toBe(400);
	});

	test("when it would be the 101st", async () => {
		const { client, key } = await user();
		for (let n = 0; n < 100; n += 1) await listOf(key).addFolder(key, { id: `f${n}`, name: `${n}`, instructions: "" });
		const response = await client.post("/api/folders", { id: id(), name: "x" });
		expect([response.status, (await response.json<{ title: string }>()).title]).toEqual([429, "Too many folders"]);
		expect((await client.post("/api/folders", { id: "f7", name: "x" })).status).toBe(201);
	});
});

describe("a chat that begins in a folder", () => {
	const filed = (key: string, folder: string, chat: string) => eventually(async () => expect(await inFolder(key, folder)).toEqual([chat]));

	test("follows its instructions from the first message, pays for them, and is listed only there", async () => {
		const { client, key } = await user();
		const folder = await makeFolder(client, { instructions: "Answer in verse." });
		const chat = id();
		await ask(client, chat, { folder: folder.id });
		expect(await lastSystem()).toContain(inForm("Answer in verse."));
		await filed(key, folder.id, chat);
		expect(await listed(key)).toEqual([]);
		const view = await env.CONVERSATION.getByName(chat).view(key);
		expect(view?.folderTokens).toBe(instructionTokens("folder", "Answer in verse."));
		expect((await listOf(key).front()).folders[0]?.tokens).toBe(view?.folderTokens);
		await change(client, folder.id, { instructions: "In prose." });
		await ask(client, chat, { seen: view?.messages.at(-1)?.id });
		expect(await lastSystem()).toContain(inForm("In prose."));
	});

	test("is refused at the price without the folder's instructions, holds nothing, and begins at the right price", async () => {
		const { client, key } = await user();
		const folder = await makeFolder(client, { instructions: words(100) });
		const chat = id();
		const messages = [{ id: id(), role: "user", parts: [{ type: "text", text: "Hello" }] }];
		const body = { id: chat, messages, folder: folder.id, model: "narrow" };
		const send = (maxUnits: number) => client.post("/api/chat/ai", { ...body, maxUnits }, { "idempotency-key": id() });
		const refused = await send(1);
		expect(refused.status).toBe(409);
		const { price } = await refused.json<{ price: { units: number } }>();
		const tokens = instructionTokens("folder", words(100));
		expect(price.units).toBe(priceOfSend({ model: narrow, effort: null, instructions: tokens }, false, 0, "Hello").units);
		expect(await client.usage()).toMatchObject({ used: 0 });
		expect(await inFolder(key, folder.id)).toEqual([]);
		await hear(await send(price.units));
		expect(await client.usage()).toMatchObject({ used: price.units });
		await filed(key, folder.id, chat);
	});

	test("begins in no folder when that folder is gone", async () => {
		const { client, key } = await user();
		const folder = await makeFolder(client, { instructions: "Answer in verse." });
		await client.fetch(`/api/folders/${folder.id}`, { method: "DELETE" });
		const chat = id();
		await ask(client, chat, { folder: folder.id });
		expect(await lastSystem()).toBeNull();
		await eventually(async () => expect(await listed(key)).toEqual([chat]));
	});

	test("follows no folder once the folder is deleted while its first answer is being written", async () => {
		const { client, key } = await user();
		const folder = await makeFolder(client, { instructions: "Answer in verse." });
		const chat = id();
		const messages = [{ id: id(), role: "user", parts: [{ type: "text", text: "Hello" }] }];
		const answer = await client.post("/api/chat/ai", { id: chat, messages, folder: folder.id }, { "idempotency-key": id() });
		await client.fetch(`/api/folders/${folder.id}`, { method: "DELETE" });
		await hear(answer);
		await eventually(async () => expect(await listed(key)).toEqual([chat]));
		await eventually(async () => expect((await env.CONVERSATION.getByName(chat).view(key))?.folderTokens).toBeUndefined());
	});

	test("cannot begin in another user's folder", async () => {
		const [{ client }, other] = [await user(), await user()];
		const folder = await makeFolder(other.client, { instructions: "Answer in verse." });
		await ask(client, id(), { folder: folder.id });
		expect(await lastSystem()).toBeNull();
		expect(await inFolder(other.key, folder.id)).toEqual([]);
	});
});
