import type { AnswerEnd, Failure, Spent } from "@parley/metering";
import { tokensOf } from "@parley/metering";
import type { ModelEntry } from "@parley/plans/models";
import type { ModelMessage } from "ai";
import type { SentMessage } from "../lib/chat/history.ts";
import { modelEntry, outputMaxOf, priceOfModel } from "../lib/chat/model.ts";
import { answerWithSearch, type SearchingPart, type SearchTerms } from "../lib/chat/search/answer-with-search.ts";
import { OutputCap } from "../lib/chat/upstream/output-cap.ts";
import { hashOfSubject } from "../lib/chat/upstream/request-body.ts";
import { spentOf, spentTogether } from "../lib/chat/upstream/spent.ts";
import { logFailure, logNote, OwnError } from "../log.ts";
import { type AnswerPart, AnswerStream, charsOf, hasWords } from "./answer-stream.ts";
import { costOf, metadataOf } from "./chat-path.ts";
import type { ConversationStorage, StoredPart, Turn } from "./conversation-storage.ts";
import { DeltaBuffer } from "./delta-buffer.ts";

/** A longer answer has failed, however active the connection is. */
const ANSWER_MAX_MS = 20 * 60_000;
/** A longer answer is cut and ends as `length`: a row holds 2 MB, and JSON may take 6 bytes per character. */
const ANSWER_CHARS_MAX = 300_000;
/** How often new text is stored. Written rows are billed. */
const STORE_EVERY_MS = 1_000;
/** Up to this length, the end of an answer is stored in its turn's row, which is written twice more. */
const REST_CHARS_MAX = 4_096;

/** How an answer ended and what it took. */
export interface AnswerResult {
	end: AnswerEnd;
	failure?: Failure;
	/** For `busy`: seconds until a retry, by the provider. */
	retryAfterS?: number;
	/** How long the model reasoned before its first text, milliseconds; absent if it did not. */
	thoughtMs?: number;
	/** From the request to the end of the answer, milliseconds. */
	tookMs: number;
	/** Null for a call that a provider refused, or that was never made. */
	spent: Spent | null;
}

/** The estimated usage of an answer's calls, from stored data: after a crash nothing else is left. Null if nothing arrived. */
export function estimatedSpent({ model, sold, searched }: Turn, end: AnswerEnd, parts: readonly AnswerPart[]): Spent | null {
	if (!sold) return null;
	// A model that has searched has at least written its tool call.
	return estimateOf(model, searched?.input ?? sold.input, searched ? "complete" : end, parts);
}

/** The estimated usage of a call that wrote these parts. A model that ended by itself produced at least one token. Null if nothing arrived. */
function estimateOf(model: string, input: number, end: AnswerEnd, parts: readonly AnswerPart[]): Spent | null {
	const hasEnded = end === "complete" || end === "length" || end === "filtered";
	if (charsOf(parts) === 0 && !hasEnded) return null;
	const tokensIn = (type: AnswerPart["type"]) => parts.reduce((sum, part) => sum + (part.type === type ? tokensOf(part.text) : 0), 0);
	// The estimate never underestimates, so the output limit caps it.
	const output = Math.min(Math.max(1, tokensIn("reasoning") + tokensIn("text")), outputMaxOf(model));
	const reasoning = Math.min(tokensIn("reasoning"), output);
	return spentOf({ input, cached: 0, output, reasoning }, true, priceOfModel(model));
}

/** The answer in progress: the in-memory state of a `running` turn. Sends the model's output to readers and to storage. */
export class LiveAnswer {
	readonly turn: Turn;
	readonly stream: AnswerStream;
	/** When the hold was last extended, epoch milliseconds. */
	extendedAtMs = Date.now();
	readonly #stored: ConversationStorage;
	readonly #inFull: (sent: SentMessage[]) => Promise<ModelMessage[]>;
	readonly #search: SearchTerms | null;
	readonly #abort = new AbortController();
	readonly #deltas = new DeltaBuffer((type, delta) => this.#append(type, delta));
	#storedAtMs = Date.now();
	/** Stored so far: pieces, and the characters of each part. */
	#pieces = 0;
	#storedChars: number[] = [];
	#isStopped = false;
	#isDone = false;
	#isReached = false;
	#calledAtMs = 0;
	#thoughtMs: number | undefined;
	/** Usage of the model calls that have ended. */
	#spentBefore: Spent | null = null;
	/** Estimated input tokens of the call in progress; null once it has reported its usage. */
	#callInput: number | null;
	/** The characters of each part from earlier calls. */
	#charsBefore: number[] = [];

