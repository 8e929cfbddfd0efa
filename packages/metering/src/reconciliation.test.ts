import { expect, test } from "vitest";
import { type Baseline, baselineOf, driftBetween, isSamePeriod } from "./reconciliation.ts";

const at = (atMs: number, available: number, change: Partial<Baseline> = {}): Baseline => ({
	subscriptionId: "s",
	periodStartMs: 0,
	available,
	creditsBought: 0,
	atMs,
	...change,
});

test("drift is 0 when provider and ledger change by the same units", () => {
	expect(driftBetween(at(100, 1000), at(200, 994), 6)).toBe(0);
});

test("a report lost by the provider is positive drift, one counted twice is negative", () => {
	expect(driftBetween(at(100, 1000), at(200, 999), 2)).toBe(1);
	expect(driftBetween(at(100, 1000), at(200, 997), 2)).toBe(-1);
});

test("purchased credits cause no drift; unexplained credits do", () => {
	expect(driftBetween(at(100, 10), at(200, 1010, { creditsBought: 1000 }), 0)).toBe(0);
	expect(driftBetween(at(100, 10), at(200, 1010), 0)).toBe(1000);
});

test("a baseline is valid for one period of one subscription with a balance", () => {
	expect(baselineOf(null, 0)).toBeNull();
	expect(baselineOf({ kind: "none", fetchedAtMs: 1 }, 0)).toBeNull();
	const entitlement = {
		kind: "balance",
		subscriptionId: "s",
		available: 7,
		allowance: 9,
		periodStartMs: 3,
		periodEndMs: 5,
		fetchedAtMs: 4,
	} as const;
	expect(baselineOf(entitlement, 2)).toEqual({ subscriptionId: "s", periodStartMs: 3, available: 7, creditsBought: 2, atMs: 4 });
	expect(isSamePeriod(at(1, 1), at(2, 5))).toBe(true);
	expect(isSamePeriod(at(1, 1), at(2, 5, { periodStartMs: 1 }))).toBe(false);
	expect(isSamePeriod(at(1, 1), at(2, 5, { subscriptionId: "t" }))).toBe(false);
});
