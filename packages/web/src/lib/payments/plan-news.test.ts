import { expect, test } from "vitest";
import { proStanding } from "../../components/testing/views.ts";
import type { PlanStanding } from "../../view/billing.ts";
import { newsAt, newsOf } from "./plan-news.ts";

const none = { kind: "none" as const, fetchedAtMs: 0 };
const onPlan = (subscriptionId: string) => ({
	...{ kind: "balance" as const, subscriptionId, available: 1, allowance: 1, periodStartMs: 0, periodEndMs: null },
	fetchedAtMs: 0,
});
const news = (changes: Partial<PlanStanding>) => newsOf([{ ...proStanding, ...changes }], onPlan("sub_1"));

test.each<[what: string, changes: Partial<PlanStanding>, expected: ReturnType<typeof newsOf>]>([
	["that runs", {}, null],
	["whose payment failed", { state: "owed" }, { state: "owed", at: null }],
	["whose payment failed and that no longer counts", { state: "owed", live: false }, { state: "owed", at: null }],
	["whose payment is not tried again", { state: "unpaid" }, { state: "unpaid", at: null }],
	["that is cancelled", { state: "ending", endsAt: "2026-12-01T00:00:00Z" }, { state: "ending", at: "2026-12-01T00:00:00Z" }],
	["on trial", { state: "trial", trialEnd: "2026-11-30T00:00:00Z" }, { state: "trial", at: "2026-11-30T00:00:00Z" }],
	["that changes", { next: "Lite" }, { state: "changing", at: proStanding.periodEnd }],
	["that changes after its trial", { state: "trial", next: "Lite" }, { state: "changing", at: proStanding.periodEnd }],
	["whose first payment is being confirmed", { live: false }, { state: "confirming", at: null }],
])("plan news for a plan %s", (_, changes, expected) => {
	expect(news(changes)).toEqual(expected);
});

test("plan news is about the plan in use, or the newest plan if none is usable", () => {
	const plans = [
		{ ...proStanding, id: "new", state: "owed" as const },
		{ ...proStanding, id: "old" },
	];
	expect(newsOf(plans, onPlan("old"))).toBeNull();
	expect(newsOf(plans, none)).toMatchObject({ state: "owed" });
	expect(newsOf([], none)).toBeNull();
});

test("plan news ends once the announced event has happened", () => {
	const ending = { state: "ending" as const, at: "2026-12-01T00:00:00Z" };
	const atMs = Date.parse(ending.at);
	expect([newsAt(ending, atMs - 1), newsAt(ending, atMs)]).toEqual([ending, null]);
	expect(newsAt({ state: "owed", at: null }, atMs)).toEqual({ state: "owed", at: null });
	expect(newsAt(undefined, 0)).toBeNull();
});
