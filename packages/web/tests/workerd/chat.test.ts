import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { isOld, migrateSome } from "../../src/objects/conversation-migration.ts";
import { ConversationStorage, type Turn } from "../../src/objects/conversation-storage.ts";
import type { ChatPage, ChatView } from "../../src/view/chat.ts";
import { stopAppClock } from "../app-time.ts";
import { Client, eventually, faults, hear, resetSandbox, sandboxState } from "../client.ts";
import { countCalls, metered } from "../counted.ts";
import oldChat from "../fixtures/chat-before-turns.sql?raw";
import oldList from "../fixtures/list-before-pages.sql?raw";
import { messagesOf, requestsOf } from "../stored.ts";
import { begun, Talk } from "../talk.ts";

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
const conversationOf = (chatId: string) => env.CONVERSATION.getByName(chatId);
const BROKEN = { failAfterChunks: 2, chunks: 6 };
const EMPTY = { failBeforeOutput: 500 };
const SLOW = { chunks: 400, chunkMs: 20 };

describe("regenerating and editing delete nothing", () => {
	test("an edit or a new answer replaces the shown path once it counts; what it replaced is kept for its own request", async () => {
		const talk = await Talk.begin();
		const first = await talk.ask({ text: "one", messageId: "one", key: "k1" });
		const second = await talk.ask({ text: "two", messageId: "two" });
		const other = await talk.ask({ kind: "regenerate", messageId: second.id });
		expect(await talk.shown()).toEqual(["one", first.id, "two", other.id]);
		const edited = await talk.ask({ kind: "edit", messageId: "one", text: "one, edited" });
		expect(await talk.shown()).toEqual(["one, edited", edited.id]);
		expect(await talk.ask({ text: "one", messageId: "one", key: "k1" })).toMatchObject({ id: first.id, text: first.text });
		// To go back: regenerate the answer to a question that is not shown.
		const again = await talk.ask({ kind: "regenerate", messageId: second.id });
		expect(await talk.shown()).toEqual(["one", first.id, "two", again.id]);
		expect(await talk.client.usage()).toMatchObject({ used: 5, held: 0 });
	});

	test("the model receives the path to the question and no other branch", async () => {
		const talk = await Talk.begin();
		await talk.askAll("one", "two", "three");
		await talk.ask({ kind: "edit", messageId: "two", text: "two, edited" });
		await talk.ask({ text: "four" });
		const asked = (await sandboxState()).modelCalls.at(-1)?.messages.filter(({ role }) => role === "user");
		expect(asked?.map(({ content }) => content)).toEqual(["one", "two, edited", "four"]);
	});

	test.each([
		["fails before its first word", EMPTY],
		["fails midway", BROKEN],
		["is stopped before its first word", { firstTokenMs: 5_000 }],
	])("an edit or a new answer that %s leaves the path unchanged", async (how, model) => {
		const talk = await Talk.begin();
		const answers = await talk.askAll("one", "two");
		const before = await talk.shown();
		await faults({ model });
		for (const sent of [
			{ kind: "edit" as const, messageId: "one", text: "one, edited" },
			{ kind: "regenerate" as const, messageId: answers[1]?.id ?? "" },
		]) {
			const key = id();
			const asking = talk.ask({ ...sent, key, seen: answers[1]?.id ?? null });
			if (how.includes("stopped")) await eventually(async () => expect(await (await talk.stop(key)).json()).toEqual({ stopped: true }));
			expect((await asking).metadata).toMatchObject({ counted: false });
			expect(await talk.shown()).toEqual(before);
		}
		expect(await talk.client.usage()).toMatchObject({ used: 2, held: 0 });
	});

	test("an edit stopped after its first word counts and is shown", async () => {
		const talk = await Talk.begin();
		await talk.askAll("one", "two");
		await faults({ model: SLOW });
		const response = await begun(await talk.post({ kind: "edit", messageId: "one", text: "one, edited" }));
		await talk.stop();
		const stopped = await hear(response);
		expect(stopped.metadata).toMatchObject({ state: "stopped", counted: true });
		expect(await talk.shown()).toEqual(["one, edited", stopped.id]);
	});

	test("a question whose answer fails stays at the end of the path; its free retry replaces the failure", async () => {
		const talk = await Talk.begin();
		await faults({ model: BROKEN });
		const failed = await talk.ask({ text: "one", messageId: "one" });
		expect(await talk.shown()).toEqual(["one", failed.id]);
		await faults({});
		const retried = await talk.ask({ kind: "regenerate", messageId: failed.id, seen: failed.id });
		expect(await talk.shown()).toEqual(["one", retried.id]);
	});
});

