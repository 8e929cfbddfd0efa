import { MESSAGE_TOKENS, tokensOf } from "@parley/metering";
import type { ChatMessage, FilePart } from "../../view/chat.ts";

/** The most messages read from a chat, unless all of it is sent: time to first token must not grow with the chat. */
const MESSAGES_MAX = 60;

/** The text of a message without its reasoning; parts are joined by line breaks. */
export function textOf(message: ChatMessage): string {
	return message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
}

/** The files of a message. */
export function filesOf({ parts }: Pick<ChatMessage, "parts">): FilePart[] {
	return parts.filter((part) => part.type === "file");
}

/** Reasoning that a model wrote into its answer, in chats stored by older versions. */
const INLINE_REASONING = /^\s*<think(?:ing)?>[\s\S]*?(?:<\/think(?:ing)?>|$)/i;

/** A message as sent. `tokens` is 0 if it is not sent. */
interface Sent {
	id: string;
	role: ChatMessage["role"];
	content: string;
	files: FilePart[];
	tokens: number;
}

function toSent(message: ChatMessage): Sent {
	const { id, role } = message;
	const text = textOf(message).toWellFormed();
	const content = role === "assistant" ? text.replace(INLINE_REASONING, "") : text;
	const files = role === "user" ? filesOf(message) : [];
	const ofFiles = files.reduce((sum, { providerMetadata }) => sum + providerMetadata.parley.tokens, 0);
	const ofText = content.trim() === "" ? 0 : tokensOf(content);
	return { id, role, content, files, tokens: ofText + ofFiles === 0 ? 0 : ofText + ofFiles + MESSAGE_TOKENS };
}

/** The tokens of a message when it is sent; 0 if it is not. */
export function messageTokens(message: ChatMessage): number {
	return toSent(message).tokens;
}

/** The tokens of a question and its answer; 0 without an answer, because then neither is sent. */
export function exchangeTokens(question: ChatMessage | null, answer: ChatMessage | null): number {
	const tokens = answer ? messageTokens(answer) : 0;
	return tokens === 0 ? 0 : tokens + (question ? messageTokens(question) : 0);
}

/** A message as sent to a model, without file contents. Instructions are sent as a system message before all others. */
export interface SentMessage {
	role: ChatMessage["role"] | "system";
	content: string;
	/** Absent if there are none. */
	files?: FilePart[];
}

/** The history sent to a model. */
export interface SentHistory {
	/** Oldest first. Starts and ends with the user, alternating with the assistant: strict chat templates refuse anything else. */
	messages: SentMessage[];
	/** The oldest message sent, if older ones or part of it are left out; null if everything is sent. */
	readFrom: string | null;
	/** Total tokens of the messages. */
	tokens: number;
}

/**
 * The newest messages of a chat that fit into `budget` tokens, at most 60 unless `whole`. The newest is the question, which is always sent.
 * Skips earlier questions without an answer, because what made a model fail once would do so again. Shortens the exchange before the question
 * if it does not fit, because a model asked to continue needs the end of its answer. Reads at most two messages beyond these limits.
 */
export function toModelMessages(newestFirst: Iterable<ChatMessage>, budget: number, whole: boolean): SentHistory {
	const unread = newestFirst[Symbol.iterator]();
	const fitting: Sent[] = [];
	let beyond: Sent | null = null;
	let messagesLeft = whole ? Number.POSITIVE_INFINITY : MESSAGES_MAX;
	let tokensLeft = budget;
	for (let next = unread.next(), isQuestion = true; !next.done; next = unread.next(), isQuestion = false) {
		const sent = toSent(next.value);
		messagesLeft -= 1;
		const isLeftOut = sent.tokens === 0 || sent.role === fitting.at(-1)?.role;
		if (!isQuestion && (messagesLeft < 0 || (!isLeftOut && sent.tokens > tokensLeft))) {
			beyond = sent;
			break;
		}
		if (isLeftOut) continue;
		tokensLeft -= sent.tokens;
		fitting.push(sent);
	}
	const sent = fitting.slice(0, fitting.findLastIndex(({ role }) => role === "user") + 1);
	const isCut = beyond !== null || sent.length < fitting.length;
	if (beyond && sent.length === 1) sent.push(...lastExchange(fitting[1] ?? beyond, beyond, unread, tokensLeft + (fitting[1]?.tokens ?? 0)));
	const messages = sent.toReversed().map(({ role, content, files }) => ({ role, content, ...(files.length > 0 && { files }) }));
	const counted = sent.reduce((sum, { tokens }) => sum + tokens, 0);
	return { messages, readFrom: isCut ? (sent.at(-1)?.id ?? null) : null, tokens: counted };
}

/** An exchange shortened below this is useless to a model. */
const EXCHANGE_TOKENS_MIN = 100;

/**
 * An answer and its question, newest first, shortened to `budget` tokens: the end of the answer and the beginning of the question, each to at least
 * half of the budget or its full length. Files of the question are left out. Empty if the budget is too small.
 * `beyond`: whichever of the two was read last.
 */
function lastExchange(answer: Sent, beyond: Sent, unread: Iterator<ChatMessage>, budget: number): Sent[] {
	const asked = beyond.role === "user" ? beyond : readOne(unread);
	const room = budget - 2 * MESSAGE_TOKENS;
	if (answer.role !== "assistant" || asked?.role !== "user" || asked.tokens === 0 || room < EXCHANGE_TOKENS_MIN) return [];
	const forAnswer = Math.max(Math.floor(room / 2), room - tokensOf(asked.content));
	const end = shortened(answer.content, forAnswer, "end");
	const beginning = shortened(asked.content, room - tokensOf(end), "beginning");
	return [
		{ ...answer, content: end, tokens: tokensOf(end) + MESSAGE_TOKENS },
		{ ...asked, content: beginning, files: [], tokens: tokensOf(beginning) + MESSAGE_TOKENS },
	];
}

function readOne(unread: Iterator<ChatMessage>): Sent | null {
	const next = unread.next();
	return next.done ? null : toSent(next.value);
}

/** The most characters a single token can hold: white space. */
const CHARS_OF_TOKEN_MAX = 16;

/** The end or the beginning of a text, at most `tokens` long. */
export function shortened(text: string, tokens: number, kept: "end" | "beginning"): string {
	let chars = Math.min(text.length, tokens * CHARS_OF_TOKEN_MAX);
	if (chars === text.length && tokensOf(text) <= tokens) return text;
	for (;;) {
		const piece = kept === "end" ? text.slice(text.length - chars) : text.slice(0, chars);
		const cut = kept === "end" ? `…${piece}` : `${piece}…`;
		const counted = tokensOf(cut);
		if (chars === 0 || (counted <= tokens && cut.isWellFormed())) return cut;
		// Never cuts a surrogate pair.
		chars = counted <= tokens ? chars - 1 : Math.floor(chars * Math.min(0.95, tokens / counted));
	}
}