	/** `inFull`: adds file contents to messages. `search`: null if the model may not search. */
	constructor(
		turn: Turn,
		stored: ConversationStorage,
		inFull: (sent: SentMessage[]) => Promise<ModelMessage[]>,
		search: SearchTerms | null,
	) {
		this.turn = turn;
		this.#search = search;
		this.#callInput = turn.sold?.input ?? null;
		this.#inFull = inFull;
		this.stream = new AnswerStream(turn.answerId, metadataOf(turn, []));
		this.#stored = stored;
	}

	/** Stops the model. Returns false once the model is done, because the ending is decided then. */
	stop(): boolean {
		if (this.#isDone) return false;
		this.#isStopped = true;
		this.#abort.abort();
		return true;
	}

	/**
	 * Runs the model until it ends, fails or is stopped. Never rejects.
	 * @param subject the subject's key, which the provider receives as a hash
	 */
	async write(history: SentMessage[], subject: string): Promise<AnswerResult> {
		const timer = setTimeout(() => this.#abort.abort(new OwnError("the answer took too long")), ANSWER_MAX_MS);
		const entry = this.#isStopped ? null : this.#entry();
		const ended = await this.#readModel(entry, history, subject).catch((error: unknown): Pick<AnswerResult, "end" | "failure"> => {
			if (!this.#isStopped) logFailure(`answer ${this.turn.requestId} failed`, error);
			return { end: "failed", failure: "failed" };
		});
		this.#deltas.end();
		clearTimeout(timer);
		this.#isDone = true;
		const { end, ...why } = this.#isStopped ? { end: "stopped" as const } : this.#judged(ended);
		// A model that ended by itself did run, even if it produced no text.
		const spent = this.#spent(this.#isStopped ? end : ended.end);
		// Some models keep their reasoning private and only report its tokens.
		const hasThought = this.#hasReasoning() || (spent?.reasoning ?? 0) > 0;
		const thoughtMs = this.#thoughtMs ?? Date.now() - this.#calledAtMs;
		return { end, ...why, ...(hasThought && { thoughtMs }), tookMs: Date.now() - this.turn.startedAtMs, spent };
	}

	/** Stores the remaining text and how the answer ends. */
	storeEnd({ end, ...result }: AnswerResult): void {
		if (charsOf(this.stream.parts) - this.#storedChars.reduce((sum, chars) => sum + chars, 0) > REST_CHARS_MAX) this.#store();
		this.#stored.end(this.turn, end, this.#pieces, this.#unstored(), result);
	}

	#entry(): ModelEntry | null {
		try {
			return modelEntry(this.turn.model);
		} catch (error) {
			this.#abort.abort(error);
			return null;
		}
	}

	async #readModel(
		entry: ModelEntry | null,
		sent: SentMessage[],
		subject: string,
	): Promise<Pick<AnswerResult, "end" | "failure" | "retryAfterS">> {
		// A stop that arrived before its request.
		if (this.#isStopped) return { end: "stopped" };
		const { requestId, sold } = this.turn;
		const maxOutput = outputMaxOf(this.turn.model);
		const cap = new OutputCap(maxOutput);
		const messages = await this.#inFull(sent);
		this.#calledAtMs = Date.now();
		const asked = { model: entry, effort: sold?.effort ?? null, maxOutput, subjectHash: hashOfSubject(subject), requestId, messages };
		this.#abort.signal.throwIfAborted();
		for await (const part of answerWithSearch({ ...asked, signal: this.#abort.signal }, this.#search)) {
			const ended = this.#take(part, cap);
			if (ended) return ended;
			if (cap.isReached || this.#isReached) {
				this.#abort.abort();
				return { end: "length" };
			}
		}
		throw new OwnError("invariant: an answer ends with its last part");
	}

	#take(part: SearchingPart, cap: OutputCap): Pick<AnswerResult, "end" | "failure" | "retryAfterS"> | null {
		if (part.type === "end") return { end: part.end };
		if (part.type === "failed") {
			const { failure, retryAfterS } = part;
			return { end: "failed", failure, ...(retryAfterS !== undefined && { retryAfterS }) };
		}
		if (part.type === "usage") this.#endCall(spentOf(part, part.estimated, priceOfModel(this.turn.model)));
		else if (part.type === "searching") this.stream.tell({ searching: part.query });
		else if (part.type === "searched") {
			this.#callInput = part.nextInput;
			this.turn.searched = part.searched;
			this.#stored.writeSearched(this.turn, part.searched);
			this.stream.cite(part.searched.sources);
			this.stream.tell({ searching: null, ...costOf(this.turn) });
		} else {
			const delta = cap.take(part.delta);
			if (delta) this.#deltas.add(part.type, delta);
			if (part.type === "text" && delta.trim() !== "" && this.#thoughtMs === undefined) {
				this.#thoughtMs = Date.now() - this.#calledAtMs;
				if (this.#hasReasoning()) this.stream.tell({ thoughtMs: this.#thoughtMs });
			}
		}
		return null;
	}

	#hasReasoning(): boolean {
		return this.stream.parts.some(({ type }) => type === "reasoning");
	}

	/** An answer without visible text has failed, whatever the model reports, unless a filter or a stop removed it. */
	#judged(ended: Pick<AnswerResult, "end" | "failure">): Pick<AnswerResult, "end" | "failure"> {
		const isWordless = !hasWords(this.stream.parts) && (ended.end === "complete" || ended.end === "length");
		if (!isWordless) return ended;
		logNote(`answer ${this.turn.requestId} failed: the model ended it without a word`);
		return { end: "failed" };
	}

	#endCall(spent: Spent): void {
		this.#deltas.end();
		this.#spentBefore = spentTogether([this.#spentBefore, spent]);
		this.#callInput = null;
		this.#charsBefore = this.stream.parts.map(({ text }) => text.length);
	}

