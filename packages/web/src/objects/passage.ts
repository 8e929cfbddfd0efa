import type { Passage } from "../view/chat.ts";

/** The most words in a search, and characters per word. */
const WORDS_MAX = 8;
const WORD_CHARS_MAX = 60;
/** How much of a chat's text is shown before the first match, and in total. */
const BEFORE_CHARS = 40;
const PASSAGE_CHARS = 160;

/** A text normalized for searching and display: on one line, with letters that only look different unified. */
export const searchable = (text: string): string => text.toWellFormed().normalize("NFKC").replaceAll(/\s+/g, " ").trim();

/** A search word, and the pattern that finds it in a searchable text, ignoring case. */
export interface Word {
	text: string;
	pattern: RegExp;
}

/** The words of a query. All of them must match. */
export function wordsIn(query: string): Word[] {
	const texts = searchable(query)
		.split(" ")
		.filter((text) => text !== "");
	return [...new Set(texts)].slice(0, WORDS_MAX).map((whole) => {
		const text = Array.from(whole).slice(0, WORD_CHARS_MAX).join("");
		return { text, pattern: new RegExp(escaped(text), "iu") };
	});
}

/** The part of a searchable text with the first match, split into matching and other pieces. Null without a match. */
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

/** Where a passage starts: at a word, or in a script without spaces a few characters before. */
function startNear(text: string, at: number): number {
	const space = text.indexOf(" ", at - BEFORE_CHARS);
	return space !== -1 && space < at ? space + 1 : at - BEFORE_CHARS / 2;
}

/** The trigrams of a word, as made by SQLite's trigram tokenizer. None for a shorter word. */
export function trigramsOf(word: string): string[] {
	const letters = Array.from(word);
	return letters.slice(2).map((last, n) => `${letters[n]}${letters[n + 1]}${last}`);
}

const escaped = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
