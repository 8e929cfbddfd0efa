import { type Output, sentenceOf } from "@parley/metering";
import { exchangeTokens, filesOf, textOf } from "../lib/chat/history.ts";
import type { Prompt } from "../lib/chat/request.ts";
import type { AnswerMetadata, ChatMessage, ChatView } from "../view/chat.ts";
import { type AnswerPart, hasWords } from "./answer-stream.ts";
import type { Chat, ConversationStorage, Turn } from "./conversation-storage.ts";

/** A page of a chat: 50 messages. */
const PAGE_TURNS = 25;
/** A view measures no more of a chat of an older version: measuring takes a microsecond for a character. */
const VIEW_TOKENS_MAX = 200_000;

/** Where a request's turn belongs. */
export interface Place {
	parent: number | null;
	asks: number | null;
	question: ChatMessage | null;
	/** Whether it follows the shown path. Everything else is a branch. */
	extends: boolean;
}

/** Reads a chat's tree of turns (docs/decisions/0012): the path that is shown, and where a new turn belongs. Writes only sums. */
export class ChatPath {
	readonly #stored: () => ConversationStorage;
	readonly #live: () => Turn | null;

	/** `live`: the turn whose answer is being written. */
	constructor(stored: () => ConversationStorage, live: () => Turn | null) {
		this.#stored = stored;
		this.#live = live;
	}

