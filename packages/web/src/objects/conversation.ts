import { DurableObject } from "cloudflare:workers";
import { type AnswerEnd, type ChatStatus, type Terms, whoPays } from "@parley/metering";
import { checkUsageAllowed, recordUsage, releaseUsage, type UsageHold } from "../lib/billing.ts";
import { inFull } from "../lib/chat/files/in-full.ts";
import { FILE_LIMITS } from "../lib/chat/files/limits.ts";
import type { Upload } from "../lib/chat/files/upload.ts";
import type { SentMessage } from "../lib/chat/history.ts";
import type { ImportedChat } from "../lib/chat/import.ts";
import { modelsVersion } from "../lib/chat/model.ts";
import { priceIn } from "../lib/chat/price.ts";
import type { Subject } from "../lib/identity/subject.ts";
import { kindOf, type UserKey } from "../lib/identity/subject-key.ts";
import { logFailure, logNote, OwnError } from "../log.ts";
import type { Reader } from "../text/writing-for.ts";
import type { AnswerMetadata, ChatView, FilePart, ModelOption } from "../view/chat.ts";
import type { Tier } from "../view/usage.ts";
import { type AnswerPart, hasWords, replayAnswer } from "./answer-stream.ts";
import { ChatCopies } from "./chat-copies.ts";
import { type ExportFormat, exportOf } from "./chat-export.ts";
import { ChatFiles, type FileCopy, idOf, partOf } from "./chat-files.ts";
import { turnsOf } from "./chat-import.ts";
import { ChatListing } from "./chat-listing.ts";
import { ChatPath, metadataOf, outputOf } from "./chat-path.ts";
import type { Ask, PathResult, Seen, SnapshotRefusal, StartResult } from "./conversation-calls.ts";
import { isOld, migrateSome } from "./conversation-migration.ts";
import { type Chat, ConversationStorage, isReleased, type Turn } from "./conversation-storage.ts";
import { estimatedSpent, LiveAnswer } from "./live-answer.ts";
import { type Held, isRetry, newChat, newTurn, searchOf, sentFor } from "./new-turn.ts";
import { affordableAt, isReadableBy, newUnitsOf, outgrows, type Priced, pricedIn } from "./priced-request.ts";
import { Readers } from "./readers.ts";

/** How often the object wakes itself while an answer is being written, which keeps it alive and detects a dead run. */
const HEARTBEAT_MS = 20_000;
/** When a new chat is listed if its first answer takes longer. Otherwise it is listed when the answer ends. */
const LISTED_AFTER_MS = 2_000;
/** How often the hold of a long answer is extended. A hold lives 10 minutes. */
const EXTEND_EVERY_MS = 5 * 60_000;
/** How long a deleted chat keeps its owner and requests, so that none is answered again: as long as a ledger keeps single requests. */
const KEPT_AFTER_DELETION_MS = 90 * 86_400_000;
/** How long a stop waits for its request, and how many stops may wait. */
const STOP_LIFE_MS = 10 * 60_000;
const STOPS_MAX = 10;
/** How long an upload waits for its message, and when a failed deletion of files is retried. */
const UNSENT_LIFE_MS = 86_400_000;
const FILES_RETRY_MS = 3_600_000;

