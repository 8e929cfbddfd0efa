import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { FilePart } from "../../src/view/chat.ts";
import type { Share } from "../../src/view/share.ts";
import { Client, faults, hear, resetSandbox } from "../client.ts";

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();

/** A user with a confirmed address, who may share. */
async function owner(): Promise<{ client: Client; key: string }> {
	const client = new Client();
	const { id: userId, email } = await client.signUp();
	await client.confirm(email);
	return { client, key: `user:${userId}` };
}

const post = (client: Client, chat: string, body: object = {}) => client.post(`/api/chat/${chat}/share`, body);

async function share(client: Client, chat: string, body: object = {}): Promise<Share> {
	const response = await post(client, chat, body);
	expect(response.status).toBe(201);
	return (await response.json<{ share: Share }>()).share;
}

async function listed(client: Client): Promise<Share[]> {
	return (await (await client.fetch("/api/shares")).json<{ shares: Share[] }>()).shares;
}

/** A share's page, as loaded by a visitor without a cookie. */
async function read(shareId: string): Promise<{ status: number; html: string; headers: Headers }> {
	const response = await new Client().fetch(`/s/${shareId}`);
	return { status: response.status, html: await response.text(), headers: response.headers };
}

const problemOf = async (response: Response) => [response.status, (await response.json<{ title: string }>()).title];

/** What an object has on disk, and its alarm. */
const leftIn = (object: DurableObjectStub) =>
	runInDurableObject(object, async (_, { storage }) => ({
		tables: storage.sql
			.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")
			.toArray()
			.map(({ name }) => name),
		alarm: await storage.getAlarm(),
	}));
const NOTHING = { tables: [], alarm: null };
const shared = (shareId: string) => env.SHARED_CHAT.getByName(shareId);

async function attach(client: Client, chat: string, text: string): Promise<FilePart> {
	return (await client.fetch(`/api/chat/${chat}/files?name=plan.txt`, { method: "POST", body: text })).json();
}