describe("a page that is behind", () => {
	test("is refused with the newer path, whatever it sends; nothing is held, counted or lost", async () => {
		const talk = await Talk.begin();
		const [first] = await talk.askAll("one");
		const seen = first?.id ?? "";
		await talk.ask({ text: "two, from another tab" });
		const before = await talk.shown();
		const rows = await requestsOf(env.USAGE_LEDGER.getByName(talk.owner));
		for (const sent of [
			{ text: "late", seen },
			{ text: "late", seen: null },
			{ kind: "edit" as const, messageId: "one", text: "late", seen },
			{ kind: "regenerate" as const, messageId: seen, seen },
		]) {
			const response = await talk.post(sent);
			expect(response.status).toBe(409);
			const problem = await response.json<{ type: string; chat: ChatView }>();
			expect(problem).toMatchObject({ type: "urn:parley:problem:chat-has-moved-on", title: "Chat has moved on" });
			expect(problem.chat.messages).toHaveLength(4);
		}
		expect(await talk.shown()).toEqual(before);
		expect(await requestsOf(env.USAGE_LEDGER.getByName(talk.owner))).toEqual(rows);
	});

	test("receives the answer to its own request when it resends it, however far the chat has moved on", async () => {
		const talk = await Talk.begin();
		const sent = { text: "one", messageId: "one", key: id(), seen: null };
		const first = await talk.ask(sent);
		await talk.askAll("two");
		expect(await talk.ask(sent)).toMatchObject({ status: 200, id: first.id });
	});

	test("may retry a failed request only while nothing follows it", async () => {
		const talk = await Talk.begin();
		const sent = { text: "one", messageId: "one", key: id(), seen: null };
		await faults({ model: EMPTY });
		await talk.ask(sent);
		expect((await talk.ask(sent)).status).toBe(200);
		await faults({});
		await talk.askAll("two");
		expect((await talk.ask(sent)).status).toBe(409);
	});

	test("receives no messages when it already has the last one", async () => {
		const talk = await Talk.begin();
		const [first] = await talk.askAll("one");
		const seen = first?.id ?? "";
		expect(await talk.stub.view(talk.owner, { seen })).toMatchObject({ unchanged: true, messages: [] });
		await talk.askAll("two");
		expect((await talk.stub.view(talk.owner, { seen }))?.messages).toHaveLength(4);
	});
});

