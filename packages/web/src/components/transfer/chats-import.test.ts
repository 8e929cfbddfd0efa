import { describe, expect, test } from "vitest";
import type { ChatDocument } from "../../chat-document.ts";
import { Refused, Unreached } from "../requests.ts";
import { ZipFile } from "./archive.ts";
import { ChatsImport, type ImportProgress } from "./chats-import.ts";
import { chatsIn, type FoundEntry } from "./chats-in-file.ts";

const refused = (status: number) => new Refused({ type: "x", title: "x", status, detail: `Refused with ${status}.` });
const ours = (title: string): ChatDocument => ({
	format: "parley.chat",
	version: 1,
	title,
	instructions: "",
	exportedAt: "",
	shown: null,
	turns: [],
});
const theirs = (title: string) => ({
	title,
	mapping: {
		a: { parent: null, children: [], message: { author: { role: "user" }, content: { content_type: "text", parts: ["Hello"] } } },
	},
	current_node: "a",
});
const fileOf = (content: unknown, name = "chats.json") => new File([typeof content === "string" ? content : JSON.stringify(content)], name);
async function found(file: Blob): Promise<FoundEntry[]> {
	const entries: FoundEntry[] = [];
	for await (const entry of chatsIn(file, () => {})) entries.push(entry);
	return entries;
}
const namesIn = async (file: Blob) =>
	(await found(file)).map((entry) => ("problem" in entry ? `${entry.name}: ${entry.problem}` : entry.name));

async function zipOf(files: Record<string, unknown>): Promise<Blob> {
	const zip = new ZipFile();
	for (const [name, content] of Object.entries(files)) await zip.add(name, JSON.stringify(content));
	return zip.close();
}

describe("a file", () => {
	test("may be one of our chats, ChatGPT's conversations, or a single one of these", async () => {
		expect(await namesIn(fileOf(ours("Mine")))).toEqual(["Mine"]);
		expect(await namesIn(fileOf([theirs("One"), theirs("Two")]))).toEqual(["One", "Two"]);
		expect(await namesIn(fileOf(theirs("One")))).toEqual(["One"]);
	});

	test("may be our zip file, which restores archived, pinned and folder marks, or ChatGPT's with its conversations", async () => {
		const contents = {
			folders: [{ id: "f", name: "Tallies", instructions: "Verse." }],
			chats: [
				{ name: "1 Mine", archived: true },
				{ name: "2 Other", pinned: true, folder: "f" },
			],
		};
		const zip = await zipOf({
			"contents.json": contents,
			"json/1 Mine.json": ours("Mine"),
			"markdown/1 Mine.md": "#",
			"json/2 Other.json": ours("Other"),
		});
		expect(await found(zip)).toEqual([
			{ name: "Mine", document: { ...ours("Mine"), archived: true } },
			{ name: "Other", document: { ...ours("Other"), pinned: true, folder: { name: "Tallies", instructions: "Verse." } } },
		]);
		const export_ = {
			"user.json": {},
			"conversations-000.json": [theirs("One")],
			"conversations-001.json": [theirs("Two")],
			"chat.html": "",
		};
		expect(await namesIn(await zipOf(export_))).toEqual(["One", "Two"]);
	});

	test("with broken entries names them and yields the others", async () => {
		const text = `[${JSON.stringify(theirs("One"))}, {broken}, 7, {"title": "Notes"}, {"title": "Empty", "mapping": {}}, ${JSON.stringify(theirs("Two"))}]`;
		expect(await namesIn(fileOf(text))).toEqual([
			"One",
			"chats.json, chat 2: This is not valid JSON.",
			"chats.json, chat 3: This is no chat.",
			"Notes: This is not a chat from Parley or ChatGPT.",
			"Empty: This chat has no messages.",
			"Two",
		]);
	});

	test("that is truncated is read up to that point", async () => {
		const text = JSON.stringify([theirs("One"), theirs("Two")]);
		expect(await namesIn(fileOf(text.slice(0, -20)))).toEqual(["One", "chats.json: The file breaks off. Chats before that were read."]);
		const zip = await zipOf({ "json/1 Mine.json": ours("Mine") });
		expect(await namesIn(zip.slice(0, zip.size - 30))).toEqual(["The file: This zip file is damaged, or not whole."]);
	});

	test("without a chat reports that", async () => {
		expect(await namesIn(fileOf([]))).toEqual(["chats.json: There are no chats in this file."]);
		expect(await namesIn(await zipOf({ "user.json": {} }))).toEqual(["The file: There are no chats in this file."]);
	});
});

async function* entriesOf(count: number): AsyncGenerator<FoundEntry, void> {
	for (let n = 0; n < count; n += 1) yield { name: `Chat ${n}`, document: ours(`Chat ${n}`) };
}

function importing(entries: AsyncGenerator<FoundEntry, void>, add: (title: string) => boolean) {
	let progress: ImportProgress = { added: 0, there: 0, failed: [] };
	const report = (told: ImportProgress) => {
		progress = told;
	};
	const chats = new ChatsImport(entries, async (document) => add((document as ChatDocument).title), report);
	return { chats, progress: () => progress };
}

describe("an import", () => {
	test("distinguishes new chats from existing ones, and names those that the server refuses", async () => {
		const { chats, progress } = importing(entriesOf(10), (title) => {
			if (title === "Chat 3") throw refused(413);
			if (title === "Chat 4") throw refused(500);
			return title !== "Chat 5";
		});
		await chats.run();
		expect(progress()).toEqual({
			added: 7,
			there: 1,
			failed: [
				{ name: "Chat 3", why: "Refused with 413." },
				{ name: "Chat 4", why: "Refused with 500." },
			],
		});
	});

	test.each([new Unreached("lost"), refused(429), refused(409)])(
		"stops at %s, and continues with every chat that was not sent",
		async (failure) => {
			let isDown = false;
			const sent: string[] = [];
			const { chats, progress } = importing(entriesOf(30), (title) => {
				if (isDown) throw failure;
				sent.push(title);
				isDown = sent.length === 12;
				return true;
			});
			await expect(chats.run()).rejects.toBe(failure);
			expect(progress().added).toBe(12);
			isDown = false;
			await chats.run();
			expect(new Set(sent).size).toBe(30);
			expect(progress()).toEqual({ added: 30, there: 0, failed: [] });
		},
	);
});
