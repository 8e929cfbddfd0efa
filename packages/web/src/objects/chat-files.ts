import type { Upload } from "../lib/chat/files/upload.ts";
import { logFailure } from "../log.ts";
import type { FilePart } from "../view/chat.ts";
import { defined, flag, instant, integer, oneOf, Table, text } from "./table.ts";

/**
 * A file of a chat. Its row is written before its bytes, so no bytes exist without a row. `unsent` until a message with it is answered. Sent files
 * are kept as long as the chat, because edits and other answers share them.
 */
interface FileRow {
	id: string;
	/** The uploader. Once the chat exists, its owner decides. */
	owner: string;
	name: string;
	mediaType: string;
	bytes: number;
	tokens: number;
	atMs: number;
	state: "uploading" | "unsent" | "sent";
	/** Whether the bytes are in this object rather than the bucket. */
	inObject: boolean;
}

const FILE = new Table<FileRow>(
	"file",
	{
		id: defined(text, "TEXT PRIMARY KEY"),
		owner: text,
		name: text,
		mediaType: text,
		bytes: integer,
		tokens: integer,
		atMs: instant,
		state: oneOf("uploading", "unsent", "sent"),
		inObject: flag,
	},
	{ suffix: "WITHOUT ROWID" },
);
const CONTENT = "CREATE TABLE IF NOT EXISTS file_content (id TEXT PRIMARY KEY, content BLOB NOT NULL)";

/** The most keys in one R2 delete. */
const KEYS_MAX = 1_000;
/** The most files a branch copies: its chat's object copies them in one call. */
const COPIES_MAX = 20;
const COPIED_BYTES_MAX = 16 * 1024 * 1024;

/** A file being copied into another chat: its bytes are in the bucket under `from`, or in `content`. */
export interface FileCopy extends Omit<Upload, "bytes"> {
	id: string;
	from: string;
	bytes: number;
	content: Uint8Array<ArrayBuffer> | null;
}

/** The files of one chat: rows here, bytes in the bucket, or here if none is bound. Tables are created with the first file. */
export class ChatFiles {
	readonly #sql: SqlStorage;
	readonly #bucket: R2Bucket | undefined;

	constructor(sql: SqlStorage, bucket: R2Bucket | undefined) {
		this.#sql = sql;
		this.#bucket = bucket;
	}