describe("a stop that arrives before its request", () => {
	test.each(["a new", "an existing"])(
		"stops it in %s chat before the model is called, even after the object was evicted",
		async (which) => {
			const talk = await Talk.begin();
			if (which === "an existing") await talk.askAll("one");
			const { modelCalls } = await sandboxState();
			const key = id();
			expect(await (await talk.stop(key)).json()).toEqual({ stopped: true });
			await evictDurableObject(talk.stub);
			expect(await talk.ask({ text: "two", key })).toMatchObject({
				last: "abort",
				text: "",
				metadata: { state: "stopped", counted: false },
			});
			expect((await sandboxState()).modelCalls).toHaveLength(modelCalls.length);
			expect(await talk.client.usage()).toMatchObject({ used: modelCalls.length, held: 0 });
			// The stop is used up: resending the same request starts a new attempt.
			expect((await talk.ask({ text: "two", key })).metadata).toMatchObject({ state: "complete", counted: true });
		},
	);

	test("stops no other request; a stop that arrives too late is not kept", async () => {
		const talk = await Talk.begin();
		await talk.stop(id());
		await faults({ model: { ...SLOW, chunks: 30 } });
		const key = id();
		const response = await begun(await talk.post({ key }));
		expect(await (await talk.stop(id())).json()).toEqual({ stopped: true });
		expect((await hear(response)).metadata).toMatchObject({ state: "complete" });
		expect(await (await talk.stop(key)).json()).toEqual({ stopped: false });
	});

	test("leaves nothing behind when its request never arrives", async () => {
		const talk = await Talk.begin();
		const clock = stopAppClock();
		await talk.stop(id());
		clock.advance(9 * 60_000);
		await runDurableObjectAlarm(talk.stub);
		const tables = () =>
			runInDurableObject(talk.stub, (_, { storage }) =>
				storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
			);
		expect(await tables()).not.toEqual([]);
		clock.advance(2 * 60_000);
		await runDurableObjectAlarm(talk.stub);
		expect(await tables()).toEqual([]);
	});

	test("in another subject's chat is answered as if there were no chat, and stops nothing", async () => {
		const talk = await Talk.begin();
		const key = id();
		await faults({ model: { ...SLOW, chunks: 30 } });
		const response = await begun(await talk.post({ key }));
		const stranger = new Client();
		await stranger.signUp();
		const inTheirs = await stranger.post(`/api/chat/${talk.chatId}/stop`, { requestId: key });
		const inNone = await stranger.post(`/api/chat/${id()}/stop`, { requestId: key });
		expect([inTheirs.status, await inTheirs.json()]).toEqual([inNone.status, await inNone.json()]);
		expect((await hear(response)).metadata).toMatchObject({ state: "complete" });
	});
});

/** A turn that the tests write into a chat themselves. */
function turnOf(owner: string, seq: number, text: string, tokens: number | null): Turn {
	return {
		seq,
		parent: seq === 1 ? null : seq - 1,
		requestId: `q${seq}`,
		attempt: 1,
		versionOf: null,
		asks: null,
		question: { id: `m${seq}`, role: "user", parts: [{ type: "text", text: `question ${seq}` }] },
		answerId: `a-${seq}`,
		model: "sandbox",
		sold: null,
		told: null,
		tokens,
		hold: { requestId: `q${seq}`, attempt: 1, takenFrom: [{ ledger: owner, id: `q${seq}` }] },
		phase: "ended",
		end: "complete",
		counted: true,
		shown: true,
		startedAtMs: seq,
		searched: null,
		pieces: 0,
		rest: [{ type: "text", text }],
	};
}

/** A chat of the user's with this many messages. */
async function longChat(messages: number, { answer = "an answer", isMeasured = true } = {}): Promise<Talk> {
	const talk = await Talk.begin();
	await runInDurableObject(talk.stub, (_, { storage }) => {
		const stored = new ConversationStorage(storage.sql);
		stored.writeChat({ id: talk.chatId, owner: talk.owner, title: "Long", deleted: false, whole: false });
		for (let seq = 1; seq <= messages / 2; seq += 1) stored.insert(turnOf(talk.owner, seq, answer, isMeasured ? 20 * seq : null));
	});
	await evictDurableObject(talk.stub);
	return talk;
}

