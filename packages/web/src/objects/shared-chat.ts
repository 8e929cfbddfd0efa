import { DurableObject } from "cloudflare:workers";
import { logFailure } from "../log.ts";
import type { ChatMessage } from "../view/chat.ts";
import type { SharedChatView } from "../view/share.ts";
import { ChatFiles, type FileCopy } from "./chat-files.ts";
import { defined, flag, instant, integer, isRecord, json, Table, text } from "./table.ts";

const DAY_MS = 86_400_000;
const FILES_RETRY_MS = 3_600_000;
/** Marks that the owner's account was deleted, without identifying it. */
const GONE = "gone";
/** Stores the owner of a share that was taken down here. */
const TAKEN_DOWN = "taken-down";

interface Head {
	id: string;
	/** The subject key of its owner, on whose list it is. */
	owner: string;
	title: string;
	atMs: number;
	isCut: boolean;
}

/** The content of a share. */
export interface Snapshot extends Head {
	messages: ChatMessage[];
	files: FileCopy[];
}

const HEAD = new Table<Head & { only: number }>("shared", {
	only: defined(integer, "INTEGER PRIMARY KEY CHECK (only = 1)"),
	id: text,
	owner: text,
	title: text,
	atMs: instant,
	isCut: flag,
});
const isMessage = (value: unknown): value is ChatMessage => isRecord(value) && typeof value.id === "string" && Array.isArray(value.parts);
const MESSAGE = new Table<{ place: number; message: ChatMessage }>("message", {
	place: defined(integer, "INTEGER PRIMARY KEY"),
	message: json("a message", isMessage),
});

/** A copy of a chat that anyone with its id can read until its owner ends it. It never changes. */
export class SharedChat extends DurableObject<Cloudflare.Env> {
	readonly #sql = this.ctx.storage.sql;
	readonly #files = new ChatFiles(this.#sql, this.env.FILES);

	/** Fills the share, once. It is readable only when complete. */
	async fill({ messages, files, ...head }: Snapshot): Promise<void> {
		// If sharing is interrupted, an unlisted share is deleted at this alarm.
		await this.ctx.storage.setAlarm(Date.now() + DAY_MS);
		await Promise.all(files.map((file) => this.#files.addCopy(file, head.owner, Date.now())));
		this.ctx.storage.transactionSync(() => {
			this.#sql.exec(HEAD.create + MESSAGE.create);
			HEAD.write(this.#sql, { only: 1, ...head });
			for (const [place, message] of messages.entries()) MESSAGE.write(this.#sql, { place, message });
			this.#files.markSent(files.map(({ id }) => id));
		});
	}

	/** The shared chat; null if nothing is shared any more. Stores nothing. */
	view(): SharedChatView | "taken-down" | "gone" | null {
		const head = this.#head();
		if (!head && this.ctx.storage.kv.get(GONE) !== undefined) return "gone";
		if (!head) return this.ctx.storage.kv.get(TAKEN_DOWN) === undefined ? null : "taken-down";
		const messages = [...MESSAGE.read(this.#sql, "ORDER BY place")].map(({ message }) => message);
		return { title: head.title, sharedAt: new Date(head.atMs).toISOString(), messages, isCut: head.isCut };
	}

	/** One of its files, with the bytes if they are in this object. */
	async file(id: string): Promise<{ name: string; mediaType: string; bytes: Uint8Array | null } | null> {
		const row = this.#head() && this.#files.row(id);
		return row && { name: row.name, mediaType: row.mediaType, bytes: row.inObject ? await this.#files.read(row) : null };
	}

	/**
	 * Ends the share permanently at the operator's request: its address says so until its owner ends it as well. Idempotent.
	 * @returns false if nothing is shared
	 */
	async takeDown(): Promise<boolean> {
		const head = this.#head();
		if (head) {
			const { id, owner } = head;
			this.ctx.storage.kv.put(TAKEN_DOWN, { id, owner });
			this.#dropTables();
		}
		const shared = this.ctx.storage.kv.get<Pick<Head, "id" | "owner">>(TAKEN_DOWN);
		if (!shared) return false;
		await this.#deleteFiles();
		await this.env.SHARE_LIST.getByName(shared.owner).noteTakenDown(shared.id);
		return true;
	}

	/**
	 * Ends the share: it is unreadable at once, and nothing is left once the bucket has deleted its files. Idempotent.
	 * @param withAccount the owner's account is deleted: an anonymous marker stays, so that the address answers 410
	 */
	async end(withAccount = false): Promise<void> {
		if (withAccount) {
			this.ctx.storage.kv.put(GONE, true);
			this.ctx.storage.kv.delete(TAKEN_DOWN);
		}
		this.#dropTables();
		if (!(await this.#deleteFiles())) return;
		const isGone = this.ctx.storage.kv.get(GONE) !== undefined;
		await this.ctx.storage.deleteAlarm();
		await this.ctx.storage.deleteAll();
		if (isGone) this.ctx.storage.kv.put(GONE, true);
	}

	/** A day after sharing: ends a share that is on no list. Later: retries deleting files from the bucket. */
	override async alarm(): Promise<void> {
		if (this.ctx.storage.kv.get(TAKEN_DOWN) !== undefined) return void (await this.#deleteFiles());
		const head = this.#head();
		if (!head || !(await this.env.SHARE_LIST.getByName(head.owner).has(head.id))) await this.end();
	}

	#dropTables(): void {
		if (HEAD.exists(this.#sql)) this.#sql.exec("DROP TABLE shared; DROP TABLE message;");
	}

	/** Deletes the files, or retries later. @returns whether they are gone */
	async #deleteFiles(): Promise<boolean> {
		try {
			await this.#files.deleteAll();
			return true;
		} catch (error) {
			logFailure("files of a shared chat could not be deleted", error);
			await this.ctx.storage.setAlarm(Date.now() + FILES_RETRY_MS);
			return false;
		}
	}

	#head(): Head | null {
		if (!HEAD.exists(this.#sql)) return null;
		const head = HEAD.first(this.#sql);
		return head ?? null;
	}
}