	/** @returns false if the chat was deleted meanwhile; then nothing is stored */
	async add(id: string, owner: string, { name, mediaType, tokens, bytes }: Upload, atMs: number): Promise<boolean> {
		if (!FILE.exists(this.#sql)) this.#sql.exec(FILE.create);
		const row: FileRow = {
			id,
			owner,
			name,
			mediaType,
			bytes: bytes.byteLength,
			tokens,
			atMs,
			state: "uploading",
			inObject: this.#bucket === undefined,
		};
		FILE.write(this.#sql, row);
		try {
			if (this.#bucket) await this.#bucket.put(id, bytes);
			else {
				this.#sql.exec(CONTENT);
				this.#sql.exec("INSERT INTO file_content (id, content) VALUES (?, ?)", id, bytes.buffer);
			}
		} catch (error) {
			await this.#delete([row]).catch(() => undefined);
			throw error;
		}
		if (!this.row(id)) {
			await this.#bucket?.delete(id);
			return false;
		}
		this.#sql.exec("UPDATE file SET state = 'unsent' WHERE id = ?", id);
		return true;
	}

	/** A file whose bytes have been stored. */
	row(id: string): FileRow | null {
		const [row] = this.#rows("WHERE id = ?", id);
		return row ?? null;
	}

	/** A file's bytes; null if they are missing. */
	async read({ id, inObject }: Pick<FileRow, "id" | "inObject">): Promise<Uint8Array | null> {
		return inObject ? this.#contentOf(id) : ((await (await this.#bucket?.get(id))?.bytes()) ?? null);
	}

	#contentOf(id: string): Uint8Array<ArrayBuffer> | null {
		const [row] = this.#sql.exec<{ content: ArrayBuffer }>("SELECT content FROM file_content WHERE id = ?", id);
		return row ? new Uint8Array(row.content) : null;
	}

	/** Stores a file from another chat under its new id. If its bytes are missing there, they stay missing. */
	async addCopy({ id, from, content, name, mediaType, tokens }: FileCopy, owner: string, atMs: number): Promise<void> {
		const stored = content ?? (await (await this.#bucket?.get(from))?.arrayBuffer());
		if (stored) await this.add(id, owner, { name, mediaType, tokens, bytes: new Uint8Array(stored) }, atMs);
	}

	/**
	 * Chooses the files that a branch copies, in the order requested: at most 20, of 16 MiB in total.
	 * @param into the id of the new chat
	 */
	copiesFor(into: string): { take: (file: FilePart) => FilePart | null; taken: FileCopy[] } {
		const taken: FileCopy[] = [];
		let left = COPIED_BYTES_MAX;
		const take = (file: FilePart): FilePart | null => {
			const from = idOf(file);
			const known = taken.find((copy) => copy.from === from);
			if (known) return partOf(into, known);
			const row = this.row(from);
			if (!row || row.bytes > left || taken.length === COPIES_MAX) return null;
			left -= row.bytes;
			const { name, mediaType, tokens, bytes, inObject } = row;
			const copy = { id: crypto.randomUUID(), from, name, mediaType, tokens, bytes, content: inObject ? this.#contentOf(from) : null };
			taken.push(copy);
			return partOf(into, copy);
		};
		return { take, taken };
	}

	/** Marks files as part of the chat. */
	markSent(ids: readonly string[]): void {
		for (const id of ids) this.#sql.exec("UPDATE file SET state = 'sent' WHERE id = ? AND state <> 'sent'", id);
	}

	/** Deletes a file that is in no message. */
	async remove(id: string): Promise<void> {
		await this.#delete([...this.#rows("WHERE id = ? AND state <> 'sent'", id)]);
	}

	/**
	 * Deletes files uploaded before an instant and never sent. Never throws: a failed bucket delete is retried.
	 * @returns when the oldest remaining unsent file was uploaded; null without any
	 */
	async dropUnsent(beforeMs: number): Promise<number | null> {
		try {
			await this.#delete([...this.#rows("WHERE state <> 'sent' AND at_ms < ?", beforeMs)]);
		} catch (error) {
			logFailure("files that were never sent could not be deleted", error);
		}
		const [oldest] = this.#rows("WHERE state <> 'sent' ORDER BY at_ms LIMIT 1");
		return oldest?.atMs ?? null;
	}

	/**
	 * Deletes all files. Idempotent.
	 * @throws when the bucket cannot be reached; the rows stay
	 */
	async deleteAll(): Promise<void> {
		await this.#delete([...this.#rows()]);
	}

	get isEmpty(): boolean {
		return [...this.#rows("LIMIT 1")].length === 0;
	}

	#rows(clauses = "", ...bindings: SqlStorageValue[]): Iterable<FileRow> {
		return FILE.exists(this.#sql) ? FILE.read(this.#sql, clauses, ...bindings) : [];
	}

	async #delete(rows: readonly FileRow[]): Promise<void> {
		const kept = rows.filter(({ inObject }) => !inObject).map(({ id }) => id);
		for (let from = 0; from < kept.length; from += KEYS_MAX) await this.#bucket?.delete(kept.slice(from, from + KEYS_MAX));
		if (kept.length < rows.length) this.#sql.exec(CONTENT);
		for (const { id, inObject } of rows) {
			if (inObject) this.#sql.exec("DELETE FROM file_content WHERE id = ?", id);
			this.#sql.exec("DELETE FROM file WHERE id = ?", id);
		}
	}
}

/** A file as a message part. */
export function partOf(
	chatId: string,
	{ id, name, mediaType, bytes, tokens }: Pick<FileRow, "id" | "name" | "mediaType" | "bytes" | "tokens">,
): FilePart {
	const url = `/api/chat/${chatId}/files/${id}`;
	return { type: "file", url, mediaType, filename: name, providerMetadata: { parley: { bytes, tokens } } };
}

/** The id of a message's file. */
export const idOf = ({ url }: FilePart): string => url.slice(url.lastIndexOf("/") + 1);
