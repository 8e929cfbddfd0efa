import { expect, test } from "vitest";
import type { Problem } from "../../view/problem.ts";
import { freeUsage, guestUsage, ofAcme, paidUsage, spent } from "../testing/views.ts";
import { limitOf } from "./limit.ts";

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

test("an empty network pool blocks a guest who has requests left", () => {
	expect(limitOf({ ...guestUsage, remaining: 0 }, undefined)).toMatchObject({ policy: "network" });
});

test("an empty pool of unconfirmed accounts blocks a user who has requests left", () => {
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

test("a spent share of an organization's plan is the member's limit", () => {
	const usage = { ...ofAcme(paidUsage, { limit: 50, used: 50 }), remaining: 0 };
	expect(limitOf(usage, undefined)).toEqual({ policy: "member", limit: 50, resetAt: paidUsage.resetAt });
});

test("a refusal names the limit, and its fields win over the balance on the page", () => {
	const refusal = refused({ policy: "network", limit: 25, resetAt: "2026-11-23T00:00:00Z" });
	expect(limitOf(spent(guestUsage), refusal)).toEqual({ policy: "network", limit: 25, resetAt: "2026-11-23T00:00:00Z" });
	expect(limitOf(spent(freeUsage), refused({ policy: "free" }))).toMatchObject({ limit: 20, resetAt: freeUsage.resetAt });
});

test("a refusal for too many answers in flight blocks although requests are left", () => {
	expect(limitOf(paidUsage, refused({ policy: "in-flight" }))).toMatchObject({ policy: "in-flight" });
});

test("an old refusal no longer blocks once requests are left again", () => {
	expect(limitOf(freeUsage, refused({ policy: "free" }))).toBeUndefined();
});
