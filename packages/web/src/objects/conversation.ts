import { DurableObject } from "cloudflare:workers";
import { type AnswerEnd, type ChatStatus, sentenceOf, whoPays } from "@parley/metering";
import { generateId } from "ai";
import { chatTitle } from "../chat-title.ts";
import { recordUsage, releaseUsage, type UsageHold } from "../lib/billing.ts";
import { textOf } from "../lib/chat/history.ts";
import { isPool, kindOf } from "../lib/identity/subject-key.ts";
import { logFailure } from "../log.ts";
import type { AnswerMetadata, ChatMessage, ChatSummary, ChatView } from "../view/chat.ts";
import { type AnswerPart, hasOutput, replayAnswer } from "./answer-stream.ts";
import { type Chat, ConversationStorage, type Run } from "./conversation-storage.ts";
import { LiveAnswer } from "./live-answer.ts";

/** How often the object wakes itself while an answer is written: that keeps it alive, and finds a dead run. */
const HEARTBEAT_MS = 20_000;
/** How often the hold of a long answer is extended. A hold lives 10 minutes. */
const EXTEND_EVERY_MS = 5 * 60_000;
/** A deleted chat keeps its owner and its requests, so that none is answered again, for as long as a ledger keeps requests one by one. */
const KEPT_AFTER_DELETION_MS = 90 * 86_400_000;

/** A new user message, which replaces the one with the same id and everything after it; or an answer to write again. */
type Turn = { kind: "message"; message: ChatMessage } | { kind: "regenerate"; answerId: string };

export interface StartRequest {
	chatId: string;
	/** The subject's key. */
	owner: string;
	hold: UsageHold;
	model: string;
	turn: Turn;
}

/** Whether the chat can take a request. Checked before anything is held. */
export type Admission = "ok" | "not-found" | "gone" | "busy" | "no-such-message";

type StartResult = { kind: "stream"; stream: ReadableStream<Uint8Array> } | { kind: Exclude<Admission, "ok"> };

/** Owns one chat: its messages and the answer being written, which outlives the request that started it. */
export class Conversation extends DurableObject<Cloudflare.Env> {
	#stored = new ConversationStorage(this.ctx.storage.sql);
	#live: LiveAnswer | null = null;
	#recovering: Promise<void> | null = null;

