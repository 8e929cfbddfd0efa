import { describe, expect, test } from "vitest";
import type { ChatDocument, ExportedFile } from "../../chat-document.ts";
import type { ChatSummary } from "../../view/chat.ts";
import { Refused, Unreached } from "../requests.ts";
import { filesIn } from "./archive.ts";
import { ChatsDownload, type DownloadProgress } from "./chats-download.ts";
import type { DiskFile } from "./disk-file.ts";

const refused = (status: number) => new Refused({ type: "x", title: "x", status, detail: "Refused." });
const chatOf = (n: number): ChatSummary => ({
	id: `c${n}`,
	title: n === 1 ? 'A "title" / with: signs. ' : "Same title",
	updatedAt: new Date(1_700_000_000_000 - n).toISOString(),
	...(n === 2 && { archived: true as const, pinned: true as const, folder: "f" }),
});

const documentOf = (id: string, files: ExportedFile[] = []): ChatDocument => ({
	format: "parley.chat",
	version: 1,
	id,
	title: `Title of ${id}`,
	instructions: "",
	exportedAt: "2026-11-29T18:00:00.000Z",
	shown: 2,
	turns: [
		{ turn: 1, parent: null, answersAgain: null, question: { text: `Question ${id}`, files }, answer: null },
		{
			turn: 2,
			parent: null,
			answersAgain: 1,
			question: null,
			answer: { text: `Answer ${id}`, reasoning: "", sources: [], state: "complete", model: "m", counted: true, units: 1, askedAt: null },
		},
	],
});

interface Options {
	openDisk?: () => Promise<DiskFile | null>;
	parts?: { name: string; read: () => Promise<string | null> }[];
	/** Files in the questions of a chat. */
	files?: Record<string, ExportedFile[]>;
}

/** A server with `count` chats. `fails`: its error for a chat, while set. */
function serverWith(count: number, fails: Map<string, Error> = new Map(), { openDisk, parts = [], files = {} }: Options = {}) {
	const saved: { file: Blob; name: string }[] = [];
	const reads: string[] = [];
	let progress: DownloadProgress = { done: 0, all: undefined, failed: [], gone: [] };
	const source = {
		page: async (after: string | null) => {
			const from = after === null ? 0 : Number(after);
			const chats = Array.from({ length: Math.min(500, count - from) }, (_, at) => chatOf(from + at));
			return { chats, next: from + 500 < count ? String(from + 500) : null };
		},
		chat: async (id: string) => {
			reads.push(id);
			const failure = fails.get(id);
			if (failure) throw failure;
			return JSON.stringify(documentOf(id, files[id]));
		},
		folders: async () => [{ id: "f", name: "Tallies", instructions: "Verse." }],
		file: async (chatId: string, fileId: string) => {
			reads.push(fileId);
			const failure = fails.get(fileId);
			if (failure) throw failure;
			return fileId === "missing" ? null : new Blob([`${fileId} of ${chatId}`], { type: "image/png" });
		},
		parts,
	};
	const report = (told: DownloadProgress) => {
		progress = told;
	};
	const download = new ChatsDownload(source, (file, name) => saved.push({ file, name }), report, openDisk);
	return { download, saved, reads, progress: () => progress };
}

/** A disk with a limited capacity. */
function diskOf(bytesMax = Number.POSITIVE_INFINITY) {
	const parts: Uint8Array<ArrayBuffer>[] = [];
	let bytes = 0;
	const disk = {
		bytesMax,
		isFull: false,
		blob: undefined as Blob | undefined,
		onWrite: () => {},
		writable: new WritableStream<Uint8Array>({
			write: (part) => {
				bytes += part.byteLength;
				disk.isFull = bytes > disk.bytesMax;
				if (disk.isFull) throw new DOMException("full", "QuotaExceededError");
				parts.push(new Uint8Array(part));
				disk.onWrite();
			},
			close: () => {
				disk.blob = new Blob(parts);
			},
		}),
		read: async () => {
			if (!disk.blob) throw new Error("read before it was closed");
			return disk.blob;
		},
	};
	return disk;
}

const textsIn = async (file: Blob | undefined) => {
	const files = await filesIn(file as Blob);
	return new Map(await Promise.all(files.map(async ({ name, stream }) => [name, await new Response(stream()).text()] as const)));
};

