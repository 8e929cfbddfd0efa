import fc from "fast-check";
import { expect, test } from "vitest";
import { contains, LIFETIME, utcDay } from "./window.ts";

test("UTC days tile the line: each instant lies in exactly one, and each is 24 hours long", () => {
	fc.assert(
		fc.property(fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }), (instantMs) => {
			const day = utcDay(instantMs);
			const endMs = day.endMs ?? 0;
			expect(contains(day, instantMs)).toBe(true);
			expect(endMs - day.startMs).toBe(86_400_000);
			expect(contains(day, day.startMs)).toBe(true);
			expect(contains(day, endMs)).toBe(false);
			expect(utcDay(endMs).startMs).toBe(endMs);
		}),
	);
});

test("a lifetime has no end", () => {
	expect(contains(LIFETIME, Number.MAX_SAFE_INTEGER)).toBe(true);
});
