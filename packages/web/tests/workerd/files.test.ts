import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { priceOfSend } from "../../src/components/chat/price.ts";
import { modelOf } from "../../src/components/testing/views.ts";
import { filesOf } from "../../src/lib/chat/history.ts";
import { ChatFiles, partOf } from "../../src/objects/chat-files.ts";
import type { FilePart } from "../../src/view/chat.ts";
import { stopAppClock } from "../app-time.ts";
import { type Answer, Client, hear, resetSandbox, sandboxState } from "../client.ts";
import { messagesOf } from "../stored.ts";

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
const DAY_MS = 86_400_000;
const MIB = 1024 * 1024;

/** A transparent pixel. */
const PNG = Uint8Array.from(
	atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="),
	(one) => one.charCodeAt(0),
);
const bytesOf = (text: string) => new TextEncoder().encode(text);
const idOf = ({ url }: FilePart) => url.split("/").at(-1) ?? "";

const post = (client: Client, chat: string, name: string, body: BodyInit) =>
	client.fetch(`/api/chat/${chat}/files?name=${encodeURIComponent(name)}`, { method: "POST", body });

async function attach(client: Client, chat: string, name: string, body: BodyInit): Promise<FilePart> {
	const response = await post(client, chat, name, body);
	expect(response.status).toBe(201);
	return response.json();
}

interface Asked {
	text?: string;
	files?: FilePart[];
	model?: string;
	key?: string;
	[field: string]: unknown;
}

async function ask(client: Client, chat: string, { text = "Hello", files = [], key = id(), ...more }: Asked = {}): Promise<Answer> {
	const parts = [...files, ...(text ? [{ type: "text", text }] : [])];
	const body = { id: chat, messages: [{ id: key, role: "user", parts }], model: "seeing", ...more };
	return hear(await client.post("/api/chat/ai", body, { "idempotency-key": key }));
}

async function user(): Promise<Client> {
	const client = new Client();
	await client.signUp();
	return client;
}

const problemOf = async (response: Response) => [response.status, (await response.json<{ title: string }>()).title];
const lastCall = async () => (await sandboxState()).modelCalls.at(-1)?.messages ?? [];
const stored = async () => (await env.FILES?.list())?.objects.map(({ key }) => key) ?? [];

describe("an upload", () => {
	test("is typed by its bytes alone, whatever its name claims", async () => {
		const [client, chat] = [await user(), id()];
		expect(await attach(client, chat, "notes.exe", bytesOf("Zeile – 行\n"))).toMatchObject({
			mediaType: "text/plain",
			filename: "notes.exe",
		});
		expect(await attach(client, chat, "cat.txt", PNG)).toMatchObject({
			mediaType: "image/png",
			providerMetadata: { parley: { bytes: PNG.byteLength, tokens: 4_000 } },
		});
		for (const bytes of [[0xff, 0xfe, 0x00], [0x50, 0x4b, 0x03, 0x04], [0xc3, 0x28], []])
			expect(await problemOf(await post(client, chat, "cat.png", new Uint8Array(bytes)))).toEqual([415, "File type not supported"]);
		expect(await problemOf(await post(client, chat, "a.pdf", bytesOf("%PDF-1.7 text")))).toEqual([415, "File type not supported"]);
	});

	test("is limited by tier, even when the body does not state its length", async () => {
		const [guest, free, chat] = [await new Client().visit(), await user(), id()];
		const text = (bytes: number) => bytesOf("x".repeat(bytes));
		expect(await problemOf(await post(guest, id(), "a.png", text(2 * MIB + 1)))).toEqual([413, "File too large"]);
		expect(await problemOf(await post(free, chat, "a.png", text(4 * MIB + 1)))).toEqual([413, "File too large"]);
		expect(await problemOf(await post(free, chat, "a.png", new Blob([text(5 * MIB)]).stream()))).toEqual([413, "File too large"]);
		// An image fits where a text would have too many characters.
		const image = new Uint8Array(3 * MIB);
		image.set(PNG);
		expect(await problemOf(await post(guest, id(), "a.png", image))).toEqual([413, "File too large"]);
		await attach(free, chat, "a.png", image);
		expect(await problemOf(await post(free, chat, "a.txt", text(400_001)))).toEqual([415, "File type not supported"]);
	});

	test("counts towards its uploader's and its network's day, and the refusal says when there is room again", async () => {
		const image = new Uint8Array(2 * MIB);
		image.set(PNG);
		const ip = "198.51.100.20";
		const guests = [];
		for (let n = 0; n < 5; n += 1) guests.push(await new Client(ip).visit());
		for (const guest of guests) for (let n = 0; n < 10; n += 1) await attach(guest, id(), "a.png", image);
		for (const client of [guests[0], await new Client(ip).visit()]) {
			const response = await post(client as Client, id(), "a.png", image);
			expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
			expect(await problemOf(response)).toEqual([429, "Upload limit reached"]);
		}
		await attach(await new Client("198.51.100.21").visit(), id(), "a.png", image);
	});

	test("holds and counts no request", async () => {
		const client = await new Client().visit();
		await attach(client, id(), "a.txt", "text");
		expect(await client.usage()).toMatchObject({ used: 0, held: 0 });
	});

	test("stores its name as one line, without a path or marks that reverse text", async () => {
		const client = await user();
		const { filename } = await attach(client, id(), `../a"\u202etxt.exe\n<${"x".repeat(200)}>.md`, "text");
		expect(filename).toMatch(/^\.\. a txt\.exe x+….md$/);
		expect(filename.length).toBeLessThanOrEqual(120);
	});
});

