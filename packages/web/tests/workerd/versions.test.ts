import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { ConversationStorage } from "../../src/objects/conversation-storage.ts";
import type { ChatMessage, ChatPage, ChatView, Versions } from "../../src/view/chat.ts";
import { Client, eventually, faults, resetSandbox } from "../client.ts";
import { messagesOf, requestsOf, textOf } from "../stored.ts";
import { begun, Talk } from "../talk.ts";

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
const BROKEN = { failAfterChunks: 2, chunks: 6 };
const EMPTY = { failBeforeOutput: 500 };
const SLOW = { chunks: 400, chunkMs: 20 };

/** The versions of a shown message. */
async function versionsOf(talk: Talk, find: (message: ChatMessage) => boolean): Promise<Versions | undefined> {
	return (await messagesOf(talk.stub)).find(find)?.metadata?.versions;
}

const question = (messageId: string) => (message: ChatMessage) => message.id === messageId;
const lastAnswer = async (talk: Talk) => (await messagesOf(talk.stub)).at(-1)?.id ?? null;

/** Switches to a version, as the page showing the chat does. */
async function show(talk: Talk, turn: number | undefined, of: "question" | "answer", seen?: string | null): Promise<Response> {
	const known = seen === undefined ? await lastAnswer(talk) : seen;
	return talk.client.post(`/api/chat/${talk.chatId}/version`, { turn, of, seen: known });
}

/** A talk whose first question has an edit, and whose second has two answers, each followed by a third question. */
async function talkWithVersions() {
	const talk = await Talk.begin();
	const [first, second] = await talk.askAll("one", "two");
	await talk.ask({ text: "after the first answer", messageId: "three" });
	const original = await talk.shown();
	const other = await talk.ask({ kind: "regenerate", messageId: second?.id ?? "" });
	await talk.ask({ text: "after the other answer", messageId: "four" });
	const withOther = await talk.shown();
	const edited = await talk.ask({ kind: "edit", messageId: "one", text: "one, edited" });
	return { talk, first, second, other, edited, original, withOther };
}

describe("the versions of a message", () => {
	test("are its edits if it is a question, and its regenerations if it is an answer", async () => {
		const { talk } = await talkWithVersions();
		expect(await versionsOf(talk, question("one"))).toMatchObject({ at: 1, turns: { length: 2 } });
		expect((await messagesOf(talk.stub)).at(-1)?.metadata?.versions).toBeUndefined();
		const { turns } = (await versionsOf(talk, question("one"))) ?? { turns: [] };
		await show(talk, turns[0], "question");
		expect(await versionsOf(talk, question("one"))).toEqual({ at: 0, turns });
		const answers = (await messagesOf(talk.stub)).filter(({ role }) => role === "assistant").map(({ metadata }) => metadata?.versions);
		expect(answers).toMatchObject([undefined, { at: 1, turns: { length: 2 } }, undefined]);
	});

	test("include no attempt without output; a partial answer is one, but is not shown by itself", async () => {
		const talk = await Talk.begin();
		const [first] = await talk.askAll("one");
		for (const model of [EMPTY, BROKEN]) {
			await faults({ model });
			await talk.ask({ kind: "regenerate", messageId: first?.id ?? "" });
		}
		expect(await talk.shown()).toEqual(["one", first?.id]);
		const versions = (await messagesOf(talk.stub))[1]?.metadata?.versions;
		expect(versions).toMatchObject({ at: 0, turns: { length: 2 } });
		const shown = await (await show(talk, versions?.turns[1], "answer")).json<ChatView>();
		expect(shown.messages[1]?.metadata).toMatchObject({ state: "failed", counted: false, versions: { at: 1 } });
		// The next request follows what is shown.
		await faults({});
		await talk.ask({ text: "two", seen: shown.messages[1]?.id ?? null });
		expect((await talk.shown()).slice(0, 2)).toEqual(["one", shown.messages[1]?.id]);
	});

	test("are found in a chat written before versions were stored", async () => {
		const { talk } = await talkWithVersions();
		const before = await messagesOf(talk.stub);
		await runInDurableObject(talk.stub, (_, { storage: { sql } }) => {
			sql.exec("DROP INDEX turn_by_version; ALTER TABLE turn DROP COLUMN version_of; ALTER TABLE chat DROP COLUMN choice");
			// Each new storage checks its tables once.
			expect(new ConversationStorage(sql).shown()).not.toBeNull();
		});
		expect(await messagesOf(talk.stub)).toEqual(before);
	});

	test("cost no row for an ordinary turn", async () => {
		const { talk } = await talkWithVersions();
		const indexed = await runInDurableObject(talk.stub, (_, { storage: { sql } }) => {
			const [{ all, branches } = {}] = sql.exec("SELECT count(*) AS 'all', count(version_of) AS branches FROM turn").toArray();
			const [{ detail } = {}] = sql.exec("EXPLAIN QUERY PLAN SELECT * FROM turn WHERE version_of = ? ORDER BY seq", 1).toArray();
			return { all, branches, detail };
		});
		expect(indexed).toEqual({ all: 6, branches: 2, detail: expect.stringContaining("USING INDEX turn_by_version") });
	});
});

