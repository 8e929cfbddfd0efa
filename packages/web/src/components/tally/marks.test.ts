import { expect, test } from "vitest";
import type { UsageView } from "../../view/usage.ts";
import { paidUsage, spent } from "../testing/views.ts";
import { levelOf, marksOf, nearestLimit, tallyText } from "./marks.ts";

test("draws one mark per request: remaining first, then held, then counted", () => {
	expect(marksOf({ limit: 5, used: 2, held: 1 })).toEqual(["left", "left", "held", "counted", "counted"]);
	expect(marksOf({ limit: 2, used: 5, held: 1 })).toEqual(["counted", "counted"]);
});

test("describes the marks in words", () => {
	expect(tallyText({ remaining: 3, limit: 20 })).toBe("3 of 20 requests left");
	// With top-ups, the remaining requests may exceed the limit.
	expect(tallyText({ remaining: 1500, limit: 1000 })).toBe("1,500 requests left");
});

test("is low from 80 % on, `last` at two, and `none` at zero", () => {
	const levels = [201, 200, 3, 2, 1, 0].map((remaining) => levelOf({ remaining, limit: 1000 }));
	expect(levels).toEqual(["plenty", "low", "low", "last", "last", "none"]);
});

test("shows the member's share of an organization's plan if it runs out first", () => {
	const window = { start: null, end: null };
	const plan = {
		tier: "paid",
		limit: 1000,
		used: 400,
		held: 2,
		topUps: 0,
		freeDay: null,
		window,
		resetAt: null,
		unverified: false,
		checkoutOpen: false,
	} as const;
	const of = (remaining: number, limit: number | null): UsageView => ({
		...plan,
		remaining,
		organization: { name: "Acme", mayBuy: false, member: { limit, used: 3, held: 1 } },
	});
	expect(nearestLimit(of(46, 50))).toEqual({ limit: 50, used: 3, held: 1, remaining: 46, resetAt: null });
	expect(nearestLimit(of(598, null))).toEqual({ limit: 1000, used: 400, held: 2, remaining: 598, resetAt: null });
	expect(nearestLimit(of(10, 50))).toMatchObject({ limit: 1000, remaining: 10 });
	// The limit was lowered below the usage.
	expect(nearestLimit(of(0, 2))).toMatchObject({ limit: 2, used: 3, remaining: 0 });
});

test("shows the free day of a subscriber whose plan is used up", () => {
	const freeDay = { limit: 20, used: 2, held: 1, remaining: 17 };
	expect(nearestLimit({ ...spent(paidUsage), freeDay })).toEqual({ ...freeDay, resetAt: paidUsage.resetAt });
	expect(nearestLimit({ ...paidUsage, freeDay }), "while the plan has requests, it pays").toMatchObject({ limit: 1000 });
});
