import { describe, expect, test } from "vitest";
import { calendarDate, dayNumber, instant, money, monthName, number, tenths } from "./format.ts";
import type { Language } from "./languages.ts";
import { writingFor } from "./writing-for.ts";

const AT = "2026-11-28T23:05:00.000Z";

/** The same in each language, for a reader in Berlin. */
const both = <T>(work: () => T): T[] =>
	(["en", "de"] satisfies Language[]).map((language) => writingFor({ language, timeZone: "Europe/Berlin" }, work));

describe("a number, an amount and a date", () => {
	test("are written as the reader's language writes them", () => {
		expect(both(() => number(1_234_567))).toEqual(["1,234,567", "1.234.567"]);
		expect(both(() => number(7))).toEqual(["7", "7"]);
		expect(both(() => tenths(1.25))).toEqual(["1.3", "1,3"]);
		expect(both(() => money(799, "USD"))).toEqual(["$7.99", "7,99\u00a0$"]);
		expect(both(() => money(2_000, "EUR"))).toEqual(["€20", "20\u00a0€"]);
		expect(both(() => instant(AT, "date"))).toEqual(["November 29, 2026", "29. November 2026"]);
		expect(both(() => instant(AT, "day"))).toEqual(["November 29", "29. November"]);
		expect(both(() => calendarDate("2026-11-28"))).toEqual(["Nov 28", "28. Nov."]);
		expect(both(() => monthName(20_000, 20_100))).toEqual(["October 2024", "Oktober 2024"]);
		expect(both(() => monthName(20_000, 20_010))).toEqual(["October", "Oktober"]);
	});
});

describe("a time", () => {
	test("is that of the reader's zone", () => {
		expect(both(() => instant(AT, "time").replace(/\s/g, " "))).toEqual(["12:05 AM", "00:05"]);
		expect(both(() => dayNumber(Date.parse(AT), "Europe/Berlin"))).toEqual([20_786, 20_786]);
		expect(both(() => dayNumber(Date.parse(AT), "America/New_York"))).toEqual([20_785, 20_785]);
	});

	test("is in UTC, and says so, while the zone is not known", () => {
		const text = writingFor({ language: "en", timeZone: null }, () => [instant(AT, "time"), instant(AT, "moment"), instant(AT, "day")]);
		expect(text.map((one) => one.replace(/\s/g, " "))).toEqual(["11:05 PM UTC", "Nov 28, 11:05 PM UTC", "November 28"]);
	});

	test("has no date where it is one of today", () => {
		const today = new Date().toISOString();
		expect(both(() => instant(today, "moment"))).toEqual(both(() => instant(today, "time")));
	});
});