describe("a chat of any length", () => {
	test("is read in pages of 50 messages, which together are the whole chat in order", async () => {
		const talk = await longChat(128);
		const pages: ChatView[] = [];
		for (let before: number | null | undefined; before !== null; before = pages.at(-1)?.earlier) {
			const page: ChatView | null = await talk.stub.view(talk.owner, before === undefined ? {} : { before });
			if (!page) throw new Error("no page");
			pages.push(page);
		}
		expect(pages.map(({ messages }) => messages.length)).toEqual([50, 50, 28]);
		const ids = pages.reverse().flatMap(({ messages }) => messages.map((message) => message.id));
		expect(ids).toEqual(Array.from({ length: 64 }, (_, n) => [`m${n + 1}`, `a-${n + 1}`]).flat());
	});

	test.each([
		["", true],
		[" of an older version, whose tokens are not measured,", false],
	])(
		"%s reads the same number of rows to send and to open with 100 messages as with 10,000, at most 80 before the first byte",
		async (_, isMeasured) => {
			const read: number[][] = [];
			for (const messages of [100, 10_000]) {
				const talk = await longChat(messages, { isMeasured });
				const { counts, reset } = await metered(talk.stub);
				const response = await talk.post({ seen: `a-${messages / 2}` });
				const before = counts.read;
				expect((await hear(response)).metadata).toMatchObject({ counted: true });
				reset();
				await talk.stub.view(talk.owner);
				const viewed = counts.read;
				reset();
				await talk.stop("none");
				read.push([before, viewed, counts.read]);
			}
			expect(read[1]).toEqual(read[0]);
			expect(read[0]?.[0]).toBeLessThanOrEqual(80);
		},
	);

	test("can be read to its beginning, continued, stopped and deleted with 10,000 messages", async () => {
		const talk = await longChat(10_000);
		const pages: ChatView[] = [];
		for (let before: number | null | undefined; before !== null; before = pages.at(-1)?.earlier) {
			const page: ChatView | null = await talk.stub.view(talk.owner, before === undefined ? {} : { before });
			if (!page) throw new Error("no page");
			pages.push(page);
		}
		expect(pages).toHaveLength(200);
		expect(pages.at(-1)?.messages[0]?.id).toBe("m1");
		await faults({ model: SLOW });
		const response = await begun(await talk.post({ seen: "a-5000" }));
		expect(await (await talk.stop()).json()).toMatchObject({ stopped: true });
		expect((await hear(response)).metadata).toMatchObject({ state: "stopped", counted: true });
		expect((await talk.client.fetch(`/api/chat/${talk.chatId}`, { method: "DELETE" })).status).toBe(204);
		expect(await talk.stub.view(talk.owner)).toBeNull();
		const left = await runInDurableObject(talk.stub, (_, { storage: { sql } }) =>
			sql.exec("SELECT seq, question, rest FROM turn").toArray(),
		);
		expect(left).toEqual([{ seq: 5_001, question: null, rest: "[]" }]);
	});

	test("opens and continues above 32 MiB", async () => {
		const talk = await longChat(240, { answer: "x".repeat(300_000), isMeasured: false });
		expect((await talk.stub.view(talk.owner))?.messages).toHaveLength(50);
		expect((await talk.client.fetch(`/c/${talk.chatId}`)).status).toBe(200);
		expect((await talk.ask({ seen: "a-120" })).metadata).toMatchObject({ counted: true });
		expect((await talk.client.fetch(`/api/chat/${talk.chatId}`, { method: "DELETE" })).status).toBe(204);
	});
});

