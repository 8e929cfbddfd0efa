import { expect, test } from "vitest";
import { acrossRounds, quantile, randomFrom, ratio, summarize } from "./statistics.ts";

test("quantiles interpolate between neighbours, regardless of input order", () => {
	expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
	expect(quantile([4, 1, 3, 2], 0)).toBe(1);
	expect(quantile([4, 1, 3, 2], 1)).toBe(4);
	expect(quantile([7], 0.99)).toBe(7);
	expect(quantile([], 0.5)).toBeNaN();
});

test("a summary of 1 to 101 has exact quantiles", () => {
	const values = Array.from({ length: 101 }, (_, index) => index + 1);
	expect(summarize(values)).toEqual({ n: 101, p50: 51, p95: 96, p99: 100 });
});

test("an overhead within the noise has no ratio, so the summary excludes its round", () => {
	expect(ratio(100, 2)).toBe(50);
	expect(ratio(100, -0.3)).toBeNaN();
	expect(acrossRounds([50, Number.NaN, 30])).toEqual({ rounds: 2, median: 40, p10: 32, p90: 48 });
});

test("the same seed produces the same numbers", () => {
	const draw = (seed: number) => Array.from({ length: 5 }, randomFrom(seed));
	expect(draw(1)).toEqual(draw(1));
	expect(draw(1)).not.toEqual(draw(2));
	expect(draw(3).every((value) => value >= 0 && value < 1)).toBe(true);
});
