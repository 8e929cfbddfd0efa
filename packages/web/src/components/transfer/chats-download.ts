import { slug } from "virtual:brand";
import { type ChatDocument, type ExportedFile, jsonOf, markdownOf, shownTurnsOf, wordsOfExport } from "../../chat-document.ts";
import { t } from "../../text/text.ts";
import type { ChatPage, ChatSummary, Folder } from "../../view/chat.ts";
import type { OwnUsagePage } from "../../view/own-data.ts";
import { fetchOrThrow, Refused } from "../requests.ts";
import { DiskFull, ZipFile } from "./archive.ts";
import { openDiskFile } from "./disk-file.ts";
import { inParallel } from "./in-parallel.ts";

/** The longest title in a file name, and the longest extension of an attached file. */
const NAME_CHARS_MAX = 60;
const ENDING_CHARS_MAX = 12;

/** A file besides the chats. */
interface Part {
	name: string;
	/** Its text. Null if the viewer has no such data. */
	read: () => Promise<string | null>;
}

/** The download's inputs. The browser's are in `overHttp`. */
export interface DownloadSource {
	page: (after: string | null) => Promise<ChatPage>;
	/** A chat's document. */
	chat: (id: string) => Promise<string>;
	/** A file of a chat. Null if its bytes are missing. */
	file: (chatId: string, fileId: string) => Promise<Blob | null>;
	folders: () => Promise<Folder[]>;
	/** The data besides the chats. */
	parts: readonly Part[];
}

const readText = async (path: string) => (await fetchOrThrow(path)).text();

/** The result of a read, or null if the server responds with this status. */
async function unless<T>(status: number, read: Promise<T>): Promise<T | null> {
	try {
		return await read;
	} catch (error) {
		if (error instanceof Refused && error.problem.status === status) return null;
		throw error;
	}
}

async function readUsageOfAllTime(): Promise<string> {
	const pages: OwnUsagePage[] = [];
	for (let after: string | null | undefined = null; after !== undefined; ) {
		const page: OwnUsagePage = JSON.parse(
			await readText(`/api/account/usage${after === null ? "" : `?${new URLSearchParams({ after })}`}`),
		);
		pages.push(page);
		after = page.next ?? undefined;
	}
	const [{ days, adjustments } = {}] = pages;
	return asJson({ format: "parley.usage", version: 1, days, adjustments, requests: pages.flatMap(({ requests }) => requests) });
}

const asJson = (value: unknown) => `${JSON.stringify(value, null, "\t")}\n`;

export const overHttp: DownloadSource = {
	page: async (after) => (await fetchOrThrow(`/api/chats${after === null ? "" : `?after=${after}`}`)).json(),
	chat: (id) => readText(`/api/chat/${id}/export?format=json`),
	file: (chatId, fileId) =>
		unless(
			404,
			fetchOrThrow(`/api/chat/${chatId}/files/${fileId}`).then((response) => response.blob()),
		),
	folders: async () => {
		// Guests have none.
		const text = await unless(401, readText("/api/folders"));
		return text === null ? [] : JSON.parse(text).folders;
	},
	parts: [
		{ name: "account.json", read: () => unless(401, readText("/api/account")) },
		{ name: "payments.json", read: () => unless(401, readText("/api/account/payments")) },
		{ name: "usage.json", read: readUsageOfAllTime },
	],
};

interface NamedChat {
	chat: ChatSummary;
	/** The name of its files, without the extension. */
	name: string;
}

export interface DownloadProgress {
	/** The number of chats in a file, and of all chats once they are listed. */
	done: number;
	all: number | undefined;
	/** Items that the server did not return. */
	failed: Named[];
	/** Chats deleted after they were listed. */
	gone: Named[];
}

type Named = Pick<ChatSummary, "id" | "title">;

/**
 * All of the viewer's data as one zip file: each chat as JSON and as Markdown with its files, and the other data. The page reads one chat after
 * another, so that no request grows with the number of chats, and continues after a lost connection.
 */
