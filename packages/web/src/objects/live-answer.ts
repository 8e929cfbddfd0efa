import type { AnswerEnd } from "@parley/metering";
import { streamText } from "ai";
import { toModelMessages } from "../lib/chat/history.ts";
import { languageModel } from "../lib/chat/model.ts";
import { logFailure, OwnError } from "../log.ts";
import type { ChatMessage } from "../view/chat.ts";
import { type AnswerPart, AnswerStream, charsOf, hasOutput } from "./answer-stream.ts";
import type { ConversationStorage, Run } from "./conversation-storage.ts";

/** A model that sends nothing for this long has failed. So has an answer that takes longer than `ANSWER_MAX_MS`. */
const SILENCE_MAX_MS = 60_000;
const ANSWER_MAX_MS = 20 * 60_000;
/** A longer answer is cut and ends as `length`: a row holds 2 MB, and JSON may take 6 bytes for a character. */
const ANSWER_CHARS_MAX = 300_000;
/** How often the text so far is stored. Rows written are the bill. */
const STORE_EVERY_MS = 1_000;

/** The answer being written: the memory of a run whose row says `running`. Sends the model's output to readers and to storage. */
export class LiveAnswer {
	readonly run: Run;
	readonly stream: AnswerStream;
	/** When the hold was last extended, epoch milliseconds. */
	extendedAtMs = Date.now();
	readonly #stored: ConversationStorage;
	readonly #abort = new AbortController();
	/** The answer that this one replaces as soon as it has output. */
	#replaces: string | null;
	#storedAtMs = Date.now();
	#isStopped = false;
	#isDone = false;

	constructor(run: Run, stored: ConversationStorage, replaces: string | null) {
		this.run = run;
		this.stream = new AnswerStream(run.answerId, run.model);
		this.#stored = stored;
		this.#replaces = replaces;
	}

	/** Stops the model. False once the model is done: how the answer ends is decided then. */
	stop(): boolean {
		if (this.#isDone) return false;
		this.#isStopped = true;
		this.#abort.abort();
		return true;
	}

	/** Runs the model until it ends, fails or is stopped. Never rejects. */
	async write(history: ChatMessage[]): Promise<AnswerEnd> {
		const end = await this.#readModel(history).catch((error: unknown): AnswerEnd => {
			logFailure(`answer ${this.run.requestId} failed`, error);
			return this.#isStopped ? "stopped" : "failed";
		});
		this.#isDone = true;
		return end;
	}

	/** Removes an answer that was to replace another and has no output: the earlier answer stays as it was. */
	discardIfEmpty(): void {
		if (this.#replaces !== null) this.#stored.truncateFrom(this.run.answerId);
	}

	async #readModel(history: ChatMessage[]): Promise<AnswerEnd> {
		let failure: unknown;
		const result = streamText({
			model: languageModel(this.run.model),
			messages: toModelMessages(history),
			abortSignal: this.#abort.signal,
			// A retry would cost a second call for one unit, so the reader decides on it.
			maxRetries: 0,
			timeout: { firstChunkMs: SILENCE_MAX_MS, chunkMs: SILENCE_MAX_MS, totalMs: ANSWER_MAX_MS },
			onError: ({ error }) => {
				failure = error;
			},
		});
		let finishReason = "";
		for await (const part of result.stream) {
			if (part.type === "text-start") this.#open("text");
			else if (part.type === "reasoning-start") this.#open("reasoning");
			else if (part.type === "text-delta") this.#append("text", part.text);
			else if (part.type === "reasoning-delta") this.#append("reasoning", part.text);
			else if (part.type === "error") failure = part.error;
			else if (part.type === "finish") finishReason = part.finishReason;
			if (charsOf(this.stream.parts) >= ANSWER_CHARS_MAX) {
				this.#abort.abort();
				return "length";
			}
		}
		return this.#endOf(finishReason, failure);
	}

	#endOf(finishReason: string, failure: unknown): AnswerEnd {
		const { parts } = this.stream;
		if (this.#isStopped) return "stopped";
		if (failure !== undefined || !hasOutput(parts) || finishReason === "" || finishReason === "error") {
			const why = failure ?? new OwnError(`the model ended with "${finishReason}" after ${charsOf(parts)} characters`);
			logFailure(`answer ${this.run.requestId} failed`, why);
			return "failed";
		}
		if (finishReason === "length") return "length";
		return finishReason === "content-filter" ? "filtered" : "complete";
	}

	#open(type: AnswerPart["type"]): void {
		if (this.#replaces !== null) this.#stored.truncateBetween(this.#replaces, this.run.answerId);
		this.#replaces = null;
		this.stream.open(type);
	}

	#append(type: AnswerPart["type"], delta: string): void {
		if (this.stream.parts.at(-1)?.type !== type) this.#open(type);
		// A broken model may send a single delta that is longer than a row can hold.
		this.stream.append(type, delta.slice(0, Math.max(0, ANSWER_CHARS_MAX - charsOf(this.stream.parts))));
		if (Date.now() - this.#storedAtMs < STORE_EVERY_MS) return;
		this.#storedAtMs = Date.now();
		this.#stored.update(this.run.answerId, this.stream.parts, { model: this.run.model });
	}
}