describe("what an answer writes", () => {
	test("is at most 5 rows in its chat and its list, in at most 5 calls", async () => {
		const talk = await Talk.begin();
		await talk.askAll("one");
		const chat = await metered(talk.stub);
		const list = await metered(env.CHAT_LIST.getByName(talk.owner) as never);
		const calls: string[] = [];
		for (const stub of [talk.stub, env.CHAT_LIST.getByName(talk.owner), env.USAGE_LEDGER.getByName(talk.owner)]) {
			await runInDurableObject(stub as ReturnType<typeof conversationOf>, (instance) => countCalls(Object.getPrototypeOf(instance), calls));
		}
		await talk.ask({ text: "two" });
		await eventually(async () => expect(list.counts.written).toBe(1));
		expect(chat.counts.written).toBe(4);
		expect(calls.toSorted()).toEqual(["hold", "put", "settle", "start"]);
	});

	test("takes 6 calls for a guest: two to each of two ledgers, and none to check whether the guest has signed up", async () => {
		const guest = new Client("203.0.113.77");
		await guest.chat(id(), id());
		const calls: string[] = [];
		for (const stub of [conversationOf(id()), env.CHAT_LIST.getByName(id()), env.USAGE_LEDGER.getByName(id())]) {
			await runInDurableObject(stub as ReturnType<typeof conversationOf>, (instance) => countCalls(Object.getPrototypeOf(instance), calls));
		}
		const answer = await guest.chat(id(), id());
		expect(answer.metadata).toMatchObject({ counted: true });
		const all = ["hold", "hold", "put", "settle", "settle", "start"];
		await eventually(async () => expect(calls.toSorted()).toEqual(all));
	});

	test("is at most twice its text, for 300,000 characters in one delta", async () => {
		const talk = await Talk.begin();
		await talk.askAll("one");
		const { counts } = await metered(talk.stub);
		await faults({ model: { hugeLineAfterChunks: 1, chunks: 5 } });
		expect((await talk.ask({ model: "wordy" })).text).toHaveLength(300_000);
		expect(counts.chars).toBeLessThanOrEqual(600_000);
	});

	test("is at most twice its text, for 300 deltas a second apart: each piece is written once, and they read back complete", async () => {
		const talk = await Talk.begin();
		await talk.askAll("one");
		const { counts } = await metered(talk.stub);
		modelSays(Array.from({ length: 300 }, (_, n) => `${n} `.padEnd(1_000, "w")));
		const answer = await talk.ask({ model: "wordy" });
		expect(answer).toMatchObject({ metadata: { counted: true } });
		expect(answer.text).toHaveLength(300_000);
		expect(counts.chars).toBeLessThanOrEqual(600_000);
		const pieces = await runInDurableObject(talk.stub, (_, { storage }) => storage.sql.exec("SELECT * FROM piece").toArray());
		expect(pieces.length).toBeGreaterThan(50);
		await evictDurableObject(talk.stub);
		expect((await messagesOf(talk.stub)).at(-1)?.parts).toEqual([{ type: "text", text: answer.text }]);
	});

	test("keeps nothing in memory: the object can be evicted as soon as its answers have ended", async () => {
		const talk = await Talk.begin();
		await talk.askAll("one");
		await faults({ model: SLOW });
		const response = await begun(await talk.post());
		await talk.stop();
		await hear(response);
		await evictDurableObject(talk.stub);
		expect(await talk.shown()).toHaveLength(4);
	});

	test("is nothing when the request is refused", async () => {
		const talk = await Talk.begin();
		await talk.askAll("one");
		const { counts } = await metered(talk.stub);
		await faults({ model: { firstTokenMs: 300 } });
		const running = talk.ask();
		await eventually(async () => expect(await talk.client.usage()).toMatchObject({ held: 1 }));
		const written = counts.written;
		expect((await talk.ask()).status).toBe(409);
		expect((await talk.ask({ kind: "regenerate", messageId: "no-such" })).status).toBe(409);
		expect(counts.written).toBe(written);
		await running;
		const usedUp = new Client();
		await usedUp.visit();
		for (let n = 0; n < 5; n += 1) await usedUp.chat(id(), id());
		const refusedChat = id();
		expect((await usedUp.chat(refusedChat, id())).status).toBe(429);
		const tables = await runInDurableObject(conversationOf(refusedChat), (_, { storage }) =>
			storage.sql.exec("SELECT name FROM sqlite_master").toArray(),
		);
		expect(tables).toEqual([]);
	});
});