export class ChatsDownload {
	readonly #source: DownloadSource;
	readonly #hand: (file: Blob, name: string) => void;
	readonly #report: (progress: DownloadProgress) => void;
	#openDisk: typeof openDiskFile;
	/** All chats, once they are listed; those still to be read; and the results of the others. */
	#all: NamedChat[] | undefined;
	#folders: Folder[] = [];
	#left: NamedChat[] = [];
	#failed: NamedChat[] = [];
	readonly #gone: NamedChat[] = [];
	/** The same for the other data. */
	#partsLeft: Part[];
	#partsFailed: Part[] = [];
	/** Files whose bytes are missing on the server, as lines. */
	readonly #lost = new Set<string>();
	#done = 0;
	#zip: ZipFile | undefined;
	/** The last write. Reads overlap, writes do not. Never rejects. */
	#writing: Promise<unknown> = Promise.resolve();

	/** `save`: gives the finished file to the viewer. `openDisk`: opens the file on disk; null falls back to memory. */
	constructor(
		source: DownloadSource,
		save: (file: Blob, name: string) => void,
		report: (progress: DownloadProgress) => void,
		openDisk = openDiskFile,
	) {
		this.#source = source;
		this.#hand = save;
		this.#report = report;
		this.#openDisk = openDisk;
		this.#partsLeft = [...source.parts];
	}

	/**
	 * Reads everything still missing, including earlier failures, and saves the file if nothing fails.
	 * @returns whether everything is saved
	 * @throws {Refused|Unreached} if the server is unreachable or refuses the viewer: call it again to continue
	 */
	async run(): Promise<boolean> {
		try {
			return await this.#readAll();
		} catch (error) {
			this.#beginInMemory(error);
			return this.#readAll();
		}
	}

	/** Saves the file without the failed items, and with a list of them. */
	async finish(): Promise<void> {
		try {
			await this.#save();
		} catch (error) {
			this.#beginInMemory(error);
			if (!(await this.#readAll())) await this.#save();
		}
	}

	/** Starts over with a blob if the disk is full. @throws any other error */
	#beginInMemory(error: unknown): void {
		if (!(error instanceof DiskFull)) throw error;
		this.#openDisk = async () => null;
		this.#zip = undefined;
		this.#left = [...(this.#all ?? [])];
		this.#partsLeft = [...this.#source.parts];
		this.#failed = [];
		this.#partsFailed = [];
		this.#gone.length = 0;
		this.#lost.clear();
		this.#done = 0;
	}

	async #readAll(): Promise<boolean> {
		if (!this.#all) {
			this.#folders = await this.#source.folders();
			this.#all = named(await this.#list());
			this.#left = [...this.#all];
		}
		this.#left.push(...this.#failed);
		this.#failed = [];
		this.#partsLeft.push(...this.#partsFailed);
		this.#partsFailed = [];
		this.#tell();
		await this.#takeParts();
		await inParallel(
			() => this.#left.shift(),
			(chat) => this.#take(chat),
		);
		if (this.#failed.length + this.#partsFailed.length > 0) return false;
		await this.#save();
		return true;
	}

	async #save(): Promise<void> {
		const unread = t("download_unread");
		const missing = [
			...this.#partsFailed.map(({ name }) => `${name} ${unread}.\n`),
			...this.#failed.map(missingLine(unread)),
			...this.#gone.map(missingLine(t("download_gone"))),
			...this.#lost,
		];
		const zip = await this.#open();
		if (missing.length > 0) await zip.add("missing.txt", missing.join(""));
		this.#hand(await zip.close(), `${slug}-data-${new Date().toISOString().slice(0, 10)}.zip`);
	}

