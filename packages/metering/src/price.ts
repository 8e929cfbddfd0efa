import { invariant } from "./invariant.ts";

/** How hard a model thinks before it answers. A model lists the levels that it has. */
export const EFFORTS = ["low", "medium", "high"] as const;
export type Effort = (typeof EFFORTS)[number];

/** What decides the price of a model's requests. */
export interface Tariff {
	/** Units of a request of one step, without an effort. */
	weight: number;
	/** By what each effort multiplies the price. */
	efforts: Readonly<Partial<Record<Effort, number>>>;
	/** Tokens of input that one step covers. */
	inputStep: number;
}

/** What a request costs, known before it is sent. */
export interface Price {
	/** Requests, a positive integer. */
	units: number;
	/** The steps of input that the units pay. The model is sent no more than they cover. */
	steps: number;
}

/** What a request was sold as, kept from its hold on (rule P6). Later changes of models.json never touch it. */
export interface Terms {
	model: string;
	effort: Effort | null;
	steps: number;
	/** The version of models.json. */
	version: string;
}

/** What the model calls of a request used, all attempts together (rule P7). It never changes what is charged. */
export interface Spent {
	/** Tokens. `cached` is a part of `input`, and `reasoning` of `output`. */
	input: number;
	cached: number;
	output: number;
	reasoning: number;
	/** Millionths of a dollar. */
	microDollars: number;
	/** Whether a number is our estimate, because the provider sent none. */
	estimated: boolean;
}

/** The price of a request that sends `inputTokens` (rule P1). Used by the server, which charges it, and by the page, which shows it. */
export function priceOf({ weight, efforts, inputStep }: Tariff, effort: Effort | null, inputTokens: number): Price {
	const factor = effort === null ? 1 : efforts[effort];
	invariant(factor !== undefined, "a price is asked for an effort that the model has");
	const steps = Math.max(1, Math.ceil(inputTokens / inputStep));
	return { units: weight * factor * steps, steps };
}

/** What a message counts beside its text: its role and the marks around it, which differ by model. */
export const MESSAGE_TOKENS = 8;

/** What tokenizers take for one piece: a word, split at capitals; white space in a row; or one other character. */
const PIECE = /[A-Z]?[a-z]+|[A-Z]+|\s+|./gsu;
const RARE_LETTERS = /[jkqvxz]/gi;
/** Letters that no word has in such a row: the third consonant and the second vowel. */
const CROWDED_LETTERS = /(?<=[^aeiouy]{2})[^aeiouy]|(?<=[aeiouy])[aeiouy]/gi;

/**
 * Tokens of a character beyond ASCII, by the first code point that the next entry covers. Alphabets with few letters are mostly known to a tokenizer.
 * The others fall apart into bytes, which are never more than four.
 */
const BEYOND_ASCII: readonly [to: number, tokens: number][] = [
	[0x100, 1.1],
	[0x180, 1.5],
	[0x250, 2],
	[0x370, 2],
	// Greek and Cyrillic, the capitals apart.
	[0x3b0, 1],
	[0x410, 0.85],
	[0x430, 1],
	[0x530, 0.85],
	[0x590, 1.2],
	// Hebrew and Arabic.
	[0x700, 1],
	[0x900, 3],
	// The scripts of India, then Thai and Lao, then Georgian.
	[0xe00, 1.6],
	[0xe80, 1.2],
	[0x10a0, 3],
	[0x1100, 1],
	[0x2000, 3.3],
	[0x2070, 2],
	[0x3000, 3],
	// Punctuation of East Asia, kana, Chinese characters, and Hangul.
	[0x3040, 2],
	[0x3100, 1.3],
	[0x4e00, 3],
	[0xa000, 2.2],
	[0xac00, 3],
	[0xd7a4, 2.5],
	[0x10000, 3.3],
	[0x1f000, 4],
	[0x20000, 3],
	[Number.POSITIVE_INFINITY, 4],
];

/**
 * An estimate of a text's tokens that no tokenizer exceeds (rule P2). Prose is told by its letters: random ones, which need a token for two or fewer,
 * crowd where words do not. A digit is a token of its own, as some tokenizers have it.
 */
export function tokensOf(text: string): number {
	let tokens = 0;
	for (const [piece] of text.matchAll(PIECE)) {
		const first = piece.codePointAt(0) ?? 0;
		if (/\s/.test(piece)) tokens += tokensOfSpace(piece);
		else if (first > 0x7f) tokens += BEYOND_ASCII.find(([to]) => first < to)?.[1] ?? 0;
		else if (/[A-Za-z]/.test(piece)) tokens += tokensOfWord(piece);
		else tokens += /[!-/:-~]/.test(piece) ? 0.85 : 1.05;
	}
	return Math.ceil(tokens);
}

function tokensOfWord(word: string): number {
	const ofLetters = word.length * (/^[A-Z]+$/.test(word) ? 0.48 : 0.38);
	return Math.max(1, ofLetters + 0.3 * count(word, RARE_LETTERS) + 0.7 * count(word, CROWDED_LETTERS));
}

/** One space belongs to the word after it. */
function tokensOfSpace(space: string): number {
	if (space === " ") return 0.2;
	let changes = 1;
	for (let at = 1; at < space.length; at += 1) if (space[at] !== space[at - 1]) changes += 1;
	return Math.max(changes, space.length / 16);
}

function count(text: string, pattern: RegExp): number {
	return text.match(pattern)?.length ?? 0;
}
