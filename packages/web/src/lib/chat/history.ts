import type { ModelMessage } from "ai";
import type { ChatMessage } from "../../view/chat.ts";

/** Limits on the history that a model receives. */
const MESSAGES_MAX = 60;
const CHARS_MAX = 200_000;

/** The text of a message without its reasoning; parts are joined by line breaks. */
export function textOf(message: ChatMessage): string {
	return message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
}

/**
 * What a model receives of a chat: as many of its newest messages as fit into 60 messages and 200,000 characters, oldest first. Empty answers are
 * skipped. Reads no message beyond these limits.
 */
export function toModelMessages(newestFirst: Iterable<ChatMessage>): ModelMessage[] {
	const fitting: ModelMessage[] = [];
	let messagesLeft = MESSAGES_MAX;
	let charsLeft = CHARS_MAX;
	for (const message of newestFirst) {
		const content = textOf(message);
		messagesLeft -= 1;
		charsLeft -= content.length;
		if (charsLeft < 0) break;
		if (content) fitting.push({ role: message.role, content });
		if (messagesLeft === 0) break;
	}
	return fitting.reverse();
}
