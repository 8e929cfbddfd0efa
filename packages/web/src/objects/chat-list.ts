import { DurableObject } from "cloudflare:workers";
import type { ChatSummary } from "../view/chat.ts";

const SHOWN_MAX = 200;

/** The chats of one subject, for its side column. A guest's list costs no database query, and moves whole to its account. */
export class ChatList extends DurableObject<Cloudflare.Env> {
	readonly #sql = this.ctx.storage.sql;

	/** Adds a chat, or moves it to the top under its present title. */
	put(chat: ChatSummary): void {
		this.#sql.exec("CREATE TABLE IF NOT EXISTS chat (id TEXT PRIMARY KEY, title TEXT NOT NULL, updated_at TEXT NOT NULL) WITHOUT ROWID");
		this.#sql.exec("INSERT OR REPLACE INTO chat (id, title, updated_at) VALUES (?, ?, ?)", chat.id, chat.title, chat.updatedAt);
	}

	remove(id: string): void {
		if (this.#exists()) this.#sql.exec("DELETE FROM chat WHERE id = ?", id);
	}

	/** Newest first. */
	list(): ChatSummary[] {
		if (!this.#exists()) return [];
		const query = "SELECT id, title, updated_at AS updatedAt FROM chat ORDER BY updated_at DESC LIMIT ?";
		return this.#sql.exec<{ id: string; title: string; updatedAt: string }>(query, SHOWN_MAX).toArray();
	}

	#exists(): boolean {
		return this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'chat'").toArray().length > 0;
	}
}
