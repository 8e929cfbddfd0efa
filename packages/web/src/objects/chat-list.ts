import { DurableObject } from "cloudflare:workers";
import { instructionTokens } from "../instructions.ts";
import { endsChats, keptDaysOf } from "../lib/chat/retention.ts";
import { logFailure } from "../log.ts";
import type { ChatMarks, ChatPage, ChatSummary, Folder, FolderName, FoundChats } from "../view/chat.ts";
import { find, SEARCHED } from "./chat-find.ts";
import { ChatFolders } from "./chat-folders.ts";
import { ChatIndex, type Slice } from "./chat-index.ts";
import { type ListedChat, ListedChats, summaryOf } from "./listed-chats.ts";
import { searchable } from "./passage.ts";

const PAGE_CHATS = 50;
/** Chats per page when reading all of them: a list of 10,000 takes 20 calls. */
const LONG_PAGE_CHATS = 500;
/** The most pinned chats. Another one unpins the least recently used. */
const PINNED_CHATS = 50;
/** The account the guest became. */
const MOVED_TO = "moved-to";
/** Branches one subject may create per UTC day. Limited because each is a copy that is not charged. */
const BRANCHES_DAILY = 50;
const BRANCHES = "branches";
/**
 * Import limits of an account: per UTC day, so that nobody fills the disk for free, and in total. A day's limit exceeds what most people
 * collect in years.
 */
const IMPORTED_DAILY = { chats: 10_000, turns: 100_000, bytes: 256 * 1024 * 1024 };
const IMPORTED_MAX = 50_000;
const IMPORTS = "imports";
/** How long a deleted chat can be restored. */
const UNDO_MS = 10_000;
/** Chats deleted per alarm, and the delay before retrying failures. */
const DELETED_AT_ONCE = 25;
const DELETE_AGAIN_MS = 60_000;
/** Folders per list; chats that receive their folder's instructions at once; and the delay before retrying failures. */
const FOLDERS_MAX = 100;
const TOLD_AT_ONCE = 25;
const TELL_AGAIN_MS = 60_000;
/** The list's subject. Stored once chats must be deleted or updated later, because an alarm does not know it. */
const OWNER = "owner";
/** Set when the account is deleted: its chats leave no trace. */
const ENDING = "ending";
const DAY_MS = 86_400_000;
/** The earliest and latest next check for old chats, and the most chats one check expires. */
const LOOK_AGAIN_MS = 3_600_000;
const LOOK_LATEST_MS = 30 * DAY_MS;
const UNUSED_AT_ONCE = 500;
const WATCH = "watch";
/** Delay before the index is rewritten without deleted chats, and the key of that pending work. */
const MERGE_AFTER_MS = 3_600_000;
const MERGE = "merge";
/** Characters of a chat that a search covers; the rest of a longer chat is not stored here. */
export const TEXT_CHARS_MAX = 200_000;
/** Characters searched without the index. Beyond this, a search is followed by indexing in batches of at least this size. */
const BATCH_CHARS = 200_000;

/** The text of a chat's turns after `after`, up to and including `through`. */
export interface Said {
	after: number;
	through: number;
	text: string;
}

interface ChatsToMove extends ChatPage {
	chats: (ChatSummary & { deleted?: boolean })[];
}

/** The retention of chats: days after their last use (null: forever), since when it is at most that, and when to check next. */
interface Watch {
	days: number | null;
	sinceMs: number;
	dueMs: number;
}

/** Pending rewrite of the index: when, and whether it has begun. */
interface Merge {
	dueMs: number;
	hasBegun: boolean;
}

const UNPIN_OLDEST = "SET pinned = 0 WHERE id IN (SELECT id FROM chat WHERE pinned ORDER BY updated_at DESC, id DESC LIMIT -1 OFFSET ?)";

const NEW_CHAT = { pinned: false, archived: false, deletesAtMs: null, through: null, chars: 0, text: "" };

/** The chats of one subject, for the sidebar and search. A guest's list needs no database query, and moves to the account as a whole. */
export class ChatList extends DurableObject<Cloudflare.Env> {
	#chats = new ListedChats(this.ctx.storage.sql);
	#folders = new ChatFolders(this.ctx.storage.sql);
	#index = new ChatIndex(this.ctx.storage.sql);
	#indexing = false;
	/** The last batch of chats being sent folder instructions. Never rejects. */
	#telling: Promise<void> = Promise.resolve();

