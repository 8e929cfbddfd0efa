import type { Passage } from "../view/chat.ts";

/** Words of one search, and characters of each, that are looked for. */
const WORDS_MAX = 8;
const WORD_CHARS_MAX = 60;
/** How much of a chat's text is shown before the first found word, and in all. */
const BEFORE_CHARS = 40;
const PASSAGE_CHARS = 160;

/** A text as a search compares and shows it: on one line, without the difference between letters that only look different. */
export const searchable = (text: string): string => text.toWellFormed().normalize("NFKC").replaceAll(/\s+/g, " ").trim();

/** A word of a search, and the pattern that finds it in a searchable text in upper and lower case. */
export interface Word {
	text: string;
	pattern: RegExp;
}

/** The words of a query. All of them have to be found. */
export function wordsIn(query: string): Word[] {
	const texts = searchable(query)
		.split(" ")
		.filter((text) => text !== "");
	return [...new Set(texts)].slice(0, WORDS_MAX).map((whole) => {
		const text = Array.from(whole).slice(0, WORD_CHARS_MAX).join("");
		return { text, pattern: new RegExp(escaped(text), "iu") };
	});
}

/** The part of a searchable text that has the first of these words, cut into pieces: found or not. Null where the text has none. */
export function passageOf(text: string, words: readonly Word[]): Passage | null {
	const at = Math.min(...words.map(({ pattern }) => pattern.exec(text)?.index ?? Number.POSITIVE_INFINITY));
	if (at === Number.POSITIVE_INFINITY) return null;
	const start = at <= BEFORE_CHARS ? 0 : startNear(text, at);
	const end = start + PASSAGE_CHARS;
	const shown = `${start > 0 ? "…" : ""}${text.slice(start, end).replaceAll(/\p{Surrogate}/gu, "")}${end < text.length ? "…" : ""}`;
	const longestFirst = words.map((word) => word.text).toSorted((a, b) => b.length - a.length);
	return shown
		.split(new RegExp(`(${longestFirst.map(escaped).join("|")})`, "iu"))
		.map((piece, n) => ({ text: piece, isFound: n % 2 === 1 }))
		.filter((piece) => piece.text !== "");
}

/** Where a passage begins: with a word, or in a script without spaces a few characters before. */
function startNear(text: string, at: number): number {
	const space = text.indexOf(" ", at - BEFORE_CHARS);
	return space !== -1 && space < at ? space + 1 : at - BEFORE_CHARS / 2;
}

/** The three-letter parts of a word, as SQLite's trigram tokenizer makes them. None for a shorter word. */
export function trigramsOf(word: string): string[] {
	const letters = Array.from(word);
	return letters.slice(2).map((last, n) => `${letters[n]}${letters[n + 1]}${last}`);
}

const escaped = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
