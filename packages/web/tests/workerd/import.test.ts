import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import type { ChatDocument, ExportedTurn } from "../../src/chat-document.ts";
import { stopAppClock } from "../app-time.ts";
import { Client, eventually, resetSandbox, sandboxState } from "../client.ts";
import { messagesOf, textOf } from "../stored.ts";

// Imported chats: our own export documents, which is also what the page converts ChatGPT's export into.

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
const AT = "2024-03-01T10:00:00.000Z";

type Answer = NonNullable<ExportedTurn["answer"]>;
const answer = (text: string, over: Partial<Answer> = {}): Answer => ({
	text,
	reasoning: "",
	sources: [],
	state: "complete",
	model: "gpt-4o",
	counted: true,
	units: 3,
	askedAt: AT,
	...over,
});
const turn = (number: number, question: string | null, over: Partial<ExportedTurn> = {}): ExportedTurn => ({
	turn: number,
	parent: number > 1 ? number - 1 : null,
	answersAgain: null,
	question: question === null ? null : { text: question, files: [] },
	answer: answer(`Answer ${number}`),
	...over,
});
const document = (over: Partial<ChatDocument> & { archived?: boolean } = {}) => ({
	format: "parley.chat",
	version: 1,
	id: `elsewhere-${id()}`,
	title: "On tallies",
	instructions: "",
	exportedAt: AT,
	shown: 2,
	turns: [turn(1, "What is a tally?"), turn(2, "And a tally stick?")],
	...over,
});

async function user(): Promise<{ client: Client; key: `user:${string}` }> {
	const client = new Client();
	return { client, key: `user:${(await client.signUp()).id}` };
}

const importInto = (client: Client, chat: object) => client.post("/api/chats/import", chat);
async function imported(client: Client, chat: object): Promise<{ status: number; id: string }> {
	const response = await importInto(client, chat);
	return { status: response.status, ...(await response.json<{ id: string }>()) };
}
const problemOf = async (response: Response) => {
	const { status, title, detail } = await response.json<{ status: number; title: string; detail: string }>();
	return { status, title, detail };
};
const exportOf = async (client: Client, chat: string): Promise<ChatDocument> => (await client.fetch(`/api/chat/${chat}/export`)).json();
const listOf = (key: string) => env.CHAT_LIST.getByName(key);
const listed = async (key: string) =>
	(await listOf(key).list()).chats as { id: string; title: string; updatedAt: string; archived?: true }[];

