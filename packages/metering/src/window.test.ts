import fc from "fast-check";
import { expect, test } from "vitest";
import { contains, LIFETIME, utcDay } from "./window.ts";

test("every instant lies in exactly one UTC day of 24 hours", () => {
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

test.each([
	["a day on which clocks go back", Date.UTC(2026, 9, 25, 0, 30), "2026-10-25"],
	["a day on which clocks go forward", Date.UTC(2026, 2, 8, 7, 30), "2026-03-08"],
	["a leap day", Date.UTC(2028, 1, 29, 23, 59, 59, 999), "2028-02-29"],
	["1 March of a century year without a leap day", Date.UTC(2100, 1, 28, 24), "2100-03-01"],
	["the last instant of a year", Date.UTC(2026, 11, 31, 23, 59, 59, 999), "2026-12-31"],
	["the first instant of a year", Date.UTC(2027, 0, 1), "2027-01-01"],
])("%s is the same UTC day in every time zone of the machine", (_, instantMs, day) => {
	const zone = process.env.TZ;
	try {
		for (const TZ of ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati"]) {
			process.env.TZ = TZ;
			const { startMs, endMs } = utcDay(instantMs);
			expect(new Date(startMs).toISOString()).toBe(`${day}T00:00:00.000Z`);
			expect((endMs ?? 0) - startMs).toBe(86_400_000);
		}
	} finally {
		process.env.TZ = zone;
	}
});