	/** Where the turn of a request belongs. `earlier`: the latest attempt of the same request. */
	placeOf(prompt: Prompt, earlier: Turn | null): Place {
		const branch = ({ seq, parent, asks }: Turn) => ({ parent, asks: asks ?? seq, question: null, extends: false });
		if (earlier) return branch(earlier);
		const shown = this.#stored().shown();
		if (prompt.kind === "regenerate") {
			const answered = this.#stored().ofAnswer(prompt.answerId);
			return answered ? branch(answered) : { parent: null, asks: null, question: null, extends: false };
		}
		const { message, replaces } = prompt;
		const replaced = this.#replaced(shown, message.id, replaces);
		if (!replaced) return { parent: shown?.seq ?? null, asks: null, question: message, extends: true };
		// The same words and files again are another answer to the same question.
		const isSame = wordsOf(this.#stored().question(replaced) ?? message) === wordsOf(message);
		return isSame ? branch(replaced) : { parent: replaced.parent, asks: null, question: message, extends: false };
	}

	/** The turn of the shown path whose question has this id. Without `anywhere`, only on the newest page. */
	#replaced(shown: Turn | null, messageId: string, anywhere: boolean): Turn | null {
		let turnsLeft = anywhere ? Number.POSITIVE_INFINITY : PAGE_TURNS;
		for (const turn of this.#stored().path(shown?.seq ?? null)) {
			if (this.#stored().question(turn)?.id === messageId) return turn;
			turnsLeft -= 1;
			if (turnsLeft === 0) return null;
		}
		return null;
	}

	/** The messages that lead to an answer, the newest first. Each is read when it is reached. */
	*newestFirst(place: Pick<Turn, "parent" | "asks" | "question">): Generator<ChatMessage, void> {
		const question = this.#stored().question(place);
		if (question) yield question;
		for (const before of this.#stored().path(place.parent)) yield* this.#messagesOf(before).reverse();
	}

	/** The tokens of a turn's messages that a later request may send. */
	tokensOf(turn: Turn, parts: readonly AnswerPart[]): number {
		return exchangeTokens(this.#stored().question(turn), { id: turn.answerId, role: "assistant", parts: [...parts] });
	}

	/** A turn's question and answer. The page gets a running answer from the stream, from its beginning. */
	#messagesOf(turn: Turn): ChatMessage[] {
		const question = this.#stored().question(turn);
		const messages = question ? [question] : [];
		if (!turn.answerId || turn.seq === this.#live()?.seq) return messages;
		const parts = this.#stored().parts(turn);
		return [...messages, { id: turn.answerId, role: "assistant", parts, metadata: metadataOf(turn, parts) }];
	}

	/**
	 * Adds up the tokens of the messages up to a turn, its answer included. A turn has its own sum. Without it, as in chats of an older version, turns
	 * are measured: at most `turns` of them, and none once `tokens` are reached. `isExact` is false when that was not all.
	 */
	tokensTo(last: number | null, turns: number, tokens: number): { tokens: number; isExact: boolean } {
		let sum = 0;
		let turnsLeft = turns;
		for (const turn of this.#stored().path(last)) {
			if (turn.tokens !== null) return { tokens: sum + turn.tokens, isExact: true };
			if (turnsLeft === 0 || sum >= tokens) return { tokens: sum, isExact: false };
			sum += this.tokensOf(turn, this.#stored().parts(turn));
			turnsLeft -= 1;
		}
		return { tokens: sum, isExact: true };
	}

	/** Measures the shown path of a chat of an older version, or no more than its newest page. An exact sum is kept. */
	#measured(newest: Turn): number {
		const { tokens, isExact } = this.tokensTo(newest.seq, PAGE_TURNS, VIEW_TOKENS_MAX);
		if (isExact && newest.phase === "ended") this.#stored().writeTokens(newest, tokens);
		return tokens;
	}

	/** A page of the chat: its newest messages, or those before the turn `before`. Without messages where `seen` is the last one. */
	view(chat: Chat, before?: number, seen?: string): ChatView {
		const newest = this.#live() ?? this.#stored().shown();
		const last = before === undefined ? newest : this.#stored().turn(before);
		const running = this.#live() !== null;
		const view = { id: chat.id, title: chat.title, running, messages: [], earlier: null, tokens: newest?.tokens ?? 0, whole: chat.whole };
		if (seen !== undefined && !view.running && seen === last?.answerId) return { ...view, unchanged: true };
		const pages: ChatMessage[][] = [];
		let earlier: number | null = null;
		for (const turn of this.#stored().path(last?.seq ?? null)) {
			if (pages.length === PAGE_TURNS) {
				earlier = turn.seq;
				break;
			}
			pages.push(this.#messagesOf(turn));
		}
		if (newest?.tokens === null) view.tokens = this.#measured(newest);
		return { ...view, messages: pages.reverse().flat(), earlier };
	}

	/** Whether the asking page knows the end of the shown path. A retry follows what its first attempt followed, or that attempt. */
	hasSeen(seen: string | null | undefined, earlier: Turn | null): boolean {
		const last = this.#stored().shown();
		if (seen === undefined || (last !== null && last.seq === earlier?.seq)) return true;
		return last === null ? seen === null : seen === last.answerId || seen === this.#stored().question(last)?.id;
	}
}

/** What a question says, with the files that it names. */
const wordsOf = (message: ChatMessage) => JSON.stringify([textOf(message), ...filesOf(message).map(({ url }) => url)]);

/** What a model had sent when an answer ended. */
export function outputOf({ told }: Pick<Turn, "told">, parts: readonly AnswerPart[]): Output {
	if (hasWords(parts)) return "words";
	return parts.some(({ text }) => text !== "") || (told?.spent?.output ?? 0) > 0 ? "tokens" : "none";
}

/** How an answer ended, and what it cost. */
export function metadataOf({ model, sold, end, told, counted, tokens }: Turn, parts: readonly AnswerPart[]): AnswerMetadata {
	const { units, effort, readFrom } = sold ?? { units: undefined, effort: null, readFrom: null };
	const asked = { model, ...(units !== undefined && { units, effort }), ...(readFrom !== null && { readFrom }) };
	if (end === null) return asked;
	const { failure, retryAfterS, thoughtMs } = told ?? {};
	const why = {
		...(failure && { failure }),
		...(retryAfterS !== undefined && { retryAfterS }),
		...(thoughtMs !== undefined && { thoughtMs }),
	};
	if (counted === null) return { ...asked, ...why, state: end };
	const note = sentenceOf({ end, output: outputOf({ told }, parts), ...why }, counted);
	return { ...asked, ...why, state: end, counted, note, ...(tokens !== null && { tokens }) };
}
