import { DurableObject } from "cloudflare:workers";
import { takeUpload } from "../lib/chat/files/limits.ts";
import { newShareId } from "../lib/chat/share-id.ts";
import type { User } from "../lib/identity/subject.ts";
import { type Reader, writingFor } from "../text/writing-for.ts";
import type { Share } from "../view/share.ts";
import type { Tier } from "../view/usage.ts";
import type { SnapshotRefusal } from "./conversation-calls.ts";
import { defined, instant, integer, oneOf, Table, text } from "./table.ts";

/** The most shares of an account, and new ones per UTC day. Limited because shared chats are public pages that are not charged. */
const SHARES_MAX = 50;
const SHARES_DAILY = 20;
const DAY_MS = 86_400_000;
/** After this time, an unfinished share was interrupted. */
const MAKING_MS = 600_000;
const TAKEN = "taken";

interface ShareRow {
	id: string;
	chatId: string;
	title: string;
	atMs: number;
	messages: number;
	files: number;
	/** `making` is written before the snapshot, so that none exists without a row. `removed` stays until the owner dismisses it. */
	state: "making" | "shared" | "removed";
}

const SHARE = new Table<ShareRow>(
	"share",
	{
		id: defined(text, "TEXT PRIMARY KEY"),
		chatId: text,
		title: text,
		atMs: instant,
		messages: integer,
		files: integer,
		state: oneOf("making", "shared", "removed"),
	},
	{ suffix: "WITHOUT ROWID" },
);

export type ShareResult =
	| { kind: "shared"; share: Share }
	| { kind: "too-many-shares"; of: "day" | "all" }
	| { kind: "uploads-full"; why: string; retryAfterSeconds: number }
	| SnapshotRefusal;

export interface ShareOptions {
	/** The owner's language and time zone. */
	reader: Reader;
	/** Whether the chat's files are shared too. */
	files: boolean;
	/** The last message shown on the requesting page; undefined if it does not say. */
	seen: string | null | undefined;
}

/** The shares of one account. Creates and ends them (shared-chat.ts). */
export class ShareList extends DurableObject<Cloudflare.Env> {
	readonly #sql = this.ctx.storage.sql;

	/**
	 * Shares the present path of a chat.
	 * @param tier limits the account's uploads, which include copied files
	 */
	async share(user: User, tier: Tier, chatId: string, options: ShareOptions): Promise<ShareResult> {
		for (const { id } of this.#rows("WHERE state = 'making' AND at_ms < ?", Date.now() - MAKING_MS)) await this.#end(id);
		if (this.#rows().length >= SHARES_MAX) return { kind: "too-many-shares", of: "all" };
		if (!this.#take(1)) return { kind: "too-many-shares", of: "day" };
		const id = newShareId();
		if (!SHARE.exists(this.#sql)) this.#sql.exec(SHARE.create);
		SHARE.write(this.#sql, { id, chatId, title: "", atMs: Date.now(), messages: 0, files: 0, state: "making" });
		let result: ShareResult | undefined;
		try {
			result = await this.#make(id, user, tier, chatId, options);
			return result;
		} finally {
			if (result?.kind !== "shared") {
				this.#take(-1);
				await this.#end(id);
			}
		}
	}

	/** The shares, newest first, including those taken down. */
	list(): Share[] {
		return this.#rows("WHERE state <> 'making' ORDER BY at_ms DESC, id").map(asShare);
	}

	has(id: string): boolean {
		return this.#row(id) !== null;
	}

	/** Records for the owner that the operator has taken a share down. Idempotent. */
	noteTakenDown(id: string): void {
		if (this.#row(id)) this.#sql.exec("UPDATE share SET state = 'removed' WHERE id = ?", id);
	}

	/** Ends a share. Idempotent. False if the account has no such share. */
	async revoke(id: string): Promise<boolean> {
		if (!this.#row(id)) return false;
		await this.#end(id);
		return true;
	}

	/** Ends a chat's shares. Idempotent. */
	async endOf(chatId: string): Promise<void> {
		for (const { id } of this.#rows("WHERE chat_id = ?", chatId)) await this.#end(id);
	}

	/** Ends every share of a deleted account, and this list: the shares' addresses then answer that they are gone. Idempotent. */
	async endAll(): Promise<void> {
		for (const { id } of this.#rows()) {
			await this.env.SHARED_CHAT.getByName(id).end(true);
			this.#sql.exec("DELETE FROM share WHERE id = ?", id);
		}
		await this.ctx.storage.deleteAll();
	}

	async #make(id: string, user: User, tier: Tier, chatId: string, { files: withFiles, seen, reader }: ShareOptions): Promise<ShareResult> {
		const snapshot = await this.env.CONVERSATION.getByName(chatId).snapshot(user.key, id, withFiles, { seen, reader });
		if (snapshot.kind !== "done") return snapshot;
		const { title, messages, isCut, files } = snapshot;
		const bytes = files.map((file) => file.bytes);
		const counted = await writingFor(reader, () => takeUpload(user, tier, bytes));
		if (counted.kind === "refused") return { kind: "uploads-full", why: counted.why, retryAfterSeconds: counted.retryAfterSeconds };
		const atMs = Date.now();
		let isShared = false;
		try {
			await this.env.SHARED_CHAT.getByName(id).fill({ id, owner: user.key, title, atMs, messages, isCut, files });
			// The chat, and its shares with it, may have been deleted meanwhile.
			isShared = this.#row(id) !== null;
		} finally {
			if (!isShared) await counted.giveBack();
		}
		if (!isShared) return { kind: "not-found" };
		const row: ShareRow = { id, chatId, title, atMs, messages: messages.length, files: files.length, state: "shared" };
		SHARE.write(this.#sql, row);
		return { kind: "shared", share: asShare(row) };
	}

	/** Counts shares of the day. @returns false if none is left */
	#take(count: 1 | -1): boolean {
		const day = Math.floor(Date.now() / DAY_MS);
		const before = this.ctx.storage.kv.get<{ day: number; taken: number }>(TAKEN);
		const taken = (before?.day === day ? before.taken : 0) + count;
		if (taken > SHARES_DAILY) return false;
		this.ctx.storage.kv.put(TAKEN, { day, taken: Math.max(0, taken) });
		return true;
	}

	async #end(id: string): Promise<void> {
		await this.env.SHARED_CHAT.getByName(id).end();
		this.#sql.exec("DELETE FROM share WHERE id = ?", id);
	}

	#row(id: string): ShareRow | null {
		return this.#rows("WHERE id = ?", id)[0] ?? null;
	}

	/** Read all at once, because a share may end while its row is used. */
	#rows(clauses = "", ...bindings: SqlStorageValue[]): ShareRow[] {
		return SHARE.exists(this.#sql) ? [...SHARE.read(this.#sql, clauses, ...bindings)] : [];
	}
}

const asShare = ({ id, chatId, title, atMs, messages, files, state }: ShareRow): Share => ({
	id,
	chatId,
	title,
	sharedAt: new Date(atMs).toISOString(),
	messages,
	files,
	...(state === "removed" && { takenDown: true }),
});
