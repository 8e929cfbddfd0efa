import { DurableObject } from "cloudflare:workers";
import { type AnswerEnd, type Heard, sentenceOf, whoPays } from "@parley/metering";
import { generateId, type ModelMessage, streamText, type UIMessageChunk } from "ai";
import { chatTitle } from "../chat-title.ts";
import { recordUsage, releaseUsage, type UsageHold } from "../lib/billing.ts";
import { languageModel } from "../lib/chat/model.ts";
import { logFailure } from "../lib/http/log.ts";
import type { AnswerMetadata, ChatMessage, ChatView } from "../view/chat.ts";
import { Broadcast } from "./broadcast.ts";
import { ConversationStorage, type Run } from "./conversation-storage.ts";

/** While an answer is written the object wakes itself this often: it stays alive, and a dead run is found. */
const HEARTBEAT_MS = 20_000;
/** The hold of a long answer is extended when so much of it has passed (a hold lives 10 minutes). */
const EXTEND_EVERY_MS = 5 * 60_000;
/** A model that says nothing for this long has failed; so has one that talks for longer than `ANSWER_MAX_MS`. */
const SILENCE_MAX_MS = 60_000;
const ANSWER_MAX_MS = 20 * 60_000;
/** An answer longer than this ends as if by the length limit of the model: a row holds 2 MB, and JSON may take 6 bytes for a character. */
const ANSWER_CHARS_MAX = 300_000;
/** What is written so far is stored this often: rows written are the bill. */
const STORE_EVERY_MS = 1_000;
/** What of the history the model is given, newest first. */
const HISTORY_MESSAGES_MAX = 60;
const HISTORY_CHARS_MAX = 200_000;

export interface StartRequest {
	chatId: string;
	/** The subject's key. */
	owner: string;
	hold: UsageHold;
	model: string;
	/** A new message of the user, which replaces the one of the same id and all behind it; or an answer to be written anew. */
	ask: { kind: "message"; message: ChatMessage } | { kind: "regenerate"; answerId: string };
}

/** Whether a request may be made of this chat at all; asked before anything is held. */
export type Admission = "ok" | "not-found" | "gone" | "busy" | "no-such-message";

export type StartAnswer = { kind: "stream"; stream: ReadableStream<Uint8Array> } | { kind: Exclude<Admission, "ok"> };

/** The answer that is being written: the memory of a run whose row says `running`. */
interface Live {
	run: Run;
	broadcast: Broadcast;
	abort: AbortController;
	stoppedByUser: boolean;
	/** How it ends is decided; nothing can stop it any more. */
	concluding: boolean;
	/** The answer that this one takes the place of, as soon as it has a word to show. */
	replaces: string | null;
	parts: ChatMessage["parts"];
	storedAtMs: number;
	extendedAtMs: number;
}

/** Owns one chat: its messages, and the answer being written, which outlives whoever asked for it. */
export class Conversation extends DurableObject<Cloudflare.Env> {
	readonly #stored = new ConversationStorage(this.ctx.storage.sql);
	#live: Live | null = null;
	#recovering: Promise<void> | null = null;