describe("an imported chat", () => {
	test("is listed under its own date, can be found by all its words, and counts nothing", async () => {
		const { client, key } = await user();
		const turns = Array.from({ length: 80 }, (_, at) => turn(at + 1, at === 0 ? "An abacus" : `Question ${at + 1}`));
		const { status, id: chat } = await imported(client, document({ turns, shown: 80 }));
		expect(status).toBe(201);
		expect(await listed(key)).toEqual([{ id: chat, title: "On tallies", updatedAt: AT }]);
		expect((await listOf(key).find("abacus")).chats).toMatchObject([{ id: chat }]);
		expect((await listOf(key).find("question 80")).chats).toMatchObject([{ id: chat }]);
		expect(await client.usage()).toMatchObject({ used: 0, held: 0 });
		expect((await sandboxState()).modelCalls).toEqual([]);
	});

	test("is marked as imported, with neither a price nor a rule", async () => {
		const { client } = await user();
		const states = ["complete", "length", "stopped", "failed", null] as const;
		const turns = states.map((state, at) => turn(at + 1, `Question ${at}`, { answer: answer("Words", { state }) }));
		const { id: chat } = await imported(client, document({ turns, shown: 5 }));
		const answers = (await messagesOf(env.CONVERSATION.getByName(chat))).filter(({ role }) => role === "assistant");
		const shown = ["complete", "length", "stopped", "failed", "interrupted"];
		expect(answers.map(({ metadata }) => metadata)).toEqual(
			shown.map((state) => ({ model: "gpt-4o", askedAt: AT, state, imported: true, tokens: expect.any(Number) })),
		);
		expect((await exportOf(client, chat)).turns[0]?.answer).toMatchObject({ counted: null, units: null, model: "gpt-4o" });
	});

	test("continues like any other chat, keeps its title, and is priced by what is sent", async () => {
		const { client, key } = await user();
		const { id: chat } = await imported(client, document({ instructions: "Be brief" }));
		const [, before] = await messagesOf(env.CONVERSATION.getByName(chat)).then((all) => all.filter(({ role }) => role === "assistant"));
		const next = await client.chat(chat, id(), { text: "And an abacus?" });
		expect(next.metadata).toMatchObject({ counted: true, units: 1 });
		expect(next.metadata.tokens).toBeGreaterThan(before?.metadata?.tokens ?? 0);
		const sent = (await sandboxState()).modelCalls.at(-1)?.messages ?? [];
		expect(sent.slice(1)).toEqual([
			{ role: "user", content: "What is a tally?" },
			{ role: "assistant", content: "Answer 1" },
			{ role: "user", content: "And a tally stick?" },
			{ role: "assistant", content: "Answer 2" },
			{ role: "user", content: "And an abacus?" },
		]);
		expect(sent[0]).toMatchObject({ role: "system", content: expect.stringContaining("Be brief") });
		await eventually(async () => expect((await listed(key))[0]?.updatedAt).not.toBe(AT));
		expect(await listed(key)).toMatchObject([{ id: chat, title: "On tallies" }]);
		expect(await client.usage()).toMatchObject({ used: 1 });
	});

	test("has the document's versions, sources and file names", async () => {
		const { client } = await user();
		const sources = [{ url: "https://example.com/tally", title: "Tally" }];
		const turns = [
			turn(1, null, { question: { text: "What is a tally?", files: [{ name: "notes.pdf", mediaType: "application/pdf", bytes: 3 }] } }),
			turn(2, null, { parent: null, answersAgain: 1, answer: answer("Again", { sources, reasoning: "Hm" }) }),
			turn(3, "Other words", { parent: null }),
			turn(5, "Next", { parent: 2, answer: null }),
		];
		const { id: chat } = await imported(client, document({ turns, shown: 5 }));
		const messages = await messagesOf(env.CONVERSATION.getByName(chat));
		expect(messages.map(textOf)).toEqual(["[notes.pdf was attached, and is not in the import]\nWhat is a tally?", "Again", "Next"]);
		expect(messages.map(({ metadata }) => metadata?.versions)).toEqual([{ turns: [2, 3], at: 0 }, { turns: [1, 2], at: 1 }, undefined]);
		expect(messages[1]?.parts).toMatchObject([
			{ type: "reasoning", text: "Hm" },
			{ type: "text" },
			{ type: "source-url", url: sources[0]?.url },
		]);
		const { turns: out, shown } = await exportOf(client, chat);
		expect([shown, out.map(({ parent, answersAgain }) => [parent, answersAgain])]).toEqual([
			4,
			[
				[null, null],
				[null, 1],
				[null, null],
				[2, null],
			],
		]);
	});

	test("exports the same document that another account exported", async () => {
		const [mine, other] = [await user(), await user()];
		const chat = id();
		await mine.client.chat(chat, id(), { text: "The first words" });
		await mine.client.chat(chat, id(), { text: "The next words" });
		const before = await exportOf(mine.client, chat);
		const { id: copy } = await imported(other.client, before);
		const after = await exportOf(other.client, copy);
		const words = ({ turns }: ChatDocument) =>
			turns.map(({ turn: n, parent, question, answer: said }) => [n, parent, question, said?.text, said?.askedAt]);
		expect(words(after)).toEqual(words(before));
		expect([after.title, after.shown]).toEqual([before.title, before.shown]);
		expect(copy).not.toBe(chat);
	});

	test("stays archived", async () => {
		const { client, key } = await user();
		await imported(client, document({ archived: true }));
		expect(await listed(key)).toEqual([]);
		expect((await listOf(key).archived()).chats).toHaveLength(1);
	});

	test("stays pinned and in its folder, which is created once, or reused if one has that name", async () => {
		const { client, key } = await user();
		const folder = { name: "Tallies", instructions: "Verse." };
		const [one, two] = await Promise.all([1, 2].map(() => imported(client, { ...document(), pinned: true, folder })));
		const [made, ...others] = await listOf(key).folders();
		expect([made, others]).toEqual([{ id: expect.any(String), ...folder }, []]);
		const { chats } = await listOf(key).inFolder(made?.id ?? "");
		expect(chats.map((chat) => [chat.id, chat.pinned]).toSorted()).toEqual(
			[
				[one?.id, true],
				[two?.id, true],
			].toSorted(),
		);
		expect(await env.CONVERSATION.getByName(one?.id ?? "").view(key)).toHaveProperty("folderTokens");
		const listing: { chats: unknown[] } = await (await client.fetch("/api/chats")).json();
		expect(listing.chats).toContainEqual(expect.objectContaining({ id: one?.id, folder: made?.id }));
		const tooLong = { ...document(), folder: { name: "x", instructions: "x".repeat(100_000) } };
		expect((await importInto(client, tooLong)).status).toBe(413);
	});

	test("can be shared", async () => {
		const client = new Client();
		const { email } = await client.signUp();
		await client.confirm(email);
		const { id: chat } = await imported(client, document());
		const response = await client.post(`/api/chat/${chat}/share`, {});
		expect(response.status).toBe(201);
		const { share } = await response.json<{ share: { id: string } }>();
		expect(await env.SHARED_CHAT.getByName(share.id).view()).toMatchObject({ title: "On tallies", messages: { length: 4 } });
	});
});

