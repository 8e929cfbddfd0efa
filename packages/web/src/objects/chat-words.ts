import { textOf } from "../lib/chat/history.ts";
import { type Said, TEXT_CHARS_MAX } from "./chat-list.ts";
import type { ConversationStorage, Turn } from "./conversation-storage.ts";

/** The most turns whose text is sent at once. A list that lacks more does not receive the rest. */
const TURNS_MAX = 50;
/** Characters of one message that a search covers. */
const MESSAGE_CHARS_MAX = 32_768;

/**
 * The text of a chat for its owner's search: of the newest turn, or of those after `after`, at most `turnsMax`. Includes every version of a message,
 * but neither reasoning nor files. Null while the newest turn has not ended.
 */
export function saidSince(stored: ConversationStorage, after?: number, turnsMax = TURNS_MAX): Said | null {
	const newest = stored.newest();
	if (newest?.phase !== "ended") return null;
	const from = after ?? newest.seq - 1;
	let text = "";
	for (const turn of stored.turnsAfter(Math.max(from, newest.seq - turnsMax))) {
		if (text.length >= TEXT_CHARS_MAX) break;
		text += ` ${wordsOf(stored, turn)}`;
	}
	return { after: from, through: newest.seq, text: text.slice(0, TEXT_CHARS_MAX) };
}

/** The text of a turn. A question that is answered again was included before. */
function wordsOf(stored: ConversationStorage, turn: Turn): string {
	const question = turn.question ? textOf(turn.question) : "";
	const answer = stored.parts(turn).flatMap(({ type, text }) => (type === "text" ? [text] : []));
	return `${question.slice(0, MESSAGE_CHARS_MAX)} ${answer.join(" ").slice(0, MESSAGE_CHARS_MAX)}`;
}
