import { expect, test } from "vitest";
import { earnedPerUnit } from "./earnings.ts";

const plan = { amountCents: 799, requests: 1_000 };

test("a unit earns what the cheapest offer asks for one request", () => {
	expect(earnedPerUnit({ currency: "USD", plans: [plan], topUps: [{ amountCents: 500, requests: 1_000 }] })).toBe(5_000);
	expect(earnedPerUnit({ currency: "USD", plans: [plan], topUps: [] })).toBe(7_990);
});

test("nothing is known to be earned without offers, or in another currency", () => {
	expect(earnedPerUnit({ currency: "USD", plans: [], topUps: [] })).toBeNull();
	expect(earnedPerUnit({ currency: "EUR", plans: [plan], topUps: [] })).toBeNull();
});

test("the shipped offers earn something", () => {
	expect(earnedPerUnit()).toBeGreaterThan(0);
});
