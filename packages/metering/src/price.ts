/** How much a model reasons before it answers. A model lists its levels. */
export const EFFORTS = ["low", "medium", "high"] as const;
export type Effort = (typeof EFFORTS)[number];

/** The factors of the price of a model's requests. */
export interface Tariff {
	/** Units of a one-step request without an effort. */
	weight: number;
	/** The factor of each effort. */
	efforts: Readonly<Partial<Record<Effort, number>>>;
	/** Input tokens covered by one step. */
	inputStep: number;
}

/** The price of a request, known before it is sent. */
export interface Price {
	/** Requests, a positive integer. */
	units: number;
	/** The steps of input that the units pay for. The model is sent at most that much. */
	steps: number;
}

/** What a request was sold as, kept from its hold on (rule P6). Later changes of models.json do not affect it. */
export interface Terms {
	model: string;
	effort: Effort | null;
	steps: number;
	/** The version of models.json. */
	version: string;
}

/** The usage of a request's model calls, all attempts together (rule P7). It never changes what is charged. */
export interface Spent {
	/** Tokens. `cached` is a part of `input`, and `reasoning` of `output`. */
	input: number;
	cached: number;
	output: number;
	reasoning: number;
	/** Millionths of a US dollar. */
	microDollars: number;
	/** Whether a number is our estimate, because the provider sent none. */
	estimated: boolean;
}

/**
 * The price of a request that sends `inputTokens` (rule P1), charged by the server and shown by the page. An effort that the model lacks has no
 * price: its units are NaN, which no ledger holds.
 */
export function priceOf({ weight, efforts, inputStep }: Tariff, effort: Effort | null, inputTokens: number): Price {
	const factor = effort === null ? 1 : (efforts[effort] ?? Number.NaN);
	const steps = Math.max(1, Math.ceil(inputTokens / inputStep));
	return { units: weight * factor * steps, steps };
}

/** Tokens that a message counts besides its text: its role and delimiters, which differ by model. */
export const MESSAGE_TOKENS = 8;

/**
 * Tokens that an image counts, whatever its size (rule P2). Providers scale images down before counting. Of those with a published formula, OpenAI's
 * small models count most: 1,536 patches × 2.46 for gpt-5-nano, which is 3,779.
 */
export const IMAGE_TOKENS = 4_000;

/** The pieces into which tokenizers split a text: a word, split at capitals; a run of white space; or one other character. */
const PIECE = /[A-Z]?[a-z]+|[A-Z]+|\s+|./gsu;
const RARE_LETTERS = /[jkqvxz]/gi;
/** Letters in longer runs than words have: from the third consonant or the second vowel in a row on. */
const CROWDED_LETTERS = /(?<=[^aeiouy]{2})[^aeiouy]|(?<=[aeiouy])[aeiouy]/gi;

/**
 * Tokens of a character beyond ASCII, each below the code point after it. Tokenizers know most letters of small alphabets: Latin; Greek with the
 * capitals of Cyrillic; Cyrillic; Hebrew and Arabic; those of India; Thai and Lao; Georgian; kana. They know part of Chinese and Hangul. All others
 * are split into bytes, at most four.
 */
const BEYOND_ASCII = [
	1.5, 0x180, 2, 0x370, 1, 0x430, 0.85, 0x530, 1.2, 0x700, 3.3, 0x900, 1.6, 0xe00, 1.2, 0xe80, 3.3, 0x10a0, 1, 0x1100, 3.3, 0x2000, 2,
	0x2070, 3.3, 0x3040, 1.3, 0x3100, 3.3, 0x4e00, 2.2, 0xa000, 3.3, 0xac00, 2.5, 0xd7a4, 3.3, 0x10000, 4,
];

/**
 * An estimate of a text's tokens that no tokenizer exceeds (rule P2). Random letters, which take a token per one or two, are recognized by runs that
 * words do not have. A digit is a token of its own, as in some tokenizers.
 */
export function tokensOf(text: string): number {
	let tokens = 0;
	for (const [piece] of text.matchAll(PIECE)) {
		const first = piece.codePointAt(0) ?? 0;
		// A single space is part of the word after it.
		if (piece === " ") tokens += 0.2;
		else if (/\s/.test(piece)) tokens += count(piece, /(.)\1*/gs) + piece.length / 16;
		else if (first > 0x7f) tokens += BEYOND_ASCII[BEYOND_ASCII.findLastIndex((at, n) => n % 2 && at <= first) + 1] ?? 0;
		else tokens += /[a-z]/i.test(piece) ? tokensOfWord(piece) : 1.05;
	}
	return Math.ceil(tokens);
}

function tokensOfWord(word: string): number {
	const ofLetters = word.length * (/[a-z]/.test(word) ? 0.38 : 0.48);
	// A tokenizer that knows all bytes needs at most one token per byte.
	return Math.min(word.length, Math.max(1, ofLetters + 0.3 * count(word, RARE_LETTERS) + 0.7 * count(word, CROWDED_LETTERS)));
}

function count(text: string, pattern: RegExp): number {
	return text.match(pattern)?.length ?? 0;
}