	async #list(): Promise<ChatSummary[]> {
		const chats: ChatSummary[] = [];
		for (let after: string | null | undefined = null; after !== undefined; ) {
			const page: ChatPage = await this.#source.page(after);
			chats.push(...page.chats);
			after = page.next ?? undefined;
		}
		return chats.sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1));
	}

	async #takeParts(): Promise<void> {
		for (let part = this.#partsLeft.shift(); part; part = this.#partsLeft.shift()) {
			try {
				const text = await part.read();
				if (text !== null) await (await this.#open()).add(part.name, text);
			} catch (error) {
				if (!isOfItem(error)) {
					this.#partsLeft.unshift(part);
					throw error;
				}
				this.#partsFailed.push(part);
			}
		}
	}

	async #take(chat: NamedChat): Promise<void> {
		try {
			const document: ChatDocument = JSON.parse(await this.#source.chat(chat.chat.id));
			const files = await this.#readFiles(chat, document);
			const written = this.#writing.then(() => this.#write(chat, document, files));
			this.#writing = written.catch(() => {});
			await written;
			this.#done += 1;
		} catch (error) {
			if (!isOfItem(error)) {
				this.#left.unshift(chat);
				throw error;
			}
			(error.problem.status === 404 ? this.#gone : this.#failed).push(chat);
		}
		this.#tell();
	}

	/** Reads a chat's files one after another, and records their paths in the document. An edited question has the files of the first version. */
	async #readFiles({ chat, name }: NamedChat, { turns }: ChatDocument): Promise<Map<string, Blob>> {
		const read = new Map<string, Blob>();
		const known = new Map<string, string | undefined>();
		for (const { turn, question } of turns) {
			for (const [at, file] of (question?.files ?? []).entries()) {
				if (file.id === undefined) continue;
				if (!known.has(file.id)) {
					const bytes = await this.#source.file(chat.id, file.id);
					const path = `files/${name}/${turn}-${at + 1} ${attachedName(file)}`;
					if (bytes) read.set(path, bytes);
					else this.#lost.add(`${name}: ${file.name} ${t("download_unread")}.\n`);
					known.set(file.id, bytes ? path : undefined);
				}
				const path = known.get(file.id);
				if (path !== undefined) file.path = path;
			}
		}
		return read;
	}

	async #write({ name }: NamedChat, { turns, ...head }: ChatDocument, files: Map<string, Blob>): Promise<void> {
		const markdown = [...markdownOf(head, shownTurnsOf({ ...head, turns }), wordsOfExport(head.exportedAt))].join("");
		const zip = await this.#open();
		for (const [path, bytes] of files) await zip.add(path, bytes);
		await zip.add(`json/${name}.json`, [...jsonOf(head, turns)].join(""));
		await zip.add(`markdown/${name}.md`, markdown);
	}

	/** The zip file, which starts with the list of all chats. */
	async #open(): Promise<ZipFile> {
		if (this.#zip) return this.#zip;
		this.#zip = new ZipFile(await this.#openDisk());
		const chats = (this.#all ?? []).map(({ chat, name }) => ({ ...chat, name }));
		const contents = { format: "parley.chats", version: 1, folders: this.#folders, chats };
		await this.#zip.add("contents.json", asJson(contents));
		return this.#zip;
	}

	#tell(): void {
		const parts = this.#partsFailed.map(({ name }) => ({ id: name, title: name }));
		const summaries = (chats: NamedChat[]) => chats.map(({ chat }) => chat);
		this.#report({ done: this.#done, all: this.#all?.length, failed: [...parts, ...summaries(this.#failed)], gone: summaries(this.#gone) });
	}
}

/** Whether the server refused only this chat or part, not the viewer or everything. */
function isOfItem(error: unknown): error is Refused {
	return error instanceof Refused && (error.problem.status === 404 || error.problem.status >= 500);
}

const missingLine =
	(why: string) =>
	({ chat, name }: NamedChat) =>
		`${name} (${chat.id}) ${why}.\n`;

/** Chats with their file names: a number distinguishes equal titles and sorts the newest first. */
function named(chats: readonly ChatSummary[]): NamedChat[] {
	const digits = String(chats.length).length;
	return chats.map((chat, at) => ({ chat, name: `${String(at + 1).padStart(digits, "0")} ${fileName(chat.title)}`.trim() }));
}

/** A title as part of a portable file name. */
function fileName(title: string): string {
	const plain = title.replaceAll(/[\\/:*?"<>|\p{Cc}\p{Cf}]/gu, " ").replaceAll(/\s+/g, " ");
	return Array.from(plain)
		.slice(0, NAME_CHARS_MAX)
		.join("")
		.replace(/[. ]+$/, "")
		.trim();
}

/** The portable name of an attached file, with its extension. */
function attachedName({ name }: ExportedFile): string {
	const ending = /\.[A-Za-z0-9]+$/.exec(name)?.[0] ?? "";
	return ending.length > ENDING_CHARS_MAX ? fileName(name) : `${fileName(name.slice(0, name.length - ending.length))}${ending}`;
}
