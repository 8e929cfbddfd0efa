import { MESSAGE_TOKENS, tokensOf } from "@parley/metering";
import type { ChatMessage, FilePart } from "../../view/chat.ts";

/** So many messages at most are read of a chat, unless all of it is sent: the time to the first word must not grow with a chat. */
const MESSAGES_MAX = 60;

/** The text of a message without its reasoning; parts are joined by line breaks. */
export function textOf(message: ChatMessage): string {
	return message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
}

/** The files of a message. */
export function filesOf({ parts }: Pick<ChatMessage, "parts">): FilePart[] {
	return parts.filter((part) => part.type === "file");
}

/** Reasoning that a model wrote into its answer, in chats of older versions. */
const INLINE_REASONING = /^\s*<think(?:ing)?>[\s\S]*?(?:<\/think(?:ing)?>|$)/i;

/** A message as it is sent. `tokens`: 0 for one that is not. */
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

/** The tokens that a message counts when it is sent; 0 for one that is not. */
export function messageTokens(message: ChatMessage): number {
	return toSent(message).tokens;
}

/** The tokens of a question with its answer; 0 without an answer, because neither is sent then. */
export function exchangeTokens(question: ChatMessage | null, answer: ChatMessage | null): number {
	const tokens = answer ? messageTokens(answer) : 0;
	return tokens === 0 ? 0 : tokens + (question ? messageTokens(question) : 0);
}

/** A message as a model is sent it, apart from what its files hold. The instructions are a system message before all others. */
export interface SentMessage {
	role: ChatMessage["role"] | "system";
	content: string;
	/** Absent without any. */
	files?: FilePart[];
}

/** What a model is sent of a chat. */
export interface SentHistory {
	/** Oldest first. They begin and end with the user, who alternates with the assistant: strict templates refuse anything else. */
	messages: SentMessage[];
	/** The oldest message that is sent, when older ones or a part of it are left out; null when nothing is. */
	readFrom: string | null;
	/** What the messages count together. */
	tokens: number;
}

/**
 * The newest messages of a chat that fit into `budget` tokens, and with `whole` not only the newest 60. The first is the question, which is always
 * sent. An earlier question without an answer is left out with it: what made a model fail once would do so in every later request. The exchange before
 * the question is shortened where it does not fit: a model that is to continue needs the end of its answer. Reads at most two messages beyond these
 * limits.
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

/** Less than this of an exchange is of no use to a model. */
const EXCHANGE_TOKENS_MIN = 100;

/**
 * An answer and its question, newest first, shortened to `budget` tokens: the end of the one and the beginning of the other, each to a half or more. The
 * question's files are left out.
 * `beyond`: the one of the two that was read last. Nothing where the budget is too small.
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

/** So many characters at most have a single token: white space. */
const CHARS_OF_TOKEN_MAX = 16;

/** The end or the beginning of a text, in at most `tokens`. */
export function shortened(text: string, tokens: number, kept: "end" | "beginning"): string {
	let chars = Math.min(text.length, tokens * CHARS_OF_TOKEN_MAX);
	if (chars === text.length && tokensOf(text) <= tokens) return text;
	for (;;) {
		const piece = kept === "end" ? text.slice(text.length - chars) : text.slice(0, chars);
		const cut = kept === "end" ? `…${piece}` : `${piece}…`;
		const counted = tokensOf(cut);
		if (chars === 0 || (counted <= tokens && cut.isWellFormed())) return cut;
		// Not between the halves of a surrogate pair.
		chars = counted <= tokens ? chars - 1 : Math.floor(chars * Math.min(0.95, tokens / counted));
	}
}
