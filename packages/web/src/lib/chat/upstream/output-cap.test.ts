import fc from "fast-check";
import { expect, test } from "vitest";
import { OutputCap } from "./output-cap.ts";

const take = (cap: OutputCap, deltas: readonly string[]) => deltas.map((delta) => cap.take(delta)).join("");

test.each([
	// Token counts by o200k.
	[
		"English",
		45,
		"The council met on Tuesday to discuss the proposal, which would extend opening hours at the library and add two new positions. Residents asked how the change would be paid for, and whether other services might be cut as a consequence.",
	],
	[
		"Russian",
		43,
		"Городской совет собрался во вторник, чтобы обсудить предложение о продлении часов работы библиотеки и создании двух новых должностей. Жители спрашивали, как будет оплачено это изменение.",
	],
	[
		"Hindi",
		44,
		"नगर परिषद की बैठक मंगलवार को हुई जिसमें पुस्तकालय के खुलने का समय बढ़ाने और दो नए पद जोड़ने के प्रस्ताव पर चर्चा की गई। निवासियों ने पूछा कि इस बदलाव का भुगतान कैसे किया जाएगा।",
	],
	[
		"Chinese",
		45,
		"市议会于周二开会，讨论延长图书馆开放时间并增加两个新职位的提案。居民们询问这一变化将如何支付，以及其他服务是否会因此被削减。",
	],
	[
		"a table",
		27,
		"| name | value | note |\n|------------------|-----------------|------------------|\n| a                | 1               | ok               |\n",
	],
])("an answer within its limit is never cut: %s", (_, tokens, text) => {
	const cap = new OutputCap(tokens);
	expect(take(cap, text.split(/(?= )/))).toBe(text);
	expect(cap.isReached).toBe(false);
});

test("an answer that ignores its limit is cut at 6 characters or 12 bytes per token, and nothing follows", () => {
	for (const [character, kept] of [
		["x", 60],
		["я", 60],
		["世", 40],
		["😀", 30],
	] as const) {
		const cap = new OutputCap(10);
		expect(take(cap, [character.repeat(7), character.repeat(1_000), "more"])).toBe(character.repeat(kept));
		expect(cap.isReached).toBe(true);
	}
});

test("an answer that sends one piece per token is cut at exactly its limit", () => {
	fc.assert(
		fc.property(
			fc.array(fc.constantFrom("an", " word", "ing", "世界"), { maxLength: 80 }),
			fc.integer({ min: 1, max: 60 }),
			(tokens, max) => {
				const cap = new OutputCap(max);
				expect(take(cap, tokens)).toBe(tokens.slice(0, max).join(""));
				expect(cap.isReached).toBe(tokens.length > max);
			},
		),
	);
});

test("an answer sent in single characters is not cut early", () => {
	const cap = new OutputCap(10);
	expect(take(cap, [..."a sentence of ten tokens, letter by letter"])).toBe("a sentence of ten tokens, letter by letter");
});

test("the text kept is a prefix of the answer in whole characters", () => {
	const deltas = fc.array(
		fc.oneof(fc.string({ unit: "grapheme", maxLength: 80 }), fc.constantFrom("word ", "a", "世界", "x".repeat(700))),
		{
			maxLength: 60,
		},
	);
	fc.assert(
		fc.property(deltas, fc.integer({ min: 1, max: 500 }), (all, max) => {
			const cap = new OutputCap(max);
			const taken = take(cap, all);
			expect(all.join("").startsWith(taken)).toBe(true);
			expect(taken).toBe(taken.toWellFormed());
			expect(taken.length).toBeLessThanOrEqual(6 * max);
			expect(Buffer.byteLength(taken)).toBeLessThanOrEqual(12 * max);
			if (!cap.isReached) expect(taken).toBe(all.join(""));
		}),
	);
});
