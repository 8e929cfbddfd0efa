import { generateId } from "ai";
import { takeUpload } from "../lib/chat/files/limits.ts";
import { snapshotOf } from "../lib/chat/snapshot.ts";
import type { Subject } from "../lib/identity/subject.ts";
import { t } from "../text/text.ts";
import { type Reader, writingFor } from "../text/writing-for.ts";
import type { FilePart } from "../view/chat.ts";
import type { Tier } from "../view/usage.ts";
import { type ChatFiles, type FileCopy, idOf } from "./chat-files.ts";
import type { ChatPath } from "./chat-path.ts";
import type { PathResult } from "./conversation-calls.ts";
import type { Chat, ConversationStorage, Turn } from "./conversation-storage.ts";

/** The target and owner of a branch. */
interface Branch {
	/** The id of the new chat. */
	into: string;
	/** The last message it contains. */
	messageId: string;
	subject: Subject;
	/** Limits the subject's uploads. */
	tier: Tier;
	reader: Reader;
}

/** Copies a chat's shown path to a new chat or a shared page, and starts a chat from such a copy. */
export class ChatCopies {
	readonly #env: Cloudflare.Env;
	readonly #storage: DurableObjectStorage;
	readonly #stored: () => ConversationStorage;
	readonly #path: ChatPath;
	readonly #files: ChatFiles;

	constructor(
		env: Cloudflare.Env,
		storage: DurableObjectStorage,
		stored: () => ConversationStorage,
		{ path, files }: { path: ChatPath; files: ChatFiles },
	) {
		this.#env = env;
		this.#storage = storage;
		this.#stored = stored;
		this.#path = path;
		this.#files = files;
	}

	/** Copies the shown path up to a message into a new chat, with its newest files as far as the day's uploads allow. */
	async branch(chat: Chat, { into, messageId, subject, tier, reader }: Branch): Promise<PathResult> {
		const owner = subject.key;
		const last = this.#path.turnOf(messageId);
		if (!last) return { kind: "no-such-message" };
		if (!(await this.#env.CHAT_LIST.getByName(owner).takeBranch(Date.now()))) return { kind: "too-many-branches" };
		const { take, taken } = this.#files.copiesFor(into);
		const turns = writingFor(reader, () => this.#path.copyTo(last, messageId, generateId, take));
		const counted = await takeUpload(
			subject,
			tier,
			taken.map(({ bytes }) => bytes),
		);
		// The chat may have been deleted in the meantime.
		if (!this.#stored().ownedBy(owner)) return { kind: "not-found" };
		// The folder sends its instructions once the branch is filed there.
		const copy = {
			...chat,
			id: into,
			owner,
			title: writingFor(reader, () => branchTitle(chat.title)),
			choice: null,
			folderInstructions: "",
		};
		const target = this.#env.CONVERSATION.getByName(into);
		if (counted.kind === "refused") {
			const withoutFiles = writingFor(reader, () => this.#path.copyTo(last, messageId, generateId, () => null));
			return this.#branched(await target.receive(copy, withoutFiles, []), chat, into);
		}
		let isThere = false;
		try {
			isThere = await target.receive(copy, turns, taken);
		} finally {
			if (!isThere) await counted.giveBack();
		}
		return this.#branched(isThere, chat, into);
	}

	/** Files a branch in its chat's folder. */
	async #branched(isThere: boolean, chat: Chat, into: string): Promise<PathResult> {
		if (!isThere) return { kind: "not-found" };
		await this.#env.CHAT_LIST.getByName(chat.owner).fileBeside(chat.owner, chat.id, into);
		return { kind: "done", chat: this.#path.view(chat) };
	}

	/**
	 * The shown path as a public page.
	 * @param into the id of the share, which is part of its files' URLs
	 */
	snapshot(into: string, withFiles: boolean, reader: Reader) {
		const { take, taken } = this.#files.copiesFor(into);
		const share = (file: FilePart) => {
			const copy = take(file);
			return copy && { ...copy, url: `/s/${into}/files/${idOf(copy)}` };
		};
		const shared = writingFor(reader, () => snapshotOf(this.#path.shownNewestFirst(), withFiles ? share : () => null));
		return { ...shared, files: taken };
	}

	/** Copies the files first. Until the chat exists they count as unsent, so the rest of a failed copy is deleted after a day. */
	async takeIn(chat: Chat, turns: Turn[], files: FileCopy[]): Promise<void> {
		await Promise.all(files.map((file) => this.#files.addCopy(file, chat.owner, Date.now())));
		const ids = files.map(({ id }) => id);
		if (this.#stored().chat()) return void (await Promise.all(ids.map((id) => this.#files.remove(id))));
		this.begin(chat, turns, ids);
	}

	/** Stores a chat with all of its turns, atomically. */
	begin(chat: Chat, turns: readonly Turn[], files: readonly string[] = []): void {
		this.#storage.transactionSync(() => {
			this.#stored().writeChat(chat);
			for (const turn of turns) this.#stored().insert(turn);
			this.#files.markSent(files);
		});
	}
}

/** The title of a branch in any language, so that a branch of a branch is not prefixed twice. */
const BRANCHED = /^(?:Branch|Zweig) · /;
const branchTitle = (title: string) => (BRANCHED.test(title) ? title : t("chat_branch_title", { title }));
