import { expect, test } from "vitest";
import { measureCore } from "./core-time.ts";

test("both cores are timed for each history, after they have decided the same", () => {
	const times = measureCore([10, 100, 1_000], 2);
	expect(times.map(({ rows }) => rows)).toEqual([10, 100, 1_000]);
	for (const { recomputedMs, keptMs } of times) {
		expect(recomputedMs).toBeGreaterThan(0);
		expect(keptMs).toBeGreaterThan(0);
	}
});

test("no history is measured where none is planned", () => {
	expect(measureCore([], 2)).toEqual([]);
});
