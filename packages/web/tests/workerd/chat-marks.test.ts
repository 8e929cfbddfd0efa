import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { ChatSummary } from "../../src/view/chat.ts";
import { stopAppClock } from "../app-time.ts";
import { Client, eventually, faults, hear, resetSandbox } from "../client.ts";
import { Talk } from "../talk.ts";

// What can be done with chats in the list: rename, pin, archive, delete.

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
const listOf = (owner: string) => env.CHAT_LIST.getByName(owner);
const listed = async (owner: string) => (await listOf(owner).list()).chats as ChatSummary[];

const change = (client: Client, chatId: string, body: object) => client.fetch(`/api/chat/${chatId}`, { method: "PATCH", json: body });

/** A user with a listed chat. */
async function talkListed(text = "Hello"): Promise<Talk> {
	const talk = await Talk.begin();
	await talk.ask({ text });
	await eventually(async () => expect(await listed(talk.owner)).toHaveLength(1));
	return talk;
}

describe("another subject's chat", () => {
	test("cannot be changed, and is answered like a chat that does not exist", async () => {
		const [mine, other] = [await talkListed("Mine"), new Client()];
		await other.signUp();
		for (const body of [{ title: "Theirs" }, { pinned: true }, { archived: true }, { deleted: true }, { deleted: false }]) {
			const [foreign, none] = [await change(other, mine.chatId, body), await change(other, id(), body)];
			expect([foreign.status, none.status]).toEqual([404, 404]);
			const { requestId: _, ...problem } = await foreign.json<{ requestId: string }>();
			expect(await none.json()).toMatchObject(problem);
		}
		expect(await listed(mine.owner)).toEqual([{ id: mine.chatId, title: "Mine", updatedAt: expect.any(String) }]);
		await other.fetch("/api/chats", { method: "PATCH", json: { deleted: true } });
		expect(await listed(mine.owner)).toHaveLength(1);
	});

	test("is not looked up for a guest without chats, and nothing is stored", async () => {
		const guest = await new Client().visit();
		const key = `guest:${guest.cookies.get("parley.guest")?.split(".")[1]}`;
		expect((await guest.fetch("/api/chats", { method: "PATCH", json: { deleted: true } })).status).toBe(200);
		expect((await change(guest, id(), { pinned: true })).status).toBe(404);
		const stored = await runInDurableObject(listOf(key), async (_, { storage }) => [
			...storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
			await storage.getAlarm(),
		]);
		expect(stored).toEqual([null]);
	});
});

describe("a change", () => {
	test.each([
		["names nothing", {}],
		["has an empty title", { title: "  \n " }],
		["has a title of 121 characters", { title: "x".repeat(121) }],
		["has a mark that is no boolean", { pinned: 1 }],
		["has a field that there is not", { title: "Fine", owner: "user:x" }],
	])("that %s is refused with 400 and changes nothing", async (_, body) => {
		const talk = await talkListed("As it was");
		expect((await change(talk.client, talk.chatId, body)).status).toBe(400);
		expect(await listed(talk.owner)).toEqual([{ id: talk.chatId, title: "As it was", updatedAt: expect.any(String) }]);
	});

	test("to the title is a single line, and does not move the chat in the list", async () => {
		const talk = await talkListed("First");
		const [before] = await listed(talk.owner);
		const answer = await change(talk.client, talk.chatId, { title: " A \n new   title " });
		expect(await answer.json()).toEqual({ title: "A new title" });
		expect(await listed(talk.owner)).toEqual([{ ...before, title: "A new title" }]);
		expect(await talk.stub.view(talk.owner)).toMatchObject({ title: "A new title" });
		// The next answer lists the chat with the new title.
		await talk.ask({ text: "Second" });
		await eventually(async () => expect((await listed(talk.owner))[0]?.updatedAt).not.toBe(before?.updatedAt));
		expect(await listed(talk.owner)).toMatchObject([{ title: "A new title" }]);
	});
});

describe("a chat whose first answer is still being written", () => {
	test("can be renamed, pinned and deleted before it is listed", async () => {
		await faults({ model: { firstTokenMs: 60_000 } });
		for (const body of [{ title: "Mine" }, { pinned: true }, { deleted: true }]) {
			const talk = await Talk.begin();
			const answer = talk.post();
			await eventually(async () => expect((await change(talk.client, talk.chatId, body)).status).toBe(200));
			expect((await listOf(talk.owner).every()).chats).toMatchObject([body]);
			await talk.stop();
			await hear(await answer);
			expect((await listOf(talk.owner).every()).chats).toMatchObject([body]);
		}
	});
});

describe("pinned chats", () => {
	test("are all on the first page, ahead of the others, and on no later page", async () => {
		const owner = `user:${id()}`;
		const list = listOf(owner);
		for (let n = 0; n < 60; n += 1) await list.put({ id: `c${n}`, title: "Chat", updatedAt: new Date(n).toISOString() });
		await list.mark(owner, "c0", { pinned: true });
		await list.mark(owner, "c59", { pinned: true });
		const first = await list.list();
		expect(first.chats.slice(0, 3)).toMatchObject([{ id: "c59", pinned: true }, { id: "c0", pinned: true }, { id: "c58" }]);
		const second = await list.list(first.next);
		expect(first.chats.length + second.chats.length).toBe(60);
		await list.mark(owner, "c59", { pinned: false });
		expect((await list.list()).chats.map((chat) => chat.id).slice(0, 2)).toEqual(["c0", "c59"]);
	});

	test("are limited to 50: pinning another unpins the least recently used", async () => {
		const owner = `user:${id()}`;
		const list = listOf(owner);
		for (let n = 0; n <= 50; n += 1) {
			await list.put({ id: `c${n}`, title: "Chat", updatedAt: new Date(n).toISOString() });
			await list.mark(owner, `c${n}`, { pinned: true });
		}
		const pinned = ((await list.list()).chats as ChatSummary[]).filter((chat) => chat.pinned).map((chat) => chat.id);
		expect([pinned.length, pinned.includes("c0"), pinned.includes("c50")]).toEqual([50, false, true]);
	});
});

