import { type Output, sentenceOf } from "@parley/metering";
import { messageTokens, textOf } from "../lib/chat/history.ts";
import type { Prompt } from "../lib/chat/request.ts";
import type { AnswerMetadata, ChatMessage, ChatView } from "../view/chat.ts";
import { type AnswerPart, hasWords } from "./answer-stream.ts";
import type { Chat, ConversationStorage, Turn } from "./conversation-storage.ts";

/** A page of a chat: 50 messages. */
const PAGE_TURNS = 25;

/** Where a request's turn belongs. */
export interface Place {
	parent: number | null;
	asks: number | null;
	question: ChatMessage | null;
	/** Whether it follows the shown path. Everything else is a branch. */
	extends: boolean;
}

/** Reads a chat's tree of turns (docs/decisions/0012): the path that is shown, and where a new turn belongs. Writes nothing. */
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
		// The same words again are another answer to the same question.
		const isSame = textOf(this.#stored().question(replaced) ?? message) === textOf(message);
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

	/** A turn's question and answer. The page gets a running answer from the stream, from its beginning. */
	#messagesOf(turn: Turn): ChatMessage[] {
		const question = this.#stored().question(turn);
		const messages = question ? [question] : [];
		if (!turn.answerId || turn.seq === this.#live()?.seq) return messages;
		const parts = this.#stored().parts(turn);
		return [...messages, { id: turn.answerId, role: "assistant", parts, metadata: metadataOf(turn, parts) }];
	}

	/**
	 * Tokens of all messages up to a turn, with its answer. Turns of an older version are added up when they are first asked for, and the sum is
	 * kept with the last of them.
	 */
	tokensTo(last: Turn | null): number {
		if (!last) return 0;
		if (last.tokens !== null) return last.tokens;
		let tokens = 0;
		for (const turn of this.#stored().path(last.seq)) {
			if (turn.tokens !== null) {
				tokens += turn.tokens;
				break;
			}
			for (const message of this.#messagesOf(turn)) tokens += messageTokens(message);
		}
		if (last.phase === "ended") this.#stored().writeTokens(last, tokens);
		return tokens;
	}

	/** A page of the chat: its newest messages, or those before the turn `before`. Without messages where `seen` is the last one. */
	view(chat: Chat, before?: number, seen?: string): ChatView {
		const newest = this.#live() ?? this.#stored().shown();
		const last = before === undefined ? newest : this.#stored().turn(before);
		const running = this.#live() !== null;
		const tokens = this.tokensTo(newest);
		const view = { id: chat.id, title: chat.title, running, messages: [], earlier: null, tokens, whole: chat.whole };
		if (seen !== undefined && !view.running && seen === last?.answerId) return { ...view, unchanged: true };
		const pages: ChatMessage[][] = [];
		for (const turn of last ? this.#stored().path(last.seq) : []) {
			if (pages.length === PAGE_TURNS) return { ...view, messages: pages.reverse().flat(), earlier: turn.seq };
			pages.push(this.#messagesOf(turn));
		}
		return { ...view, messages: pages.reverse().flat() };
	}

	/** Whether the asking page knows the end of the shown path. A retry follows what its first attempt followed, or that attempt. */
	hasSeen(seen: string | null | undefined, earlier: Turn | null): boolean {
		const last = this.#stored().shown();
		if (seen === undefined || (last !== null && last.seq === earlier?.seq)) return true;
		return last === null ? seen === null : seen === last.answerId || seen === this.#stored().question(last)?.id;
	}
}

/** What a model had sent when an answer ended. */
export function outputOf({ told }: Pick<Turn, "told">, parts: readonly AnswerPart[]): Output {
	if (hasWords(parts)) return "words";
	return parts.some(({ text }) => text !== "") || (told?.spent?.output ?? 0) > 0 ? "tokens" : "none";
}

/** How an answer ended, and what it cost. */
export function metadataOf({ model, sold, end, told, counted }: Turn, parts: readonly AnswerPart[]): AnswerMetadata {
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
	return { ...asked, ...why, state: end, counted, note: sentenceOf({ end, output: outputOf({ told }, parts), ...why }, counted) };
}
