import { textOf } from "../lib/chat/history.ts";
import { type Said, TEXT_CHARS_MAX } from "./chat-list.ts";
import type { ConversationStorage, Turn } from "./conversation-storage.ts";

/** Turns whose words are sent at once: a list that lacks words of more does not get them. */
const TURNS_MAX = 50;
/** Characters of one message that a search finds, of an answer as of a question. */
const MESSAGE_CHARS_MAX = 32_768;

/**
 * What was said in a chat for its owner's search: in the newest turn, or in those after `after`, at most `turnsMax`. Each version of a message is in it, and neither
 * reasoning nor files. Null while the newest turn has not ended.
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

/** What a turn says. A question that is answered again was said before. */
function wordsOf(stored: ConversationStorage, turn: Turn): string {
	const question = turn.question ? textOf(turn.question) : "";
	const answer = stored.parts(turn).flatMap(({ type, text }) => (type === "text" ? [text] : []));
	return `${question.slice(0, MESSAGE_CHARS_MAX)} ${answer.join(" ").slice(0, MESSAGE_CHARS_MAX)}`;
}
