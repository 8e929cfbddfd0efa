import { expect, test } from "vitest";
import { measureCore } from "./core-time.ts";

test("both cores are timed for each history, and must have made the same decisions", () => {
	const times = measureCore([10, 100, 1_000], 2);
	expect(times.map(({ rows }) => rows)).toEqual([10, 100, 1_000]);
	for (const { recomputedMs, keptMs } of times) {
		expect(recomputedMs).toBeGreaterThan(0);
		expect(keptMs).toBeGreaterThan(0);
	}
});

test("nothing is measured if no history is planned", () => {
	expect(measureCore([], 2)).toEqual([]);
});
