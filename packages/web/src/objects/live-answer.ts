import type { AnswerEnd } from "@parley/metering";
import { type ModelMessage, streamText } from "ai";
import { languageModel } from "../lib/chat/model.ts";
import { logFailure, OwnError } from "../log.ts";
import { type AnswerPart, AnswerStream, charsOf, hasOutput } from "./answer-stream.ts";
import { metadataOf } from "./chat-path.ts";
import type { ConversationStorage, StoredPart, Turn } from "./conversation-storage.ts";

/** A model that sends nothing for this long has failed. So has an answer that takes longer than `ANSWER_MAX_MS`. */
const SILENCE_MAX_MS = 60_000;
const ANSWER_MAX_MS = 20 * 60_000;
/** A longer answer is cut and ends as `length`: a row holds 2 MB, and JSON may take 6 bytes for a character. */
const ANSWER_CHARS_MAX = 300_000;
/** How often the text that is new is stored. Rows written are the bill. */
const STORE_EVERY_MS = 1_000;
/** The end of an answer is stored in its turn's row, which is written twice after that, up to this length. */
const REST_CHARS_MAX = 4_096;

/** The answer being written: the memory of a turn whose row says `running`. Sends the model's output to readers and to storage. */
export class LiveAnswer {
	readonly turn: Turn;
	readonly stream: AnswerStream;
	/** When the hold was last extended, epoch milliseconds. */
	extendedAtMs = Date.now();
	readonly #stored: ConversationStorage;
	readonly #abort = new AbortController();
	#storedAtMs = Date.now();
	/** What is stored: pieces, whole parts before the last, and characters of the last. */
	#pieces = 0;
	#storedParts = 0;
	#storedChars = 0;
	#isStopped = false;
	#isDone = false;

	constructor(turn: Turn, stored: ConversationStorage) {
		this.turn = turn;
		this.stream = new AnswerStream(turn.answerId, metadataOf(turn, []));
		this.#stored = stored;
	}

	/** Stops the model. False once the model is done: how the answer ends is decided then. */
	stop(): boolean {
		if (this.#isDone) return false;
		this.#isStopped = true;
		this.#abort.abort();
		return true;
	}

	/** Runs the model until it ends, fails or is stopped. Never rejects. */
	async write(history: ModelMessage[]): Promise<AnswerEnd> {
		// Not `totalMs`: its timer cannot be cancelled, and would keep the object in memory for all of that time.
		const timer = setTimeout(() => this.#abort.abort(new OwnError("the answer took too long")), ANSWER_MAX_MS);
		const end = await this.#readModel(history).catch((error: unknown): AnswerEnd => {
			logFailure(`answer ${this.turn.requestId} failed`, error);
			return this.#isStopped ? "stopped" : "failed";
		});
		clearTimeout(timer);
		this.#isDone = true;
		return end;
	}

	/** Stores the rest of the text, and how the answer ends. */
	storeEnd(end: AnswerEnd): void {
		if (charsOf(this.stream.parts) - this.#charsStored() > REST_CHARS_MAX) this.#store();
		this.#stored.end(this.turn, end, this.#pieces, this.#unstored());
	}

	async #readModel(history: ModelMessage[]): Promise<AnswerEnd> {
		// A stop that came before its request.
		if (this.#isStopped) return "stopped";
		let failure: unknown;
		const result = streamText({
			model: languageModel(this.turn.model),
			messages: history,
			abortSignal: this.#abort.signal,
			// A retry would cost a second call for one unit, so the reader decides on it.
			maxRetries: 0,
			timeout: { firstChunkMs: SILENCE_MAX_MS, chunkMs: SILENCE_MAX_MS },
			onError: ({ error }) => {
				failure = error;
			},
		});
		let finishReason = "";
		for await (const part of result.stream) {
			if (part.type === "text-start") this.stream.open("text");
			else if (part.type === "reasoning-start") this.stream.open("reasoning");
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
			logFailure(`answer ${this.turn.requestId} failed`, why);
			return "failed";
		}
		if (finishReason === "length") return "length";
		return finishReason === "content-filter" ? "filtered" : "complete";
	}

	#append(type: AnswerPart["type"], delta: string): void {
		// A broken model may send a single delta that is longer than a row can hold.
		this.stream.append(type, delta.slice(0, Math.max(0, ANSWER_CHARS_MAX - charsOf(this.stream.parts))));
		if (Date.now() - this.#storedAtMs >= STORE_EVERY_MS) this.#store();
	}

	/** Appends the text since the last time as one row: what is written stays as it is. */
	#store(): void {
		this.#storedAtMs = Date.now();
		const parts = this.#unstored();
		if (parts.length === 0) return;
		this.#stored.append(this.turn.seq, this.#pieces, parts);
		this.#pieces += 1;
		this.#storedParts = Math.max(0, this.stream.parts.length - 1);
		this.#storedChars = this.stream.parts.at(-1)?.text.length ?? 0;
	}

	#unstored(): StoredPart[] {
		const [open, ...others] = this.stream.parts.slice(this.#storedParts);
		if (!open) return [];
		const isBegun = this.#pieces > 0;
		const rest = { ...open, text: open.text.slice(this.#storedChars), ...(isBegun && { more: true }) };
		return [...(isBegun && rest.text === "" ? [] : [rest]), ...others];
	}

	#charsStored(): number {
		return charsOf(this.stream.parts.slice(0, this.#storedParts)) + this.#storedChars;
	}
}
