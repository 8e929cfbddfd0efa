import { DurableObject } from "cloudflare:workers";
import type { ChatPage, ChatSummary } from "../view/chat.ts";
import { defined, Table, text } from "./table.ts";

const PAGE_CHATS = 50;
/** Chats that a search finds at most. */
const FOUND_CHATS = 20;
/** The account that a guest became. */
const MOVED_TO = "moved-to";
/** Chats that one subject may branch off in a day (UTC): each is a copy that nobody pays for. */
const BRANCHES_DAILY = 50;
const BRANCHES = "branches";

const CHAT = new Table<ChatSummary>(
	"chat",
	{ id: defined(text, "TEXT PRIMARY KEY"), title: text, updatedAt: text },
	{ suffix: "WITHOUT ROWID" },
);

/** The chats of one subject, for its side column. A guest's list costs no database query, and moves to its account as a whole. */
export class ChatList extends DurableObject<Cloudflare.Env> {
	readonly #sql = this.ctx.storage.sql;

	/**
	 * Adds a chat, or moves it to the top under its present title.
	 * @returns the account to which this guest's chats have moved. Then nothing is added, and the chat follows them; else null
	 */
	put({ id, title, updatedAt }: ChatSummary): string | null {
		const account = this.ctx.storage.kv.get<string>(MOVED_TO);
		if (account !== undefined) return account;
		if (!CHAT.exists(this.#sql)) this.#sql.exec(CHAT.create);
		CHAT.write(this.#sql, { id, title, updatedAt });
		return null;
	}

	/** Takes no more chats, because the guest has become an account. @returns the first of those to move */
	moveTo(account: string): ChatPage {
		if (this.ctx.storage.kv.get(MOVED_TO) !== account) this.ctx.storage.kv.put(MOVED_TO, account);
		return this.list();
	}

	/** Takes one of the subject's branches of the day. @returns false when none is left */
	takeBranch(nowMs: number): boolean {
		const day = Math.floor(nowMs / 86_400_000);
		const before = this.ctx.storage.kv.get<{ day: number; taken: number }>(BRANCHES);
		const taken = before?.day === day ? before.taken : 0;
		if (taken >= BRANCHES_DAILY) return false;
		this.ctx.storage.kv.put(BRANCHES, { day, taken: taken + 1 });
		return true;
	}

	remove(id: string): void {
		if (CHAT.exists(this.#sql)) this.#sql.exec("DELETE FROM chat WHERE id = ?", id);
	}

	/** Deletes the list, once its guest has ended. */
	async end(): Promise<void> {
		await this.ctx.storage.deleteAll();
	}

	/**
	 * A page of the list, the newest first. `after` is the `next` of the page before. Reads each of the subject's rows: an index by time would
	 * write two more rows for each answer (docs/decisions/0012).
	 */
	list(after: string | null = null): ChatPage {
		if (!CHAT.exists(this.#sql)) return { chats: [], next: null };
		const [time = "", id = ""] = after?.split(" ") ?? [];
		const clauses = "WHERE ? OR (updated_at, id) < (?, ?) ORDER BY updated_at DESC, id DESC LIMIT ?";
		const chats = [...CHAT.read(this.#sql, clauses, Number(after === null), time, id, PAGE_CHATS + 1)];
		const last = chats[PAGE_CHATS - 1];
		const next = chats.length > PAGE_CHATS && last ? `${last.updatedAt} ${last.id}` : null;
		return { chats: chats.slice(0, PAGE_CHATS), next };
	}

	/** The newest chats whose titles have each of these words. SQLite knows no upper case beyond ASCII, so the titles are compared here. */
	find(words: string): ChatSummary[] {
		if (!CHAT.exists(this.#sql)) return [];
		const wanted = plain(words).split(/\s+/);
		const found: ChatSummary[] = [];
		for (const chat of CHAT.read(this.#sql, "ORDER BY updated_at DESC, id DESC")) {
			if (found.length === FOUND_CHATS) break;
			const title = plain(chat.title);
			if (wanted.every((word) => title.includes(word))) found.push(chat);
		}
		return found;
	}
}

/** Without upper case, and without the difference between letters that only look different. */
const plain = (text: string): string => text.normalize("NFKC").toLowerCase().trim();
