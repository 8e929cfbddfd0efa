import { expect, test } from "vitest";
import { earnedPerUnit } from "./earnings.ts";

const plan = { amountCents: 1_000, requests: 100 };

test("a unit earns what the cheapest offer yields per request after fees", () => {
	// $10 less 2.9 % and 30 cents.
	expect(earnedPerUnit({ currency: "USD", plans: [plan], topUps: [] })).toBe(94_100);
	expect(earnedPerUnit({ currency: "USD", plans: [plan], topUps: [{ amountCents: 1_000, requests: 1_000 }] })).toBe(9_410);
});

test("earnings are unknown without offers or in another currency", () => {
	expect(earnedPerUnit({ currency: "USD", plans: [], topUps: [] })).toBeNull();
	expect(earnedPerUnit({ currency: "EUR", plans: [plan], topUps: [] })).toBeNull();
});

test("the shipped offers earn money", () => {
	expect(earnedPerUnit()).toBeGreaterThan(0);
});
