import { type Output, ruleNameOf } from "@parley/metering";
import { instructionTokens } from "../instructions.ts";
import { exchangeTokens, filesOf, textOf } from "../lib/chat/history.ts";
import type { Prompt } from "../lib/chat/request.ts";
import { t } from "../text/text.ts";
import type { AnswerMetadata, ChatMessage, ChatView, FilePart, Versions } from "../view/chat.ts";
import { type AnswerPart, charsOf, hasWords, sourceParts } from "./answer-stream.ts";
import type { PathResult } from "./conversation-calls.ts";
import type { Chat, ConversationStorage, Turn } from "./conversation-storage.ts";

/** Turns per page: 50 messages. */
const PAGE_TURNS = 25;
/** The most turns of a page that reaches back to a given message, and of a branch copied to a new chat: 500 messages. */
const LONG_TURNS = 250;
/** A branch is sent to its new chat in one call of at most 32 MiB. */
const BRANCH_CHARS_MAX = 4_000_000;
/** A view measures at most this much of a chat of an older version: measuring takes a microsecond per character. */
const VIEW_TOKENS_MAX = 200_000;

/** Where a request's turn belongs in the tree. */
export interface Place {
	parent: number | null;
	versionOf: number | null;
	asks: number | null;
	question: ChatMessage | null;
	/** Whether it continues the shown path. Otherwise it is a branch. */
	extends: boolean;
	/** The preceding turns, newest first. Each is read when it is first reached. */
	before: Iterable<Turn>;
}

/** Reads a chat's tree of turns (docs/decisions/0012): the shown path, and where a new turn belongs. Writes token sums and the viewer's choice. */
export class ChatPath {
	readonly #stored: () => ConversationStorage;
	readonly #live: () => Turn | null;

	/** `live`: the turn whose answer is in progress. */
	constructor(stored: () => ConversationStorage, live: () => Turn | null) {
		this.#stored = stored;
		this.#live = live;
	}

