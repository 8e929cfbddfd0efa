import fc from "fast-check";
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { describe, expect, test } from "vitest";
import fixture from "./price.fixture.json" with { type: "json" };
import { MESSAGE_TOKENS, priceOf, type Tariff, tokensOf } from "./price.ts";

const tariff: Tariff = { weight: 3, efforts: { low: 1, high: 4 }, inputStep: 100 };

describe("a price", () => {
	test("combines weight, effort and steps", () => {
		expect(priceOf(tariff, null, 0)).toEqual({ units: 3, steps: 1 });
		expect(priceOf(tariff, null, 100)).toEqual({ units: 3, steps: 1 });
		expect(priceOf(tariff, null, 101)).toEqual({ units: 6, steps: 2 });
		expect(priceOf(tariff, "high", 250)).toEqual({ units: 36, steps: 3 });
		expect(priceOf(tariff, "medium", 1).units).toBeNaN();
	});

	test("is a positive integer that covers everything sent, and never falls as more is sent", () => {
		const tariffs = fc.record({ weight: fc.integer({ min: 1, max: 999 }), inputStep: fc.integer({ min: 1, max: 100_000 }) });
		fc.assert(
			fc.property(tariffs, fc.nat(1_000_000), fc.nat(1_000), ({ weight, inputStep }, tokens, more) => {
				const { units, steps } = priceOf({ weight, inputStep, efforts: {} }, null, tokens);
				expect(Number.isSafeInteger(units) && units >= 1).toBe(true);
				expect(steps * inputStep).toBeGreaterThanOrEqual(tokens);
				expect(priceOf({ weight, inputStep, efforts: {} }, null, tokens + more).units).toBeGreaterThanOrEqual(units);
			}),
		);
	});
});

/** Draws from an alphabet, identically in every run. */
function drawn(alphabet: readonly string[], length: number, join = ""): string {
	let state = 20_261_129;
	const next = () => {
		state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
		return alphabet[Math.floor((state / 0x8000_0000) * alphabet.length)] ?? "";
	};
	return Array.from({ length }, next).join(join);
}

const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, at) => String.fromCodePoint(first + at));
const lower = from(97, 122);
const upper = from(65, 90);
const digits = from(48, 57);
const syllables = [..."bcdfghjklmnpqrstvwxyz"].flatMap((consonant) => [..."aeiou"].map((vowel) => consonant + vowel));

const random: Record<string, string> = {
	base64: drawn([...upper, ...lower, ...digits, "+", "/"], 2_000),
	hexadecimal: drawn([...digits, ..."abcdef"], 2_000),
	"lower case": drawn(lower, 2_000),
	"upper case": drawn(upper, 2_000),
	"mixed case": drawn([...lower, ...upper], 2_000),
	consonants: drawn([..."bcdfghjklmnpqrstvwxz"], 2_000),
	vowels: drawn([..."aeiou"], 2_000),
	"words of four letters": drawn([...lower, ...lower, ...lower, " "], 2_000),
	syllables: drawn(syllables, 1_000),
	"words of syllables": drawn([...syllables, ...Array.from({ length: 30 }, () => " ")], 1_000),
	digits: drawn(digits, 2_000),
	ASCII: drawn(from(32, 126), 3_000),
	"control characters": drawn(from(0, 31), 500),
	"white space": drawn([" ", "\t", "\n", "\r"], 2_000),
	"spaces in a row": `a${" ".repeat(500)}b${"\n".repeat(300)}c${"\t".repeat(300)}`,
	"punctuation in a row": "=".repeat(200) + "-".repeat(100) + "~`".repeat(50),
	"Latin letters with marks": drawn(from(0xc0, 0x24f), 2_000),
	"combining marks": drawn(from(0x300, 0x36f), 500),
	"small Greek": drawn(from(0x3b1, 0x3c9), 2_000),
	"Cyrillic capitals": drawn(from(0x410, 0x42f), 2_000),
	"small Cyrillic": drawn(from(0x430, 0x44f), 2_000),
	Armenian: drawn(from(0x561, 0x586), 500),
	Hebrew: drawn(from(0x5d0, 0x5ea), 2_000),
	Arabic: drawn(from(0x627, 0x64a), 2_000),
	Devanagari: drawn(from(0x905, 0x94d), 2_000),
	Bengali: drawn(from(0x985, 0x9b9), 500),
	Tamil: drawn(from(0xb85, 0xbb9), 500),
	Thai: drawn(from(0xe01, 0xe2e), 2_000),
	Georgian: drawn(from(0x10d0, 0x10f0), 2_000),
	Cherokee: drawn(from(0x13a0, 0x13f4), 500),
	symbols: drawn(from(0x2190, 0x23ff), 500),
	Hiragana: drawn(from(0x3041, 0x3096), 2_000),
	Katakana: drawn(from(0x30a1, 0x30f6), 2_000),
	"Chinese characters": drawn(from(0x4e00, 0x9fa5), 2_000),
	"rare Chinese characters": drawn(from(0x20000, 0x20100), 300),
	Hangul: drawn(from(0xac00, 0xd7a3), 2_000),
	"full-width letters": drawn(from(0xff01, 0xff5e), 300),
	emoji: drawn(from(0x1f600, 0x1f64f), 300),
	flags: drawn(from(0x1f1e6, 0x1f1ff), 300),
	"all of the first plane": drawn(from(0x80, 0xd7ff), 3_000),
};

describe("the estimate of a text's tokens", () => {
	test.each(Object.entries(fixture))("is at least a tokenizer's count: %s", (_, text) => {
		expect(tokensOf(text)).toBeGreaterThanOrEqual(encode(text).length);
	});

	test.each(Object.entries(random))("is at least a tokenizer's count of random %s", (_, text) => {
		expect(tokensOf(text)).toBeGreaterThanOrEqual(encode(text).length);
	});

	test("is at least a tokenizer's count of any mix, including the marks around a message", () => {
		const piece = fc.oneof(
			fc
				.constantFrom(...Object.values(fixture), ...Object.values(random))
				.chain((text) => fc.nat(text.length - 1).map((at) => text.slice(at, at + 80))),
			fc.string({ unit: "binary", maxLength: 40 }),
			fc.string({ unit: "grapheme-ascii", maxLength: 40 }),
		);
		const text = fc.array(piece, { minLength: 4, maxLength: 20 }).map((pieces) => pieces.join(" "));
		// One seed: a tokenizer's table is external data, and this test samples it.
		fc.assert(
			fc.property(text, (mix) => {
				expect(tokensOf(mix) + MESSAGE_TOKENS).toBeGreaterThanOrEqual(encode(mix).length);
			}),
			{ seed: 20_261_129, numRuns: 500 },
		);
	});

	test("is close to a tokenizer's count for prose", () => {
		for (const language of ["english", "german", "french"] as const) {
			const text = fixture[language];
			expect(tokensOf(text) / encode(text).length, language).toBeLessThan(2.3);
		}
	});

	test("is superadditive: the parts of a text count at least as much as the whole", () => {
		const texts = fc.array(fc.string({ unit: "grapheme-ascii", maxLength: 60 }), { maxLength: 10 });
		fc.assert(
			fc.property(texts, (parts) => {
				const sum = parts.reduce((tokens, part) => tokens + tokensOf(part) + MESSAGE_TOKENS, 0);
				expect(sum).toBeGreaterThanOrEqual(tokensOf(parts.join("\n\n")));
			}),
		);
	});
});