describe("switching to a version", () => {
	test("shows it with what follows it, is free, and makes the next message continue from it", async () => {
		const { talk, edited, withOther, original } = await talkWithVersions();
		const used = (await talk.client.usage()).used;
		const rows = await requestsOf(env.USAGE_LEDGER.getByName(talk.owner));
		const { turns } = (await versionsOf(talk, question("one"))) ?? { turns: [] };
		const response = await show(talk, turns[0], "question");
		expect(response.status).toBe(200);
		expect(await talk.shown()).toEqual(withOther);
		const answers = (await messagesOf(talk.stub))[3]?.metadata?.versions;
		await show(talk, answers?.turns[0], "answer");
		expect(await talk.shown()).toEqual(original);
		await show(talk, turns[1], "question");
		expect(await talk.shown()).toEqual(["one, edited", edited.id]);
		await show(talk, turns[0], "question");
		expect(await requestsOf(env.USAGE_LEDGER.getByName(talk.owner))).toEqual(rows);
		expect((await talk.client.usage()).used).toBe(used);
		const before = await talk.shown();
		const next = await talk.ask({ text: "next", seen: await lastAnswer(talk) });
		expect(await talk.shown()).toEqual([...before, "next", next.id]);
	});

	test("is refused with the newer path on a page that is behind, and can be repeated on one that is not", async () => {
		const { talk } = await talkWithVersions();
		const { turns } = (await versionsOf(talk, question("one"))) ?? { turns: [] };
		const seen = await lastAnswer(talk);
		await talk.ask({ text: "from another tab" });
		const late = await show(talk, turns[0], "question", seen);
		expect(late.status).toBe(409);
		expect(await late.json()).toMatchObject({ type: "urn:parley:problem:chat-has-moved-on", chat: { messages: { length: 4 } } });
		expect((await show(talk, turns[0], "question")).status).toBe(200);
		expect((await show(talk, turns[0], "question", seen)).status).toBe(200);
	});

	test("waits for the end of an answer, and is refused for another's chats and for turns that do not exist", async () => {
		const { talk } = await talkWithVersions();
		const { turns } = (await versionsOf(talk, question("one"))) ?? { turns: [] };
		const body = { turn: turns[0], of: "question" };
		const path = `/api/chat/${talk.chatId}/version`;
		expect((await new Client().post(path, body)).status).toBe(404);
		expect((await talk.client.post(path, { ...body, turn: 999 })).status).toBe(404);
		expect((await talk.client.post(path, { ...body, of: "chat" })).status).toBe(400);
		await faults({ model: SLOW });
		const writing = await begun(await talk.post());
		const busy = await talk.client.post(path, body);
		expect(busy.status).toBe(409);
		expect(await busy.json()).toMatchObject({ type: "urn:parley:problem:an-answer-is-being-written" });
		await talk.stop();
		await writing.text();
	});

	test("shows the selected message, however long the path that follows it", async () => {
		const talk = await Talk.begin();
		await talk.askAll("one");
		await talk.ask({ kind: "edit", messageId: "one", text: "one, edited" });
		await runInDurableObject(talk.stub, (_, { storage }) => {
			const stored = new ConversationStorage(storage.sql);
			const last = stored.newest();
			for (let seq = 3; last && seq < 63; seq += 1)
				stored.insert({
					...last,
					seq,
					parent: seq - 1,
					versionOf: null,
					answerId: `a-${seq}`,
					question: { ...(last.question ?? { id: "", role: "user", parts: [] }), id: `q${seq}` },
				});
		});
		const newest = (await talk.stub.view(talk.owner))?.messages;
		expect(newest).toHaveLength(50);
		await show(talk, 1, "question");
		const back = await (await show(talk, 2, "question")).json<ChatView>();
		expect(back.messages).toHaveLength(122);
		expect(back.messages[0]).toMatchObject({ id: "one", metadata: { versions: { at: 1, turns: [1, 2] } } });
		expect(back.earlier).toBeNull();
	});

	test("in any order and between any requests loses no answer, and always shows a path of the tree", async () => {
		const talk = await Talk.begin();
		await talk.askAll("q0");
		let asked = 1;
		const step = fc.record({ kind: fc.constantFrom("new", "edit", "regenerate", "show-question", "show-answer"), pick: fc.nat(99) });
		await fc.assert(
			fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
				for (const { kind, pick } of steps) {
					const messages = await messagesOf(talk.stub);
					const at = 2 * (pick % (messages.length / 2));
					const [ask, answer] = [messages[at], messages[at + 1]];
					const seen = messages.at(-1)?.id ?? null;
					if (kind === "new") await talk.ask({ text: `q${asked}`, messageId: `q${asked}`, seen });
					if (kind === "edit") await talk.ask({ kind: "edit", messageId: ask?.id, text: `e${asked}`, seen });
					if (kind === "regenerate") await talk.ask({ kind: "regenerate", messageId: answer?.id, seen });
					if (!kind.startsWith("show")) asked += 1;
					else {
						const of = kind === "show-question" ? "question" : "answer";
						const versions = (of === "question" ? ask : answer)?.metadata?.versions;
						if (!versions) continue;
						const to = pick % versions.turns.length;
						const shown = await (await show(talk, versions.turns[to], of)).json<ChatView>();
						// The message keeps its place and shows the requested version; nothing before it changes.
						expect(shown.messages[of === "question" ? at : at + 1]?.metadata?.versions?.at).toBe(to);
						expect(shown.messages.slice(0, at)).toEqual(messages.slice(0, at));
					}
				}
				const { used } = await talk.client.usage();
				expect(used).toBe(asked);
				await runInDurableObject(talk.stub, (_, { storage: { sql } }) => {
					expect(sql.exec("SELECT count(*) AS n FROM turn").one().n).toBe(asked);
				});
			}),
			// One chat grows through all runs, because a free account has 20 answers a day.
			{ numRuns: 3, seed: 7 },
		);
	});
});

