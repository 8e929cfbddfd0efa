import { tokensOf } from "@parley/metering";
import fc from "fast-check";
import { expect, test } from "vitest";
import { OutputCap } from "./output-cap.ts";

const take = (cap: OutputCap, deltas: readonly string[]) => deltas.map((delta) => cap.take(delta)).join("");

test("an answer within its limit is whole", () => {
	const cap = new OutputCap(100);
	expect(take(cap, ["Hello ", "there"])).toBe("Hello there");
	expect([cap.isReached, cap.tokens]).toEqual([false, tokensOf("Hello there")]);
});

test("one beyond it is cut to what fits, in whole characters, and nothing follows", () => {
	const cap = new OutputCap(10);
	const taken = cap.take("😀".repeat(50));
	expect(taken).toBe(taken.toWellFormed());
	expect(taken).not.toBe("");
	expect(tokensOf(taken)).toBeLessThanOrEqual(10);
	expect([cap.isReached, cap.take("a")]).toEqual([true, ""]);
});

test("what is taken never has more tokens than the limit, and is the beginning of what came", () => {
	const deltas = fc.array(fc.oneof(fc.string({ unit: "grapheme", maxLength: 80 }), fc.constantFrom("word ", "a", "世界", "x".repeat(700))), {
		maxLength: 60,
	});
	fc.assert(
		fc.property(deltas, fc.integer({ min: 1, max: 500 }), (all, max) => {
			const cap = new OutputCap(max);
			const taken = take(cap, all);
			expect(all.join("").startsWith(taken)).toBe(true);
			expect(tokensOf(taken)).toBeLessThanOrEqual(max);
			if (!cap.isReached) expect(taken).toBe(all.join(""));
		}),
	);
});
