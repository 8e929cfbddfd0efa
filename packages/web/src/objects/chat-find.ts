import type { FoundChat, FoundChats } from "../view/chat.ts";
import type { ChatIndex } from "./chat-index.ts";
import { type ListedChat, type ListedChats, summaryOf } from "./listed-chats.ts";
import { passageOf, searchable, type Word, wordsIn } from "./passage.ts";

/** The most chats a search returns. */
const FOUND_CHATS = 20;
/** The most characters one search reads. */
const READ_CHARS = 8_000_000;

/** The chats that are searched and indexed. */
export const SEARCHED = "WHERE deletes_at_ms IS NULL";

/** A word of a search, and the chats that may contain it according to the index; null if the index cannot tell. */
type Looked = Word & { mayHave: Set<string> | null };

/** The result of a search, and how many characters are not indexed. */
interface Find {
	found: FoundChats;
	unindexed: number;
}

/**
 * The newest chats that contain every word in their title or text. The index tells which texts to read. Unindexed text, and words
 * of one or two letters, are searched in the texts themselves, newest first.
 */
export function find(query: string, chats: ListedChats, index: ChatIndex): Find {
	const words: Looked[] = wordsIn(query).map((word) => ({ ...word, mayHave: index.mayHave(word.text) }));
	if (words.length === 0) return { found: { chats: [], isComplete: true }, unindexed: 0 };
	const indexed = index.lengths();
	const found: FoundChat[] = [];
	let charsLeft = READ_CHARS;
	const all = newestFirst([...chats.read(SEARCHED)]);
	for (const chat of all) {
		if (found.length === FOUND_CHATS) break;
		const title = searchable(chat.title);
		const missing = words.filter(({ pattern }) => !pattern.test(title));
		if (missing.length === 0) found.push({ ...summaryOf(chat), passage: null });
		else if (missing.every((word) => mayHave(chat, word, indexed)) && charsLeft > 0) {
			charsLeft -= chat.chars;
			const text = chats.chat(chat.id)?.text ?? "";
			if (missing.every(({ pattern }) => pattern.test(text))) found.push({ ...summaryOf(chat), passage: passageOf(text, missing) });
		}
	}
	const unindexed = all.reduce((sum, { id, chars }) => sum + chars - (indexed.get(id) ?? 0), 0);
	return { found: { chats: found, isComplete: charsLeft > 0 }, unindexed };
}

function mayHave({ id, chars }: ListedChat, { mayHave }: Looked, indexed: Map<string, number>): boolean {
	if (chars === 0) return false;
	return mayHave === null || mayHave.has(id) || chars > (indexed.get(id) ?? 0);
}

/** In SQLite, sorting would read each row twice. */
const newestFirst = (chats: ListedChat[]) =>
	chats.sort((a, b) => (a.updatedAt < b.updatedAt || (a.updatedAt === b.updatedAt && a.id < b.id) ? 1 : -1));