describe("a shared chat", () => {
	test("is a page for everyone with its link: it shows the chat as it was then, and nothing about its owner", async () => {
		const [{ client }, chat] = [await owner(), id()];
		await client.post(`/api/instructions`, { about: "about the owner", answer: "" });
		await client.chat(chat, "first", { text: "A question" });
		const { messages, ...view } = await share(client, chat);
		expect({ messages, ...view }).toMatchObject({ chatId: chat, title: "A question", messages: 2, files: 0 });
		await client.chat(chat, id(), { text: "A later question" });
		const { status, html, headers } = await read(view.id);
		expect(status).toBe(200);
		expect(html).toMatch(/<article aria-label="Question"[^>]*>.*A question/s);
		expect(html).toMatch(/<article aria-label="Answer"[^>]*>.*You said/s);
		for (const secret of ["A later question", "about the owner", "Ada", "first", chat]) expect(html).not.toContain(secret);
		expect(headers.getSetCookie()).toEqual([]);
	});

	test("is not listed by search engines or cached, and sends its address to no linked site", async () => {
		const [{ client }, chat] = [await owner(), id()];
		await client.chat(chat, id());
		const { html, headers } = await read((await share(client, chat)).id);
		expect(Object.fromEntries(headers)).toMatchObject({
			"cache-control": "private, no-store",
			"referrer-policy": "no-referrer",
			"x-robots-tag": "noindex, nofollow",
		});
		expect(html).toContain('<meta name="robots" content="noindex, nofollow"');
	});

	test("shows a different version only after that version is shared", async () => {
		const [{ client }, chat, message] = [await owner(), id(), id()];
		await client.chat(chat, message, { text: "The first words" });
		const before = await share(client, chat);
		const edit = { id: message, role: "user", parts: [{ type: "text", text: "The new words" }] };
		await hear(await client.post("/api/chat/ai", { id: chat, messages: [edit], trigger: "submit-message", messageId: message }));
		const after = await share(client, chat);
		const articles = async (shareId: string) => (await read(shareId)).html.match(/<article.*?<\/article>/gs)?.join("") ?? "";
		expect(await articles(before.id)).toContain("The first words");
		expect(await articles(after.id)).toContain("The new words");
		expect(await articles(after.id)).not.toContain("The first words");
	});

	test("includes the chat's files only if its owner chooses so, under addresses that end with the share", async () => {
		const [{ client }, chat] = [await owner(), id()];
		const file = await attach(client, chat, "a secret plan");
		const parts = [file, { type: "text", text: "Look" }];
		await hear(await client.post("/api/chat/ai", { id: chat, messages: [{ id: id(), role: "user", parts }] }));
		const without = await read((await share(client, chat)).id);
		// The sandbox's model repeats what it read, so only the question shows what is shared.
		const [question = ""] = /<article aria-label="Question".*?<\/article>/s.exec(without.html) ?? [];
		expect(question).toContain("[A file that isn’t shared]");
		expect(question).not.toContain("plan.txt");
		expect(without.html).not.toContain("/files/");
		const withFiles = await share(client, chat, { files: true });
		expect(withFiles.files).toBe(1);
		const [address = ""] = new RegExp(`/s/${withFiles.id}/files/[\\w-]+`).exec((await read(withFiles.id)).html) ?? [];
		const loaded = await new Client().fetch(address);
		expect([loaded.status, await loaded.text()]).toEqual([200, "a secret plan"]);
		expect(Object.fromEntries(loaded.headers)).toMatchObject({
			"content-type": "text/plain; charset=utf-8",
			"content-disposition": expect.stringContaining("attachment"),
			"cache-control": "private, no-store",
		});
		// Only the owner can open the chat's own file.
		expect((await new Client().fetch(file.url)).status).toBe(404);
		const keys = async () => (await env.FILES?.list())?.objects.length;
		expect(await keys()).toBe(2);
		await client.fetch(`/api/shares/${withFiles.id}`, { method: "DELETE" });
		expect((await new Client().fetch(address)).status).toBe(404);
		expect(await keys()).toBe(1);
	});

	test.each(["none", "x".repeat(22), "a b", "%2e%2e%2f"])(
		"that does not exist (%s) is a 404 page, and nothing is stored for it",
		async (name) => {
			const { status, html } = await read(name);
			expect([status, /<h1[^>]*>([^<]+)/.exec(html)?.[1]]).toEqual([404, expect.stringMatching(/link doesn’t work|Page not found/)]);
			expect(await leftIn(shared(name))).toEqual(NOTHING);
		},
	);
});

describe("sharing", () => {
	test("requires a confirmed address, and works only for one's own chats", async () => {
		const [{ client, key }, guest, unconfirmed] = [await owner(), await new Client().visit(), new Client()];
		await unconfirmed.signUp();
		for (const [who, refusal] of [
			[guest, [401, "Not signed in"]],
			[unconfirmed, [403, "Email not verified"]],
		] as const) {
			const own = id();
			await who.chat(own, id());
			expect(await problemOf(await post(who, own))).toEqual(refusal);
		}
		const theirs = id();
		await guest.chat(theirs, id());
		for (const chat of [theirs, id()]) expect(await problemOf(await post(client, chat))).toEqual([404, "Chat not found"]);
		expect(await listed(client)).toEqual([]);
		expect(
			await runInDurableObject(env.SHARE_LIST.getByName(key), (_, { storage }) => storage.sql.exec("SELECT * FROM share").toArray()),
		).toEqual([]);
	});

	test("waits for the end of an answer, and is refused to a page that does not show the end", async () => {
		const [{ client }, chat] = [await owner(), id()];
		const { id: answerId } = await client.chat(chat, id());
		await client.chat(chat, id());
		const late = await post(client, chat, { seen: answerId });
		expect(late.status).toBe(409);
		expect(await late.json()).toMatchObject({ title: "Chat has moved on", chat: { messages: { length: 4 } } });
		await faults({ model: { chunks: 200, chunkMs: 20 } });
		const running = await client.send(chat, id());
		expect(await problemOf(await post(client, chat))).toEqual([409, "An answer is being written"]);
		await client.post(`/api/chat/${chat}/stop`, {});
		await running.text();
		expect(await listed(client)).toEqual([]);
	});

	test("is limited to exactly 20 a day, and failed attempts are not counted", async () => {
		const [{ client }, chat] = [await owner(), id()];
		await client.chat(chat, id());
		for (let times = 0; times < 3; times += 1) expect((await post(client, id())).status).toBe(404);
		const statuses = await Promise.all(Array.from({ length: 24 }, async () => (await post(client, chat)).status));
		expect(statuses.toSorted()).toEqual([...Array(20).fill(201), ...Array(4).fill(429)]);
		const [first] = await listed(client);
		await client.fetch(`/api/shares/${first?.id}`, { method: "DELETE" });
		expect(await problemOf(await post(client, chat))).toEqual([429, "Too many shared chats"]);
	});

	test("is limited to 50 shares at a time", async () => {
		const [{ client, key }, chat] = [await owner(), id()];
		await client.chat(chat, id());
		await share(client, chat);
		await runInDurableObject(env.SHARE_LIST.getByName(key), (_, { storage }) => {
			for (let one = 1; one < 50; one += 1)
				storage.sql.exec("INSERT INTO share SELECT ?, chat_id, title, at_ms, messages, files, state FROM share LIMIT 1", `older-${one}`);
		});
		expect(await problemOf(await post(client, chat))).toEqual([429, "Too many shared chats"]);
		expect((await client.fetch("/api/shares/older-1", { method: "DELETE" })).status).toBe(204);
		await share(client, chat);
	});

	test("counts files towards the day's uploads", async () => {
		const [{ client, key }, chat] = [await owner(), id()];
		const file = await attach(client, chat, "x");
		await hear(
			await client.post("/api/chat/ai", {
				id: chat,
				messages: [{ id: id(), role: "user", parts: [file, { type: "text", text: "Look" }] }],
			}),
		);
		await env.DB.prepare("UPDATE bounds SET count = 100 * 1024 * 1024 WHERE count >= 16384").run();
		expect(await problemOf(await post(client, chat, { files: true }))).toEqual([429, "Upload limit reached"]);
		expect(await listed(client)).toEqual([]);
		await share(client, chat);
		expect(key).toMatch(/^user:/);
	});
});