describe("a download of all chats", () => {
	test("has each chat as JSON and as Markdown under portable names, and a list of all", async () => {
		const { download, saved, progress } = serverWith(3);
		expect(await download.run()).toBe(true);
		expect(progress()).toEqual({ done: 3, all: 3, failed: [], gone: [] });
		expect(saved.map(({ name }) => name)).toEqual([expect.stringMatching(/^parley-data-\d{4}-\d\d-\d\d\.zip$/)]);
		const texts = await textsIn(saved[0]?.file);
		expect([...texts.keys()].sort()).toEqual(
			[
				"contents.json",
				...["1 Same title", "2 A title with signs", "3 Same title"].flatMap((name) => [`json/${name}.json`, `markdown/${name}.md`]),
			].sort(),
		);
		expect(JSON.parse(texts.get("json/1 Same title.json") ?? "")).toEqual(documentOf("c0"));
		expect(texts.get("markdown/1 Same title.md")).toMatch(/## Question\n\nQuestion c0\n\n## Answer\n\nAnswer c0\n$/);
		expect(JSON.parse(texts.get("contents.json") ?? "")).toMatchObject({
			format: "parley.chats",
			version: 1,
			chats: [{ id: "c0", name: "1 Same title" }, { id: "c1" }, { id: "c2", archived: true, pinned: true, folder: "f" }],
			folders: [{ id: "f", name: "Tallies", instructions: "Verse." }],
		});
	});

	test("of 10,000 chats reads each once, and omits none", async () => {
		const { download, saved, reads } = serverWith(10_000);
		await download.run();
		expect(new Set(reads).size).toBe(10_000);
		expect(reads).toHaveLength(10_000);
		expect(await filesIn(saved[0]?.file as Blob)).toHaveLength(20_001);
	}, 120_000);

	test("continues after a lost connection without rereading chats that are in the file", async () => {
		const fails = new Map<string, Error>([["c7", new Unreached("lost")]]);
		const { download, saved, reads, progress } = serverWith(20, fails);
		await expect(download.run()).rejects.toThrow("lost");
		expect(saved).toEqual([]);
		expect(progress().done).toBeLessThan(20);
		fails.clear();
		expect(await download.run()).toBe(true);
		expect(await filesIn(saved[0]?.file as Blob)).toHaveLength(41);
		expect(reads.filter((id) => id !== "c7").toSorted()).toEqual(
			Array.from({ length: 20 }, (_, n) => `c${n}`)
				.filter((id) => id !== "c7")
				.toSorted(),
		);
	});

	test("names what could not be read, retries it, and saves nothing until then", async () => {
		const fails = new Map<string, Error>([["c3", refused(500)]]);
		const { download, saved, progress } = serverWith(5, fails);
		expect(await download.run()).toBe(false);
		expect([saved, progress().done, progress().failed]).toEqual([[], 4, [chatOf(3)]]);
		fails.clear();
		expect(await download.run()).toBe(true);
		expect(progress()).toMatchObject({ done: 5, failed: [] });
		expect((await textsIn(saved[0]?.file)).has("missing.txt")).toBe(false);
	});

	test("lists in the file what could not be read, and what was deleted in the meantime", async () => {
		const fails = new Map<string, Error>([
			["c3", refused(500)],
			["c4", refused(404)],
		]);
		const { download, saved } = serverWith(5, fails);
		expect(await download.run()).toBe(false);
		await download.finish();
		const texts = await textsIn(saved[0]?.file);
		expect(texts.get("missing.txt")).toBe("4 Same title (c3) could not be read.\n5 Same title (c4) was deleted meanwhile.\n");
	});

	test("stops if the viewer is refused, rather than a single chat", async () => {
		const { download, reads } = serverWith(50, new Map(Array.from({ length: 50 }, (_, n) => [`c${n}`, refused(409)])));
		await expect(download.run()).rejects.toThrow("Refused.");
		expect(reads.length).toBeLessThan(10);
	});

	test("is written to disk as it is read, if the browser has one", async () => {
		const disk = diskOf();
		const { download, saved, reads } = serverWith(600, undefined, { openDisk: async () => disk });
		const written: number[] = [];
		disk.onWrite = () => written.push(reads.length);
		expect(await download.run()).toBe(true);
		expect(written.filter((so) => so < 300).length).toBeGreaterThan(200);
		expect(saved).toHaveLength(1);
		expect(saved[0]?.file).toBe(disk.blob);
		expect(await filesIn(disk.blob as Blob)).toHaveLength(1_201);
	});

	test.each([
		["at once", 0],
		["in the middle of a chat", 3_000],
		["by the last byte of all", -1],
	])("starts over in memory if the disk is full %s, and omits nothing", async (_, bytes) => {
		const parts = [{ name: "account.json", read: async () => "{}" }];
		const onDisk = (disk: ReturnType<typeof diskOf>) =>
			serverWith(20, new Map([["c4", refused(404)]]), { parts, openDisk: async () => disk });
		const whole = diskOf();
		await onDisk(whole).download.run();
		const disk = diskOf(bytes < 0 ? (whole.blob?.size ?? 0) + bytes : bytes);
		const { download, saved, progress } = onDisk(disk);
		expect(await download.run()).toBe(true);
		expect(disk.isFull).toBe(true);
		expect(saved).toHaveLength(1);
		const texts = await textsIn(saved[0]?.file);
		expect(texts.size).toBe(1 + 1 + 1 + 2 * 19);
		expect(texts.get("missing.txt")).toBe("05 Same title (c4) was deleted meanwhile.\n");
		expect(progress()).toMatchObject({ done: 19, all: 20, failed: [], gone: [chatOf(4)] });
	});

	test("starts over in memory also when it saves without the failed chats", async () => {
		const fails = new Map<string, Error>([["c3", refused(500)]]);
		const disk = diskOf();
		const { download, saved } = serverWith(5, fails, { openDisk: async () => disk });
		expect(await download.run()).toBe(false);
		disk.bytesMax = 0;
		await download.finish();
		const texts = await textsIn(saved[0]?.file);
		expect([texts.size, texts.get("missing.txt")]).toEqual([10, "4 Same title (c3) could not be read.\n"]);
	});

	test("has each chat's files once, where its document and its Markdown say", async () => {
		const file = (id: string, name: string): ExportedFile => ({ id, name, mediaType: "image/png", bytes: 9 });
		const old = { name: "of an older version.txt", mediaType: "text/plain", bytes: 1 };
		const files = { c0: [file("a", "../[tally].png"), file("a", "again.png"), file("missing", "gone.pdf"), old], c1: [file("b", "tally")] };
		const { download, saved, reads } = serverWith(2, undefined, { files });
		expect(await download.run()).toBe(true);
		expect(reads.filter((id) => id === "a")).toHaveLength(1);
		const texts = await textsIn(saved[0]?.file);
		expect([...texts.keys()].filter((name) => name.startsWith("files/")).sort()).toEqual([
			"files/1 Same title/1-1 .. [tally].png",
			"files/2 A title with signs/1-1 tally",
		]);
		expect(texts.get("files/1 Same title/1-1 .. [tally].png")).toBe("a of c0");
		const document: ChatDocument = JSON.parse(texts.get("json/1 Same title.json") ?? "");
		const path = "files/1 Same title/1-1 .. [tally].png";
		expect(document.turns[0]?.question?.files.map((one) => one.path)).toEqual([path, path, undefined, undefined]);
		expect(texts.get("markdown/1 Same title.md")).toContain(`Attached: [../\\[tally\\].png](<../${path}>)`);
		expect(texts.get("missing.txt")).toBe("1 Same title: gone.pdf could not be read.\n");
	});

	test("rereads a chat if one of its files failed", async () => {
		const fails = new Map<string, Error>([["a", refused(500)]]);
		const files = { c0: [{ id: "a", name: "a.txt", mediaType: "text/plain", bytes: 1 }] };
		const { download, saved, progress } = serverWith(1, fails, { files });
		expect(await download.run()).toBe(false);
		expect([saved, progress().failed]).toEqual([[], [chatOf(0)]]);
		fails.clear();
		expect(await download.run()).toBe(true);
		expect((await textsIn(saved[0]?.file)).get("files/1 Same title/1-1 a.txt")).toBe("a of c0");
	});

	test("includes the other data, retries what failed, and can do without", async () => {
		let isDown = true;
		const parts = [
			{ name: "account.json", read: async () => "{}" },
			{ name: "of-users.json", read: async () => null },
			{
				name: "payments.json",
				read: async () => {
					if (isDown) throw refused(502);
					return "[]";
				},
			},
		];
		const { download, saved, progress } = serverWith(1, undefined, { parts });
		expect(await download.run()).toBe(false);
		expect(progress()).toMatchObject({ done: 1, failed: [{ id: "payments.json", title: "payments.json" }] });
		isDown = false;
		expect(await download.run()).toBe(true);
		const texts = await textsIn(saved[0]?.file);
		expect([texts.get("account.json"), texts.has("of-users.json"), texts.get("payments.json"), texts.has("missing.txt")]).toEqual([
			"{}",
			false,
			"[]",
			false,
		]);
		isDown = true;
		const without = serverWith(1, undefined, { parts });
		await without.download.run();
		await without.download.finish();
		expect((await textsIn(without.saved[0]?.file)).get("missing.txt")).toBe("payments.json could not be read.\n");
	});
});
