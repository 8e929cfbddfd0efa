import { textOf } from "../lib/chat/history.ts";
import { titleModel } from "../lib/chat/model.ts";
import { titleFor } from "../lib/chat/title.ts";
import { logFailure } from "../log.ts";
import type { AnswerPart } from "./answer-stream.ts";
import { saidSince } from "./chat-words.ts";
import type { Ask } from "./conversation-calls.ts";
import type { Chat, ConversationStorage, Turn } from "./conversation-storage.ts";

/** The folder in which the chat began, until the chat is there. */
const FOLDER = "folder";

/** A chat's entry in its owner's list: its title, the words that a search finds, and its folder. */
export class ChatListing {
	readonly #lists: Cloudflare.Env["CHAT_LIST"];
	readonly #kv: SyncKvStorage;
	readonly #stored: () => ConversationStorage;
	/** Whether the entry is up to date, and the write that makes it so. Never rejects. */
	#written: Promise<boolean> = Promise.resolve(false);

	constructor(lists: Cloudflare.Env["CHAT_LIST"], kv: SyncKvStorage, stored: () => ConversationStorage) {
		this.#lists = lists;
		this.#kv = kv;
		this.#stored = stored;
	}

	/**
	 * Puts the chat on top of its owner's list, after any earlier such write.
	 * @param atMs when the chat was last used; by default with its newest turn
	 * @returns whether it is there
	 */
	update(atMs?: number): Promise<boolean> {
		this.#written = this.#written.then(() => this.#list(atMs));
		return this.#written;
	}

	/** Lists the chat like `update`, with the words of all its turns, and not only with those that later answers add. */
	updateWithAll(turns: number): Promise<boolean> {
		this.#written = this.#written.then(() => this.#list(undefined, 0, turns));
		return this.#written;
	}

	/** Waits for the write that is under way. */
	settled(): Promise<unknown> {
		return this.#written;
	}

	/** Gives the chat a title by a model, if one is configured for that, once its first answer has counted. Never rejects. */
	async nameAfter(turn: Turn, parts: readonly AnswerPart[]): Promise<void> {
		const [chat, question] = [this.#stored().chat(), this.#stored().question(turn)];
		if (!titleModel() || !chat || chat.deleted || chat.temporary || !question || this.#stored().hasAnsweredBefore(turn)) return;
		const answer = textOf({ id: turn.answerId, role: "assistant", parts: [...parts] });
		const title = await titleFor({ question: textOf(question), answer, subject: chat.owner, requestId: turn.requestId });
		const now = this.#stored().chat();
		// The viewer may have named it meanwhile.
		if (title === null || !now || now.deleted || now.title !== chat.title) return;
		this.#stored().writeChat({ ...now, title });
		await this.update();
	}

	/** The first request of a chat that begins in a folder, with what the folder tells every model. The chat keeps a copy from then on. */
	async inFolder(ask: Ask): Promise<Ask> {
		if (ask.folder === undefined || this.#stored().chat()) return ask;
		const folders = await this.#lists.getByName(ask.subject.key).folders();
		const folder = folders.find(({ id }) => id === ask.folder);
		return folder ? { ...ask, folderInstructions: folder.instructions } : { ...ask, folder: undefined };
	}

	/** Notes the folder of a chat that begins, until the chat is listed. */
	beginIn(folder: string): void {
		this.#kv.put(FOLDER, folder);
	}

	/** Learns what the chat's folder tells every model, from the next request on. Idempotent. Does nothing to a chat of someone else. */
	fileUnder(owner: string, folderInstructions: string): void {
		const chat = this.#stored().ownedBy(owner);
		if (!chat || (chat.folderInstructions ?? "") === folderInstructions) return;
		this.#stored().writeChat({ ...chat, folderInstructions });
	}

	/** Lists the chat with the words of its newest turn, once that has ended, or with all words that the list does not have. */
	async #list(atMs = this.#stored().newest()?.startedAtMs ?? Date.now(), missingAfter?: number, turnsMax?: number): Promise<boolean> {
		const chat = this.#stored().chat();
		if (!chat || chat.deleted || chat.temporary) return true;
		try {
			const updatedAt = new Date(atMs).toISOString();
			const said = saidSince(this.#stored(), missingAfter, turnsMax);
			const answer = await this.#lists.getByName(chat.owner).put({ id: chat.id, title: chat.title, updatedAt }, said);
			if (typeof answer === "string") return await this.#follow(chat.owner, answer);
			await this.#file(chat);
			// A list lacks no more than once: it has been sent everything then.
			return answer === null || missingAfter !== undefined || (await this.#list(atMs, answer.missingAfter));
		} catch (error) {
			logFailure(`chat ${chat.id} could not be listed`, error);
			return false;
		}
	}

	/** Moves the chat to the account that its guest became, where the guest's chats moved before it was listed. @returns whether it is listed there */
	#follow(guest: string, account: string): Promise<boolean> | boolean {
		const chat = this.#stored().chat();
		if (!chat || chat.deleted) return true;
		if (chat.owner === guest) this.#stored().writeChat({ ...chat, owner: account });
		return this.#list();
	}

	/** Puts a chat that began in a folder there, once it is listed. The folder may be gone by now. */
	async #file({ id, owner }: Chat): Promise<void> {
		const folder = this.#kv.get<string>(FOLDER);
		if (folder === undefined) return;
		if (!(await this.#lists.getByName(owner).mark(owner, id, { folder }))) this.fileUnder(owner, "");
		this.#kv.delete(FOLDER);
	}
}