describe("a file", () => {
	test("is readable by its owner only, before and after it is sent", async () => {
		const [owner, other, chat] = [await user(), await user(), id()];
		const file = await attach(owner, chat, "a.png", PNG);
		const read = async (client: Client) => (await client.fetch(file.url)).status;
		expect([await read(owner), await read(other), await read(await new Client().visit())]).toEqual([200, 404, 404]);
		expect((await ask(other, chat, { files: [file] })).problem).toMatchObject({ title: "File not found" });
		expect(await other.usage()).toMatchObject({ used: 0, held: 0 });
		await ask(owner, chat, { files: [file] });
		expect([await read(owner), await read(other)]).toEqual([200, 404]);
		expect((await other.fetch(file.url, { method: "DELETE" })).status).toBe(404);
	});

	test("cannot run in a browser: an image is served as an image, everything else as text to download", async () => {
		const [client, chat] = [await user(), id()];
		const image = await client.fetch((await attach(client, chat, "a.html", PNG)).url);
		const page = await client.fetch((await attach(client, chat, "a.html", "<script>alert(1)</script>")).url);
		const pdf = await client.fetch((await attach(client, chat, "rapport d’été.pdf", "text")).url);
		for (const { headers } of [image, page, pdf]) {
			expect(headers.get("x-content-type-options")).toBe("nosniff");
			expect(headers.get("cache-control")).toBe("private, no-store");
			expect(headers.get("content-security-policy")).toMatch(/^default-src 'none';.*; sandbox$/);
		}
		expect([image.headers.get("content-type"), image.headers.get("content-disposition")]).toEqual([
			"image/png",
			"inline; filename*=UTF-8''a.html",
		]);
		expect(new Uint8Array(await image.arrayBuffer())).toEqual(PNG);
		expect([page.headers.get("content-type"), page.headers.get("content-disposition")]).toEqual([
			"text/plain; charset=utf-8",
			"attachment; filename*=UTF-8''a.html",
		]);
		expect(await page.text()).toBe("<script>alert(1)</script>");
		expect(pdf.headers.get("content-disposition")).toContain("rapport%20d%E2%80%99%C3%A9t%C3%A9.pdf.txt");
	});

	test("moves from the guest to the account at sign-up, sent or not", async () => {
		const [client, chat] = [await new Client().visit(), id()];
		await client.chat(id(), id());
		const file = await attach(client, chat, "a.txt", "text of the guest");
		await client.signUp();
		expect((await ask(client, chat, { files: [file] })).metadata).toMatchObject({ counted: true });
		expect((await client.fetch(file.url)).status).toBe(200);
	});
});