/** Makes the model send these texts, one second of app time apart. */
function modelSays(texts: string[]): void {
	const clock = stopAppClock();
	const real = globalThis.fetch.bind(globalThis);
	const chunk = (delta: object, finish: string | null) =>
		`data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
	const spied = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
		if (!String(input instanceof Request ? input.url : input).includes("/chat/completions")) return real(input, init);
		const events = [...texts.map((content) => chunk({ content }, null)), chunk({}, "stop"), "data: [DONE]\n\n"].values();
		const body = new ReadableStream<string>({
			pull: (controller) => {
				clock.advance(1_000);
				const { value, done } = events.next();
				if (done) controller.close();
				else controller.enqueue(value);
			},
		});
		return new Response(body.pipeThrough(new TextEncoderStream()), { headers: { "content-type": "text/event-stream" } });
	});
	onTestFinished(() => spied.mockRestore());
}

describe("the readers of an answer", () => {
	test("are limited to 64: the next gets 429 until one leaves", async () => {
		const talk = await Talk.begin();
		await faults({ model: { ...SLOW, chunks: 5_000 } });
		const key = id();
		const asking = await begun(await talk.post({ key }));
		const read = () => talk.client.fetch(`/api/chat/${talk.chatId}/stream`);
		const others = await Promise.all(Array.from({ length: 63 }, read));
		expect(others.map(({ status }) => status)).toEqual(others.map(() => 200));
		const refused = await read();
		expect(refused.status).toBe(429);
		expect(await refused.json()).toMatchObject({ title: "Too many readers" });
		expect((await talk.post({ key })).status).toBe(429);
		await others[0]?.body?.cancel();
		await eventually(async () => {
			const again = await read();
			expect(again.status).toBe(200);
			others.push(again);
		});
		await talk.stop(key);
		await Promise.all([asking, ...others.slice(1)].map((response) => hear(response)));
	});

	test("are limited to 128 per subject across all chats: a request beyond that is refused before anything is held", async () => {
		const talks = [await Talk.begin(), new Talk(), new Talk()];
		const [first, second, third] = talks as [Talk, Talk, Talk];
		for (const talk of [second, third]) for (const [name, value] of first.client.cookies) talk.client.cookies.set(name, value);
		await faults({ model: { ...SLOW, chunks: 5_000 } });
		const reading: Response[] = [];
		for (const talk of [first, second]) {
			reading.push(await talk.post());
			const others = Array.from({ length: 63 }, () => talk.client.fetch(`/api/chat/${talk.chatId}/stream`));
			reading.push(...(await Promise.all(others)));
		}
		expect(new Set(reading.map(({ status }) => status))).toEqual(new Set([200]));
		expect((await third.post()).status).toBe(429);
		expect(await first.client.usage()).toMatchObject({ held: 2 });
		await Promise.all([first.stop(), second.stop()]);
		await Promise.all(reading.map((response) => hear(response)));
		await faults({});
		expect((await third.ask()).status).toBe(200);
	});
});

describe("the list of chats", () => {
	test("accepts no chat once its guest has signed up, and names the account instead", async () => {
		const list = env.CHAT_LIST.getByName(`guest:${id()}`);
		const chat = { id: id(), title: "One", updatedAt: new Date().toISOString() };
		expect(await list.put(chat)).toBeNull();
		expect((await list.moveTo("user:u1")).chats).toEqual([chat]);
		expect(await list.put({ ...chat, id: id() })).toBe("user:u1");
		await list.remove(chat.id);
		expect(await list.moveTo("user:u1")).toEqual({ chats: [], next: null });
	});

	test("is paged: the pages are all chats, newest first", async () => {
		const list = env.CHAT_LIST.getByName(`user:${id()}`);
		const ids = Array.from({ length: 120 }, (_, n) => `c${String(n).padStart(3, "0")}`);
		for (const [n, chatId] of ids.entries())
			await list.put({ id: chatId, title: chatId, updatedAt: new Date(Math.floor(n / 3)).toISOString() });
		const pages: ChatPage[] = [];
		for (let next: string | null | undefined = null; next !== undefined; next = pages.at(-1)?.next ?? undefined)
			pages.push(await list.list(next));
		expect(pages.map(({ chats }) => chats.length)).toEqual([50, 50, 20]);
		expect(pages.flatMap(({ chats }) => chats.map((chat) => chat.id))).toEqual(ids.toReversed());
	});

	test("does not show a chat deleted while it was being added", async () => {
		const talk = await Talk.begin();
		const list = env.CHAT_LIST.getByName(talk.owner);
		let isHeld = true;
		await runInDurableObject(list, (instance) => {
			const prototype: object = Object.getPrototypeOf(instance);
			const put: unknown = Reflect.get(prototype, "put");
			Reflect.set(prototype, "put", async function (this: unknown, ...args: unknown[]) {
				while (isHeld) await scheduler.wait(5);
				return typeof put === "function" ? Reflect.apply(put, this, args) : undefined;
			});
			onTestFinished(() => void Reflect.set(prototype, "put", put));
		});
		const answering = talk.ask();
		await eventually(async () => expect(await talk.stub.view(talk.owner)).not.toBeNull());
		const deleting = talk.client.fetch(`/api/chat/${talk.chatId}`, { method: "DELETE" });
		isHeld = false;
		expect((await deleting).status).toBe(204);
		await answering;
		expect((await list.list()).chats).toEqual([]);
		// A delete that failed halfway can be repeated.
		expect((await talk.client.fetch(`/api/chat/${talk.chatId}`, { method: "DELETE" })).status).toBe(204);
	});

	test("reads a list written by the version before pages unchanged", async () => {
		const list = env.CHAT_LIST.getByName(`user:${id()}`);
		await runInDurableObject(list, (_, { storage }) => void storage.sql.exec(oldList));
		await list.put({ id: "new", title: "New", updatedAt: "2026-12-01T00:00:00.000Z" });
		expect((await list.list()).chats.map((chat) => chat.id)).toEqual(["new", "old-c", "old-chat", "old-b"]);
	});
});

describe("a chat from the version before turns", () => {
	test("is shown message by message as before, its open run ends as interrupted, and its requests stay answered", async () => {
		const talk = await Talk.begin();
		await runInDurableObject(talk.stub, (_, { storage }) => {
			storage.sql.exec(oldChat.replaceAll("old-chat", talk.chatId).replaceAll("user:old-owner", talk.owner));
		});
		const old = await runInDurableObject(talk.stub, (_, { storage }) =>
			storage.sql
				.exec<{ id: string; role: string; parts: string; metadata: string }>("SELECT id, role, parts, metadata FROM message ORDER BY seq")
				.toArray(),
		);
		await evictDurableObject(talk.stub);
		const view = await talk.stub.view(talk.owner);
		expect(view).toMatchObject({ title: "First question", running: false, earlier: null });
		// The page shows in the reader's language what the old rows store in English.
		const expected = old.map(({ id: messageId, role, parts, metadata }) => ({
			id: messageId,
			role,
			parts: JSON.parse(parts),
			...(role === "assistant" && { metadata: { ...JSON.parse(metadata), note: undefined } }),
		}));
		const last = { ...expected.at(-1), metadata: { model: "sandbox", state: "interrupted", counted: false } };
		// The time of the request, the rule it ended by and the reference to quote are read from the old rows too.
		const news = { askedAt: undefined, rule: undefined, reference: undefined };
		const shown = view?.messages.map(({ metadata, ...message }) =>
			metadata ? { ...message, metadata: { ...metadata, ...news } } : message,
		);
		expect(shown).toEqual([...expected.slice(0, -1), last]);

		const tables = await runInDurableObject(talk.stub, (_, { storage }) => isOld(storage.sql));
		expect(tables).toBe(false);
		const stored = (requestId: string) =>
			runInDurableObject(talk.stub, (_, { storage }) => new ConversationStorage(storage.sql).ofRequest(requestId));
		expect(await stored("k2")).toMatchObject({ rest: null, counted: true, shown: false });
		expect(await stored("k3-again")).toMatchObject({ rest: null, counted: false, shown: false });
		expect(await stored("k1")).toMatchObject({ answerId: expected[1]?.id });
		// The chat continues: a new message, and a new answer to an old one.
		const next = await talk.ask({ text: "next", seen: expected.at(-1)?.id ?? null });
		expect(next.metadata).toMatchObject({ counted: true });
		const again = await talk.ask({ kind: "regenerate", messageId: expected[1]?.id ?? "", seen: next.id });
		expect(await talk.shown()).toEqual(["First question", again.id]);
	});

	test("is migrated in steps of at most 40 rows, and resumes where it stopped", async () => {
		const talk = await Talk.begin();
		const create = oldChat.split("\n").filter((line) => line.startsWith("CREATE"));
		const left = await runInDurableObject(talk.stub, (_, { storage: { sql } }) => {
			sql.exec(create.join("\n"));
			sql.exec("INSERT INTO chat VALUES (1, ?, ?, 'Old', 0)", talk.chatId, talk.owner);
			const parts = '[{"type":"text","text":"words"}]';
			// A question that lost its answer, so that a step does not end between pairs.
			sql.exec("INSERT INTO message VALUES (1, 'alone', 'user', ?, '{}')", parts);
			for (let n = 1; n <= 100; n += 1) {
				sql.exec("INSERT INTO message VALUES (?, ?, 'user', ?, '{}')", 2 * n, `m${n}`, parts);
				sql.exec("INSERT INTO message VALUES (?, ?, 'assistant', ?, '{\"model\":\"m\"}')", 2 * n + 1, `a${n}`, parts);
				const hold = JSON.stringify({ requestId: `q${n}`, attempt: 1, takenFrom: [] });
				sql.exec("INSERT INTO run VALUES (?, 1, ?, 'm', ?, 'ended', 'complete', 1, ?)", `q${n}`, `a${n}`, hold, n);
				sql.exec("INSERT INTO run VALUES (?, 1, 'replaced', 'm', ?, 'ended', 'complete', 1, ?)", `r${n}`, hold, n);
			}
			const rows = () => sql.exec<{ n: number }>("SELECT (SELECT count(*) FROM message) + (SELECT count(*) FROM run) AS n").one().n;
			const steps: number[] = [];
			for (let n = 0; n < 3; n += 1) {
				const before = rows();
				migrateSome(sql, new ConversationStorage(sql));
				steps.push(before - rows());
			}
			return steps;
		});
		// A step moves up to 40 messages, each answer together with its run.
		for (const moved of left) expect(moved).toBeLessThanOrEqual(60);
		await evictDurableObject(talk.stub);
		const pages = [await talk.stub.view(talk.owner)];
		for (let page = pages[0]; page?.earlier; page = pages.at(-1) ?? null)
			pages.push(await talk.stub.view(talk.owner, { before: page.earlier }));
		const ids = pages.reverse().flatMap((page) => page?.messages.map((message) => message.id) ?? []);
		expect(ids).toEqual(["alone", ...Array.from({ length: 100 }, (_, n) => [`m${n + 1}`, `a${n + 1}`]).flat()]);
		const kept = await runInDurableObject(talk.stub, (_, { storage }) => {
			const stored = new ConversationStorage(storage.sql);
			return Array.from({ length: 100 }, (_, n) => [stored.ofRequest(`q${n + 1}`)?.answerId, stored.ofRequest(`r${n + 1}`)?.rest]);
		});
		expect(kept).toEqual(Array.from({ length: 100 }, (_, n) => [`a${n + 1}`, null]));
	});
});
