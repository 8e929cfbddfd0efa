import { MESSAGE_TOKENS, tokensOf } from "@parley/metering";
import type { ModelMessage } from "ai";
import type { ChatMessage } from "../../view/chat.ts";

/** So many messages at most are read of a chat, unless all of it is sent: the time to the first word must not grow with a chat. */
const MESSAGES_MAX = 60;

/** The text of a message without its reasoning; parts are joined by line breaks. */
export function textOf(message: ChatMessage): string {
	return message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
}

/** Reasoning that a model wrote into its answer, in chats of older versions. */
const INLINE_REASONING = /^\s*<think(?:ing)?>[\s\S]*?(?:<\/think(?:ing)?>|$)/i;

/** What a model receives of a message. */
function sentText(message: ChatMessage): string {
	const text = textOf(message).toWellFormed();
	return message.role === "assistant" ? text.replace(INLINE_REASONING, "") : text;
}

/** The tokens that a message counts when it is sent; 0 for one that is not. */
export function messageTokens(message: ChatMessage): number {
	const text = sentText(message);
	return isEmpty(text) ? 0 : tokensOf(text) + MESSAGE_TOKENS;
}

const isEmpty = (text: string) => text.trim() === "";

/** What a model is sent of a chat. */
export interface SentHistory {
	/** Oldest first. They begin and end with the user, who alternates with the assistant: strict templates refuse anything else. */
	messages: ModelMessage[];
	/** The oldest message that is sent, when older ones are left out; null when none is. */
	readFrom: string | null;
}

/**
 * The newest messages of a chat that fit into `budget` tokens, and with `whole` not only the newest 60. The first is the question, which is always
 * sent. Empty answers are skipped, and a question without an answer is joined to the next one. Reads no message beyond these limits.
 */
export function toModelMessages(newestFirst: Iterable<ChatMessage>, budget: number, whole: boolean): SentHistory {
	const fitting: { id: string; role: ChatMessage["role"]; content: string }[] = [];
	let messagesLeft = whole ? Number.POSITIVE_INFINITY : MESSAGES_MAX;
	let tokensLeft = budget;
	let isCut = false;
	let isQuestion = true;
	for (const message of newestFirst) {
		messagesLeft -= 1;
		tokensLeft -= messageTokens(message);
		isCut = !isQuestion && (tokensLeft < 0 || messagesLeft < 0);
		isQuestion = false;
		if (isCut) break;
		const content = sentText(message);
		if (!isEmpty(content)) fitting.push({ id: message.id, role: message.role, content });
	}
	const oldestFirst = fitting.reverse();
	const first = oldestFirst.findIndex(({ role }) => role === "user");
	const sent = oldestFirst.slice(Math.max(0, first));
	const messages: ModelMessage[] = [];
	for (const { role, content } of sent) {
		const last = messages.at(-1);
		if (last?.role === role) last.content = `${last.content}\n\n${content}`;
		else messages.push({ role, content });
	}
	return { messages, readFrom: isCut || first > 0 ? (sent[0]?.id ?? null) : null };
}