	/** Checks a request before its units are held. Writes nothing. */
	checkAdmission(owner: string, requestId: string, turn: { kind: "message" } | { kind: "regenerate"; answerId: string }): Admission {
		const chat = this.#stored.chat();
		if (!chat) return turn.kind === "regenerate" ? "not-found" : "ok";
		if (chat.owner !== owner) return "not-found";
		if (this.#stored.run(requestId)) return "ok";
		if (chat.deleted) return "gone";
		if (this.#live) return "busy";
		if (turn.kind === "regenerate" && !this.#stored.hasAnswer(turn.answerId)) return "no-such-message";
		return "ok";
	}

	/** Starts the run of a held request or joins it: replays a running answer from its start, or a finished one in full. */
	async start(request: StartRequest): Promise<StartResult> {
		if (!this.#live) await this.#recover();
		const { owner, turn, hold } = request;
		const chat = this.#stored.chat();
		if (chat && chat.owner !== owner) return { kind: "not-found" };
		const earlier = this.#stored.run(hold.requestId);
		// A repeat that raced its first request. The first one's hold is used, so the repeat gets the same answer.
		if (earlier && !isRetry(earlier, hold)) {
			await this.#releaseUnused(hold, earlier.hold);
			return this.#join(earlier);
		}
		if (chat?.deleted) return { kind: "gone" };
		const run = newRun(request, earlier);
		if (this.#live) {
			this.#stored.writeRun({ ...run, phase: "refused" });
			return { kind: "busy" };
		}
		if (turn.kind === "regenerate" && !this.#stored.hasAnswer(turn.answerId) && !earlier) return { kind: "no-such-message" };
		const history = this.#writeTurn(request, chat, earlier);
		return { kind: "stream", stream: await this.#begin(run, history, turn.kind === "regenerate" ? turn.answerId : null) };
	}

	/** The running answer from its beginning, then live; `stream` is null when none runs. Not found for anyone but the owner. */
	async stream(owner: string): Promise<{ found: boolean; stream: ReadableStream<Uint8Array> | null }> {
		const found = this.#isOwnedBy(owner);
		return { found, stream: found ? (this.#live?.stream.join() ?? null) : null };
	}

	/** Stops the running answer. Null for anyone but the owner. */
	stop(owner: string): { stopped: boolean } | null {
		if (!this.#isOwnedBy(owner)) return null;
		return { stopped: this.#live?.stop() ?? false };
	}

	/** The chat as its owner sees it. Null for anyone else. */
	async view(owner: string): Promise<ChatView | null> {
		if (!this.#isOwnedBy(owner)) return null;
		if (!this.#live) await this.#recover();
		const chat = this.#stored.chat();
		if (!chat) return null;
		const running = this.#live;
		// The page gets the running answer from the stream, from its beginning.
		const messages = this.#stored.messages().filter((message) => message.id !== running?.run.answerId);
		return { id: chat.id, title: chat.title, messages, running: running !== null };
	}

	/** Deletes the messages. What was counted stays counted. False for anyone but the owner. */
	async delete(owner: string): Promise<boolean> {
		if (!this.#isOwnedBy(owner)) return false;
		this.stop(owner);
		const chat = this.#stored.chat();
		if (!chat) return false;
		this.#stored.deleteMessages();
		this.#stored.writeChat({ ...chat, title: "", deleted: true });
		await this.env.CHAT_LIST.getByName(owner).remove(chat.id);
		// The alarm of an open run comes first, and sets this one.
		if (!this.#isAnswering()) await this.ctx.storage.setAlarm(Date.now() + KEPT_AFTER_DELETION_MS);
		return true;
	}

	/** Deletes all of a chat whose guest has ended. Idempotent. Does nothing to a chat that belongs to someone else. */
	async end(owner: string): Promise<void> {
		if (this.#stored.chat()?.owner === owner) await this.#forget();
	}

	/** Moves a guest's chat to the account that the guest became. Idempotent. False where the chat belongs to neither. */
	moveTo(from: string, to: string): boolean {
		const chat = this.#stored.chat();
		if (!chat || chat.deleted || chat.owner !== from) return chat?.owner === to;
		this.#stored.writeChat({ ...chat, owner: to });
		return true;
	}

	/** The state of a run, for a ledger whose hold on it has expired. */
	async runState(requestId: string, attempt: number): Promise<ChatStatus> {
		if (this.#live?.run.requestId === requestId) return "running";
		await this.#recover();
		const run = this.#stored.run(requestId);
		if (!run || run.attempt < attempt || run.phase === "refused") return "never-started";
		return run.phase === "ended" ? "unreachable" : "running";
	}

	/** Keeps a running answer alive and extends its hold, or ends a dead run. Later it deletes what is left of a deleted chat. */
	override async alarm(): Promise<void> {
		if (!this.#live) await this.#recover();
		const live = this.#live;
		if (live && Date.now() - live.extendedAtMs >= EXTEND_EVERY_MS) {
			live.extendedAtMs = Date.now();
			for (const from of live.run.hold.takenFrom) await this.env.USAGE_LEDGER.getByName(from.ledger).extend(from.id);
		}
		const nowMs = Date.now();
		if (this.#isAnswering()) await this.ctx.storage.setAlarm(nowMs + HEARTBEAT_MS);
		else if (this.#stored.chat()?.deleted) {
			if (nowMs - this.#stored.newestRunMs() >= KEPT_AFTER_DELETION_MS) await this.#forget();
			else await this.ctx.storage.setAlarm(nowMs + KEPT_AFTER_DELETION_MS);
		}
	}

	/** Whether an answer is being written, or waits for its ledger. */
	#isAnswering(): boolean {
		return this.#live !== null || this.#stored.openRuns().length > 0;
	}

	async #forget(): Promise<void> {
		await this.ctx.storage.deleteAll();
		this.#stored = new ConversationStorage(this.ctx.storage.sql);
	}

	/** Stores the user's turn; returns the messages that the model receives. */
	#writeTurn({ chatId, owner, turn }: StartRequest, chat: Chat | null, earlier: Run | null): ChatMessage[] {
		if (!chat) this.#stored.writeChat({ id: chatId, owner, title: titleOf(turn), deleted: false });
		if (earlier) this.#stored.truncateFrom(earlier.answerId);
		if (turn.kind === "message") {
			this.#stored.truncateFrom(turn.message.id);
			this.#stored.append(turn.message);
			return this.#stored.messages();
		}
		const messages = this.#stored.messages();
		const replaced = messages.findIndex((message) => message.id === turn.answerId);
		// A retry finds the replaced answer gone: its first attempt had output, and was removed above.
		return replaced < 0 ? messages : messages.slice(0, replaced);
	}

	/** Starts the model behind the caller. The run is stored before the model is called, so that a crash from here on is found. */
	async #begin(run: Run, history: ChatMessage[], replaces: string | null): Promise<ReadableStream<Uint8Array>> {
		this.#stored.append({ id: run.answerId, role: "assistant", parts: [], metadata: { model: run.model } });
		this.#stored.writeRun(run);
		const live = new LiveAnswer(run, this.#stored, replaces);
		this.#live = live;
		const stream = live.stream.join();
		await this.ctx.storage.setAlarm(run.startedAtMs + HEARTBEAT_MS);
		this.ctx.waitUntil(this.#updateChatList());
		this.ctx.waitUntil(this.#finish(live, history));
		return stream;
	}

	/** Runs the model, then ends the hold before readers receive the last chunk. Never rejects. */
	async #finish(live: LiveAnswer, history: ChatMessage[]): Promise<void> {
		const end = await live.write(history);
		try {
			const metadata = await this.#conclude(live.run, live.stream.parts, end);
			live.discardIfEmpty();
			live.stream.end(metadata);
		} catch (error) {
			// Without its ledger the answer must not end: the alarm tries again, and a reload shows the whole answer.
			logFailure(`answer ${live.run.requestId} waits for its ledger`, error);
		}
		if (this.#live === live) this.#live = null;
		live.stream.close();
	}

	/**
	 * Stores how an answer ended, settles or releases its hold by the table (who pays), then stores that. After a crash in between, recovery
	 * repeats it from the stored row, and the ledger counts it once.
	 * @throws when the ledger cannot be reached
	 */
	async #conclude(run: Run, parts: readonly AnswerPart[], end: AnswerEnd): Promise<AnswerMetadata> {
		const ending: Run = { ...run, phase: "ending", end };
		this.#stored.update(run.answerId, parts, { model: run.model, state: end });
		this.#stored.writeRun(ending);
		const { release } = whoPays(end, hasOutput(parts));
		const { counted } = release === null ? await recordUsage(run.hold) : await releaseUsage(run.hold, release);
		const metadata = { model: run.model, state: end, counted, note: sentenceOf(end, hasOutput(parts), counted) };
		this.#stored.update(run.answerId, parts, metadata);
		this.#stored.writeRun({ ...ending, phase: "ended", counted });
		await this.#updateChatList();
		return metadata;
	}

	/** Ends the runs that a crash or deploy left open: one cut off becomes `interrupted`, one that was ending keeps its end. */
	#recover(): Promise<void> {
		this.#recovering ??= this.#recoverOnce().finally(() => {
			this.#recovering = null;
		});
		return this.#recovering;
	}

	async #recoverOnce(): Promise<void> {
		for (const run of this.#stored.openRuns()) {
			if (this.#live?.run.requestId === run.requestId) continue;
			try {
				await this.#conclude(run, this.#stored.message(run.answerId)?.parts ?? [], run.end ?? "interrupted");
			} catch (error) {
				logFailure(`run ${run.requestId} could not be ended`, error);
			}
		}
	}

	/** The result of an earlier request: the running answer, the finished one as a stream, or why there is none. */
	#join(run: Run): StartResult {
		if (this.#live?.run.requestId === run.requestId) return { kind: "stream", stream: this.#live.stream.join() };
		if (run.phase === "refused") return { kind: "busy" };
		const message = this.#stored.message(run.answerId);
		if (!message && run.counted !== false) return { kind: "gone" };
		const { answerId, model, end } = run;
		const metadata = message?.metadata ?? {
			model,
			state: end ?? "failed",
			counted: false,
			note: sentenceOf(end ?? "failed", false, false),
		};
		return { kind: "stream", stream: replayAnswer(answerId, model, message?.parts ?? [], metadata) };
	}

	/** Releases what a repeat holds on ledgers that its first request did not use: a guest may have signed up in between. */
	async #releaseUnused(hold: UsageHold, used: UsageHold): Promise<void> {
		const ledgers = used.takenFrom.map(({ ledger }) => ledger);
		const unused = hold.takenFrom.filter(({ ledger }) => !ledgers.includes(ledger));
		if (unused.length > 0) await releaseUsage({ ...hold, takenFrom: unused }, "refused");
	}

	/** Puts the chat on top of its owner's list. Runs at the start of an answer, and again at its end in case that failed. */
	async #updateChatList(): Promise<void> {
		const chat = this.#stored.chat();
		if (!chat || chat.deleted) return;
		try {
			const summary = { id: chat.id, title: chat.title, updatedAt: new Date().toISOString() };
			await this.env.CHAT_LIST.getByName(chat.owner).put(summary);
			if (kindOf(chat.owner) === "guest") await this.#followGuest(chat.owner, summary);
		} catch (error) {
			logFailure(`chat ${chat.id} could not be listed`, error);
		}
	}

	/**
	 * Moves the chat to the account that its guest became. Signing up closes the guest's ledger first and empties the guest's list after that:
	 * a chat that was listed too late for the second finds the first done.
	 */
	async #followGuest(guest: string, summary: ChatSummary): Promise<void> {
		const account = await this.env.USAGE_LEDGER.getByName(guest).closedInFavourOf();
		if (account === null || !this.moveTo(guest, account)) return;
		await this.env.CHAT_LIST.getByName(account).put(summary);
		await this.env.CHAT_LIST.getByName(guest).remove(summary.id);
	}

	#isOwnedBy(owner: string): boolean {
		const chat = this.#stored.chat();
		return chat !== null && !chat.deleted && chat.owner === owner;
	}
}

function newRun({ hold, model }: StartRequest, earlier: Run | null): Run {
	return {
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
}

/** Whether a hold is for a new attempt after a release. Attempts of another ledger are numbered apart, so there the release itself decides. */
function isRetry(earlier: Run, hold: UsageHold): boolean {
	if (hold.attempt > earlier.attempt) return true;
	return earlier.phase === "ended" && earlier.counted === false && isOtherLedger(hold, earlier.hold);
}

/** Whether another subject pays. Networks are left out: a network's key changes each day. */
function isOtherLedger(a: UsageHold, b: UsageHold): boolean {
	const payer = ({ takenFrom }: UsageHold) => takenFrom.find(({ ledger }) => !isPool(ledger))?.ledger;
	return payer(a) !== payer(b);
}

function titleOf(turn: Turn): string {
	return (turn.kind === "message" && chatTitle(textOf(turn.message))) || "New chat";
}