	/** Judges a request before it is held. Writes nothing. */
	admits(owner: string, requestId: string, ask: { kind: "message" } | { kind: "regenerate"; answerId: string }): Admission {
		const chat = this.#stored.chat();
		if (!chat) return ask.kind === "regenerate" ? "not-found" : "ok";
		if (chat.owner !== owner) return "not-found";
		if (this.#stored.run(requestId)) return "ok";
		if (chat.deleted) return "gone";
		if (this.#live) return "busy";
		if (ask.kind === "regenerate" && !this.#stored.hasAnswer(ask.answerId)) return "no-such-message";
		return "ok";
	}

	/** Starts the answer to a held request, or joins it: running, it is heard from its beginning; ended, it is told again. */
	async start(request: StartRequest): Promise<StartAnswer> {
		if (!this.#live) await this.#recover();
		const { chatId, owner, ask, hold, model } = request;
		const chat = this.#stored.chat();
		if (chat && chat.owner !== owner) return { kind: "not-found" };
		const earlier = this.#stored.run(hold.requestId);
		// A repeat that crossed its first: its hold has been used, and may be released by now. It hears what the first one heard.
		if (earlier && !this.#isRetry(earlier, hold)) {
			await this.#giveBackUnused(hold, earlier.hold);
			return this.#tellAgain(earlier);
		}
		if (chat?.deleted) return { kind: "gone" };
		const run: Run = {
			requestId: hold.requestId,
			attempt: Math.max(hold.attempt, (earlier?.attempt ?? 0) + 1),
			answerId: generateId(),
			model,
			hold,
			phase: "running",
			end: null,
			counted: null,
			startedAtMs: Date.now(),
		};
		if (this.#live) {
			this.#stored.writeRun({ ...run, phase: "refused" });
			return { kind: "busy" };
		}
		if (ask.kind === "regenerate" && !this.#stored.hasAnswer(ask.answerId) && !earlier) return { kind: "no-such-message" };

		const written = chat ?? { id: chatId, owner, title: titleOf(ask), deleted: false };
		if (!chat) this.#stored.writeChat(written);
		if (earlier) this.#stored.truncateFrom(earlier.answerId);
		if (ask.kind === "message") {
			this.#stored.truncateFrom(ask.message.id);
			this.#stored.append(ask.message);
		}
		const messages = this.#stored.messages();
		const history =
			ask.kind === "regenerate"
				? messages.slice(
						0,
						messages.findIndex((message) => message.id === ask.answerId),
					)
				: messages;
		this.#stored.append({ id: run.answerId, role: "assistant", parts: [], metadata: { model } });
		this.#stored.writeRun(run);
		const now = Date.now();
		const live: Live = {
			run,
			broadcast: new Broadcast(),
			abort: new AbortController(),
			stoppedByUser: false,
			concluding: false,
			replaces: ask.kind === "regenerate" ? ask.answerId : null,
			parts: [],
			storedAtMs: now,
			extendedAtMs: now,
		};
		this.#live = live;
		const stream = live.broadcast.join();
		// The run is on disk before the model is called: what dies from here on is found.
		await this.ctx.storage.setAlarm(now + HEARTBEAT_MS);
		this.ctx.waitUntil(this.#list());
		this.ctx.waitUntil(this.#write(live, history));
		return { kind: "stream", stream };
	}

	/** The running answer from its beginning, then live; null when none runs, or the chat is not the asker's. */
	async stream(owner: string): Promise<{ found: boolean; stream: ReadableStream<Uint8Array> | null }> {
		const found = this.#isOf(owner);
		return { found, stream: found ? (this.#live?.broadcast.join() ?? null) : null };
	}

	/** Stops the running answer; null when the chat is not the asker's. */
	stop(owner: string): { stopped: boolean } | null {
		if (!this.#isOf(owner)) return null;
		if (!this.#live || this.#live.concluding) return { stopped: false };
		this.#live.stoppedByUser = true;
		this.#live.abort.abort();
		return { stopped: true };
	}

	/** The chat as its owner sees it; null to anyone else. */
	async view(owner: string): Promise<ChatView | null> {
		if (!this.#isOf(owner)) return null;
		if (!this.#live) await this.#recover();
		const chat = this.#stored.chat();
		if (!chat) return null;
		const running = this.#live;
		// The answer that is being written comes through the stream, from its beginning.
		const messages = this.#stored.messages().filter((message) => message.id !== running?.run.answerId);
		return { id: chat.id, title: chat.title, messages, running: running !== null };
	}

	/** Deletes what was said. What was counted stays counted. */
	async delete(owner: string): Promise<boolean> {
		if (!this.#isOf(owner)) return false;
		this.stop(owner);
		const chat = this.#stored.chat();
		if (!chat) return false;
		this.#stored.deleteMessages();
		this.#stored.writeChat({ ...chat, title: "", deleted: true });
		await this.env.CHAT_LIST.getByName(owner).remove(chat.id);
		return true;
	}

	/** Hands the chat to the account that its guest became. Done twice it is done once. */
	moveTo(from: string, to: string): boolean {
		const chat = this.#stored.chat();
		if (!chat || chat.deleted || chat.owner !== from) return chat?.owner === to;
		this.#stored.writeChat({ ...chat, owner: to });
		return true;
	}

	/** What the ledger asks about a hold that expired without word. */
	async stateOf(requestId: string, attempt: number): Promise<Heard> {
		if (this.#live?.run.requestId === requestId) return "running";
		await this.#recover();
		const run = this.#stored.run(requestId);
		if (!run || run.attempt < attempt || run.phase === "refused") return "never-started";
		return run.phase === "ended" ? "unreachable" : "running";
	}

	/** The heartbeat of a running answer, and the finder of a dead one. */
	override async alarm(): Promise<void> {
		if (!this.#live) await this.#recover();
		const live = this.#live;
		if (live && Date.now() - live.extendedAtMs >= EXTEND_EVERY_MS) {
			live.extendedAtMs = Date.now();
			for (const from of live.run.hold.takenFrom) await this.env.USAGE_LEDGER.getByName(from.ledger).extend(from.id);
		}
		if (this.#live || this.#stored.openRuns().length > 0) await this.ctx.storage.setAlarm(Date.now() + HEARTBEAT_MS);
	}

	/** Puts the chat on top of its owner's list; done at the start of an answer and, in case that was lost, at its end. */
	async #list(): Promise<void> {
		const chat = this.#stored.chat();
		if (!chat || chat.deleted) return;
		try {
			await this.env.CHAT_LIST.getByName(chat.owner).put({ id: chat.id, title: chat.title, updatedAt: new Date().toISOString() });
		} catch (error) {
			console.error(`chat ${chat.id} could not be listed: ${error}`);
		}
	}

	#isOf(owner: string): boolean {
		const chat = this.#stored.chat();
		return chat !== null && !chat.deleted && chat.owner === owner;
	}

	/** Lets the model write, and ends the answer whatever happens. */
	async #write(live: Live, history: ChatMessage[]): Promise<void> {
		const { run } = live;
		send(live, { type: "start", messageId: run.answerId, messageMetadata: { model: run.model } });
		const end = await this.#listen(live, history).catch((error: unknown): AnswerEnd => {
			console.error(`answer ${run.requestId} failed: ${error}`);
			return live.stoppedByUser ? "stopped" : "failed";
		});
		live.concluding = true;
		try {
			const metadata = await this.#conclude(run, live.parts, end);
			// A second try that came to nothing leaves the first answer as it was.
			if (live.replaces !== null) this.#stored.truncateFrom(run.answerId);
			sendEnd(live, metadata);
		} catch (error) {
			// The ledger could not be told: the last chunk must not go out. The alarm tells it, and a reload shows the whole answer.
			console.error(`answer ${run.requestId} waits for its ledger: ${error}`);
		}
		if (this.#live === live) this.#live = null;
		live.broadcast.close();
	}

	async #listen(live: Live, history: ChatMessage[]): Promise<AnswerEnd> {
		let failure: unknown;
		const result = streamText({
			model: languageModel(live.run.model),
			messages: toModelMessages(history),
			abortSignal: live.abort.signal,
			// A second call for one unit would be a second price; the reader decides on a retry.
			maxRetries: 0,
			timeout: { firstChunkMs: SILENCE_MAX_MS, chunkMs: SILENCE_MAX_MS, totalMs: ANSWER_MAX_MS },
			onError: ({ error }) => {
				failure = error;
			},
		});
		let finishReason = "";
		for await (const part of result.stream) {
			if (part.type === "text-start" || part.type === "reasoning-start")
				this.#open(live, part.type === "text-start" ? "text" : "reasoning");
			else if (part.type === "text-delta" || part.type === "reasoning-delta")
				this.#extend(live, part.type === "text-delta" ? "text" : "reasoning", part.text);
			else if (part.type === "error") failure = part.error;
			else if (part.type === "finish") finishReason = part.finishReason;
			if (chars(live.parts) >= ANSWER_CHARS_MAX) {
				live.abort.abort();
				return "length";
			}
		}
		if (live.stoppedByUser) return "stopped";
		if (failure !== undefined || !hasOutput(live.parts) || finishReason === "" || finishReason === "error") {
			const why = failure ?? `the model ended with "${finishReason}" after ${chars(live.parts)} characters`;
			logFailure(`answer ${live.run.requestId} failed`, why);
			return "failed";
		}
		if (finishReason === "length") return "length";
		return finishReason === "content-filter" ? "filtered" : "complete";
	}

	#open(live: Live, type: "text" | "reasoning"): void {
		closePart(live);
		if (live.replaces !== null) this.#stored.truncateBetween(live.replaces, live.run.answerId);
		live.replaces = null;
		live.parts.push({ type, text: "" });
		send(live, { type: `${type}-start`, id: partId(live) });
	}

	#extend(live: Live, type: "text" | "reasoning", delta: string): void {
		if (live.parts.at(-1)?.type !== type) this.#open(live, type);
		const part = live.parts.at(-1);
		if (!part) return;
		// One line of a broken model may be longer than a row can hold.
		const fitting = delta.slice(0, Math.max(0, ANSWER_CHARS_MAX - chars(live.parts)));
		part.text += fitting;
		send(live, { type: `${type}-delta`, id: partId(live), delta: fitting });
		if (Date.now() - live.storedAtMs < STORE_EVERY_MS) return;
		live.storedAtMs = Date.now();
		this.#stored.update(live.run.answerId, live.parts, { model: live.run.model });
	}

	/**
	 * Stores how an answer ended, then ends its hold as the table says (who pays), then stores that. Cut off in between, the alarm does the
	 * rest: both ends are told by the same row, so that the ledger hears the same thing twice and counts it once.
	 * @throws when the ledger cannot be reached
	 */
	async #conclude(run: Run, parts: ChatMessage["parts"], end: AnswerEnd): Promise<AnswerMetadata> {
		const ending: Run = { ...run, phase: "ending", end };
		this.#stored.update(run.answerId, parts, { model: run.model, state: end });
		this.#stored.writeRun(ending);
		const { release } = whoPays(end, hasOutput(parts));
		const { counted } = release === null ? await recordUsage(run.hold) : await releaseUsage(run.hold, release);
		const metadata = { model: run.model, state: end, counted, note: sentenceOf(end, hasOutput(parts), counted) };
		this.#stored.update(run.answerId, parts, metadata);
		this.#stored.writeRun({ ...ending, phase: "ended", counted });
		await this.#list();
		return metadata;
	}

	/** Ends what a crash or a deploy left open: a dead run is interrupted, a decided one is told to its ledger. */
	#recover(): Promise<void> {
		this.#recovering ??= this.#recoverOnce().finally(() => {
			this.#recovering = null;
		});
		return this.#recovering;
	}

	async #recoverOnce(): Promise<void> {
		for (const run of this.#stored.openRuns()) {
			if (this.#live?.run.requestId === run.requestId) continue;
			const parts = this.#stored.messages().find((message) => message.id === run.answerId)?.parts ?? [];
			try {
				await this.#conclude(run, parts, run.end ?? "interrupted");
			} catch (error) {
				console.error(`run ${run.requestId} could not be ended: ${error}`);
			}
		}
	}

	/** Whether a hold is for another attempt at an answer that was given back; one that another ledger pays for counts its own attempts. */
	#isRetry(earlier: Run, hold: UsageHold): boolean {
		if (hold.attempt > earlier.attempt) return true;
		return earlier.phase === "ended" && earlier.counted === false && isOtherLedger(hold, earlier.hold);
	}

	/** A repeat may come when another ledger pays by now (a guest has signed up, an organization got a plan): the first one's hold is what counts. */
	async #giveBackUnused(hold: UsageHold, used: UsageHold): Promise<void> {
		const ledgers = used.takenFrom.map(({ ledger }) => ledger);
		const unused = hold.takenFrom.filter(({ ledger }) => !ledgers.includes(ledger));
		if (unused.length > 0) await releaseUsage({ ...hold, takenFrom: unused }, "refused");
	}

	/** What has become of a request, once more: the running answer, the finished one as a stream, or that it was deleted or replaced. */
	#tellAgain(run: Run): StartAnswer {
		if (this.#live?.run.requestId === run.requestId) return { kind: "stream", stream: this.#live.broadcast.join() };
		if (run.phase === "refused") return { kind: "busy" };
		const message = this.#stored.messages().find((one) => one.id === run.answerId);
		if (!message && run.counted !== false) return { kind: "gone" };
		const live: Live = {
			run,
			broadcast: new Broadcast(),
			abort: new AbortController(),
			stoppedByUser: false,
			concluding: true,
			replaces: null,
			parts: [],
			storedAtMs: Date.now(),
			extendedAtMs: 0,
		};
		send(live, { type: "start", messageId: run.answerId, messageMetadata: { model: run.model } });
		for (const part of message?.parts ?? []) {
			closePart(live);
			live.parts.push(part);
			send(live, { type: `${part.type}-start`, id: partId(live) });
			send(live, { type: `${part.type}-delta`, id: partId(live), delta: part.text });
		}
		const { end, model } = run;
		sendEnd(live, message?.metadata ?? { model, state: end ?? "failed", counted: false, note: sentenceOf(end ?? "failed", false, false) });
		live.broadcast.close();
		return { kind: "stream", stream: live.broadcast.join() };
	}
}

/** Whether the account that pays is another; a network's changes with each day. */
function isOtherLedger(a: UsageHold, b: UsageHold): boolean {
	const payer = ({ takenFrom }: UsageHold) => takenFrom.find(({ ledger }) => !ledger.startsWith("network:"))?.ledger;
	return payer(a) !== payer(b);
}

const hasOutput = (parts: ChatMessage["parts"]) => parts.some((part) => part.text !== "");
const chars = (parts: ChatMessage["parts"]) => parts.reduce((sum, part) => sum + part.text.length, 0);
const partId = (live: Live) => String(live.parts.length - 1);

function closePart(live: Live): void {
	const part = live.parts.at(-1);
	if (part) send(live, { type: `${part.type}-end`, id: partId(live) });
}

function sendEnd(live: Live, metadata: AnswerMetadata): void {
	closePart(live);
	if (metadata.state === "failed" || metadata.state === "interrupted") {
		send(live, { type: "message-metadata", messageMetadata: metadata });
		send(live, { type: "error", errorText: metadata.note ?? "That answer failed." });
	} else if (metadata.state === "stopped") {
		send(live, { type: "message-metadata", messageMetadata: metadata });
		send(live, { type: "abort" });
	} else {
		send(live, { type: "finish", messageMetadata: metadata });
	}
	live.broadcast.send(encoder.encode("data: [DONE]\n\n"));
}

const encoder = new TextEncoder();

/** One chunk of the AI SDK's UI message stream, as a server-sent event. */
function send(live: Live, chunk: UIMessageChunk<AnswerMetadata>): void {
	live.broadcast.send(encoder.encode(`data: ${JSON.stringify(chunk)}\n\n`));
}

const titleOf = (ask: StartRequest["ask"]): string => (ask.kind === "message" && chatTitle(textOf(ask.message))) || "New chat";

const textOf = (message: ChatMessage) => message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");

/** The newest messages that fit, oldest first; an answer without a word says nothing to the model. */
function toModelMessages(history: ChatMessage[]): ModelMessage[] {
	const fitting: ModelMessage[] = [];
	let left = HISTORY_CHARS_MAX;
	for (const message of history.toReversed().slice(0, HISTORY_MESSAGES_MAX)) {
		const content = textOf(message);
		left -= content.length;
		if (left < 0) break;
		if (content) fitting.push({ role: message.role, content });
	}
	return fitting.reverse();
}
