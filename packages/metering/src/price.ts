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

/**
 * The price of a request that sends `inputTokens` (rule P1). Used by the server, which charges it, and by the page, which shows it. An effort that the
 * model does not have has no price: its units are NaN, which no ledger holds.
 */
export function priceOf({ weight, efforts, inputStep }: Tariff, effort: Effort | null, inputTokens: number): Price {
	const factor = effort === null ? 1 : (efforts[effort] ?? Number.NaN);
	const steps = Math.max(1, Math.ceil(inputTokens / inputStep));
	return { units: weight * factor * steps, steps };
}

/** What a message counts beside its text: its role and the marks around it, which differ by model. */
export const MESSAGE_TOKENS = 8;

/**
 * What an image counts, whatever its size (rule P2). Providers scale images down before they count them. Of those that publish a formula, OpenAI's small
 * models count most: 1,536 patches × 2.46 for gpt-5-nano, which is 3,779.
 */
export const IMAGE_TOKENS = 4_000;

/** What tokenizers take for one piece: a word, split at capitals; white space in a row; or one other character. */
const PIECE = /[A-Z]?[a-z]+|[A-Z]+|\s+|./gsu;
const RARE_LETTERS = /[jkqvxz]/gi;
/** Letters that no word has in such a row: the third consonant and the second vowel. */
const CROWDED_LETTERS = /(?<=[^aeiouy]{2})[^aeiouy]|(?<=[aeiouy])[aeiouy]/gi;

/**
 * Tokens of a character beyond ASCII, each before the first code point of the next. Alphabets with few letters are mostly known to a tokenizer: Latin;
 * Greek with the capitals of Cyrillic; Cyrillic; Hebrew and Arabic; those of India; Thai and Lao; Georgian; kana. Chinese characters and Hangul are so in
 * part. The others fall apart into bytes, which are never more than four.
 */
const BEYOND_ASCII = [
	1.5, 0x180, 2, 0x370, 1, 0x430, 0.85, 0x530, 1.2, 0x700, 3.3, 0x900, 1.6, 0xe00, 1.2, 0xe80, 3.3, 0x10a0, 1, 0x1100, 3.3, 0x2000, 2,
	0x2070, 3.3, 0x3040, 1.3, 0x3100, 3.3, 0x4e00, 2.2, 0xa000, 3.3, 0xac00, 2.5, 0xd7a4, 3.3, 0x10000, 4,
];

/**
 * An estimate of a text's tokens that no tokenizer exceeds (rule P2). Prose is told by its letters: random ones, which need a token for two or fewer,
 * crowd where words do not. A digit is a token of its own, as some tokenizers have it.
 */
export function tokensOf(text: string): number {
	let tokens = 0;
	for (const [piece] of text.matchAll(PIECE)) {
		const first = piece.codePointAt(0) ?? 0;
		// One space belongs to the word after it.
		if (piece === " ") tokens += 0.2;
		else if (/\s/.test(piece)) tokens += count(piece, /(.)\1*/gs) + piece.length / 16;
		else if (first > 0x7f) tokens += BEYOND_ASCII[BEYOND_ASCII.findLastIndex((at, n) => n % 2 && at <= first) + 1] ?? 0;
		else tokens += /[a-z]/i.test(piece) ? tokensOfWord(piece) : 1.05;
	}
	return Math.ceil(tokens);
}

function tokensOfWord(word: string): number {
	const ofLetters = word.length * (/[a-z]/.test(word) ? 0.38 : 0.48);
	// No tokenizer that knows all bytes needs more than one token for each.
	return Math.min(word.length, Math.max(1, ofLetters + 0.3 * count(word, RARE_LETTERS) + 0.7 * count(word, CROWDED_LETTERS)));
}

function count(text: string, pattern: RegExp): number {
	return text.match(pattern)?.length ?? 0;
}
