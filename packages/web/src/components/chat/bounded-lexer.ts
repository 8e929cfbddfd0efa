import { Lexer, type Links, type Token, Tokenizer, type Tokens, type TokensList } from "marked";

/** Lists and quotes inside each other, and emphasis inside emphasis. Beyond it marked and React recurse until the stack overflows. */
const DEPTH_MAX = 16;
/** Some of marked's expressions backtrack over all that they see. Longer texts are not given to it. */
const BLOCK_CHARS_MAX = 16_000;
const RUN_CHARS_MAX = 6_000;
/** What a step costs besides the characters that it looks at: a token and a React element. */
const STEP_WORK = 200;
/** What a block costs, however short: a lexer and a React component. */
const BLOCK_WORK = 2_000;
/** What a character of a list or a quote costs: some ten expressions look at each of its lines. */
const CONTAINER_WORK = 10;

interface Lexed {
	/** Null if the text is too expensive to parse: it is shown as it was written. */
	tokens: Token[] | null;
	/** Characters that marked may have looked at, the same on every machine. */
	work: number;
}

/**
 * Parses one block of Markdown (GFM) with at most `workMax` work. marked alone needs quadratic time for `_a_ __` repeated, and overflows the stack
 * for deeply nested quotes.
 */
export function lexBounded(text: string, workMax: number, links: Links = {}): Lexed {
	const meter = new Meter(workMax);
	try {
		meter.spend(BLOCK_WORK);
		if (text.length > BLOCK_CHARS_MAX || text.split("\n").some(isTooDeep)) throw new TooExpensive();
		const lexer = new BoundedLexer(meter);
		Object.assign(lexer.tokens.links, links);
		return { tokens: lexer.lex(text), work: meter.work };
	} catch {
		// Also an error of marked's own: an answer must never keep its page from rendering.
		return { tokens: null, work: meter.work };
	}
}

const LEADING_MARKS = new RegExp(`^(?:[ \\t]*(?:>|(?:[-*+]|\\d{1,9}[.)])(?=[ \\t]|$))){${DEPTH_MAX + 1}}`);
const RULE = /^[ \t]*([-*])(?:[ \t]*\1)+[ \t]*$/;

/** Whether a line opens more lists and quotes than are parsed. marked looks at each of them again for each one before it. */
const isTooDeep = (line: string) => LEADING_MARKS.test(line) && !RULE.test(line);

/** The link definitions (`[1]: https://…`) in a text, for the blocks that use them. None if they are too expensive to parse. */
export function definitionsIn(text: string, workMax: number): { links: Links; work: number } {
	const meter = new Meter(workMax);
	try {
		return { links: new BoundedLexer(meter).lex(text).links, work: meter.work };
	} catch {
		return { links: {}, work: meter.work };
	}
}

class TooExpensive extends Error {}

class Meter {
	work = 0;
	#depth = 0;
	readonly #workMax: number;

	constructor(workMax: number) {
		this.#workMax = workMax;
	}

	/** @throws {TooExpensive} */
	spend(work: number): void {
		const isTooMuch = this.work + work > this.#workMax;
		this.work = isTooMuch ? this.#workMax : this.work + work;
		if (isTooMuch) throw new TooExpensive();
	}

	/** @throws {TooExpensive} */
	nested<T>(run: () => T): T {
		this.#depth += 1;
		if (this.#depth > DEPTH_MAX) throw new TooExpensive();
		const result = run();
		this.#depth -= 1;
		return result;
	}
}

class BoundedLexer extends Lexer {
	readonly #meter: Meter;

	constructor(meter: Meter) {
		super({ gfm: true, tokenizer: new BoundedTokenizer(meter) });
		this.#meter = meter;
	}

	override blockTokens(src: string, tokens?: Token[], lastParagraphClipped?: boolean): Token[];
	override blockTokens(src: string, tokens?: TokensList, lastParagraphClipped?: boolean): TokensList;
	override blockTokens(src: string, tokens?: Token[], lastParagraphClipped?: boolean): Token[] {
		return this.#meter.nested(() => super.blockTokens(src, tokens, lastParagraphClipped));
	}

	override inlineTokens(src: string, tokens?: Token[]): Token[] {
		if (src.length > RUN_CHARS_MAX) throw new TooExpensive();
		this.#meter.spend(src.length * (1 + count(src, MARKS)) + lookahead(src));
		return this.#meter.nested(() => super.inlineTokens(src, tokens));
	}
}

const MARKS = /[\\<!`*_~[\]:@]/g;
const count = (src: string, pattern: RegExp) => src.match(pattern)?.length ?? 0;

/** At each character of a word, marked looks for an email address from there to the end of the word. */
function lookahead(src: string): number {
	let work = 0;
	for (const [word] of src.matchAll(/[\w.!#$%&'*+/=?^`{|}~-]+/g)) work += word.length ** 2;
	return work;
}

/** Counts the steps of the lexer: each takes a token from the start of the remaining text. */
class BoundedTokenizer extends Tokenizer {
	readonly #meter: Meter;

	constructor(meter: Meter) {
		super();
		this.#meter = meter;
	}

	/** The first rule of each step through blocks. */
	override space(src: string): Tokens.Space | undefined {
		this.#meter.spend(STEP_WORK + src.length);
		return super.space(src);
	}

	/** The first rule of each step through a line. */
	override escape(src: string): Tokens.Escape | undefined {
		this.#meter.spend(STEP_WORK + src.length);
		return super.escape(src);
	}

	/** Quotes and lists in quotes are parsed again, whole, for each line that continues them without a mark. */
	override blockquote(src: string): Tokens.Blockquote | undefined {
		if (/^ {0,3}>/.test(src)) this.#meter.spend(CONTAINER_WORK * src.length);
		return super.blockquote(src);
	}

	override list(src: string): Tokens.List | undefined {
		// Each line of a list is looked at with expressions that are made for it.
		if (/^ {0,3}[-*+\d]/.test(src)) this.#meter.spend(CONTAINER_WORK * src.length + STEP_WORK * count(src, /\n/g));
		return super.list(src);
	}

	/** A bare address loses the punctuation at its end one by one, and is looked at again for each. */
	override url(src: string): Tokens.Link | undefined {
		if (/^(?:www\.|https?:|ftp:)/i.test(src)) {
			const [address = ""] = src.split(/[\s<]/, 1);
			let end = address.length;
			while (end > 0 && "?!.,:;*_'\"~()&".includes(address.charAt(end - 1))) end -= 1;
			this.#meter.spend((address.length - end) * address.length);
		}
		return super.url(src);
	}

	/** Rows are filled up to the width of the header, so a short text may have millions of cells. */
	override table(src: string): Tokens.Table | undefined {
		const [header = ""] = src.split("\n", 1);
		const end = src.search(/\n[ \t]*\n/);
		const lines = count(end === -1 ? src : src.slice(0, end), /\n/g);
		this.#meter.spend(STEP_WORK * (1 + count(header, /\|/g)) * (1 + lines));
		return super.table(src);
	}
}