/** Owns one chat: its messages and the answer being written, which outlives the request that started it. */
export class Conversation extends DurableObject<Cloudflare.Env> {
	#stored = new ConversationStorage(this.ctx.storage.sql);
	readonly #files = new ChatFiles(this.ctx.storage.sql, this.env.FILES);
	#live: LiveAnswer | null = null;
	readonly #path = new ChatPath(
		() => this.#stored,
		() => this.#live?.turn ?? null,
	);
	readonly #listing = new ChatListing(this.env.CHAT_LIST, this.ctx.storage.kv, () => this.#stored);
	readonly #copies = new ChatCopies(this.env, this.ctx.storage, () => this.#stored, { path: this.#path, files: this.#files });
	/** A request whose units are being held. */
	#starting: { requestId: string; done: Promise<unknown> } | null = null;
	#recovering: Promise<void> | null = null;
	readonly #readers = new Readers();
	#alarmAtMs: number | null = null;

	constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
		super(ctx, env);
		if (isOld(ctx.storage.sql)) void ctx.blockConcurrencyWhile(() => this.#migrate());
	}

	/**
	 * Starts the run of a request or joins it: replays a running answer from its start, or a finished one in full. Takes the request's hold
	 * before the model is called. Stores nothing for a request that it refuses.
	 */
	async start(ask: Ask): Promise<StartResult> {
		if (!this.#live) await this.#recover();
		for (;;) {
			const refused = this.#refusalOf(ask);
			if (refused) return refused;
			if (!this.#starting) break;
			await this.#starting.done;
		}
		const earlier = this.#stored.ofRequest(ask.requestId);
		const started = this.#holdAndBegin(ask);
		if (earlier && !isReleased(earlier)) return started;
		const starting = { requestId: ask.requestId, done: started.catch(() => undefined) };
		this.#starting = starting;
		return started.finally(() => {
			if (this.#starting === starting) this.#starting = null;
		});
	}

	/** The running answer from its start, then live; `stream` is null if none is running. `not-found` for anyone but the owner. */
	async stream(owner: string): Promise<{ found: boolean; full?: boolean; stream: ReadableStream<Uint8Array> | null }> {
		const found = this.#stored.ownedBy(owner) !== null;
		if (!found || !this.#live) return { found, stream: null };
		if (this.#readers.isFull(owner, this.#live.stream)) return { found, full: true, stream: null };
		return { found, stream: this.#readers.join(owner, this.#live.stream) };
	}

	/**
	 * Stops the running answer, or that of one request. A stop that arrives before its request waits for it, even if the chat does not exist yet.
	 * @returns whether there was anything to stop; `early` for a stop that waits; null for anyone but the owner
	 */
	async stop(owner: string, requestId: string | null): Promise<boolean | "early" | null> {
		const chat = this.#stored.chat();
		if (requestId === null) return this.#stored.ownedBy(owner) ? (this.#live?.stop() ?? false) : null;
		// Does not reveal whether another user's chat exists. Their request to it is refused anyway.
		if (chat && (chat.owner !== owner || chat.deleted)) return "early";
		if (this.#live?.turn.requestId === requestId) return this.#live.stop();
		if (this.#stored.ofRequest(requestId)) return false;
		this.#stored.keepStop(requestId, owner, Date.now(), STOPS_MAX);
		await this.#arm(Date.now() + STOP_LIFE_MS);
		return "early";
	}

	/**
	 * Stores a file for a future message, even if the chat does not exist yet. Unsent files are deleted after a day.
	 * @returns the file as a message names it; null for anyone but the owner, or for a deleted chat
	 */
	async addFile(owner: string, chatId: string, upload: Upload): Promise<FilePart | null> {
		if (this.#stored.chat() && !this.#stored.keptFor(owner)) return null;
		const id = crypto.randomUUID();
		await this.#armForUnsent();
		if (!(await this.#files.add(id, owner, upload, Date.now()))) return null;
		const row = this.#files.row(id);
		return row && partOf(chatId, row);
	}

	/** A file of the chat, with its bytes if this object stores them; null for anyone but the owner. */
	async file(owner: string, id: string): Promise<{ name: string; mediaType: string; bytes: Uint8Array | null } | null> {
		const row = this.#files.row(id);
		if (!row || !(await this.#mayUse(owner, row.owner))) return null;
		return { name: row.name, mediaType: row.mediaType, bytes: row.inObject ? await this.#files.read(row) : null };
	}

	/** Deletes an unsent file. Idempotent. False for anyone but the owner. */
	async removeFile(owner: string, id: string): Promise<boolean> {
		const row = this.#files.row(id);
		if (!row || !(await this.#mayUse(owner, row.owner))) return false;
		await this.#files.remove(id);
		return true;
	}

	/**
	 * A page of the chat as its owner sees it: the newest messages, or those before the turn `before`. Without messages, `unchanged`, where the
	 * asking page has `seen` the last one. Null for anyone else.
	 */
	async view(owner: string, { before, seen }: { before?: number; seen?: string } = {}): Promise<ChatView | null> {
		if (!this.#stored.ownedBy(owner)) return null;
		if (!this.#live) await this.#recover();
		const chat = this.#stored.chat();
		// A temporary chat does not survive a restart.
		if (chat?.temporary && !this.#live && this.#stored.newest()?.rest === null) return null;
		return chat && this.#path.view(chat, { before, seen });
	}

	/**
	 * Shows another version of a question or answer and the turns below it. Free and idempotent.
	 * @param turn a turn of that version
	 * @param seen the last message the page shows; undefined if it does not report it
	 */
	async showVersion(owner: string, turn: number, of: "question" | "answer", seen: string | null | undefined): Promise<PathResult> {
		const chat = await this.#settledChat(owner, undefined);
		return "kind" in chat ? chat : this.#path.show(chat, turn, of, seen);
	}

	/** Replaces the chat's instructions from its next request on. Idempotent. False for anyone but the owner. */
	instruct(owner: string, instructions: string): boolean {
		const chat = this.#stored.keptFor(owner);
		if (!chat) return false;
		if (chat.instructions !== instructions) this.#stored.writeChat({ ...chat, instructions });
		return true;
	}

	/** Sets the folder's instructions from the next request on. Idempotent. Does nothing unless `owner` owns the chat. */
	fileUnder(owner: string, folderInstructions: string): void {
		this.#listing.fileUnder(owner, folderInstructions);
	}

	/** Lists the chat, even while its first answer is being written. False for anyone but the owner. */
	async enlist(owner: string): Promise<boolean> {
		return this.#stored.keptFor(owner) !== null && (await this.#listing.update());
	}

	/** Renames the chat, here and in the list. Idempotent. False for anyone but the owner. */
	async rename(owner: string, title: string): Promise<boolean> {
		const chat = this.#stored.keptFor(owner);
		if (!chat) return false;
		if (chat.title !== title) this.#stored.writeChat({ ...chat, title });
		if (!(await this.#listing.update())) throw new OwnError(`chat ${chat.id} was renamed and could not be listed`);
		return true;
	}

	/**
	 * Copies the shown path up to a message into the new chat `into`, with its newest files as far as the day's uploads allow. It counts no request, and
	 * repeating it changes nothing.
	 * @param tier by which the subject's uploads are limited
	 */
	async branch(subject: Subject, tier: Tier, messageId: string, into: string, { seen, reader }: Seen): Promise<PathResult> {
		const chat = await this.#settledChat(subject.key, seen);
		return "kind" in chat ? chat : this.#copies.branch(chat, { into, messageId, subject, tier, reader });
	}

	/**
	 * Starts from the turns and files of another chat, and lists itself. Unchanged if it already exists.
	 * @returns false if the chat was deleted or has another owner
	 */
	async receive(chat: Chat, turns: Turn[], files: FileCopy[]): Promise<boolean> {
		if (!this.#stored.chat()) {
			if (files.length > 0) await this.#armForUnsent();
			await this.#copies.takeIn(chat, turns, files);
		}
		if (!this.#stored.keptFor(chat.owner)) return false;
		if (!(await this.#listing.update(Date.now()))) throw new OwnError(`chat ${chat.id} was branched off and could not be listed`);
		return true;
	}

	/**
	 * Starts from an imported chat's turns, and lists itself at its own date. Free. Unchanged if it was imported before.
	 * @returns `full` if the account has reached its import limit
	 */
	async import(owner: UserKey, id: string, imported: ImportedChat): Promise<"new" | "there" | "deleted" | "full"> {
		const isNew = !this.#stored.chat();
		const list = this.env.CHAT_LIST.getByName(owner);
		if (isNew && !(await list.takeImport(Date.now(), imported.turns.length, imported.bytes))) return "full";
		if (!this.#stored.chat()) {
			const { title, instructions } = imported;
			this.#copies.begin({ id, owner, title, deleted: false, whole: false, instructions }, turnsOf(imported, Date.now()));
		}
		if (!this.#stored.keptFor(owner)) return "deleted";
		if (!(await this.#listing.updateWithAll(imported.turns.length))) throw new OwnError(`chat ${id} was imported and could not be listed`);
		const { archived, pinned, folder } = imported;
		if (isNew && (archived || pinned || folder)) await list.markImported(owner, id, { archived, pinned }, folder);
		return isNew ? "new" : "there";
	}

	/**
	 * The shown path as a public page.
	 * @param into the id of the share, which is part of its files' URLs
	 */
	async snapshot(owner: string, into: string, withFiles: boolean, { seen, reader }: Seen) {
		const chat = await this.#settledChat(owner, seen);
		if ("kind" in chat) return chat;
		return { kind: "done" as const, title: chat.title, ...this.#copies.snapshot(into, withFiles, reader) };
	}

	/** The chat as a file, and its title; null for anyone but the owner. */
	async export(owner: string, format: ExportFormat, reader: Reader): Promise<{ title: string; stream: ReadableStream<Uint8Array> } | null> {
		if (!this.#stored.keptFor(owner)) return null;
		if (!this.#live) await this.#recover();
		const chat = this.#stored.chat();
		return chat && { title: chat.title, stream: exportOf(chat, this.#stored, format, reader) };
	}

	/** The owner's chat, if no request is running and its path ends at the message the page has `seen`; otherwise the reason. */
	async #settledChat(owner: string, seen: Seen["seen"]): Promise<Chat | SnapshotRefusal> {
		if (!this.#live) await this.#recover();
		const chat = this.#stored.keptFor(owner);
		if (!chat) return { kind: "not-found" };
		if (this.#live || this.#starting || this.#openTurn()) return { kind: "busy" };
		return this.#path.hasSeen(seen, null) ? chat : { kind: "moved-on", chat: this.#path.view(chat) };
	}

	/** Deletes the messages and their shares. Counted units stay counted. Idempotent. False for anyone but the owner. */
	async delete(owner: string): Promise<boolean> {
		if (this.#stored.chat()?.owner !== owner) return false;
		// Shares first: once the chat is deleted, nothing would find them. Guests cannot share.
		if (kindOf(owner) === "user") await this.env.SHARE_LIST.getByName(owner).endOf(this.#stored.chat()?.id ?? "");
		const chat = this.#stored.chat();
		if (chat?.owner !== owner) return false;
		this.#live?.stop();
		this.#stored.deleteText();
		this.#stored.writeChat({ ...chat, title: "", instructions: "", folderInstructions: "", deleted: true });
		const filesAreGone = await this.#deleteFiles();
		// A listing in progress could arrive after the removal.
		await this.#listing.settled();
		await this.env.CHAT_LIST.getByName(this.#stored.chat()?.owner ?? owner).remove(chat.id);
		// The alarm of an open run fires first, and sets this one.
		if (filesAreGone && !this.#live && !this.#openTurn()) await this.#arm(Date.now() + KEPT_AFTER_DELETION_MS);
		return true;
	}

	/** Deletes a chat whose guest has expired. Idempotent. Does nothing if the chat has another owner. */
	async end(owner: string): Promise<void> {
		if (this.#stored.chat()?.owner === owner) await this.#forget();
	}

	/** Moves a guest's chat to the guest's new account, and lists it there. Idempotent. False if the chat belongs to neither. */
	async moveTo(from: string, to: string): Promise<boolean> {
		const chat = this.#stored.chat();
		if (!chat || chat.deleted || (chat.owner !== from && chat.owner !== to)) return false;
		if (chat.owner === from) this.#stored.writeChat({ ...chat, owner: to });
		if (!(await this.#listing.update())) throw new OwnError(`chat ${chat.id} was moved and could not be listed`);
		return true;
	}

	/** The state of a run, for the ledger whose hold has expired. */
	async runState(requestId: string, attempt: number): Promise<ChatStatus> {
		if (this.#live?.turn.requestId === requestId || this.#starting?.requestId === requestId) return "running";
		await this.#recover();
		let turn = this.#stored.ofRequest(requestId);
		if (turn && turn.phase !== "ended") {
			await this.#endDead(turn);
			turn = this.#stored.turn(turn.seq);
		}
		if (!turn || turn.attempt < attempt) return "never-started";
		return turn.phase === "ended" ? "unreachable" : "running";
	}

	/**
	 * Keeps a running answer alive and extends its hold, ends a dead run, and drops stops without a request and unsent files. Later it deletes the
	 * remains of a deleted chat.
	 */
	override async alarm(): Promise<void> {
		this.#alarmAtMs = null;
		if (!this.#live) await this.#recover();
		const live = this.#live;
		// The next alarm is set before the first call, so that a crashed run is followed by another.
		if (live || this.#openTurn()) await this.#arm(Date.now() + HEARTBEAT_MS);
		if (live && Date.now() - live.extendedAtMs >= EXTEND_EVERY_MS) {
			live.extendedAtMs = Date.now();
			for (const from of live.turn.hold.takenFrom) await this.env.USAGE_LEDGER.getByName(from.ledger).extend(from.id);
		}
		const oldestStopMs = this.#stored.dropStops(Date.now() - STOP_LIFE_MS);
		const oldestFileMs = await this.#files.dropUnsent(Date.now() - UNSENT_LIFE_MS);
		if (this.#stored.chat()?.deleted && !(await this.#deleteFiles())) return;
		if (oldestFileMs !== null) await this.#arm(Math.max(oldestFileMs + UNSENT_LIFE_MS, Date.now() + FILES_RETRY_MS));
		if (oldestStopMs !== null) await this.#arm(oldestStopMs + STOP_LIFE_MS);
		else if (oldestFileMs !== null) return;
		else if (!this.#stored.chat()) await (this.#starting ? this.#arm(Date.now() + HEARTBEAT_MS) : this.#forget());
		else if (this.#isEnding() && !this.#live && !this.#openTurn()) await this.#endDeleted();
	}

	/** Whether only the chat's requests remain. */
	#isEnding(): boolean {
		const chat = this.#stored.chat();
		return chat !== null && (chat.deleted || chat.temporary === true);
	}

	/** Deletes the remains of a deleted or temporary chat once no request can be repeated. */
	async #endDeleted(): Promise<void> {
		const endMs = (this.#stored.newest()?.startedAtMs ?? 0) + KEPT_AFTER_DELETION_MS;
		await (Date.now() >= endMs ? this.#forget() : this.#arm(Date.now() + KEPT_AFTER_DELETION_MS));
	}

	/** Takes the request's hold, then starts its turn or joins an earlier one. */
	async #holdAndBegin(named: Ask): Promise<StartResult> {
		const ask = await this.#withFiles(await this.#listing.inFolder(named));
		if (!ask) return { kind: "no-such-file" };
		const { chatId, subject, requestId, fingerprint, model, effort, maxUnits, url, headers } = ask;
		const priced = pricedIn(this.#stored, this.#path, ask);
		if (!priced) return { kind: "too-long" };
		const { asked, quote } = priced;
		if (priced.question && !isReadableBy(model, priced.question)) return { kind: "unreadable" };
		const price = priceIn(quote, asked.search);
		const maxHeld = Math.min(maxUnits ?? Number.POSITIVE_INFINITY, ask.maxHeldUnits ?? Number.POSITIVE_INFINITY);
		const isTooMuch = (units: number) => units > maxHeld;
		// A repeat of a running or answered request holds nothing more.
		if (!this.#isRepeat(requestId) && isTooMuch(quote.units)) return { kind: "price", price };
		const terms: Terms = { model: model.id, effort, steps: quote.steps, version: modelsVersion() };
		const request = { subject, requestId, fingerprint, chatId, units: quote.units, maxUnits, terms, tiers: model.tiers };
		const usage = await checkUsageAllowed(new Request(url, { headers }), request);
		if (!usage.allowed) {
			if (usage.reason === "not-in-plan") return { kind: "not-in-plan", tier: usage.tier };
			if (usage.reason !== "limit") return { kind: usage.reason };
			const { refusal } = usage;
			return { kind: "limit", refusal, price, affordable: affordableAt(refusal, priced) };
		}
		const { hold, standing, setCookie } = usage;
		const earlier = this.#stored.ofRequest(requestId);
		const isJoining = earlier !== null && !isRetry(earlier, hold);
		// During the hold, the chat may have been deleted or moved to its guest's new account.
		const refused =
			this.#refusalOf(ask) ??
			(isJoining ? this.#goneAnswer(earlier) : priced.question ? null : { kind: "no-such-message" as const }) ??
			// Only the ledger knows the first price of an attempt that never started.
			(!isJoining && isTooMuch(usage.units) ? { kind: "price" as const, price: { ...price, units: usage.units } } : null) ??
			(!isJoining && outgrows(priced, usage.terms) ? { kind: "price" as const, price: { ...price, units: newUnitsOf(priced) } } : null) ??
			(!isJoining && filesIn(ask) > FILE_LIMITS[standing.tier].count ? { kind: "too-many-files" as const } : null);
		if (refused) {
			await releaseUsage(usage.newlyHeld, "refused");
			return refused;
		}
		if (isJoining && ask.instructions !== undefined) this.instruct(subject.key, ask.instructions);
		if (isJoining) await this.#releaseUnused(hold, earlier.hold);
		const stream = isJoining ? this.#join(subject.key, earlier) : await this.#begin(ask, priced, usage, earlier);
		return { kind: "stream", stream, standing, setCookie };
	}

	/** A request with its message's files. Null if one is missing or belongs to another subject. */
	async #withFiles(ask: Ask): Promise<Ask | null> {
		if (ask.prompt.kind !== "message" || ask.prompt.files.length === 0) return ask;
		const files: FilePart[] = [];
		for (const id of ask.prompt.files) {
			const row = this.#files.row(id);
			if (!row || row.state === "uploading" || !(await this.#mayUse(ask.subject.key, row.owner))) return null;
			files.push(partOf(ask.chatId, row));
		}
		const { message } = ask.prompt;
		return { ...ask, prompt: { ...ask.prompt, message: { ...message, parts: [...files, ...message.parts] } } };
	}

	/** Whether a subject may use a file: the chat's owner or, before the chat exists, the uploader, also after a guest has signed up. */
	async #mayUse(asker: string, uploader: string): Promise<boolean> {
		if (this.#stored.chat()) return this.#stored.ownedBy(asker) !== null;
		if (asker === uploader || kindOf(uploader) !== "guest") return asker === uploader;
		return (await this.env.USAGE_LEDGER.getByName(uploader).closedInFavourOf()) === asker;
	}

	/** The contents of the messages' files. */
	#inFull(messages: SentMessage[], { accepts }: ModelOption) {
		return inFull(messages, accepts, async (file) => {
			const row = this.#files.row(idOf(file));
			return row && this.#files.read(row);
		});
	}

	/** Why the chat refuses a request now. Writes nothing. */
	#refusalOf({ subject: { key }, requestId, prompt, history, seen }: Ask): StartResult | null {
		const chat = this.#stored.chat();
		if (chat && chat.owner !== key) return { kind: "not-found" };
		if (chat?.deleted) return { kind: "gone" };
		// The first message decides whether a chat is temporary.
		if (chat && chat.temporary !== (history !== null)) return { kind: "not-found" };
		const live = this.#live;
		if (this.#readers.isFull(key, live?.turn.requestId === requestId ? live.stream : null)) return { kind: "too-many-readers" };
		if (!chat) return prompt.kind === "regenerate" ? { kind: "not-found" } : null;
		const earlier = this.#stored.ofRequest(requestId);
		if (earlier && !isReleased(earlier)) return null;
		if (live || this.#openTurn() || (this.#starting && this.#starting.requestId !== requestId)) return { kind: "busy" };
		if (prompt.kind === "regenerate" && !earlier && !this.#stored.ofAnswer(prompt.answerId)?.answerId) return { kind: "no-such-message" };
		return history || this.#path.hasSeen(seen, earlier) ? null : { kind: "moved-on", chat: this.#path.view(chat) };
	}

	/** Whether a request is running or was answered. */
	#isRepeat(requestId: string): boolean {
		const earlier = this.#stored.ofRequest(requestId);
		return earlier !== null && !isReleased(earlier);
	}

	/** The turn of an open run other than the live one. */
	#openTurn(): Turn | null {
		const newest = this.#stored.newest();
		return newest && newest.phase !== "ended" && newest.seq !== this.#live?.turn.seq ? newest : null;
	}

	/** Starts the model in the background. The turn is stored before the model is called, so that a crash from here on is detected. */
	async #begin(ask: Ask, priced: Priced, held: Held, earlier: Turn | null): Promise<ReadableStream<Uint8Array>> {
		const { subject, model, history, prompt, requestId, folder } = ask;
		const { whole } = priced.quote;
		const chat = this.#stored.chat() ?? newChat(ask);
		// Each request of a temporary chat carries them.
		const { instructions = chat.instructions } = history ? chat : ask;
		if (folder !== undefined && !this.#stored.chat()) this.#listing.beginIn(folder);
		if (chat.whole !== whole || chat.instructions !== instructions) this.#stored.writeChat({ ...chat, whole, instructions });
		const sent = sentFor(this.#path, ask, priced, held.terms);
		const turn = newTurn(ask, priced, held, sent, { earlier, newest: this.#stored.newest() });
		this.#stored.insert(turn);
		if (prompt.kind === "message") this.#files.markSent(prompt.files);
		const live = new LiveAnswer(turn, this.#stored, (messages) => this.#inFull(messages, model), searchOf(ask, held.hold, sent));
		this.#live = live;
		if (this.#stored.takeStop(requestId, subject.key)) live.stop();
		const stream = this.#readers.join(subject.key, live.stream);
		await this.#arm(turn.startedAtMs + HEARTBEAT_MS);
		this.ctx.waitUntil(this.#finish(live, sent.messages, subject.key));
		return stream;
	}

	/** Runs the model, ends the hold before readers receive the last chunk, then lists the chat with its words. Never rejects. */
	async #finish(live: LiveAnswer, ...asked: Parameters<LiveAnswer["write"]>): Promise<void> {
		const early = live.turn.seq === 1 ? setTimeout(() => void this.#listing.update(), LISTED_AFTER_MS) : undefined;
		const { end, ...told } = await live.write(...asked);
		clearTimeout(early);
		let counted = false;
		try {
			live.storeEnd({ end, ...told });
			const metadata = await this.#settle({ ...live.turn, told }, end, live.stream.parts);
			live.stream.end(metadata);
			counted = metadata.counted === true;
		} catch (error) {
			// The answer must not end while its ledger is unreachable: the alarm retries, and a reload shows the whole answer.
			logFailure(`answer ${live.turn.requestId} waits for its ledger`, error);
		}
		if (this.#live === live) this.#live = null;
		live.stream.close();
		if (!(await this.#listing.update())) await this.#listing.update();
		if (counted) await this.#listing.nameAfter(live.turn, live.stream.parts);
	}

	/**
	 * Settles or releases the hold of a turn whose end is stored, by the table (who pays), then stores the result. After a crash in between, recovery
	 * repeats this from the stored row, and the ledger counts it once. A branch becomes the shown path when its answer counts.
	 * @throws when the ledger cannot be reached
	 */
	async #settle(turn: Turn, end: AnswerEnd, parts: readonly AnswerPart[]): Promise<AnswerMetadata> {
		const release = whoPays({ end, output: outputOf(turn, parts), failure: turn.told?.failure });
		// A crash loses the call's usage, so it is estimated from the stored answer.
		const spent = turn.told ? turn.told.spent : estimatedSpent(turn, end, parts);
		const { counted } =
			release === null ? await recordUsage(turn.hold, undefined, { spent }) : await releaseUsage(turn.hold, release, spent);
		const tokens = turn.tokens === null ? null : turn.tokens + this.#path.tokensOf(turn, parts);
		this.#stored.close(turn, counted, turn.shown || (counted && hasWords(parts)), tokens);
		return metadataOf({ ...turn, phase: "ended", end, counted, tokens }, parts);
	}

	/** Ends a run left open by a crash or deploy: a cut-off run becomes `interrupted`, one with a stored end keeps it. */
	#recover(): Promise<void> {
		this.#recovering ??= this.#recoverOnce().finally(() => {
			this.#recovering = null;
		});
		return this.#recovering;
	}

	async #recoverOnce(): Promise<void> {
		const open = this.#openTurn();
		if (!open) return;
		await this.#endDead(open);
		await this.#listing.update();
	}

	async #endDead(turn: Turn): Promise<void> {
		const parts = this.#stored.parts(turn);
		const end = turn.end ?? "interrupted";
		try {
			if (turn.phase === "running") logNote(`answer ${turn.requestId} was interrupted: the object ended while it was written`);
			if (turn.phase === "running") this.#stored.end(turn, end, this.#stored.countPieces(turn), turn.rest ?? []);
			await this.#settle(turn, end, parts);
		} catch (error) {
			logFailure(`run ${turn.requestId} could not be ended`, error);
		}
	}

	/** Why an earlier request no longer has an answer: an older version deleted replaced answers. */
	#goneAnswer({ rest, counted }: Turn): StartResult | null {
		return rest === null && counted !== false ? { kind: "gone" } : null;
	}

	/** The answer of an earlier request: live, or as a finished stream. */
	#join(owner: string, turn: Turn): ReadableStream<Uint8Array> {
		if (this.#live?.turn.seq === turn.seq) return this.#readers.join(owner, this.#live.stream);
		return this.#readers.replay(owner, turn.seq, () => {
			const parts = this.#stored.parts(turn);
			return replayAnswer(turn.answerId, parts, metadataOf(turn, parts), turn.searched?.sources);
		});
	}

	/** Releases a repeat's holds on ledgers its first request did not use: the guest may have signed up in between. */
	async #releaseUnused(hold: UsageHold, used: UsageHold): Promise<void> {
		const ledgers = used.takenFrom.map(({ ledger }) => ledger);
		const unused = hold.takenFrom.filter(({ ledger }) => !ledgers.includes(ledger));
		if (unused.length > 0) await releaseUsage({ ...hold, takenFrom: unused }, "refused");
	}

	/** Ensures that an alarm fires by this time. Setting one writes a row. */
	async #arm(atMs: number): Promise<void> {
		if (this.#alarmAtMs !== null && this.#alarmAtMs <= atMs) return;
		this.#alarmAtMs = atMs;
		await this.ctx.storage.setAlarm(atMs);
	}

	/** Ensures that unsent files are deleted. The stored alarm may be earlier than the one known here. */
	async #armForUnsent(): Promise<void> {
		this.#alarmAtMs ??= await this.ctx.storage.getAlarm();
		await this.#arm(Date.now() + UNSENT_LIFE_MS);
	}

	/** Deletes the files of a deleted chat, or schedules a retry. @returns whether they are deleted */
	async #deleteFiles(): Promise<boolean> {
		try {
			await this.#files.deleteAll();
			return true;
		} catch (error) {
			logFailure("files of a deleted chat could not be deleted", error);
			await this.#arm(Date.now() + FILES_RETRY_MS);
			return false;
		}
	}

	/** Deletes everything stored about a chat. @throws if its files cannot be deleted; then everything stays */
	async #forget(): Promise<void> {
		await this.#files.deleteAll();
		await this.ctx.storage.deleteAll();
		this.#alarmAtMs = null;
		this.#stored = new ConversationStorage(this.ctx.storage.sql);
	}

	/** The rows are consistent between two steps: a crashed object continues where it stopped. */
	async #migrate(): Promise<void> {
		while (isOld(this.ctx.storage.sql)) {
			migrateSome(this.ctx.storage.sql, this.#stored);
			await scheduler.wait(0);
		}
	}
}

const filesIn = ({ prompt }: Ask) => (prompt.kind === "message" ? prompt.files.length : 0);