describe("an archived chat", () => {
	test("appears only among the archived ones until it is restored or used again", async () => {
		const talk = await talkListed();
		const archived = async () => (await listOf(talk.owner).archived()).chats;
		expect((await change(talk.client, talk.chatId, { archived: true })).status).toBe(200);
		expect([await listed(talk.owner), await archived()]).toMatchObject([[], [{ id: talk.chatId, archived: true }]]);
		await change(talk.client, talk.chatId, { archived: false });
		expect([await listed(talk.owner), await archived()]).toMatchObject([[{ id: talk.chatId }], []]);
		await change(talk.client, talk.chatId, { archived: true, title: "Named meanwhile" });
		expect(await listed(talk.owner)).toEqual([]);
		await talk.ask({ text: "Again" });
		await eventually(async () => expect(await listed(talk.owner)).toMatchObject([{ title: "Named meanwhile" }]));
		expect(await archived()).toEqual([]);
	});

	test("stays archived when its guest signs up, and a pinned chat stays pinned", async () => {
		const client = await new Client().visit();
		const [kept, pinned, deleted] = [id(), id(), id()];
		for (const chat of [kept, pinned, deleted]) await client.chat(chat, id());
		await eventually(async () => expect((await change(client, deleted, { deleted: true })).status).toBe(200));
		await eventually(async () => expect((await change(client, kept, { archived: true })).status).toBe(200));
		await eventually(async () => expect((await change(client, pinned, { pinned: true })).status).toBe(200));
		const owner = `user:${(await client.signUp()).id}`;
		expect(await listed(owner)).toMatchObject([{ id: pinned, pinned: true }]);
		expect((await listOf(owner).archived()).chats).toMatchObject([{ id: kept }]);
	});
});

describe("a chat deleted from the list", () => {
	test("is hidden at once, and can be restored unchanged for 10 s", async () => {
		const talk = await talkListed();
		await change(talk.client, talk.chatId, { pinned: true });
		const before = await listed(talk.owner);
		expect((await change(talk.client, talk.chatId, { deleted: true })).status).toBe(200);
		expect(await listed(talk.owner)).toEqual([]);
		expect((await change(talk.client, talk.chatId, { deleted: false })).status).toBe(200);
		expect(await listed(talk.owner)).toEqual(before);
		stopAppClock().advance(11_000);
		await runDurableObjectAlarm(listOf(talk.owner));
		expect(await listed(talk.owner)).toEqual(before);
		expect((await talk.stub.view(talk.owner))?.messages).toHaveLength(2);
	});

	test("is then deleted by the list's alarm, and can no longer be restored", async () => {
		const talk = await Talk.begin();
		const message = id();
		await talk.ask({ messageId: message, key: message });
		await eventually(async () => expect((await change(talk.client, talk.chatId, { deleted: true })).status).toBe(200));
		stopAppClock().advance(10_001);
		// The 10 s are over before the alarm has run.
		expect((await change(talk.client, talk.chatId, { deleted: false })).status).toBe(404);
		await runDurableObjectAlarm(listOf(talk.owner));
		expect(await talk.stub.view(talk.owner)).toBeNull();
		expect((await talk.ask({ messageId: message, key: message })).status).toBe(410);
		expect(await listOf(talk.owner).every()).toEqual({ chats: [], next: null });
	});

	test("is deleted by the next alarm if its object could not be reached", async () => {
		const talk = await talkListed();
		await change(talk.client, talk.chatId, { deleted: true });
		const clock = stopAppClock();
		clock.advance(10_001);
		const restore = await runInDurableObject(talk.stub, (instance) => {
			const prototype: object = Object.getPrototypeOf(instance);
			const whole: unknown = Reflect.get(prototype, "delete");
			Reflect.set(prototype, "delete", () => Promise.reject(new Error("unreachable")));
			return () => void Reflect.set(prototype, "delete", whole);
		});
		onTestFinished(restore);
		await runDurableObjectAlarm(listOf(talk.owner));
		expect([await listed(talk.owner), (await listOf(talk.owner).every()).chats.length]).toEqual([[], 1]);
		restore();
		await runDurableObjectAlarm(listOf(talk.owner));
		expect(await talk.stub.view(talk.owner)).toBeNull();
		expect((await listOf(talk.owner).every()).chats).toEqual([]);
	});

	test("together with all others is deleted 25 per alarm; all can be restored together within 10 s", async () => {
		const client = new Client();
		const owner = `user:${(await client.signUp()).id}`;
		const list = listOf(owner);
		const deleteAll = (deleted: boolean) => client.fetch("/api/chats", { method: "PATCH", json: { deleted } });
		for (let n = 0; n < 30; n += 1) await list.put({ id: id(), title: "Chat", updatedAt: new Date(n).toISOString() });
		const [first] = await listed(owner);
		await list.mark(owner, first?.id ?? "", { archived: true });
		expect((await deleteAll(true)).status).toBe(200);
		expect([await listed(owner), (await list.archived()).chats]).toEqual([[], []]);
		expect((await deleteAll(false)).status).toBe(200);
		expect([(await listed(owner)).length, (await list.archived()).chats.length]).toEqual([29, 1]);
		await deleteAll(true);
		stopAppClock().advance(10_001);
		await runDurableObjectAlarm(list);
		expect((await list.every()).chats).toHaveLength(5);
		await runDurableObjectAlarm(list);
		expect((await list.every()).chats).toHaveLength(0);
	});
});
