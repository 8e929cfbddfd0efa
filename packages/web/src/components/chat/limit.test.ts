import { describe, expect, test } from "vitest";
import type { Problem } from "../../view/problem.ts";
import { freeUsage, guestUsage, ofAcme, paidUsage, spent } from "../testing/views.ts";
import { isSpent, limitOf } from "./limit.ts";

const refused = (fields: Partial<Problem>) => ({
	kind: "refused" as const,
	problem: { type: "about:blank", title: "Too many requests", status: 429, detail: "No.", ...fields },
});

test("nothing blocks a viewer with requests left", () => {
	expect(limitOf(freeUsage, undefined)).toBeUndefined();
	expect(limitOf({ ...paidUsage, remaining: 1 }, undefined)).toBeUndefined();
});

test("an empty balance blocks before any request is refused", () => {
	expect(limitOf(spent(guestUsage), undefined)).toEqual({ policy: "guest", limit: 5, resetAt: null });
	expect(limitOf(spent(freeUsage), undefined)).toEqual({ policy: "free", limit: 20, resetAt: freeUsage.resetAt });
	expect(limitOf(spent(paidUsage), undefined)).toMatchObject({ policy: "paid", limit: 1000 });
});

test("an empty network pool blocks a guest who still has requests", () => {
	expect(limitOf({ ...guestUsage, remaining: 0 }, undefined)).toMatchObject({ policy: "network" });
});

test("an empty pool of unconfirmed accounts blocks a user who still has requests", () => {
	expect(limitOf({ ...freeUsage, remaining: 0 }, undefined)).toMatchObject({ policy: "unconfirmed" });
	const refusal = refused({ policy: "unconfirmed", limit: 60 });
	expect(limitOf({ ...freeUsage, remaining: 0 }, refusal)).toMatchObject({ policy: "unconfirmed", limit: 60 });
	expect(limitOf(freeUsage, refusal), "confirming has lifted it").toBeUndefined();
});

test("the viewer's own answer in flight keeps the composer open, because it may be released", () => {
	expect(limitOf({ ...freeUsage, used: 19, held: 1, remaining: 0 }, undefined)).toBeUndefined();
	expect(limitOf({ ...ofAcme(spent(paidUsage), { held: 1 }) }, undefined)).toBeUndefined();
});

test("answers of colleagues in flight do not keep the composer open", () => {
	expect(limitOf({ ...ofAcme(spent(paidUsage)), held: 7 }, undefined)).toMatchObject({ policy: "paid" });
});

test("a used-up share of an organization's plan is reported as the member's limit", () => {
	const usage = { ...ofAcme(paidUsage, { limit: 50, used: 50 }), remaining: 0 };
	expect(limitOf(usage, undefined)).toEqual({ policy: "member", limit: 50, resetAt: paidUsage.resetAt });
});

test("a refusal names the limit, and its fields take precedence over the page's balance", () => {
	const refusal = refused({ policy: "network", limit: 25, resetAt: "2026-11-23T00:00:00Z" });
	expect(limitOf(spent(guestUsage), refusal)).toEqual({ policy: "network", limit: 25, resetAt: "2026-11-23T00:00:00Z" });
	expect(limitOf(spent(freeUsage), refused({ policy: "free" }))).toMatchObject({ limit: 20, resetAt: freeUsage.resetAt });
});

test("a refusal for too many answers in flight blocks even with requests left", () => {
	expect(limitOf(paidUsage, refused({ policy: "in-flight" }))).toMatchObject({ policy: "in-flight" });
});

test("an old refusal no longer blocks once requests are left again", () => {
	expect(limitOf(freeUsage, refused({ policy: "free" }))).toBeUndefined();
});

describe("fewer requests left than the refused one costs", () => {
	const price = { units: 4, model: "m", effort: null, whole: true };
	const affordable = [{ ...price, units: 1, whole: false }];

	test("block only that request: the composer stays open, and the notice offers what is affordable", () => {
		const limit = limitOf({ ...freeUsage, remaining: 2 }, refused({ policy: "free", price, affordable }));
		expect(limit).toMatchObject({ policy: "free", tooFew: { units: 4, left: 2, affordable } });
		expect(isSpent(limit)).toBe(false);
	});

	test("are enough after a purchase", () => {
		expect(limitOf({ ...paidUsage, remaining: 4 }, refused({ policy: "free", price, affordable }))).toBeUndefined();
	});

	test("count as none once the balance is empty", () => {
		const limit = limitOf(spent(freeUsage), refused({ policy: "free", price, affordable: [] }));
		expect(limit?.tooFew).toBeUndefined();
		expect(isSpent(limit)).toBe(true);
	});
});

describe("the free day of a subscriber whose plan is used up", () => {
	const freeDay = { limit: 20, used: 0, held: 0, remaining: 20 };

	test("keeps the composer open", () => {
		expect(limitOf({ ...spent(paidUsage), freeDay }, undefined)).toBeUndefined();
		expect(limitOf({ ...spent(paidUsage), freeDay: { ...freeDay, remaining: 0 } }, undefined)).toMatchObject({ policy: "paid" });
	});

	test("offers other models for a request that it does not cover", () => {
		const price = { units: 1, model: "dear", effort: null, whole: false };
		const refusal = refused({ policy: "paid", price, affordable: [{ ...price, model: "m" }] });
		expect(limitOf({ ...spent(paidUsage), freeDay }, refusal)?.tooFew).toMatchObject({ left: 0, affordable: [{ model: "m" }] });
	});
});
