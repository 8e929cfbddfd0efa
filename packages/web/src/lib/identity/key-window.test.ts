import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keyWindowOf } from "./key-window.ts";

const DAY_MS = 86_400_000;
const perPeriod = { per: "period" } as const;
const instant = fc.integer({ min: 0, max: 4e12 });
const paid = (startMs: number, endMs: number | null) => ({ tier: "paid", window: { startMs, endMs } }) as const;

describe("the pool of a key's limit per period", () => {
	test("is the same throughout a billing period, even before the provider reports it, and changes with the next", () => {
		const periods = fc.tuple(instant, fc.integer({ min: 1, max: 400 * DAY_MS }), fc.integer({ min: 1, max: 400 * DAY_MS }));
		fc.assert(
			fc.property(periods, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), ([startMs, firstMs, secondMs], share) => {
				const endMs = startMs + firstMs;
				const nextMs = endMs + secondMs;
				const within = startMs + Math.floor(share * firstMs);
				const later = endMs + Math.floor(share * secondMs);
				const first = keyWindowOf("k", perPeriod, "user", paid(startMs, endMs), within);
				const beforeRead = keyWindowOf("k", perPeriod, "user", paid(startMs, endMs), later);
				const onTrust = keyWindowOf("k", perPeriod, "user", paid(endMs, null), later);
				const afterRead = keyWindowOf("k", perPeriod, "user", paid(endMs, nextMs), later);
				expect(first.window).toEqual({ startMs, endMs });
				expect([beforeRead.pool, onTrust.pool]).toEqual([afterRead.pool, afterRead.pool]);
				expect(beforeRead.window).toEqual({ startMs: endMs, endMs: null });
				expect(first.pool).not.toBe(afterRead.pool);
			}),
		);
	});

	test("never changes in an endless window and is not shared with other ledgers", () => {
		fc.assert(
			fc.property(instant, instant, (startMs, passedMs) => {
				const of = (kind: "user" | "organization", nowMs: number) => keyWindowOf("k", perPeriod, kind, paid(startMs, null), nowMs);
				expect(of("user", startMs + passedMs)).toEqual(of("user", startMs));
				expect(of("user", startMs).pool).not.toBe(of("organization", startMs).pool);
			}),
		);
	});

	test("is the UTC day's if there is no plan, as for a daily limit", () => {
		fc.assert(
			fc.property(instant, (nowMs) => {
				const window = { startMs: nowMs - (nowMs % DAY_MS), endMs: nowMs - (nowMs % DAY_MS) + DAY_MS };
				const free = keyWindowOf("k", perPeriod, "user", { tier: "free", window }, nowMs);
				expect(free).toEqual({ pool: `key:${new Date(nowMs).toISOString().slice(0, 10)}:k`, window });
				expect(keyWindowOf("k", { per: "day" }, "user", paid(0, null), nowMs)).toEqual(free);
			}),
		);
	});
});
