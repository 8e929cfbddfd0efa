import { DurableObject } from "cloudflare:workers";
import type { ChatSummary } from "../view/chat.ts";
import { defined, Table, text } from "./table.ts";

/** How many chats the side column shows. */
const SHOWN_MAX = 200;

const CHAT = new Table<ChatSummary>(
	"chat",
	{ id: defined(text, "TEXT PRIMARY KEY"), title: text, updatedAt: text },
	{ suffix: "WITHOUT ROWID" },
);

/** The chats of one subject, for its side column. A guest's list costs no database query, and moves to its account as a whole. */
export class ChatList extends DurableObject<Cloudflare.Env> {
	readonly #sql = this.ctx.storage.sql;

	/** Adds a chat, or moves it to the top under its present title. */
	put({ id, title, updatedAt }: ChatSummary): void {
		if (!CHAT.exists(this.#sql)) this.#sql.exec(CHAT.create);
		CHAT.write(this.#sql, { id, title, updatedAt });
	}

	remove(id: string): void {
		if (CHAT.exists(this.#sql)) this.#sql.exec("DELETE FROM chat WHERE id = ?", id);
	}

	/** Deletes the list, once its guest has ended. */
	async end(): Promise<void> {
		await this.ctx.storage.deleteAll();
	}

	/** The newest 200, newest first. */
	list(): ChatSummary[] {
		return CHAT.exists(this.#sql) ? [...CHAT.read(this.#sql, "ORDER BY updated_at DESC LIMIT ?", SHOWN_MAX)] : [];
	}
}