describe("a repeated import", () => {
	test("creates no second chat, even without a chat id, concurrently, or after the chat has moved on", async () => {
		const { client, key } = await user();
		const [named, nameless] = [document(), { ...document(), id: undefined }];
		const first = await Promise.all([named, named, nameless].map((chat) => imported(client, chat)));
		await client.chat(first[0]?.id ?? "", id());
		const again = await Promise.all([named, nameless].map((chat) => imported(client, chat)));
		expect(again.map(({ status }) => status)).toEqual([200, 200]);
		expect(again.map((one) => one.id)).toEqual([first[0]?.id, first[2]?.id]);
		expect(await listed(key)).toHaveLength(2);
		expect((await exportOf(client, first[0]?.id ?? "")).turns).toHaveLength(3);
	});

	test("finds the chat that was exported here, and restores it while it is being deleted", async () => {
		const { client, key } = await user();
		const chat = id();
		await client.chat(chat, id());
		const exported = await exportOf(client, chat);
		expect(await imported(client, exported)).toEqual({ status: 200, id: chat });
		await client.fetch(`/api/chat/${chat}`, { method: "PATCH", json: { deleted: true } });
		expect(await imported(client, exported)).toEqual({ status: 200, id: chat });
		expect(await listed(key)).toMatchObject([{ id: chat }]);
	});

	test("creates a new chat if the first was deleted, and answers no earlier request again", async () => {
		const { client, key } = await user();
		const chat = document();
		const first = await imported(client, chat);
		const key1 = id();
		await client.chat(first.id, "m1", { text: "Hello", key: key1 });
		await client.fetch(`/api/chat/${first.id}`, { method: "DELETE" });
		const second = await imported(client, chat);
		expect(second).toEqual({ status: 201, id: expect.not.stringMatching(first.id) });
		expect(await imported(client, chat)).toEqual({ ...second, status: 200 });
		expect(await listed(key)).toMatchObject([{ id: second.id }]);
		expect((await client.send(first.id, "m1", { text: "Hello", key: key1 })).status).toBe(410);
		expect((await client.send(second.id, "m1", { text: "Hello", key: key1 })).status).toBe(409);
	});

	test("creates a separate chat for another account", async () => {
		const [one, other] = [await user(), await user()];
		const chat = document();
		const first = await imported(one.client, chat);
		const second = await imported(other.client, chat);
		expect([second.status, second.id === first.id]).toEqual([201, false]);
		expect((await other.client.fetch(`/api/chat/${first.id}/export`)).status).toBe(404);
	});

	test("lists a chat that could not be listed before", async () => {
		const { client, key } = await user();
		const chat = document();
		const { id: there } = await imported(client, chat);
		await listOf(key).remove(there);
		expect(await imported(client, chat)).toEqual({ status: 200, id: there });
		expect(await listed(key)).toHaveLength(1);
		expect((await listOf(key).find("tally stick")).chats).toHaveLength(1);
	});
});

