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

/** Tokens that a chat template adds to each message: its role and its marks. Llama 3 and ChatML need 5 to 7. */
export const MESSAGE_TOKENS = 8;

/** Pairs of letters that are frequent in words, English and German above all: the first letter of a group, then each of the others. */
const FREQUENT_PAIRS = new Set(
	"abcdgilnrstuy beiloruy cehklot daegiors eabcdefgilmnqrstuvx faeilortu gaehilnru haeiortu icdefglmnorstv je keil ladeilosty madeimops nacdefgilnostvy ocdfglmnprstuvw paelort qu racdefgikmnostuy scehikpstw tehilorstwyz ucefmnrst veio waehio yos zeiuw"
		.split(" ")
		.flatMap(([first = "", ...others]) => others.map((other) => first + other)),
);

/** Characters of more than one byte that are a token of their own: punctuation, and the most frequent of those scripts whose others cost two or three. */
const FREQUENT = new Set(
	"“”‘’„–—…•→«»€™，。、！？：；（）《》「」的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运이다는의에을가고하한지기로도를은사인자리나스시대어서있그들아정해수보부여구만일주제과라전장성상게원동안우조",
);

/** The other characters that cost less than their bytes: first, last, and quarters of a token. */
const SCRIPTS: [first: number, last: number, quarters: number][] = [
	[0xa0, 0xff, 4], // Latin letters with accents
	[0x386, 0x3ce, 4], // Greek
	[0x400, 0x45f, 4], // Cyrillic
	[0x5d0, 0x5ea, 4], // Hebrew
	[0x620, 0x64a, 5], // Arabic
	[0x900, 0x9ff, 6], // Devanagari, Bengali
	[0xa80, 0xaff, 6], // Gujarati
	[0xe00, 0xe7f, 6], // Thai
	[0xa00, 0xeff, 8], // other scripts of South Asia
	[0x10d0, 0x10ff, 6], // Georgian
	[0x1000, 0x109f, 8], // Burmese
	[0x1200, 0x137f, 8], // Ethiopic
	[0x1780, 0x17ff, 8], // Khmer
	[0x3040, 0x30ff, 6], // Kana
	[0x3000, 0x303f, 8], // punctuation
	[0x4e00, 0x9b7f, 8], // Han. Later ones are rare
	[0xac00, 0xd7a3, 10], // Hangul
];

/**
 * At least as many tokens as a current tokenizer makes of a text (rule P2). It adds up quarters of a token, character by character. What has no
 * better rule costs its bytes, because a byte-level tokenizer never makes more tokens than bytes.
 */
export function tokensOf(text: string): number {
	let quarters = 0;
	let before = "";
	let repeats = 0;
	for (const char of text) {
		repeats = char === before ? repeats + 1 : 0;
		quarters += quartersOf(char, before, repeats);
		before = char;
	}
	return Math.ceil((before === " " ? quarters + 4 : quarters) / 4);
}

const isLetter = (char: string) => (char >= "a" && char <= "z") || (char >= "A" && char <= "Z");
const isPunctuation = (char: string) => char > " " && char < "\x7f" && !(char >= "0" && char <= "9");

/** What a character costs that follows another, the same one `repeats` times. A single space is paid by what comes after it: words include theirs. */
function quartersOf(char: string, before: string, repeats: number): number {
	if (isLetter(char)) {
		if (char >= "a" && FREQUENT_PAIRS.has(before.toLowerCase() + char)) return 1;
		return isLetter(before) && char < "a" === before < "a" ? 3 : 4;
	}
	if (char === " ") return repeats === 0 ? 0 : repeats === 1 ? 4 : 1;
	if (isPunctuation(char)) return repeats === 0 ? 4 : 2;
	const code = char.codePointAt(0) ?? 0;
	const space = before === " " ? 4 : 0;
	if (code < 0x80) return space + (repeats > 0 && "\t\n\r".includes(char) ? 2 : 4);
	if (FREQUENT.has(char)) return space + 4;
	const script = SCRIPTS.find(([first, last]) => code >= first && code <= last);
	return space + (script?.[2] ?? (code < 0x800 ? 8 : code < 0x10000 ? 12 : 16));
}