	/** Where a request's turn belongs. `earlier`: the latest attempt of the same request. */
	placeOf(prompt: Prompt, earlier: Turn | null): Place {
		const beside = ({ seq, parent, versionOf }: Turn) => ({
			...{ parent, versionOf: versionOf ?? seq, extends: false },
			before: this.#stored().path(parent),
		});
		const branch = (turn: Turn) => ({ ...beside(turn), asks: turn.asks ?? turn.seq, question: null });
		if (earlier) return branch(earlier);
		if (prompt.kind === "regenerate") {
			const answered = this.#stored().ofAnswer(prompt.answerId);
			return answered ? branch(answered) : { parent: null, versionOf: null, asks: null, question: null, extends: false, before: [] };
		}
		const { message, replaces } = prompt;
		const shown = this.#stored().shown()?.seq ?? null;
		const before = new ReadOnce(this.#stored().path(shown));
		const replaced = this.#replaced(before, message.id, replaces);
		if (!replaced) return { parent: shown, versionOf: null, asks: null, question: message, extends: true, before };
		// The same text and files again request another answer to the same question.
		const isSame = wordsOf(this.#stored().question(replaced) ?? message) === wordsOf(message);
		return isSame ? branch(replaced) : { ...beside(replaced), asks: null, question: message };
	}

	/** The turn of a path whose question has this id. Without `anywhere`, searches only the newest page. */
	#replaced(path: Iterable<Turn>, messageId: string, anywhere: boolean): Turn | null {
		let turnsLeft = anywhere ? Number.POSITIVE_INFINITY : PAGE_TURNS;
		for (const turn of path) {
			if (this.#stored().question(turn)?.id === messageId) return turn;
			turnsLeft -= 1;
			if (turnsLeft === 0) return null;
		}
		return null;
	}

	/** The messages leading to an answer, newest first. Each is read when it is reached. */
	*newestFirst({ asks, question, before }: Pick<Place, "asks" | "question" | "before">): Generator<ChatMessage, void> {
		const asked = this.#stored().question({ asks, question });
		if (asked) yield asked;
		for (const turn of before) yield* this.#messagesOf(turn).reverse();
	}

	/** The messages of the shown path, newest first. Each is read when it is reached. */
	shownNewestFirst(): Generator<ChatMessage, void> {
		return this.newestFirst({ asks: null, question: null, before: this.#stored().path(this.#stored().shown()?.seq ?? null) });
	}

	/** The tokens that a turn's messages add to a later request. */
	tokensOf(turn: Turn, parts: readonly AnswerPart[]): number {
		return exchangeTokens(this.#stored().question(turn), { id: turn.answerId, role: "assistant", parts: [...parts] });
	}

	/** A turn's question and answer. The page reads a running answer from the stream instead, from its beginning. */
	#messagesOf(turn: Turn): ChatMessage[] {
		const question = this.#stored().question(turn);
		const messages = question ? [question] : [];
		if (!turn.answerId || turn.seq === this.#live()?.seq) return messages;
		const parts = this.#stored().parts(turn);
		const shown = [...parts, ...sourceParts(turn.searched?.sources ?? [])];
		return [...messages, { id: turn.answerId, role: "assistant", parts: shown, metadata: metadataOf(turn, parts) }];
	}

	/** A turn's messages as the page shows them, each with its other versions. */
	#shownMessagesOf(turn: Turn): ChatMessage[] {
		const { question, answer } = this.#versionsOf(turn);
		return this.#messagesOf(turn).map((message) => {
			const versions = message.role === "user" ? question : answer;
			return versions.turns.length < 2 ? message : { ...message, metadata: { ...message.metadata, versions } };
		});
	}

	/** The versions of a turn's question and answer. An attempt without text is never shown and does not count. */
	#versionsOf(turn: Turn): { question: Versions; answer: Versions } {
		const isVersion = (one: Turn) =>
			one.seq === turn.seq || (one.phase === "ended" && (one.counted === true || hasWords(this.#stored().parts(one))));
		const versions = this.#stored().versions(turn).filter(isVersion);
		const questions = Map.groupBy(versions, questionOf);
		const newest = [...questions.values()].map((answers) => answers.at(-1)?.seq ?? 0);
		const answers = (questions.get(questionOf(turn)) ?? []).map(({ seq }) => seq);
		return {
			question: { turns: newest, at: [...questions.keys()].indexOf(questionOf(turn)) },
			answer: { turns: answers, at: answers.indexOf(turn.seq) },
		};
	}

	/**
	 * The new end of the path for another version of a question or answer: the newest turn below it. Null if there is no such version.
	 * A question's turns are those below any of its answers.
	 */
	#endWith(seq: number, of: "question" | "answer"): Turn | null {
		const turn = this.#stored().turn(seq);
		if (turn?.phase !== "ended") return null;
		const isSame = (one: Turn) => one.phase === "ended" && questionOf(one) === questionOf(turn);
		const answers = of === "answer" ? [turn] : this.#stored().versions(turn).filter(isSame);
		return this.#stored().newestBelow(answers) ?? turn;
	}

	/** Shows another version of a question or answer if the page knows the end of the path. A version already shown stays. */
	show(chat: Chat, seq: number, of: "question" | "answer", seen: string | null | undefined): PathResult {
		const end = this.#endWith(seq, of);
		if (!end) return { kind: "no-such-message" };
		if (end.seq !== this.#stored().shown()?.seq) {
			if (!this.hasSeen(seen, null)) return { kind: "moved-on", chat: this.view(chat) };
			this.#stored().choose(end);
		}
		return { kind: "done", chat: this.view(chat, { through: seq }) };
	}

	/** The turn of a message on the shown path. */
	turnOf(messageId: string): Turn | null {
		for (const turn of this.#stored().path(this.#stored().shown()?.seq ?? null))
			if (turn.answerId === messageId || this.#stored().question(turn)?.id === messageId) return turn;
		return null;
	}

	/**
	 * A path copied as the turns of a new chat, unknown to any ledger: up to a message of the turn `last`, at most the newest 500 messages or 4 million
	 * characters.
	 * @param take returns a file as the new chat has it, called newest first; null for one that stays in this chat and is only named
	 */
	copyTo(last: Turn, messageId: string, newId: () => string, take: (file: FilePart) => FilePart | null): Turn[] {
		const copies: Turn[] = [];
		let left = BRANCH_CHARS_MAX;
		let before: Turn | null = null;
		let isNamed = false;
		for (const turn of this.#stored().path(last.seq)) {
			const isAsked = turn.seq === last.seq && turn.answerId !== messageId;
			const question = this.#stored().question(turn);
			const rest = isAsked ? [] : this.#stored().parts(turn);
			left -= (question ? textOf(question).length : 0) + charsOf(rest);
			if (copies.length === LONG_TURNS || (left < 0 && copies.length > 0)) {
				before = turn;
				break;
			}
			const copied = question && withFiles(question, take);
			copies.push({ ...turn, ...NEW_CHAT, question: copied, rest, ...(isAsked && ONLY_ASKED) });
			isNamed ||= copied !== null && filesOf(copied).length < filesOf(question ?? copied).length;
		}
		for (const [at, copy] of copies.reverse().entries()) {
			copy.seq = at + 1;
			copy.parent = at === 0 ? null : at;
			if (copy.answerId) copy.answerId = `${newId()}-${copy.seq}`;
			// The sum would include messages that were left out.
			if (copy.answerId === "" || isNamed || (before && before.tokens === null)) copy.tokens = null;
			else if (copy.tokens !== null) copy.tokens -= before?.tokens ?? 0;
		}
		return copies;
	}

	/**
	 * Total tokens of the messages up to a turn, including its answer. A turn stores its sum. If it is missing, as in chats of an older version,
	 * turns are measured: at most `turns` of them, and none once `tokens` are reached. `isExact` is false if that did not cover all.
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

	/** Measures the shown path of a chat of an older version, but at most its newest page. An exact sum is stored. */
	#measured(newest: Turn): number {
		const { tokens, isExact } = this.tokensTo(newest.seq, PAGE_TURNS, VIEW_TOKENS_MAX);
		if (isExact && newest.phase === "ended") this.#stored().writeTokens(newest, tokens);
		return tokens;
	}

	/**
	 * A page of the chat: its newest messages, or those before the turn `before`. Has no messages if `seen` is the last one. `through`: a turn whose
	 * version the page must show, even if that makes it a long page.
	 */
	view(chat: Chat, { before, seen, through }: { before?: number; seen?: string; through?: number } = {}): ChatView {
		const newest = this.#live() ?? this.#stored().shown();
		const last = before === undefined ? newest : this.#stored().turn(before);
		const running = this.#live() !== null;
		const { id, title, whole, instructions, folderInstructions = "", temporary } = chat;
		const folderTokens = instructionTokens("folder", folderInstructions);
		const own = {
			id,
			title,
			whole,
			...(temporary && { temporary: true as const }),
			...(instructions && { instructions }),
			...(folderTokens > 0 && { folderTokens }),
		};
		const view = { ...own, running, messages: [], earlier: null, tokens: newest?.tokens ?? 0 };
		if (seen !== undefined && !view.running && seen === last?.answerId) return { ...view, unchanged: true };
		const pages: ChatMessage[][] = [];
		const parent = through === undefined ? undefined : this.#stored().turn(through)?.parent;
		let turnsMin = parent === undefined ? PAGE_TURNS : LONG_TURNS;
		let earlier: number | null = null;
		for (const turn of this.#stored().path(last?.seq ?? null)) {
			if (pages.length >= turnsMin) {
				earlier = turn.seq;
				break;
			}
			pages.push(this.#shownMessagesOf(turn));
			if (turn.parent === parent) turnsMin = PAGE_TURNS;
		}
		if (newest?.tokens === null) view.tokens = this.#measured(newest);
		return { ...view, messages: pages.reverse().flat(), earlier };
	}

	/** Whether the requesting page knows the end of the shown path. A retry follows the same turn as its first attempt, or that attempt itself. */
	hasSeen(seen: string | null | undefined, earlier: Turn | null): boolean {
		const last = this.#stored().shown();
		if (seen === undefined || (last !== null && last.seq === earlier?.seq)) return true;
		return last === null ? seen === null : seen === last.answerId || seen === this.#stored().question(last)?.id;
	}
}

/** Replays an iterator's values to any number of readers, reading each once. */
class ReadOnce<T> implements Iterable<T> {
	readonly #read: T[] = [];
	readonly #rest: Iterator<T, void>;

	constructor(rest: Iterator<T, void>) {
		this.#rest = rest;
	}

	*[Symbol.iterator](): Generator<T, void> {
		for (let at = 0; ; at += 1) {
			if (at === this.#read.length) {
				const next = this.#rest.next();
				if (next.done) return;
				this.#read.push(next.value);
			}
			yield this.#read[at] as T;
		}
	}
}

/** The turn that holds a turn's question. */
const questionOf = ({ seq, asks }: Turn): number => asks ?? seq;

/** The fields of a turn copied to another chat, since its request was made in this one. */
const NEW_CHAT = {
	versionOf: null,
	requestId: "",
	attempt: 0,
	asks: null,
	hold: { requestId: "", attempt: 0, takenFrom: [] },
	phase: "ended" as const,
	shown: true,
	pieces: 0,
};

/** The fields of a turn copied without its answer. */
const ONLY_ASKED = { answerId: "", sold: null, end: null, counted: null, told: null, searched: null, tokens: null };

/** A message with its files as stored in another chat, or their names instead. */
function withFiles({ parts, ...message }: ChatMessage, take: (file: FilePart) => FilePart | null): ChatMessage {
	const named = ({ filename }: FilePart) => ({ type: "text" as const, text: t("chat_file_in_other", { name: filename }) });
	return { ...message, parts: parts.map((part) => (part.type === "file" ? (take(part) ?? named(part)) : part)) };
}

/** Identifies a question's content: its text and files. */
const wordsOf = (message: ChatMessage) => JSON.stringify([textOf(message), ...filesOf(message).map(({ url }) => url)]);

/** The output that existed when an answer ended. */
export function outputOf({ told }: Pick<Turn, "told">, parts: readonly AnswerPart[]): Output {
	if (hasWords(parts)) return "words";
	return parts.some(({ text }) => text !== "") || (told?.spent?.output ?? 0) > 0 ? "tokens" : "none";
}

/** The price of a turn: of its request and its searches. */
export const costOf = ({ sold, searched }: Pick<Turn, "sold" | "searched">): Pick<AnswerMetadata, "units" | "searches"> => ({
	...(sold && { units: sold.units + (searched?.units ?? 0) }),
	...(searched && searched.count > 0 && { searches: searched.count }),
});

/** The metadata of an answer: how it ended and what it cost. */
export function metadataOf(turn: Turn, parts: readonly AnswerPart[]): AnswerMetadata {
	const { model, requestId, sold, end, told, counted, tokens, startedAtMs } = turn;
	const { effort, readFrom, instructions } = sold ?? { effort: null, readFrom: null };
	const asked = {
		model,
		...(startedAtMs > 0 && { askedAt: new Date(startedAtMs).toISOString() }),
		...(sold && { effort }),
		...costOf(turn),
		...(readFrom !== null && { readFrom }),
		...(instructions && { instructions }),
	};
	if (end === null) return asked;
	if (told?.imported) return { ...asked, state: end, imported: true, ...(tokens !== null && { tokens }) };
	const { failure, retryAfterS, thoughtMs, tookMs, spent } = told ?? {};
	const why = {
		...(requestId !== "" && (end === "failed" || end === "interrupted") && { reference: requestId }),
		...(spent && { spent: { input: spent.input, output: spent.output, estimated: spent.estimated } }),
		...(failure && { failure }),
		...(retryAfterS !== undefined && { retryAfterS }),
		...(thoughtMs !== undefined && { thoughtMs }),
		...(tookMs !== undefined && { tookMs }),
	};
	if (counted === null) return { ...asked, ...why, state: end };
	const rule = ruleNameOf({ end, output: outputOf({ told }, parts), failure });
	return { ...asked, ...why, state: end, counted, rule, ...(tokens !== null && { tokens }) };
}