describe("a refused import", () => {
	test.each<[string, object, string]>([
		["another format", { format: "other" }, "format"],
		["a later version", { version: 2 }, "version"],
		["no turns", { turns: [] }, "turns"],
		["a turn twice", { turns: [turn(1, "A"), turn(1, "B", { parent: null })] }, "turn 1"],
		["a turn that follows none", { turns: [turn(2, "A")] }, "turn 2"],
		["an answer to no question", { turns: [turn(1, null, { answersAgain: 7 })] }, "turn 1"],
		["an empty turn", { turns: [turn(1, null, { answer: null })] }, "turn 1"],
		[
			"a source that is no web page",
			{ turns: [turn(1, "A", { answer: answer("B", { sources: [{ url: "javascript:alert(1)", title: "" }] }) })] },
			"url",
		],
	])("is a document with %s: 400, and nothing is stored", async (_, over, names) => {
		const { client, key } = await user();
		const problem = await problemOf(await importInto(client, document(over)));
		expect(problem).toMatchObject({ status: 400, detail: expect.stringContaining(names) });
		expect(await listed(key)).toEqual([]);
	});

	test("is a message too large for a row, or a chat of more than 8 MiB: 413", async () => {
		const { client } = await user();
		const long = document({ turns: [turn(1, "A"), turn(2, "ü".repeat(1_000_000))] });
		expect(await problemOf(await importInto(client, long))).toMatchObject({ status: 413, detail: expect.stringContaining("turn 2") });
		const large = document({ turns: Array.from({ length: 9 }, (_, at) => turn(at + 1, "x".repeat(1024 * 1024))) });
		expect((await importInto(client, large)).status).toBe(413);
		const longest = document({ turns: [turn(1, "x".repeat(1_700_000))] });
		expect((await importInto(client, longest)).status).toBe(201);
	});

	test("is a guest's: 401, and nothing is stored", async () => {
		const guest = await new Client().visit();
		expect(await problemOf(await importInto(guest, document()))).toMatchObject({ status: 401, title: "Not signed in" });
	});

	test("is one beyond the daily limit: 429 until the next day; chats that are already here do not use it", async () => {
		const { client, key } = await user();
		const chat = document();
		await imported(client, chat);
		await runInDurableObject(listOf(key), (_, { storage }) => {
			const taken = storage.kv.get<object>("imports");
			storage.kv.put("imports", { ...taken, turns: 99_999 });
		});
		const refused = await importInto(client, document());
		expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
		expect(await problemOf(refused)).toMatchObject({ status: 429, title: "Import limit reached" });
		expect((await imported(client, chat)).status).toBe(200);
		const clock = stopAppClock();
		clock.advance(86_400_000);
		expect((await imported(client, document())).status).toBe(201);
	});
});

describe("the list of all chats", () => {
	test("contains each chat once, including archived ones, whatever is used meanwhile", async () => {
		const { client, key } = await user();
		const list = listOf(key);
		for (let n = 0; n < 620; n += 1)
			await list.put({ id: `c${String(n).padStart(3, "0")}`, title: "Chat", updatedAt: new Date(1_700_000_000_000 + n).toISOString() });
		await list.mark(key, "c001", { archived: true });
		await list.mark(key, "c002", { deleted: true });
		const page = async (after = "") => (await client.fetch(`/api/chats${after}`)).json<{ chats: { id: string }[]; next: string | null }>();
		const first = await page();
		// On the next page: a list ordered by time would have moved it to the first one now.
		await list.put({ id: "c619", title: "Chat", updatedAt: new Date().toISOString() });
		const second = await page(`?after=${first.next}`);
		const ids = [...first.chats, ...second.chats].map((chat) => chat.id);
		expect([ids.length, new Set(ids).size, second.next]).toEqual([619, 619, null]);
		expect(ids).toContain("c001");
		expect(ids).not.toContain("c002");
		expect((await client.fetch(`/api/chats?after=${"x".repeat(129)}`)).status).toBe(400);
	});
});
