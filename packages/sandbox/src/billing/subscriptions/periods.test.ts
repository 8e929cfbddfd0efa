import fc from "fast-check";
import { expect, it } from "vitest";
import { periodEndMs } from "./periods.ts";

const at = (iso: string) => Date.parse(`${iso}T10:30:00Z`);

it.each([
	["a month", "2026-01-15", "2026-01-15", "month", 1, "2026-02-15"],
	["a month, clamped to the last day of a short month", "2026-01-31", "2026-01-31", "month", 1, "2026-02-28"],
	["the month after a clamped one, back on the anchor's day", "2026-01-31", "2026-02-28", "month", 1, "2026-03-31"],
	["a month across the end of a year", "2026-12-31", "2026-12-31", "month", 1, "2027-01-31"],
	["a quarter", "2026-11-30", "2026-11-30", "month", 3, "2027-02-28"],
	["a year from a leap day", "2028-02-29", "2028-02-29", "year", 1, "2029-02-28"],
	["a week", "2026-01-30", "2026-01-30", "week", 1, "2026-02-06"],
	["a day", "2026-01-31", "2026-01-31", "day", 1, "2026-02-01"],
] as const)("computes the period end for %s", (_, anchor, start, intervalUnit, intervalCount, end) => {
	expect(new Date(periodEndMs(at(anchor), at(start), { intervalUnit, intervalCount }))).toEqual(new Date(at(end)));
});

it("keeps a monthly plan on its anchor's day and time for years, or on the last day of shorter months, leap years included", () => {
	const first = Date.UTC(2026, 0, 1);
	fc.assert(
		fc.property(fc.integer({ min: 0, max: 3 * 365 * 24 * 60 }), fc.constantFrom(1, 2, 3, 6, 12), (minutes, intervalCount) => {
			const anchorMs = first + minutes * 60_000;
			const anchor = new Date(anchorMs);
			let endMs = anchorMs;
			for (let period = 1; period <= 30; period += 1) {
				endMs = periodEndMs(anchorMs, endMs, { intervalUnit: "month", intervalCount });
				const end = new Date(endMs);
				const months = (end.getUTCFullYear() - anchor.getUTCFullYear()) * 12 + end.getUTCMonth() - anchor.getUTCMonth();
				const lastDay = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() + 1, 0)).getUTCDate();
				expect([months, end.getUTCDate()]).toEqual([period * intervalCount, Math.min(anchor.getUTCDate(), lastDay)]);
				expect(end.toISOString().slice(10)).toBe(anchor.toISOString().slice(10));
			}
		}),
	);
});

it("ends a yearly period when twelve monthly periods end", () => {
	fc.assert(
		fc.property(fc.integer({ min: 0, max: 5 * 365 }), (days) => {
			const anchorMs = Date.UTC(2026, 0, 1) + days * 24 * 60 * 60 * 1000;
			let endMs = anchorMs;
			for (let month = 0; month < 12; month += 1) endMs = periodEndMs(anchorMs, endMs, { intervalUnit: "month", intervalCount: 1 });
			expect(periodEndMs(anchorMs, anchorMs, { intervalUnit: "year", intervalCount: 1 })).toBe(endMs);
		}),
	);
});
