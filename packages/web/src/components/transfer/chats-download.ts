import { slug } from "virtual:brand";
import { type ChatDocument, markdownOf, shownTurnsOf, wordsOfExport } from "../../chat-document.ts";
import { t } from "../../text/text.ts";
import type { ChatPage, ChatSummary, Folder } from "../../view/chat.ts";
import { fetchOrThrow, Refused } from "../requests.ts";
import { ZipFile } from "./archive.ts";
import { inParallel } from "./in-parallel.ts";

/** A zip file takes chats until it has so many bytes, then another one begins: a page must not hold more. */
const FILE_BYTES_MAX = 256 * 1024 * 1024;
/** The longest title in the name of a file. */
const NAME_CHARS_MAX = 60;

/** What a download takes and gives; the browser's in `overHttp`. */
export interface DownloadSource {
	page: (after: string | null) => Promise<ChatPage>;
	/** A chat's document. */
	chat: (id: string) => Promise<string>;
	folders: () => Promise<Folder[]>;
}

export const overHttp: DownloadSource = {
	page: async (after) => (await fetchOrThrow(`/api/chats${after === null ? "" : `?after=${after}`}`)).json(),
	chat: async (id) => (await fetchOrThrow(`/api/chat/${id}/export?format=json`)).text(),
	folders: async () => {
		try {
			const { folders }: { folders: Folder[] } = await (await fetchOrThrow("/api/folders")).json();
			return folders;
		} catch (error) {
			// A guest has none.
			if (error instanceof Refused && error.problem.status === 401) return [];
			throw error;
		}
	},
};

interface NamedChat {
	chat: ChatSummary;
	/** The name of its files, without the ending. */
	name: string;
}

export interface DownloadProgress {
	/** Chats that are in a file; and all, once they are listed. */
	done: number;
	all: number | undefined;
	/** Those that the server did not give. */
	failed: ChatSummary[];
	/** Those that were deleted since they were listed. */
	gone: ChatSummary[];
}

/**
 * All chats of the viewer as zip files, each chat as JSON and as Markdown. The page reads one chat after the other, so that no request grows with the
 * number of chats, and continues where a lost connection has stopped it.
 */
export class ChatsDownload {
	readonly #source: DownloadSource;
	readonly #save: (file: Blob, name: string) => void;
	readonly #report: (progress: DownloadProgress) => void;
	readonly #bytesMax: number;
	/** All chats, once they are listed; those that are still to be read; and what came of the others. */
	#all: NamedChat[] | undefined;
	#folders: Folder[] = [];
	#left: NamedChat[] = [];
	#failed: NamedChat[] = [];
	readonly #gone: NamedChat[] = [];
	#done = 0;
	#zip: ZipFile | undefined;
	#files = 0;
	/** The last write: reads overlap, writes do not. Never rejects. */
	#writing: Promise<unknown> = Promise.resolve();

	/** `save`: hands a finished file to the viewer. */
	constructor(
		source: DownloadSource,
		save: (file: Blob, name: string) => void,
		report: (progress: DownloadProgress) => void,
		bytesMax = FILE_BYTES_MAX,
	) {
		this.#source = source;
		this.#save = save;
		this.#report = report;
		this.#bytesMax = bytesMax;
	}

	/**
	 * Reads what is left, also what has failed before, and saves the last file if nothing fails.
	 * @returns whether everything is saved
	 * @throws {Refused|Unreached} where the server cannot be reached or refuses the viewer: call it again to continue
	 */
	async run(): Promise<boolean> {
		if (!this.#all) {
			this.#folders = await this.#source.folders();
			this.#all = named(await this.#list());
			this.#left = [...this.#all];
		}
		this.#left.push(...this.#failed);
		this.#failed = [];
		this.#tell();
		await inParallel(
			() => this.#left.shift(),
			(chat) => this.#take(chat),
		);
		if (this.#failed.length > 0) return false;
		await this.finish();
		return true;
	}

	/** Saves the last file without those that have failed, and with a list of them. */
	async finish(): Promise<void> {
		const missing = [...this.#failed.map(missingLine(t("download_unread"))), ...this.#gone.map(missingLine(t("download_gone")))];
		const zip = await this.#open();
		if (missing.length > 0) await zip.add("missing.txt", missing.join(""));
		await this.#saveFile(zip);
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

	async #take(chat: NamedChat): Promise<void> {
		try {
			const text = await this.#source.chat(chat.chat.id);
			const written = this.#writing.then(() => this.#write(chat, text));
			this.#writing = written.catch(() => {});
			await written;
			this.#done += 1;
		} catch (error) {
			if (!isOfChat(error)) {
				this.#left.unshift(chat);
				throw error;
			}
			(error.problem.status === 404 ? this.#gone : this.#failed).push(chat);
		}
		this.#tell();
	}

	async #write({ name }: NamedChat, text: string): Promise<void> {
		const document: ChatDocument = JSON.parse(text);
		const markdown = [...markdownOf(document, shownTurnsOf(document), wordsOfExport(document.exportedAt))].join("");
		const zip = await this.#open();
		await zip.add(`json/${name}.json`, text);
		await zip.add(`markdown/${name}.md`, markdown);
		if (zip.bytes > this.#bytesMax) await this.#saveFile(zip);
	}

	/** The file that takes the next chats. Each begins with the list of all. */
	async #open(): Promise<ZipFile> {
		if (this.#zip) return this.#zip;
		this.#zip = new ZipFile();
		this.#files += 1;
		const chats = (this.#all ?? []).map(({ chat, name }) => ({ ...chat, name }));
		const contents = { format: "parley.chats", version: 1, folders: this.#folders, chats };
		await this.#zip.add("contents.json", `${JSON.stringify(contents, null, "\t")}\n`);
		return this.#zip;
	}

	async #saveFile(zip: ZipFile): Promise<void> {
		this.#zip = undefined;
		const number = this.#files > 1 ? `-${this.#files}` : "";
		this.#save(await zip.close(), `${slug}-chats-${new Date().toISOString().slice(0, 10)}${number}.zip`);
	}

	#tell(): void {
		const summaries = (chats: NamedChat[]) => chats.map(({ chat }) => chat);
		this.#report({ done: this.#done, all: this.#all?.length, failed: summaries(this.#failed), gone: summaries(this.#gone) });
	}
}

/** Whether the server refused this chat, and not the viewer or every chat. */
function isOfChat(error: unknown): error is Refused {
	return error instanceof Refused && (error.problem.status === 404 || error.problem.status >= 500);
}

const missingLine =
	(why: string) =>
	({ chat, name }: NamedChat) =>
		`${name} (${chat.id}) ${why}.\n`;

/** Chats with the names of their files: a number keeps chats of one title apart, and the newest first. */
function named(chats: readonly ChatSummary[]): NamedChat[] {
	const digits = String(chats.length).length;
	return chats.map((chat, at) => ({ chat, name: `${String(at + 1).padStart(digits, "0")} ${fileName(chat.title)}`.trim() }));
}

/** A title as part of a file's name on any system. */
function fileName(title: string): string {
	const plain = title.replaceAll(/[\\/:*?"<>|\p{Cc}\p{Cf}]/gu, " ").replaceAll(/\s+/g, " ");
	return Array.from(plain)
		.slice(0, NAME_CHARS_MAX)
		.join("")
		.replace(/[. ]+$/, "")
		.trim();
}