	/**
	 * Adds a chat, or moves it to the top under its present title, along with its new text. Writes one row.
	 * @returns the account this guest's chats have moved to: then nothing is added, and the chat follows them. Or the turn after which text is
	 * missing here. Otherwise null
	 */
	put({ id, title, updatedAt }: ChatSummary, said: Said | null = null): string | { missingAfter: number } | null {
		const account = this.ctx.storage.kv.get<string>(MOVED_TO);
		if (account !== undefined) return account;
		const before = this.#chats.chat(id) ?? { ...NEW_CHAT, id, title, updatedAt };
		const through = before.through ?? 0;
		const isNews = said !== null && said.after <= through && said.through > through;
		const words = isNews ? { ...withWords(before.text, said.text), through: said.through } : {};
		// Using a chat again unarchives it.
		const archived = before.archived && updatedAt <= before.updatedAt;
		this.#chats.write({ ...before, ...words, title, updatedAt, archived });
		const owner = this.ctx.id.name;
		if (owner !== undefined && this.#isWatchMissing) this.ctx.waitUntil(this.watch(owner));
		return said !== null && said.after > through ? { missingAfter: through } : null;
	}

	/** Stops accepting chats, because the guest has become an account. @returns the first chats to move */
	moveTo(account: string): ChatsToMove {
		if (this.ctx.storage.kv.get(MOVED_TO) !== account) this.ctx.storage.kv.put(MOVED_TO, account);
		return this.every();
	}

	/** Takes one of the subject's branches for today. @returns false if none is left */
	takeBranch(nowMs: number): boolean {
		const day = Math.floor(nowMs / 86_400_000);
		const before = this.ctx.storage.kv.get<{ day: number; taken: number }>(BRANCHES);
		const taken = before?.day === day ? before.taken : 0;
		if (taken >= BRANCHES_DAILY) return false;
		this.ctx.storage.kv.put(BRANCHES, { day, taken: taken + 1 });
		return true;
	}

	/** Counts a chat against the account's import limits. @returns false if there is no room today, or at all */
	takeImport(nowMs: number, turns: number, bytes: number): boolean {
		const day = Math.floor(nowMs / 86_400_000);
		const none = { day, chats: 0, turns: 0, bytes: 0, all: 0 };
		const before = this.ctx.storage.kv.get<typeof none>(IMPORTS) ?? none;
		const today = before.day === day ? before : { ...none, all: before.all };
		const after = { day, chats: today.chats + 1, turns: today.turns + turns, bytes: today.bytes + bytes, all: today.all + 1 };
		const { chats, turns: turnsMax, bytes: bytesMax } = IMPORTED_DAILY;
		if (after.chats > chats || after.turns > turnsMax || after.bytes > bytesMax || after.all > IMPORTED_MAX) return false;
		this.ctx.storage.kv.put(IMPORTS, after);
		// Imported chats keep their original dates, but are retained as long as chats used today.
		const watch = this.ctx.storage.kv.get<Watch>(WATCH);
		if (watch) this.ctx.storage.kv.put<Watch>(WATCH, { ...watch, sinceMs: nowMs });
		return true;
	}

	/** Whether a chat is in the list. One being deleted is restored, because its owner wants it here. */
	keeps(id: string): boolean {
		const [chat] = this.#chats.read("WHERE id = ?", id);
		if (chat?.deletesAtMs != null) this.#chats.update("SET deletes_at_ms = NULL WHERE id = ? AND deletes_at_ms > ?", id, Date.now());
		return chat !== undefined && (chat.deletesAtMs === null || chat.deletesAtMs > Date.now());
	}

	/**
	 * Pins, archives or deletes a chat, or undoes that. A deleted chat is hidden at once and removed 10 s later.
	 * @returns false if it is not in the list
	 */
	async mark(owner: string, id: string, { pinned, archived, deleted, folder }: ChatMarks): Promise<boolean> {
		const nowMs = Date.now();
		const [chat] = this.#chats.read("WHERE id = ? AND (deletes_at_ms IS NULL OR deletes_at_ms > ?)", id, nowMs);
		if (!chat || (folder && !this.#folders.folder(folder))) return false;
		const deletesAtMs = deleted === undefined ? chat.deletesAtMs : deleted ? nowMs + UNDO_MS : null;
		const marks = [Number(pinned ?? chat.pinned), Number(archived ?? chat.archived), deletesAtMs];
		this.#chats.update("SET pinned = ?, archived = ?, deletes_at_ms = ? WHERE id = ?", ...marks, id);
		if (pinned) this.#chats.update(UNPIN_OLDEST, PINNED_CHATS);
		if (deleted) await this.#deleteAt(owner, nowMs + UNDO_MS);
		if (folder !== undefined) {
			this.#folders.file(id, folder);
			await this.#tellChats(owner);
		}
		return true;
	}

	/** Puts a branch into the same folder as its chat. */
	async fileBeside(owner: string, id: string, branch: string): Promise<void> {
		this.#folders.file(branch, this.#folders.folderOf(id));
		await this.#tellChats(owner);
	}

	/** Applies the marks an imported chat had. Its folder is the one of that name, or a new one if the limit allows. */
	async markImported(owner: string, id: string, marks: ChatMarks, folder: Omit<Folder, "id"> | null): Promise<void> {
		const all = this.#folders.all();
		const there = folder && all.find(({ name }) => name === folder.name)?.id;
		const isNew = folder && !there && all.length < FOLDERS_MAX;
		const into = isNew ? crypto.randomUUID() : (there ?? null);
		if (isNew) this.#folders.write({ ...folder, id: into as string });
		await this.mark(owner, id, { ...marks, folder: into });
	}

	/** Deletes every chat, or restores those being deleted. Like `mark`, for all of them. */
	async markAll(owner: string, { deleted }: { deleted: boolean }): Promise<void> {
		const nowMs = Date.now();
		if (!deleted) return this.#chats.update("SET deletes_at_ms = NULL WHERE deletes_at_ms > ?", nowMs);
		if ([...this.#chats.read("LIMIT 1")].length === 0) return;
		this.#chats.update("SET deletes_at_ms = ? WHERE deletes_at_ms IS NULL", nowMs + UNDO_MS);
		await this.#deleteAt(owner, nowMs + UNDO_MS);
	}

	/** The folders, by name. */
	folders(): Folder[] {
		return this.#folders.all();
	}

	/** Creates a folder. Idempotent. @returns false if there are too many */
	async addFolder(owner: string, folder: Folder): Promise<boolean> {
		if (!this.#folders.folder(folder.id) && this.#folders.all().length >= FOLDERS_MAX) return false;
		await this.#writeFolder(owner, folder);
		return true;
	}

	/** Changes a folder. @returns its new state; null if it does not exist */
	async changeFolder(owner: string, id: string, change: Partial<Folder>): Promise<Folder | null> {
		const before = this.#folders.folder(id);
		return before && this.#writeFolder(owner, { ...before, ...change });
	}

	/** Sends a folder's instructions to its chats: the first batch before this resolves. */
	async #writeFolder(owner: string, folder: Folder): Promise<Folder> {
		this.#folders.write(folder);
		await this.#tellChats(owner);
		return folder;
	}

	/** Deletes a folder; its chats stay. @returns whether it existed */
	async removeFolder(owner: string, id: string): Promise<boolean> {
		const wasThere = this.#folders.remove(id);
		await this.#tellChats(owner);
		return wasThere;
	}

	/**
	 * Sends folder instructions to chats: one batch now, the others by alarm. Batches run in order, so that older instructions never arrive last.
	 */
	#tellChats(owner: string): Promise<void> {
		const told = this.#telling.then(() => this.#tellBatch(owner));
		this.#telling = told.catch(() => {});
		return told;
	}

	async #tellBatch(owner: string): Promise<void> {
		const batch = this.#folders.owing(TOLD_AT_ONCE);
		if (batch.length === 0) return;
		// The next alarm is set before the first call.
		this.#keepOwner(owner);
		await this.#arm(Date.now() + TELL_AGAIN_MS);
		const areTold = await Promise.all(batch.map((chat) => this.#tell(owner, chat)));
		if (!areTold.includes(false) && this.#folders.owing(1).length > 0) await this.#arm(Date.now());
	}

	/** Never rejects. @returns whether the chat received them */
	async #tell(owner: string, { id, instructions }: { id: string; instructions: string }): Promise<boolean> {
		try {
			await this.env.CONVERSATION.getByName(id).fileUnder(owner, instructions);
			this.#folders.told(id, instructions);
			return true;
		} catch (error) {
			logFailure(`chat ${id} could not be told the instructions of its folder`, error);
			return false;
		}
	}

	/** Removes a chat and its text. */
	async remove(id: string): Promise<void> {
		const wasIndexed = this.ctx.storage.transactionSync(() => {
			const wasThere = this.#index.remove(id, this.#textOf);
			this.#chats.remove(id);
			this.#folders.forget(id);
			return wasThere;
		});
		if (!wasIndexed || this.ctx.storage.kv.get(MERGE) !== undefined) return;
		const dueMs = Date.now() + MERGE_AFTER_MS;
		this.ctx.storage.kv.put<Merge>(MERGE, { dueMs, hasBegun: false });
		await this.#arm(dueMs);
	}

	/** Ensures that unused chats expire after their retention (lib/chat/retention.ts). Idempotent. */
	async watch(owner: string): Promise<void> {
		if (!this.#isWatchMissing || [...this.#chats.read("LIMIT 1")].length === 0) return;
		const nowMs = Date.now();
		this.#keepOwner(owner);
		this.ctx.storage.kv.put<Watch>(WATCH, { days: null, sinceMs: nowMs, ...this.ctx.storage.kv.get<Watch>(WATCH), dueMs: nowMs });
		await this.#arm(nowMs);
	}

	/** Whether chats expire here but no check is scheduled. A check that is long overdue has lost its alarm. */
	get #isWatchMissing(): boolean {
		if (!endsChats()) return false;
		const watch = this.ctx.storage.kv.get<Watch>(WATCH);
		return watch === undefined || watch.dueMs < Date.now() - DAY_MS;
	}

	/**
	 * Removes every chat of a deleted account, and with the last one the list: one batch now, the others by alarm. An unreachable chat does not block
	 * others. Idempotent.
	 * @returns whether nothing is left
	 */
	async endAll(owner: string): Promise<boolean> {
		this.ctx.storage.kv.put(ENDING, true);
		const nowMs = Date.now();
		// Earlier failures stay behind the others.
		this.#chats.update("SET deletes_at_ms = ? WHERE deletes_at_ms IS NULL", nowMs);
		await this.#deleteAt(owner, nowMs + DELETE_AGAIN_MS);
		await this.#deleteDue();
		if ([...this.#chats.read("LIMIT 1")].length > 0) return false;
		await this.end();
		return true;
	}

	/** Deletes the list once its guest or account has ended. */
	async end(): Promise<void> {
		await this.ctx.storage.deleteAlarm();
		await this.ctx.storage.deleteAll();
		this.#chats = new ListedChats(this.ctx.storage.sql);
		this.#folders = new ChatFolders(this.ctx.storage.sql);
		this.#index = new ChatIndex(this.ctx.storage.sql);
	}

	/**
	 * A page of the list, newest first. `after` is the previous page's `next`. Reads all rows of the subject: an index by time would
	 * write two more rows per answer (docs/decisions/0012).
	 */
	list(after: string | null = null): ChatPage {
		const { chats, next } = this.#page(`deletes_at_ms IS NULL AND NOT archived AND NOT pinned AND ${this.#folders.inNone}`, after);
		const pinned = "WHERE deletes_at_ms IS NULL AND NOT archived AND pinned ORDER BY updated_at DESC, id DESC";
		return { chats: [...(after === null ? this.#chats.read(pinned) : []), ...chats].map(summaryOf), next };
	}

	/** A page of the chats in a folder, including pinned ones. */
	inFolder(folder: string, after: string | null = null): ChatPage {
		const { chats, next } = this.#page(`deletes_at_ms IS NULL AND NOT archived AND ${this.#folders.inOne}`, after, folder);
		return { chats: chats.map(summaryOf), next };
	}

	/** A page of the archived chats. */
	archived(after: string | null = null): ChatPage {
		const { chats, next } = this.#page("deletes_at_ms IS NULL AND archived", after);
		return { chats: chats.map(summaryOf), next };
	}

	/**
	 * A page of all chats, including archived ones, ordered by id: a chat used meanwhile keeps its position, so that none is skipped.
	 * @param after the last id of the previous page; null for the first page
	 */
	inOrder(after: string | null): ChatPage {
		const clauses = "WHERE deletes_at_ms IS NULL AND id > ? ORDER BY id LIMIT ?";
		const chats = [...this.#chats.read(clauses, after ?? "", LONG_PAGE_CHATS + 1)];
		const page = chats.slice(0, LONG_PAGE_CHATS);
		const folders = this.#folders.filed();
		const listed = page.map((chat) => ({ ...summaryOf(chat), ...(folders.has(chat.id) && { folder: folders.get(chat.id) }) }));
		return { chats: listed, next: chats.length > page.length ? (page.at(-1)?.id ?? null) : null };
	}

	/** The initial content of the sidebar: the first page and the folders. */
	front(): ChatPage & { folders: FolderName[] } {
		return { ...this.list(), folders: this.#folders.all().map(nameOf) };
	}

	/** A page of all chats, including archived ones and those being deleted. */
	every(): ChatsToMove {
		const { chats, next } = this.#page("TRUE", null);
		return { chats: chats.map((chat) => ({ ...summaryOf(chat), ...(chat.deletesAtMs !== null && { deleted: true }) })), next };
	}

	/**
	 * The newest chats that contain every word in their title or text. Afterwards, in the background, indexes new text if there is enough for
	 * a batch.
	 */
	find(words: string): FoundChats {
		const { found, unindexed } = find(words, this.#chats, this.#index);
		if (!this.#indexing && unindexed >= BATCH_CHARS) this.ctx.waitUntil(this.#catchUp());
		return found;
	}

	/** Expires unused chats, deletes due ones, rewrites the index after deletions, and sends folder instructions to chats, one step at a time. */
	override async alarm(): Promise<void> {
		await this.#endUnused();
		await this.#deleteDue();
		await this.#mergeDue();
		await this.#tellChats(this.ctx.storage.kv.get<string>(OWNER) ?? "");
	}

	async #deleteDue(): Promise<void> {
		const due = [...this.#chats.read("WHERE deletes_at_ms <= ? ORDER BY deletes_at_ms LIMIT ?", Date.now(), DELETED_AT_ONCE)];
		// The next alarm is set before the first call.
		if (due.length > 0) await this.#arm(Date.now() + DELETE_AGAIN_MS);
		const areGone = await Promise.all(due.map(({ id }) => this.#delete(id)));
		if (areGone.includes(false)) return;
		const [next] = this.#chats.read("WHERE deletes_at_ms IS NOT NULL ORDER BY deletes_at_ms LIMIT 1");
		if (next?.deletesAtMs) await this.#arm(next.deletesAtMs);
	}

	/** Marks chats for deletion that were unused for the retention of their owner's tier. If that cannot be read, none is marked. */
	async #endUnused(): Promise<void> {
		const watch = this.ctx.storage.kv.get<Watch>(WATCH);
		const nowMs = Date.now();
		if (!watch) return;
		if (watch.dueMs > nowMs) return this.#arm(watch.dueMs);
		// The next alarm is set before the first call.
		await this.#watchUntil(nowMs + LOOK_AGAIN_MS, watch);
		const owner = this.ctx.storage.kv.get<string>(OWNER) ?? "";
		let days: number | null;
		try {
			days = await keptDaysOf(owner);
		} catch (error) {
			return logFailure(`how long chats of ${owner} are kept could not be read`, error);
		}
		// An import may have arrived meanwhile.
		const { sinceMs: keptSinceMs } = this.ctx.storage.kv.get<Watch>(WATCH) ?? watch;
		// A shorter retention starts when it is noticed, so that no chat expires just because a plan ended or the configuration changed.
		const sinceMs = days !== null && (watch.days === null || days < watch.days) ? nowMs : keptSinceMs;
		const lifeMs = (days ?? Number.POSITIVE_INFINITY) * DAY_MS;
		if (sinceMs + lifeMs <= nowMs) {
			const unused = "SELECT id FROM chat WHERE deletes_at_ms IS NULL AND updated_at <= ? ORDER BY updated_at LIMIT ?";
			const before = new Date(nowMs - lifeMs).toISOString();
			this.#chats.update(`SET deletes_at_ms = ? WHERE id IN (${unused})`, nowMs, before, UNUSED_AT_ONCE);
		}
		const [oldest] = this.#chats.read("WHERE deletes_at_ms IS NULL ORDER BY updated_at LIMIT 1");
		// The next chat starts a new watch.
		if (!oldest || !endsChats()) return void this.ctx.storage.kv.delete(WATCH);
		const nextMs = Math.max(Date.parse(oldest.updatedAt), sinceMs) + lifeMs;
		const dueMs = Math.min(Math.max(nextMs, nowMs + LOOK_AGAIN_MS), nowMs + LOOK_LATEST_MS);
		await this.#watchUntil(dueMs, { days, sinceMs });
	}

	#watchUntil(dueMs: number, watch: Pick<Watch, "days" | "sinceMs">): Promise<void> {
		this.ctx.storage.kv.put<Watch>(WATCH, { days: watch.days, sinceMs: watch.sinceMs, dueMs });
		return this.#arm(dueMs);
	}

	/** Never rejects: failures are retried after the others. @returns whether the chat is gone */
	async #delete(id: string): Promise<boolean> {
		const chat = this.env.CONVERSATION.getByName(id);
		const owner = this.ctx.storage.kv.get<string>(OWNER) ?? "";
		try {
			// The chat removes itself from the list, unless it no longer belongs to the subject.
			await (this.ctx.storage.kv.get(ENDING) === undefined ? chat.delete(owner) : chat.end(owner));
			await this.remove(id);
			return true;
		} catch (error) {
			logFailure(`chat ${id} could not be deleted`, error);
			this.#chats.update("SET deletes_at_ms = ? WHERE id = ?", Date.now(), id);
			return false;
		}
	}

	async #mergeDue(): Promise<void> {
		const merge = this.ctx.storage.kv.get<Merge>(MERGE);
		if (!merge) return;
		if (merge.dueMs > Date.now()) return this.#arm(merge.dueMs);
		const isDone = this.ctx.storage.transactionSync(() => this.#index.merge(!merge.hasBegun));
		if (isDone) return void this.ctx.storage.kv.delete(MERGE);
		this.ctx.storage.kv.put<Merge>(MERGE, { ...merge, hasBegun: true });
		await this.#arm(Date.now());
	}

	#keepOwner(owner: string): void {
		if (this.ctx.storage.kv.get(OWNER) !== owner) this.ctx.storage.kv.put(OWNER, owner);
	}

	async #deleteAt(owner: string, atMs: number): Promise<void> {
		this.#keepOwner(owner);
		await this.#arm(atMs);
	}

	/** Ensures that an alarm fires at this instant or earlier. */
	async #arm(atMs: number): Promise<void> {
		const earlier = await this.ctx.storage.getAlarm();
		if (earlier === null || earlier > atMs) await this.ctx.storage.setAlarm(atMs);
	}

	/** Indexes in batches until less than one is left. Each batch is written as a whole, so that work resumes there after a crash. */
	async #catchUp(): Promise<void> {
		this.#indexing = true;
		try {
			while (this.#indexBatch()) await scheduler.wait(0);
		} catch (error) {
			logFailure("chats could not be indexed", error);
		}
		this.#indexing = false;
	}

	/** @returns whether another batch is left */
	#indexBatch(): boolean {
		const indexed = this.#index.lengths();
		const fresh = ({ id, chars }: ListedChat) => chars - (indexed.get(id) ?? 0);
		const behind = [...this.#chats.read(SEARCHED)].filter((chat) => fresh(chat) > 0);
		let left = behind.reduce((sum, chat) => sum + fresh(chat), 0);
		if (left < BATCH_CHARS) return false;
		const slices: Slice[] = [];
		for (let chars = 0; chars < BATCH_CHARS; ) {
			const chat = behind[slices.length] as ListedChat;
			slices.push({ id: chat.id, from: indexed.get(chat.id) ?? 0, to: chat.chars });
			chars += fresh(chat);
			left -= fresh(chat);
		}
		this.ctx.storage.transactionSync(() => this.#index.add(slices, this.#textOf));
		return left >= BATCH_CHARS;
	}

	readonly #textOf = (id: string): string => this.#chats.chat(id)?.text ?? "";

	#page(which: string, after: string | null, ...bindings: SqlStorageValue[]): { chats: ListedChat[]; next: string | null } {
		const [time = "", id = ""] = after?.split(" ") ?? [];
		const clauses = `WHERE ${which} AND (? OR (updated_at, id) < (?, ?)) ORDER BY updated_at DESC, id DESC LIMIT ?`;
		const chats = [...this.#chats.read(clauses, ...bindings, Number(after === null), time, id, PAGE_CHATS + 1)];
		const last = chats[PAGE_CHATS - 1];
		const next = chats.length > PAGE_CHATS && last ? `${last.updatedAt} ${last.id}` : null;
		return { chats: chats.slice(0, PAGE_CHATS), next };
	}
}

/** A chat's text, extended by the text of later turns. Texts only grow, so indexed ranges stay valid. */
function withWords(before: string, words: string): { text: string; chars: number } {
	const text = [before, searchable(words)]
		.filter((one) => one !== "")
		.join(" ")
		.slice(0, TEXT_CHARS_MAX);
	return { text, chars: text.length };
}

/** A folder as shown in the sidebar. */
function nameOf({ id, name, instructions }: Folder): FolderName {
	const tokens = instructionTokens("folder", instructions);
	return { id, name, ...(tokens > 0 && { tokens }) };
}
