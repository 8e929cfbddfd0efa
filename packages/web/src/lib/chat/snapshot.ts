import { t } from "../../text/text.ts";
import type { ChatMessage, FilePart } from "../../view/chat.ts";
import { textOf } from "./history.ts";

/** A shared chat is a page that anyone may load, so longer ones lose their beginning. */
const MESSAGES_MAX = 200;
const CHARS_MAX = 500_000;

/**
 * Messages as anyone with the link may read them, oldest first: text, sources and files. Reasoning, prices, models, instructions and ids
 * stay private to the owner.
 * @param newestFirst the messages of a path
 * @param take returns a file as anyone may load it; null for one that is not shared, whose name is hidden too
 */
export function snapshotOf(
	newestFirst: Iterable<ChatMessage>,
	take: (file: FilePart) => FilePart | null,
): { messages: ChatMessage[]; isCut: boolean } {
	const messages: ChatMessage[] = [];
	let charsLeft = CHARS_MAX;
	for (const message of newestFirst) {
		charsLeft -= textOf(message).length;
		if (messages.length === MESSAGES_MAX || (charsLeft < 0 && messages.length > 0)) return { messages: numbered(messages), isCut: true };
		messages.push(shown(message, take));
	}
	return { messages: numbered(messages), isCut: false };
}

const notShared = () => ({ type: "text" as const, text: t("share_no_file") });

function shown({ role, parts, metadata }: ChatMessage, take: (file: FilePart) => FilePart | null): ChatMessage {
	const kept = parts.filter(({ type }) => type !== "reasoning").map((part) => (part.type === "file" ? (take(part) ?? notShared()) : part));
	const state = metadata?.state;
	return { id: "", role, parts: kept, ...(state && { metadata: { state } }) };
}

const numbered = (newestFirst: ChatMessage[]) => newestFirst.reverse().map((message, at) => ({ ...message, id: String(at + 1) }));