	/** Usage of all calls: as reported by the provider, or estimated. */
	#spent(end: AnswerEnd): Spent | null {
		const parts = this.stream.parts.map(({ type, text }, at) => ({ type, text: text.slice(this.#charsBefore[at] ?? 0) }));
		const open = this.#callInput === null ? null : estimateOf(this.turn.model, this.#callInput, end, parts);
		return spentTogether([this.#spentBefore, open]);
	}

	#append(type: AnswerPart["type"], delta: string): void {
		// A broken model may send a single delta longer than a row can hold.
		const kept = delta.slice(0, Math.max(0, ANSWER_CHARS_MAX - charsOf(this.stream.parts)));
		this.#isReached ||= kept.length < delta.length;
		if (kept) this.stream.append(type, kept);
		if (Date.now() - this.#storedAtMs >= STORE_EVERY_MS) this.#store();
	}

	/** Appends the new text as one row; stored text is never rewritten. */
	#store(): void {
		this.#storedAtMs = Date.now();
		const parts = this.#unstored();
		if (parts.length === 0) return;
		this.#stored.append(this.turn.seq, this.#pieces, parts);
		this.#pieces += 1;
		this.#storedChars = this.stream.parts.map(({ text }) => text.length);
	}

	#unstored(): StoredPart[] {
		return this.stream.parts.flatMap(({ type, text }, at): StoredPart[] => {
			const stored = this.#storedChars[at];
			if (stored === undefined) return [{ type, text }];
			return stored < text.length ? [{ type, text: text.slice(stored), more: true }] : [];
		});
	}
}
