import { textOf } from "../lib/chat/history.ts";
import { titleModel } from "../lib/chat/model.ts";
import { titleFor } from "../lib/chat/title.ts";
import { logFailure } from "../log.ts";
import type { AnswerPart } from "./answer-stream.ts";
import { saidSince } from "./chat-words.ts";
import type { Ask } from "./conversation-calls.ts";
import type { Chat, ConversationStorage, Turn } from "./conversation-storage.ts";

/** The folder the chat was started in, until the list has filed it. */
const FOLDER = "folder";

/** A chat's entry in its owner's list: title, searchable words and folder. */
export class ChatListing {
	readonly #lists: Cloudflare.Env["CHAT_LIST"];
	readonly #kv: SyncKvStorage;
	readonly #stored: () => ConversationStorage;
	/** The latest write of the entry, and whether it succeeded. Never rejects. */
	#written: Promise<boolean> = Promise.resolve(false);

	constructor(lists: Cloudflare.Env["CHAT_LIST"], kv: SyncKvStorage, stored: () => ConversationStorage) {
		this.#lists = lists;
		this.#kv = kv;
		this.#stored = stored;
	}

	/**
	 * Moves the chat to the top of its owner's list. Writes run in order.
	 * @param atMs when the chat was last used, epoch ms; default: the start of its newest turn
	 * @returns whether it is listed
	 */
	update(atMs?: number): Promise<boolean> {
		this.#written = this.#written.then(() => this.#list(atMs));
		return this.#written;
	}

	/** Like `update`, with the words of all turns instead of only the newest. */
	updateWithAll(turns: number): Promise<boolean> {
		this.#written = this.#written.then(() => this.#list(undefined, 0, turns));
		return this.#written;
	}

	/** Waits for the write in progress. */
	settled(): Promise<unknown> {
		return this.#written;
	}

	/** Has a model title the chat after its first counted answer, if one is configured. Never rejects. */
	async nameAfter(turn: Turn, parts: readonly AnswerPart[]): Promise<void> {
		const [chat, question] = [this.#stored().chat(), this.#stored().question(turn)];
		if (!titleModel() || !chat || chat.deleted || chat.temporary || !question || this.#stored().hasAnsweredBefore(turn)) return;
		const answer = textOf({ id: turn.answerId, role: "assistant", parts: [...parts] });
		const title = await titleFor({ question: textOf(question), answer, subject: chat.owner, requestId: turn.requestId });
		const now = this.#stored().chat();
		// The viewer may have renamed it in the meantime.
		if (title === null || !now || now.deleted || now.title !== chat.title) return;
		this.#stored().writeChat({ ...now, title });
		await this.update();
	}

	/** Adds the folder's instructions to the first request of a chat started in a folder. The chat keeps its copy from then on. */
	async inFolder(ask: Ask): Promise<Ask> {
		if (ask.folder === undefined || this.#stored().chat()) return ask;
		const folders = await this.#lists.getByName(ask.subject.key).folders();
		const folder = folders.find(({ id }) => id === ask.folder);
		return folder ? { ...ask, folderInstructions: folder.instructions } : { ...ask, folder: undefined };
	}

	/** Stores the folder of a new chat until the chat is listed. */
	beginIn(folder: string): void {
		this.#kv.put(FOLDER, folder);
	}

	/** Sets the folder's instructions from the next request on. Idempotent. Does nothing unless `owner` owns the chat. */
	fileUnder(owner: string, folderInstructions: string): void {
		const chat = this.#stored().ownedBy(owner);
		if (!chat || (chat.folderInstructions ?? "") === folderInstructions) return;
		this.#stored().writeChat({ ...chat, folderInstructions });
	}

	/** Lists the chat with the words of its newest ended turn, or with all words the list is missing. */
	async #list(atMs = this.#stored().newest()?.startedAtMs ?? Date.now(), missingAfter?: number, turnsMax?: number): Promise<boolean> {
		const chat = this.#stored().chat();
		if (!chat || chat.deleted || chat.temporary) return true;
		try {
			const updatedAt = new Date(atMs).toISOString();
			const said = saidSince(this.#stored(), missingAfter, turnsMax);
			const answer = await this.#lists.getByName(chat.owner).put({ id: chat.id, title: chat.title, updatedAt }, said);
			if (typeof answer === "string") return await this.#follow(chat.owner, answer);
			await this.#file(chat);
			// A list reports missing words at most once: the second write sends all of them.
			return answer === null || missingAfter !== undefined || (await this.#list(atMs, answer.missingAfter));
		} catch (error) {
			logFailure(`chat ${chat.id} could not be listed`, error);
			return false;
		}
	}

	/** Moves the chat to its guest's new account, if the guest's chats moved before this one was listed. @returns whether it is listed there */
	#follow(guest: string, account: string): Promise<boolean> | boolean {
		const chat = this.#stored().chat();
		if (!chat || chat.deleted) return true;
		if (chat.owner === guest) this.#stored().writeChat({ ...chat, owner: account });
		return this.#list();
	}

	/** Files a listed chat in the folder it was started in. The folder may have been deleted. */
	async #file({ id, owner }: Chat): Promise<void> {
		const folder = this.#kv.get<string>(FOLDER);
		if (folder === undefined) return;
		if (!(await this.#lists.getByName(owner).mark(owner, id, { folder }))) this.fileUnder(owner, "");
		this.#kv.delete(FOLDER);
	}
}
