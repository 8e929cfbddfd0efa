import type { ChatSummary } from "../view/chat.ts";
import { defined, flag, instant, integer, nullable, Table, text } from "./table.ts";

/** A listed chat, without its text. */
export interface ListedChat {
	id: string;
	title: string;
	updatedAt: string;
	pinned: boolean;
	archived: boolean;
	/** When it is permanently deleted, epoch milliseconds. Until then it is hidden and can be restored. */
	deletesAtMs: number | null;
	/** The last turn included in the text; null for none. */
	through: number | null;
	/** Length of the text in UTF-16 code units. */
	chars: number;
}

const columns = {
	id: defined(text, "TEXT PRIMARY KEY"),
	title: text,
	updatedAt: text,
	pinned: defined(flag, "INTEGER NOT NULL DEFAULT 0"),
	archived: defined(flag, "INTEGER NOT NULL DEFAULT 0"),
	deletesAtMs: nullable(instant),
	through: nullable(integer),
	chars: defined(integer, "INTEGER NOT NULL DEFAULT 0"),
};

/** The text column is last, so that reading the columns before it does not read the text. */
const CHAT = new Table<ListedChat & { text: string }>(
	"chat",
	{ ...columns, text: defined(text, "TEXT NOT NULL DEFAULT ''") },
	{ suffix: "WITHOUT ROWID" },
);
const LISTED = new Table<ListedChat>("chat", columns);
const ALL_BUT_TEXT = "SELECT id, title, updated_at, pinned, archived, deletes_at_ms, through, chars FROM chat";

/** The rows of a chat list. An empty list has no table. All of it is synchronous. */
export class ListedChats {
	readonly #sql: SqlStorage;
	#isThere = false;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** Chats without their texts. `clauses` follows FROM. */
	*read(clauses: string, ...bindings: SqlStorageValue[]): Generator<ListedChat, void> {
		if (!this.#exists()) return;
		for (const stored of this.#sql.exec(`${ALL_BUT_TEXT} ${clauses}`, ...bindings)) yield LISTED.fromRecord(stored);
	}

	/** One chat with its text. */
	chat(id: string): (ListedChat & { text: string }) | null {
		if (!this.#exists()) return null;
		const chat = CHAT.first(this.#sql, "WHERE id = ?", id);
		return chat ?? null;
	}

	write(chat: ListedChat & { text: string }): void {
		if (!this.#exists()) this.#sql.exec(CHAT.create);
		CHAT.write(this.#sql, chat);
	}

	/** Updates rows. `change` follows UPDATE chat. */
	update(change: string, ...bindings: SqlStorageValue[]): void {
		if (this.#exists()) this.#sql.exec(`UPDATE chat ${change}`, ...bindings);
	}

	remove(id: string): void {
		if (this.#exists()) this.#sql.exec("DELETE FROM chat WHERE id = ?", id);
	}

	/** Adds missing columns to a table of an older version when it is first used. */
	#exists(): boolean {
		if (!this.#isThere && CHAT.exists(this.#sql)) {
			CHAT.addMissingColumns(this.#sql);
			this.#isThere = true;
		}
		return this.#isThere;
	}
}

/** A chat as sent to pages. */
export function summaryOf({ id, title, updatedAt, pinned, archived }: ListedChat): ChatSummary {
	return { id, title, updatedAt, ...(pinned && { pinned }), ...(archived && { archived }) };
}
