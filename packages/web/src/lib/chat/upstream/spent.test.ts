import { expect, test } from "vitest";
import { spentOf, spentTogether } from "./spent.ts";

test("a call costs its input, with cached tokens cheaper, and its output including reasoning", () => {
	const usage = { input: 1_000_000, cached: 400_000, output: 100_000, reasoning: 60_000 };
	expect(spentOf(usage, false, { input: 1.25, cachedInput: 0.125, output: 10 })).toEqual({
		...usage,
		microDollars: 750_000 + 50_000 + 1_000_000,
		estimated: false,
	});
});

test("a fraction of a micro-dollar is rounded up, and a demo costs nothing", () => {
	const usage = { input: 1, cached: 0, output: 0, reasoning: 0 };
	expect(spentOf(usage, true, { input: 0.05, cachedInput: 0.005, output: 0.4 }).microDollars).toBe(1);
	expect(spentOf(usage, true, undefined).microDollars).toBe(0);
});

test("the cost of several calls is their sum, and a call not made costs nothing", () => {
	const one = { input: 10, cached: 4, output: 3, reasoning: 1, microDollars: 7, estimated: false };
	expect(spentTogether([null, one, { ...one, estimated: true }])).toEqual({
		input: 20,
		cached: 8,
		output: 6,
		reasoning: 2,
		microDollars: 14,
		estimated: true,
	});
	expect(spentTogether([null, null])).toBeNull();
});
