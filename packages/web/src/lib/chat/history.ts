import type { ModelMessage } from "ai";
import type { ChatMessage } from "../../view/chat.ts";

/** Limits on the history that a model receives. */
const MESSAGES_MAX = 60;
const CHARS_MAX = 200_000;

/** The text of a message without its reasoning; parts are joined by line breaks. */
export function textOf(message: ChatMessage): string {
	return message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
}

/** The newest messages that fit into 60 messages and 200,000 characters, oldest first. Empty answers are skipped. */
export function toModelMessages(history: ChatMessage[]): ModelMessage[] {
	const fitting: ModelMessage[] = [];
	let charsLeft = CHARS_MAX;
	for (const message of history.toReversed().slice(0, MESSAGES_MAX)) {
		const content = textOf(message);
		charsLeft -= content.length;
		if (charsLeft < 0) break;
		if (content) fitting.push({ role: message.role, content });
	}
	return fitting.reverse();
}