describe("a share ends", () => {
	test("when its owner ends it, at once and permanently; nobody else can", async () => {
		const [{ client }, other, chat] = [await owner(), await owner(), id()];
		await client.chat(chat, id());
		const { id: shareId } = await share(client, chat);
		expect(await problemOf(await new Client().fetch(`/api/shares/${shareId}`, { method: "DELETE" }))).toEqual([401, "Not signed in"]);
		expect(await problemOf(await other.client.fetch(`/api/shares/${shareId}`, { method: "DELETE" }))).toEqual([404, "Not found"]);
		expect((await read(shareId)).status).toBe(200);
		expect((await client.fetch(`/api/shares/${shareId}`, { method: "DELETE" })).status).toBe(204);
		expect((await read(shareId)).status).toBe(404);
		expect(await leftIn(shared(shareId))).toEqual(NOTHING);
		expect(await listed(client)).toEqual([]);
		expect((await client.fetch(`/api/shares/${shareId}`, { method: "DELETE" })).status).toBe(404);
	});

	test("with its chat, as do the chat's other shares", async () => {
		const [{ client }, chat, kept] = [await owner(), id(), id()];
		for (const one of [chat, kept]) await client.chat(one, id());
		const ended = [await share(client, chat), await share(client, chat)];
		const other = await share(client, kept);
		expect((await client.fetch(`/api/chat/${chat}`, { method: "DELETE" })).status).toBe(204);
		for (const { id: shareId } of ended) {
			expect((await read(shareId)).status).toBe(404);
			expect(await leftIn(shared(shareId))).toEqual(NOTHING);
		}
		expect((await listed(client)).map((one) => one.id)).toEqual([other.id]);
	});

	test("when its chat is deleted at the same moment, whichever comes first", async () => {
		const { client } = await owner();
		for (let round = 0; round < 5; round += 1) {
			const chat = id();
			await client.chat(chat, id());
			const [made] = await Promise.all([post(client, chat), client.fetch(`/api/chat/${chat}`, { method: "DELETE" })]);
			const { share: one } = await made.json<{ share?: Share }>();
			if (one) expect((await read(one.id)).status).toBe(404);
			expect(await listed(client)).toEqual([]);
		}
	});

	test("a day after an interruption that kept it out of the list", async () => {
		const [{ key }, shareId] = [await owner(), "a".repeat(22)];
		const head = { id: shareId, owner: key, title: "Unlisted", atMs: Date.now(), isCut: false };
		await shared(shareId).fill({ ...head, messages: [], files: [] });
		expect((await read(shareId)).status).toBe(200);
		await runDurableObjectAlarm(shared(shareId));
		expect((await read(shareId)).status).toBe(404);
		expect(await leftIn(shared(shareId))).toEqual(NOTHING);
	});

	test("for its readers at once, and for its files as soon as the bucket can be reached", async () => {
		const [{ client }, chat] = [await owner(), id()];
		const file = await attach(client, chat, "x");
		await hear(
			await client.post("/api/chat/ai", {
				id: chat,
				messages: [{ id: id(), role: "user", parts: [file, { type: "text", text: "Look" }] }],
			}),
		);
		const { id: shareId } = await share(client, chat, { files: true });
		await runInDurableObject(shared(shareId), async (object) => {
			const broken = vi.spyOn(Object.getPrototypeOf(env.FILES), "delete").mockRejectedValue(new Error("R2 is down"));
			await object.end();
			broken.mockRestore();
		});
		expect((await read(shareId)).status).toBe(404);
		expect((await leftIn(shared(shareId))).alarm).toBeGreaterThan(Date.now());
		await runDurableObjectAlarm(shared(shareId));
		expect(await leftIn(shared(shareId))).toEqual(NOTHING);
	});
});