describe("a message with files", () => {
	test("sends the model the full content of its files, and costs what the page computes", async () => {
		const [client, chat] = [await user(), id()];
		const files = [await attach(client, chat, "a.png", PNG), await attach(client, chat, "main.rs", 'fn main() { println!("ß"); }')];
		const model = modelOf("seeing");
		const tokens = files.reduce((sum, { providerMetadata }) => sum + providerMetadata.parley.tokens, 0);
		const { units } = priceOfSend({ model, effort: null, instructions: 0 }, false, 0, "What is this?", tokens);
		const answer = await ask(client, chat, { text: "What is this?", files, maxUnits: units });
		expect(answer.metadata).toMatchObject({ units, counted: true });
		const [message] = await lastCall();
		expect(message?.content).toEqual([
			{ type: "image_url", image_url: { url: `data:image/png;base64,${btoa(String.fromCharCode(...PNG))}` } },
			{ type: "text", text: '<file name="main.rs">\nfn main() { println!("ß"); }\n</file>' },
			{ type: "text", text: "What is this?" },
		]);
		const [question] = await messagesOf(env.CONVERSATION.getByName(chat));
		expect(question?.parts).toEqual([...files, { type: "text", text: "What is this?" }]);
	});

	test("is charged for each image: three of them are two steps", async () => {
		const [client, chat] = [await user(), id()];
		const files = [
			await attach(client, chat, "1.png", PNG),
			await attach(client, chat, "2.png", PNG),
			await attach(client, chat, "3.png", PNG),
		];
		expect((await ask(client, chat, { files, maxUnits: 1 })).problem).toMatchObject({ title: "Price has changed", price: { units: 2 } });
		expect((await ask(client, chat, { files, maxUnits: 2 })).metadata).toMatchObject({ units: 2 });
	});

	test("may have no text", async () => {
		const [client, chat] = [await user(), id()];
		const answer = await ask(client, chat, { text: "", files: [await attach(client, chat, "list.csv", "a;b")] });
		expect(answer.metadata).toMatchObject({ counted: true });
	});

	test("is refused by a model that cannot read its files, and by a tier that allows fewer; nothing is held", async () => {
		const [client, chat] = [await new Client().visit(), id()];
		const image = await attach(client, chat, "a.png", PNG);
		expect((await ask(client, chat, { files: [image], model: "sandbox" })).problem).toMatchObject({ title: "Not readable by the model" });
		const texts: FilePart[] = [];
		for (let n = 0; n < 4; n += 1) texts.push(await attach(client, chat, "a.txt", "text"));
		expect((await ask(client, chat, { files: texts })).problem).toMatchObject({ title: "Too many files" });
		expect(await client.usage()).toMatchObject({ used: 0, held: 0 });
		expect((await ask(client, chat, { files: texts.slice(1) })).metadata).toMatchObject({ counted: true });
	});

	test("that costs more than the remaining units is offered only models that can read its files", async () => {
		const [client, chat] = [await user(), id()];
		for (const model of ["dear", "dear", "dear", "sharp"]) await ask(client, chat, { model });
		const files = [await attach(client, chat, "a.png", PNG)];
		const refused = await ask(client, chat, { files, model: "sharp" });
		expect(refused.problem).toMatchObject({ title: "Usage limit reached", remaining: 2, price: { units: 3 } });
		expect(refused.problem?.affordable).toEqual([{ units: 1, model: "seeing", effort: null, whole: false }]);
	});

	test("can only reference files of its own chat: no other chat's files, URLs or data URLs", async () => {
		const [client, chat] = [await user(), id()];
		const elsewhere = await attach(client, id(), "a.txt", "text");
		for (const url of [elsewhere.url, "https://example.com/a.png", "data:image/png;base64,AAAA"])
			expect((await ask(client, chat, { files: [{ ...elsewhere, url }] })).problem).toMatchObject({ title: "Invalid request" });
		const missing = { ...elsewhere, url: `/api/chat/${chat}/files/${id()}` };
		expect((await ask(client, chat, { files: [missing] })).problem).toMatchObject({ title: "File not found" });
		expect(await client.usage()).toMatchObject({ used: 0, held: 0 });
	});

	test("keeps its files when regenerated or edited, and later messages send them again", async () => {
		const [client, chat] = [await user(), id()];
		const files = [await attach(client, chat, "a.txt", "the text of the file")];
		const first = await ask(client, chat, { files, key: "q1" });
		await ask(client, chat, { trigger: "regenerate-message", messageId: first.id });
		expect(JSON.stringify(await lastCall())).toContain("the text of the file");
		await ask(client, chat, {
			text: "Edited",
			files,
			messageId: "q1",
			key: "k2",
			messages: [{ id: "q1", role: "user", parts: [...files, { type: "text", text: "Edited" }] }],
		});
		expect(JSON.stringify(await lastCall())).toMatch(/the text of the file.*Edited/);
		await ask(client, chat, { text: "And now?", model: "sandbox" });
		expect((await lastCall()).map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
		expect(JSON.stringify(await lastCall())).toContain("the text of the file");
	});

	test("is a different request with different files, even with the same text and request id", async () => {
		const [client, chat] = [await user(), id()];
		const [one, other] = [await attach(client, chat, "a.txt", "1"), await attach(client, chat, "b.txt", "2")];
		await ask(client, chat, { files: [one], key: "k" });
		expect((await ask(client, chat, { files: [other], key: "k" })).problem).toMatchObject({ title: "Request id already used" });
	});

	test("tells a model that cannot read images that there was one earlier in the chat", async () => {
		const [client, chat] = [await user(), id()];
		await ask(client, chat, { files: [await attach(client, chat, "cat.png", PNG)] });
		await ask(client, chat, { text: "And now?", model: "sandbox" });
		const sent = JSON.stringify(await lastCall());
		expect(sent).toContain("cat.png");
		expect(sent).not.toContain("base64");
	});

	test("is not answered without its file: if the bytes are missing, the answer fails and is not counted", async () => {
		const [client, chat] = [await user(), id()];
		const file = await attach(client, chat, "a.txt", "text");
		await env.FILES?.delete(idOf(file));
		expect((await ask(client, chat, { files: [file] })).metadata).toMatchObject({ state: "failed", counted: false });
		expect((await ask(client, chat)).metadata).toMatchObject({ counted: true });
	});

	test("reads no file bytes before the model is called, and none to show the chat", async () => {
		const [client, chat] = [await user(), id()];
		const file = await attach(client, chat, "a.png", PNG);
		await ask(client, chat, { files: [file] });
		await env.FILES?.delete(idOf(file));
		expect((await messagesOf(env.CONVERSATION.getByName(chat)))[0]?.parts[0]).toEqual(file);
	});
});

describe("a branch", () => {
	const branch = (client: Client, chat: string, messageId: string, into: string) =>
		client.post(`/api/chat/${chat}/branch`, { messageId, id: into });
	const questionIn = async (chat: string) => (await messagesOf(env.CONVERSATION.getByName(chat)))[0];
	const filesIn = async (chat: string) => filesOf((await questionIn(chat)) ?? { parts: [] });

	test("has its own copies of files, which end with it and not with the chat they came from", async () => {
		const [client, other, chat, into] = [await user(), await user(), id(), id()];
		const files = [await attach(client, chat, "a.png", PNG), await attach(client, chat, "b.txt", "the text of the file")];
		const answer = await ask(client, chat, { files, key: "q1" });
		const { used } = await client.usage();
		expect((await branch(client, chat, answer.id, into)).status).toBe(201);
		expect((await client.usage()).used).toBe(used);
		const copies = await filesIn(into);
		expect(copies.map(({ url, ...rest }) => rest)).toEqual(files.map(({ url, ...rest }) => rest));
		expect(copies.map(({ url }) => url.startsWith(`/api/chat/${into}/files/`))).toEqual([true, true]);
		expect((await env.CONVERSATION.getByName(into).view(await ownerOf(client)))?.tokens).toBe(answer.metadata.tokens);
		await client.fetch(`/api/chat/${chat}`, { method: "DELETE" });
		expect(new Uint8Array(await (await client.fetch(copies[0]?.url ?? "")).arrayBuffer())).toEqual(PNG);
		expect((await other.fetch(copies[0]?.url ?? "")).status).toBe(404);
		await ask(client, into, { text: "And now?" });
		expect(JSON.stringify(await lastCall())).toMatch(/base64.*the text of the file.*And now\?/);
		// A day later the files are still there: they belong to the chat.
		stopAppClock().advance(2 * DAY_MS);
		await runDurableObjectAlarm(env.CONVERSATION.getByName(into));
		expect((await client.fetch(copies[1]?.url ?? "")).status).toBe(200);
		await client.fetch(`/api/chat/${into}`, { method: "DELETE" });
		for (const copy of copies) expect(await stored()).not.toContain(idOf(copy));
	});

	test("copies its files once when it is made twice", async () => {
		const [client, chat, into] = [await user(), id(), id()];
		await ask(client, chat, { files: [await attach(client, chat, "a.txt", "text")], key: "q1" });
		await Promise.all([branch(client, chat, "q1", into), branch(client, chat, "q1", into)]);
		const [copy] = await filesIn(into);
		const rows = await runInDurableObject(env.CONVERSATION.getByName(into), (_, { storage }) =>
			storage.sql.exec("SELECT id, state FROM file").toArray(),
		);
		expect(rows).toEqual([{ id: copy && idOf(copy), state: "sent" }]);
	});

	test("names the files that do not fit into the day's uploads", async () => {
		const [client, chat, into] = [await new Client("198.51.100.22").visit(), id(), id()];
		const image = new Uint8Array(2 * MIB);
		image.set(PNG);
		const answer = await ask(client, chat, { text: "Look", files: [await attach(client, chat, "a.png", image)] });
		for (let n = 0; n < 9; n += 1) await attach(client, id(), "b.png", image);
		expect((await branch(client, chat, answer.id, into)).status).toBe(201);
		expect((await questionIn(into))?.parts).toEqual([
			{ type: "text", text: "[a.png is in the chat that this one branched from]" },
			{ type: "text", text: "Look" },
		]);
		expect((await ask(client, into, { text: "And now?" })).metadata).toMatchObject({ counted: true });
	});

	test("copies at most 20 files with 16 MiB together, each once", async () => {
		const files = await runInDurableObject(env.CONVERSATION.getByName(id()), async (_, { storage }) => {
			const inObject = new ChatFiles(storage.sql, undefined);
			const add = async (name: string, bytes: number) => {
				const file = id();
				await inObject.add(file, "user:u", { name, mediaType: "image/png", tokens: 1, bytes: new Uint8Array(bytes) }, 0);
				return inObject.row(file);
			};
			const parts = async (count: number, bytes: number) => {
				const rows = [];
				for (let n = 0; n < count; n += 1) rows.push(await add(`${n}.png`, bytes));
				return rows.flatMap((row) => (row ? [partOf("chat", row)] : []));
			};
			const takenOf = (some: FilePart[]) => {
				const { take, taken } = inObject.copiesFor("into");
				for (const part of [...some, ...some]) take(part);
				return taken.map(({ name }) => name);
			};
			return [takenOf(await parts(25, 1)), takenOf(await parts(10, 1_900_000))];
		});
		const first = (count: number) => Array.from({ length: count }, (_, n) => `${n}.png`);
		expect(files).toEqual([first(20), first(8)]);
	});

	test("is not created when its files cannot be copied, and leaves nothing behind", async () => {
		const [client, chat, into] = [await user(), id(), id()];
		await ask(client, chat, { files: [await attach(client, chat, "a.txt", "text")], key: "q1" });
		const before = await stored();
		const broken = vi.spyOn(Object.getPrototypeOf(env.FILES), "put").mockRejectedValue(new Error("R2 is down"));
		expect((await branch(client, chat, "q1", into)).status).toBe(500);
		broken.mockRestore();
		expect(await stored()).toEqual(before);
		expect(await questionIn(into)).toBeUndefined();
		await runDurableObjectAlarm(env.CONVERSATION.getByName(into));
		expect((await branch(client, chat, "q1", into)).status).toBe(201);
		expect(await filesIn(into)).toHaveLength(1);
	});
});

describe("deleting a file", () => {
	test("happens with its chat: nothing is left in the bucket or in the object", async () => {
		const [client, chat] = [await user(), id()];
		const files = [await attach(client, chat, "a.png", PNG), await attach(client, chat, "b.txt", "text")];
		const unsent = await attach(client, chat, "c.txt", "never sent");
		await ask(client, chat, { files });
		expect(await stored()).toEqual(expect.arrayContaining([...files, unsent].map(idOf)));
		expect((await client.fetch(`/api/chat/${chat}`, { method: "DELETE" })).status).toBe(204);
		for (const file of [...files, unsent]) {
			expect(await stored()).not.toContain(idOf(file));
			expect((await client.fetch(file.url)).status).toBe(404);
		}
		expect(await problemOf(await post(client, chat, "d.txt", "late"))).toEqual([404, "Chat not found"]);
	});

	test("is retried when the bucket could not be reached", async () => {
		const [client, chat] = [await user(), id()];
		const file = await attach(client, chat, "a.txt", "text");
		await ask(client, chat, { files: [file] });
		const conversation = env.CONVERSATION.getByName(chat);
		await runDurableObjectAlarm(conversation);
		const owner = await ownerOf(client);
		await runInDurableObject(conversation, async (object) => {
			const broken = vi.spyOn(Object.getPrototypeOf(env.FILES), "delete").mockRejectedValue(new Error("R2 is down"));
			await object.delete(owner);
			broken.mockRestore();
		});
		expect(await stored()).toContain(idOf(file));
		await runDurableObjectAlarm(conversation);
		expect(await stored()).not.toContain(idOf(file));
	});

	test("happens a day after an upload that was never sent, and leaves nothing of a chat that never began", async () => {
		const [client, chat] = [await new Client().visit(), id()];
		const file = await attach(client, chat, "a.txt", "text");
		const conversation = env.CONVERSATION.getByName(chat);
		const clock = stopAppClock();
		clock.advance(DAY_MS / 2);
		await runDurableObjectAlarm(conversation);
		expect(await stored()).toContain(idOf(file));
		clock.advance(DAY_MS);
		await runDurableObjectAlarm(conversation);
		expect(await stored()).not.toContain(idOf(file));
		const left = await runInDurableObject(conversation, async (_, { storage }) => [
			...storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'"),
			await storage.getAlarm(),
		]);
		expect(left).toEqual([null]);
	});

	test("never happens to a sent file, even after the object was evicted", async () => {
		const [client, chat] = [await user(), id()];
		const file = await attach(client, chat, "a.txt", "text");
		await ask(client, chat, { files: [file] });
		const conversation = env.CONVERSATION.getByName(chat);
		stopAppClock().advance(3 * DAY_MS);
		await evictDurableObject(conversation);
		await runDurableObjectAlarm(conversation);
		expect((await client.fetch(file.url)).status).toBe(200);
	});

	test("happens at once when it is removed from the composer, but never for a sent file", async () => {
		const [client, chat] = [await user(), id()];
		const [kept, removed] = [await attach(client, chat, "a.txt", "1"), await attach(client, chat, "b.txt", "2")];
		expect((await client.fetch(removed.url, { method: "DELETE" })).status).toBe(204);
		expect(await stored()).not.toContain(idOf(removed));
		await ask(client, chat, { files: [kept] });
		await client.fetch(kept.url, { method: "DELETE" });
		expect((await client.fetch(kept.url)).status).toBe(200);
	});

	test("happens when its guest ends", async () => {
		const [client, chat] = [await new Client().visit(), id()];
		const file = await attach(client, chat, "a.txt", "text");
		await ask(client, chat, { files: [file] });
		await env.CONVERSATION.getByName(chat).end(`guest:${client.cookies.get("parley.guest")?.split(".")[1]}`);
		expect(await stored()).not.toContain(idOf(file));
	});
});

describe("without a bucket", () => {
	test("a small file is stored in the chat's object, and sent, read and deleted like any other", async () => {
		const [client, chat, file] = [await user(), id(), id()];
		const owner = await ownerOf(client);
		const conversation = env.CONVERSATION.getByName(chat);
		const upload = { name: "a.txt", mediaType: "text/plain", tokens: 10, bytes: bytesOf("kept in the object") };
		const part = await runInDurableObject(conversation, async (_, { storage }) => {
			const files = new ChatFiles(storage.sql, undefined);
			await files.add(file, owner, upload, Date.now());
			const row = files.row(file);
			return row && partOf(chat, row);
		});
		if (!part) throw new Error("the file is not there");
		await ask(client, chat, { files: [part] });
		expect(JSON.stringify(await lastCall())).toContain("kept in the object");
		expect(await (await client.fetch(part.url)).text()).toBe("kept in the object");
		expect(await stored()).not.toContain(file);
		const into = id();
		const [question] = await messagesOf(conversation);
		await client.post(`/api/chat/${chat}/branch`, { messageId: question?.id, id: into });
		const [copy] = filesOf((await messagesOf(env.CONVERSATION.getByName(into)))[0] ?? { parts: [] });
		expect(await (await client.fetch(copy?.url ?? "")).text()).toBe("kept in the object");
		await client.fetch(`/api/chat/${chat}`, { method: "DELETE" });
		const left = await runInDurableObject(conversation, (_, { storage }) => storage.sql.exec("SELECT id FROM file_content").toArray());
		expect(left).toEqual([]);
	});
});

/** The key of a signed-in client. */
async function ownerOf(client: Client): Promise<string> {
	const { user: signedIn } = await (await client.fetch("/api/auth/get-session")).json<{ user: { id: string } }>();
	return `user:${signedIn.id}`;
}
