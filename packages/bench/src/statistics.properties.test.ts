import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { acrossRounds, quantile, randomFrom, summarize } from "./statistics.ts";

const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const values = fc.array(value, { minLength: 1, maxLength: 50 });
const share = fc.double({ min: 0, max: 1, noNaN: true });

describe("a quantile", () => {
	test("lies between the minimum (q = 0) and the maximum (q = 1)", () => {
		fc.assert(
			fc.property(values, share, (all, q) => {
				const [least, most] = [Math.min(...all), Math.max(...all)];
				const found = quantile(all, q);
				// Interpolation may round in the last bit.
				expect(found).toBeGreaterThanOrEqual(least - 1e-6);
				expect(found).toBeLessThanOrEqual(most + 1e-6);
				expect([quantile(all, 0), quantile(all, 1)].map((end) => end + 0)).toEqual([least + 0, most + 0]);
			}),
		);
	});

	test("never decreases as q grows", () => {
		fc.assert(
			fc.property(values, share, share, (all, a, b) => {
				expect(quantile(all, Math.max(a, b))).toBeGreaterThanOrEqual(quantile(all, Math.min(a, b)) - 1e-6);
			}),
		);
	});

	test("does not depend on the order of the values, and does not reorder them", () => {
		fc.assert(
			fc.property(values, share, (all, q) => {
				const given = [...all];
				expect(quantile(given.toReversed(), q)).toBe(quantile(given, q));
				expect(given).toEqual(all);
			}),
		);
	});

	test("shifts and scales with the values, so the unit of measure does not matter", () => {
		fc.assert(
			fc.property(values, share, (all, q) => {
				expect(
					quantile(
						all.map((one) => one * 1_000 + 5),
						q,
					),
				).toBeCloseTo(quantile(all, q) * 1_000 + 5, 3);
			}),
		);
	});
});

test("a summary has p50 <= p95 <= p99 and the number of values", () => {
	fc.assert(
		fc.property(values, (all) => {
			const { n, p50, p95, p99 } = summarize(all);
			expect(n).toBe(all.length);
			expect(p50 - 1e-6).toBeLessThanOrEqual(p95);
			expect(p95 - 1e-6).toBeLessThanOrEqual(p99);
		}),
	);
});

test("rounds without a value are not counted and change nothing, wherever they occur", () => {
	fc.assert(
		fc.property(
			values,
			fc.array(fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY), { maxLength: 5 }),
			(all, none) => {
				expect(acrossRounds([...none, ...all, ...none])).toEqual(acrossRounds(all));
				expect(acrossRounds(all).rounds).toBe(all.length);
			},
		),
	);
	expect(acrossRounds([Number.NaN])).toEqual({ rounds: 0, median: Number.NaN, p10: Number.NaN, p90: Number.NaN });
});

test("random numbers are evenly distributed, for any seed", () => {
	fc.assert(
		fc.property(fc.nat(), (seed) => {
			const random = randomFrom(seed);
			const counts = Array<number>(10).fill(0);
			for (let draw = 0; draw < 5_000; draw += 1) {
				const at = Math.floor(random() * 10);
				counts[at] = (counts[at] ?? 0) + 1;
			}
			// Each tenth is expected 500 times with a standard deviation of 21. Eight deviations never happen by chance.
			for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(170);
		}),
		{ numRuns: 40 },
	);
});