describe("a takedown by an operator", () => {
	const takeDown = (client: Client, shareId: string) => client.fetch(`/api/admin/shares/${shareId}`, { method: "DELETE" });

	async function admin(): Promise<Client> {
		const [client, email] = [new Client(), "share-admin@example.com"];
		const known = await client.post("/api/auth/sign-in/email", { email, password: "correct horse" }, { "cf-connecting-ip": "10.20.30.40" });
		if (known.ok) return client;
		await client.signUp(email);
		await client.confirm(email);
		return client;
	}

	test("removes the share and its files for everyone, answers 410 with the reason, and informs the owner", async () => {
		const [{ client, key }, chat, operator] = [await owner(), id(), await admin()];
		const file = await attach(client, chat, "A plan");
		await hear(
			await client.post("/api/chat/ai", {
				id: chat,
				messages: [{ id: id(), role: "user", parts: [file, { type: "text", text: "Secret words" }] }],
			}),
		);
		const { id: shareId } = await share(client, chat, { files: true });
		const address = /\/s\/[\w-]+\/files\/[\w-]+/.exec((await read(shareId)).html)?.[0] ?? "";
		expect((await new Client().fetch(address)).status).toBe(200);
		expect((await takeDown(operator, shareId)).status).toBe(204);
		const { status, html } = await read(shareId);
		expect([status, html.includes("This chat is gone"), html.includes("Secret words")]).toEqual([410, true, false]);
		expect((await new Client().fetch(address)).status).toBe(404);
		expect(await listed(client)).toMatchObject([{ id: shareId, takenDown: true }]);
		expect((await takeDown(operator, shareId)).status).toBe(204);
		await runDurableObjectAlarm(shared(shareId));
		expect((await read(shareId)).status).toBe(410);
		// The chat itself remains its owner's.
		expect(await env.CONVERSATION.getByName(chat).view(key)).toMatchObject({ messages: { length: 2 } });
		expect((await client.fetch(`/api/shares/${shareId}`, { method: "DELETE" })).status).toBe(204);
		expect([(await read(shareId)).status, await listed(client), await leftIn(shared(shareId))]).toEqual([404, [], NOTHING]);
	});

	test("is limited to operators, and stores nothing for an unknown id", async () => {
		const [{ client }, chat, operator] = [await owner(), id(), await admin()];
		await client.chat(chat, id());
		const { id: shareId } = await share(client, chat);
		expect([(await takeDown(client, shareId)).status, (await takeDown(new Client(), shareId)).status]).toEqual([403, 401]);
		expect((await read(shareId)).status).toBe(200);
		const none = "x".repeat(22);
		expect([(await takeDown(operator, none)).status, (await takeDown(operator, "x")).status]).toEqual([404, 404]);
		expect(await leftIn(shared(none))).toEqual(NOTHING);
	});
});
