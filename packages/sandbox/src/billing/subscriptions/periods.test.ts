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