describe("branching into a new chat", () => {
	const branch = (talk: Talk, messageId: string, into: string, seen?: string | null) =>
		talk.client.post(`/api/chat/${talk.chatId}/branch`, { messageId, id: into, seen });
	const listOf = (owner: string) => env.CHAT_LIST.getByName(owner).list() as Promise<ChatPage>;
	const saying = (messages: ChatMessage[] = []) => messages.map(textOf);

	test("copies the path up to an answer into a listed chat: free, with its counts and prices, and independent of the first", async () => {
		const { talk, withOther } = await talkWithVersions();
		const { turns } = (await versionsOf(talk, question("one"))) ?? { turns: [] };
		await show(talk, turns[0], "question");
		const used = (await talk.client.usage()).used;
		const source = await messagesOf(talk.stub);
		const into = id();
		const response = await branch(talk, withOther[3] ?? "", into, await lastAnswer(talk));
		expect(response.status).toBe(201);
		expect(await response.json()).toEqual({ id: into });
		expect((await branch(talk, withOther[3] ?? "", into)).status).toBe(201);
		const view = await env.CONVERSATION.getByName(into).view(talk.owner);
		expect(view).toMatchObject({ title: "Branch · one", earlier: null, tokens: source[3]?.metadata?.tokens });
		expect(saying(view?.messages)).toEqual(saying(source.slice(0, 4)));
		expect(view?.messages[3]?.metadata).toMatchObject({ state: "complete", counted: true, units: 1, model: "sandbox" });
		expect(view?.messages.map(({ metadata }) => metadata?.askedAt)).toEqual(source.slice(0, 4).map(({ metadata }) => metadata?.askedAt));
		expect(view?.messages[3]?.metadata?.versions).toBeUndefined();
		const { chats } = await listOf(talk.owner);
		expect(chats.map((chat) => chat.id)).toEqual([into, talk.chatId]);
		expect((await talk.client.usage()).used).toBe(used);
		// Each continues independently.
		await talk.client.chat(into, id(), { text: "in the branch" });
		expect(await messagesOf(talk.stub)).toEqual(source);
		await talk.client.fetch(`/api/chat/${talk.chatId}`, { method: "DELETE" });
		expect(await messagesOf(env.CONVERSATION.getByName(into))).toHaveLength(6);
		expect((await talk.client.usage()).used).toBe(used + 1);
	});

	test("can end with a question, which can be answered there", async () => {
		const talk = await Talk.begin();
		await talk.askAll("one", "two");
		const into = id();
		expect((await branch(talk, "two", into)).status).toBe(201);
		const messages = await messagesOf(env.CONVERSATION.getByName(into));
		expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
		const again = { id: into, messages: messages.slice(-1), messageId: "two", seen: "two" };
		await (await talk.client.post("/api/chat/ai", again, { "idempotency-key": id() })).text();
		expect(await messagesOf(env.CONVERSATION.getByName(into))).toHaveLength(4);
	});

	test("works for a guest, and the copy moves to their account", async () => {
		const client = await new Client().visit();
		const chat = id();
		const answer = await client.chat(chat, "one");
		const into = id();
		expect((await client.post(`/api/chat/${chat}/branch`, { messageId: answer.id, id: into })).status).toBe(201);
		const user = `user:${(await client.signUp()).id}`;
		await eventually(async () => expect((await listOf(user)).chats.map((one) => one.id).sort()).toEqual([chat, into].sort()));
	});

	test("is refused on a page that is behind, while an answer is written, for another's chats, and into an existing chat", async () => {
		const talk = await Talk.begin();
		const [first] = await talk.askAll("one", "two");
		expect((await branch(talk, first?.id ?? "", id(), first?.id)).status).toBe(409);
		expect((await branch(talk, "no-such", id())).status).toBe(404);
		const path = `/api/chat/${talk.chatId}/branch`;
		expect((await new Client().post(path, { messageId: "one", id: id() })).status).toBe(404);
		const other = await Talk.begin();
		await other.askAll("theirs");
		expect((await branch(talk, "one", other.chatId)).status).toBe(404);
		expect(await messagesOf(other.stub)).toHaveLength(2);
		await faults({ model: SLOW });
		const writing = await begun(await talk.post());
		expect((await branch(talk, "one", id())).status).toBe(409);
		await talk.stop();
		await writing.text();
	});

	test("is limited to 50 a day, and to the newest 500 messages", async () => {
		const talk = await Talk.begin();
		await talk.askAll("one");
		await runInDurableObject(talk.stub, (_, { storage }) => {
			const stored = new ConversationStorage(storage.sql);
			const last = stored.newest();
			for (let seq = 2; last && seq <= 300; seq += 1)
				stored.insert({ ...last, seq, parent: seq - 1, answerId: `a-${seq}`, tokens: 10 * seq });
		});
		const into = id();
		expect((await branch(talk, "a-300", into)).status).toBe(201);
		const copied = await runInDurableObject(env.CONVERSATION.getByName(into), (_, { storage: { sql } }) =>
			sql.exec("SELECT count(*) AS turns, max(tokens) AS tokens FROM turn").one(),
		);
		expect(copied).toEqual({ turns: 250, tokens: 2_500 });
		for (let taken = 1; taken < 50; taken += 1) await env.CHAT_LIST.getByName(talk.owner).takeBranch(Date.now());
		const late = await branch(talk, "a-300", id());
		expect(late.status).toBe(429);
		expect(await late.json()).toMatchObject({ type: "urn:parley:problem:too-many-branches" });
	});
});
