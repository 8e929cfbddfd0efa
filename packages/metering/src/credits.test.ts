import { describe, expect, test } from "vitest";
import { balance, correct, DAY_MS, END, grant, hold, MemoryLedger, NOON, windowed } from "../proof/memory-ledger.ts";
import { poolOfGrant } from "./balance.ts";
import { nextBatch } from "./outbox.ts";
import { allowanceOf, DEFAULT_LIMITS, isOver, subscriptionOf } from "./tier.ts";

const give = (id: string, units: number) => ({ id, units, expiresAtMs: null });

describe("a plan whose window is counted here", () => {
	test("gives its limit in [start, end), and names the provider's subscription in each row", () => {
		const ledger = new MemoryLedger(windowed());
		expect(ledger.stands()).toEqual({
			tier: "paid",
			limit: 3,
			used: 0,
			held: 0,
			remaining: 3,
			topUps: 0,
			window: { startMs: NOON, endMs: END },
		});
		expect(ledger.use("a", 3)).toBe("held");
		expect(ledger.run(hold("b")).outcome).toEqual({
			kind: "refused",
			refusal: { policy: "paid", tier: "paid", limit: 3, remaining: 0, resetAtMs: END },
		});
		expect(nextBatch(ledger.rows.values(), NOON)).toEqual([{ id: "a", subscriptionId: "sub_1", units: 3, usedAtMs: NOON }]);
	});

	test("past its end gives no more than was left and than a free day, on the window that begins there", () => {
		const ledger = new MemoryLedger(windowed({ limit: 30 }));
		ledger.use("a", 8);
		const { state } = ledger;
		expect(allowanceOf("user", state.entitlement, DEFAULT_LIMITS, END - 1)).toMatchObject({ stale: false, limit: 30, before: null });
		expect(allowanceOf("user", state.entitlement, DEFAULT_LIMITS, END)).toMatchObject({ stale: true, pool: `sub:sub_1@${END}` });
		expect(ledger.stands(END - 1).remaining).toBe(22);
		expect(ledger.stands(END)).toMatchObject({ used: 0, remaining: 20, window: { startMs: END, endMs: null } });
		ledger.use("b", 15);
		expect(ledger.stands(END).remaining).toBe(7);
		ledger.use("c", 5, END);
		expect(ledger.stands(END).remaining).toBe(2);
		expect(ledger.run(hold("d", 3), END).outcome).toMatchObject({ kind: "refused", refusal: { remaining: 2, resetAtMs: null } });
		ledger.run(grant("g", 3), END);
		expect(ledger.stands(END)).toMatchObject({ remaining: 5, topUps: 3 });
		ledger.entitlement = windowed({ limit: 30, startMs: END, endMs: END + DAY_MS, fetchedAtMs: END });
		expect(ledger.stands(END)).toMatchObject({ used: 5, remaining: 28 });
	});

	test("that does not renew is never over", () => {
		const forever = windowed({ endMs: null });
		expect(isOver(forever, NOON + 400 * DAY_MS)).toBe(false);
		expect(isOver(windowed(), END - 1)).toBe(false);
		expect(isOver(windowed(), END)).toBe(true);
		expect(isOver(balance(), END)).toBe(true);
		expect(isOver(balance({ periodEndMs: null }), END)).toBe(false);
		expect(isOver({ kind: "none", fetchedAtMs: 0 }, END)).toBe(false);
		expect(new MemoryLedger(forever).stands().window.endMs).toBeNull();
		expect(allowanceOf("user", forever, DEFAULT_LIMITS, END)).toMatchObject({ stale: false, pool: `sub:sub_1@${NOON}` });
	});

	test("that could not be read for a day is not believed", () => {
		expect(new MemoryLedger(windowed({ endMs: null })).stands(NOON + DAY_MS).tier).toBe("paid");
		expect(new MemoryLedger(windowed({ endMs: null })).stands(NOON + DAY_MS + 1).tier).toBe("free");
	});

	test("keeps each hold on its pool through upgrade, downgrade, cancellation and return", () => {
		const ledger = new MemoryLedger(windowed({ limit: 10 }));
		ledger.run(hold("open", 2));
		ledger.use("a", 6);
		ledger.entitlement = windowed({ limit: 50 });
		expect(ledger.stands()).toMatchObject({ used: 6, held: 2, remaining: 42 });
		ledger.entitlement = windowed({ limit: 5 });
		expect(ledger.stands()).toMatchObject({ used: 6, held: 2, remaining: 0 });
		ledger.run(grant("g", 4));
		expect(ledger.stands(), "an overdrawn window takes nothing of what was bought").toMatchObject({ remaining: 4, topUps: 4 });
		ledger.entitlement = { kind: "none", fetchedAtMs: NOON };
		ledger.run({ type: "settle", id: "open" });
		expect(ledger.rows.get("open")?.pool).toBe(`sub:sub_1@${NOON}`);
		expect(ledger.stands()).toMatchObject({ tier: "free", used: 0, remaining: 24 });
		ledger.entitlement = windowed({ limit: 10 });
		expect(ledger.stands()).toMatchObject({ used: 8, remaining: 6 });
		ledger.entitlement = windowed({ limit: 10, subscriptionId: "sub_2" });
		expect(ledger.stands()).toMatchObject({ used: 0, remaining: 14 });
	});
});

describe("the name of a pool", () => {
	test("tells the subscription that hears of it, with or without a window", () => {
		expect(subscriptionOf("sub:sub_1")).toBe("sub_1");
		expect(subscriptionOf("sub:a@b@77")).toBe("a@b");
		expect(subscriptionOf("day:2026-11-21")).toBeNull();
		expect(subscriptionOf("grant:sub:x")).toBeNull();
		expect(poolOfGrant("x")).toBe("grant:x");
	});
});

describe("grants", () => {
	test("arrive once for each id, and a second one that differs is a conflict", () => {
		const ledger = new MemoryLedger(null);
		expect(ledger.run(grant("g", 4)).outcome.kind).toBe("granted");
		expect(ledger.run(grant("g", 4))).toEqual({ outcome: { kind: "granted" } });
		expect(ledger.run(grant("g", 5)).outcome.kind).toBe("conflict");
		expect(ledger.run(grant("g", 4, END)).outcome.kind).toBe("conflict");
		expect(ledger.stands()).toMatchObject({ limit: 20, remaining: 24, topUps: 4 });
	});

	test("are spent after the window, the soonest to expire first, those that never do last", () => {
		const ledger = new MemoryLedger(windowed());
		ledger.run(grant("never", 2));
		ledger.run(grant("later", 2, END));
		ledger.run(grant("soon", 1, NOON + 10));
		const held = ledger.run(hold("a", 7));
		expect(held.row).toMatchObject({
			units: 7,
			spill: [
				{ pool: "grant:soon", units: 1 },
				{ pool: "grant:later", units: 2 },
				{ pool: "grant:never", units: 1 },
			],
		});
		expect(ledger.stands()).toMatchObject({ held: 7, remaining: 1, topUps: 1 });
		expect(ledger.run(hold("b", 2)).outcome, "all or nothing").toMatchObject({ kind: "refused", refusal: { remaining: 1 } });
		ledger.run({ type: "release", id: "a", why: "failed-early" });
		expect(ledger.stands()).toMatchObject({ held: 0, remaining: 8, topUps: 5 });
	});

	test("of the same expiry are spent in the order of their names, so that a replay is the same", () => {
		for (const names of [
			["b", "a"],
			["a", "b"],
		]) {
			const ledger = new MemoryLedger(windowed({ limit: 0 }));
			for (const name of names) ledger.run(grant(name, 1));
			expect(ledger.run(hold("x")).row?.spill).toEqual([{ pool: "grant:a", units: 1 }]);
		}
	});

	test("are not touched by what the window still pays", () => {
		const ledger = new MemoryLedger(windowed());
		ledger.run(grant("g", 2));
		expect(ledger.run(hold("a", 3)).row?.spill).toBeNull();
		expect(ledger.run(hold("b", 2)).row?.spill).toEqual([{ pool: "grant:g", units: 2 }]);
	});

	test("end at their instant: spendable before it, not at it; what was held from them may still settle", () => {
		const ledger = new MemoryLedger(windowed({ limit: 0 }));
		ledger.run(grant("g", 2, NOON + 10));
		expect(ledger.stands(NOON + 9).remaining).toBe(2);
		ledger.run(hold("a"), NOON + 9);
		expect(ledger.stands(NOON + 10).remaining).toBe(0);
		ledger.run({ type: "settle", id: "a" }, NOON + 10);
		expect(ledger.stands(NOON + 10)).toMatchObject({ used: 1, remaining: 0, topUps: 0 });
	});

	test("that the provider lists count beside the ledger's own, and one that both know counts once", () => {
		const ledger = new MemoryLedger(windowed({ grants: [give("g", 5), give("h", 1)] }));
		expect(ledger.stands().topUps).toBe(6);
		ledger.run(grant("g", 5));
		expect(ledger.stands().topUps).toBe(6);
		ledger.use("a", 8);
		expect(ledger.stands().topUps).toBe(1);
		ledger.entitlement = windowed();
		expect(ledger.stands().topUps, "one that is listed no more leaves no debt").toBe(0);
		ledger.run(grant("i", 1));
		expect(ledger.stands().topUps).toBe(1);
	});

	test("rest while a provider burns its own", () => {
		const ledger = new MemoryLedger(balance());
		ledger.run(grant("g", 5));
		expect(ledger.stands()).toMatchObject({ remaining: 100, topUps: 0 });
	});

	test("of nothing, of a part or of less than nothing are mistakes, like holds of that kind", () => {
		const ledger = new MemoryLedger(null);
		for (const units of [0, -1, 1.5, Number.NaN]) {
			expect(() => ledger.run(grant("g", units))).toThrow("invariant: a grant");
			expect(() => ledger.run(hold("h", units))).toThrow("invariant: a hold");
		}
		expect(() => ledger.run(correct("c", { grant: "g" }, 0))).toThrow("invariant: a correction");
		expect(() => ledger.run(correct("c", { grant: "g" }, 0.5))).toThrow("invariant: a correction");
		expect(() => ledger.run({ type: "carry-over", id: "c", units: -1 })).toThrow("invariant: what is carried over");
		expect(() => ledger.run({ type: "carry-over", id: "c", units: 0.5 })).toThrow("invariant: what is carried over");
		expect(ledger.run({ type: "carry-over", id: "c", units: 0 }).adjustment).toBeUndefined();
	});
});

describe("a refund", () => {
	test("takes the credits back once; what was spent of them is owed by other credits, never by the window", () => {
		const ledger = new MemoryLedger(windowed());
		ledger.run(grant("g", 5));
		ledger.use("a", 6);
		expect(ledger.stands()).toMatchObject({ used: 6, remaining: 2 });
		expect(ledger.run(correct("refund", { grant: "g" }, 5)).outcome.kind).toBe("corrected");
		expect(ledger.run(correct("refund", { grant: "g" }, 5))).toEqual({ outcome: { kind: "corrected" } });
		expect(ledger.stands()).toMatchObject({ used: 6, remaining: 0, topUps: 0 });
		expect(ledger.run(hold("b")).outcome).toMatchObject({ kind: "refused", refusal: { remaining: 0 } });
		ledger.run(grant("h", 4));
		expect(ledger.stands()).toMatchObject({ remaining: 1, topUps: 1 });
		expect(ledger.run(hold("b", 2)).outcome.kind).toBe("refused");
		ledger.entitlement = windowed({ limit: 8 });
		expect(ledger.stands()).toMatchObject({ remaining: 6 });
	});

	test("that comes before its purchase takes it back when it comes", () => {
		const ledger = new MemoryLedger(windowed({ limit: 0 }));
		ledger.run(correct("refund", { grant: "g" }, 5));
		ledger.run(grant("other", 6));
		expect(ledger.stands().remaining).toBe(1);
		ledger.run(grant("g", 5));
		expect(ledger.stands().remaining).toBe(6);
	});

	test("of credits that expired unspent owes nothing", () => {
		const ledger = new MemoryLedger(windowed({ limit: 0 }));
		ledger.run(grant("g", 5, NOON + 10));
		ledger.run(grant("h", 2));
		ledger.run(correct("refund", { grant: "g" }, 5));
		expect(ledger.stands(NOON + 20).remaining).toBe(2);
	});

	test("counts with another amount, pool or request as a conflict", () => {
		const ledger = new MemoryLedger(windowed());
		ledger.use("a", 2);
		ledger.run(correct("c", { grant: "g" }, 5));
		expect(ledger.run(correct("c", { grant: "g" }, 4)).outcome.kind).toBe("conflict");
		expect(ledger.run(correct("c", { grant: "h" }, 5)).outcome.kind).toBe("conflict");
		ledger.run(correct("d", { request: "a" }, 1));
		expect(ledger.run(correct("d", { pool: `sub:sub_1@${NOON}` }, 1)).outcome.kind).toBe("conflict");
		expect(ledger.run(correct("d", { request: "a" }, 1)).outcome.kind).toBe("corrected");
	});
});

describe("a correction", () => {
	test("of a pool counts more or gives back, and nothing shown falls below zero", () => {
		const ledger = new MemoryLedger(windowed());
		ledger.run(correct("c", { pool: `sub:sub_1@${NOON}` }, 2));
		expect(ledger.stands()).toMatchObject({ used: 2, remaining: 1 });
		ledger.run(correct("d", { pool: `sub:sub_1@${NOON}` }, -4));
		expect(ledger.stands()).toMatchObject({ used: 0, remaining: 5 });
		ledger.run(correct("e", { pool: `sub:sub_1@${NOON}` }, 9));
		expect(ledger.stands()).toMatchObject({ used: 7, remaining: 0 });
	});

	test("of a request gives back what was spent last first, and never more than it counts", () => {
		const ledger = new MemoryLedger(windowed());
		ledger.run(grant("g", 2));
		ledger.use("a", 5);
		expect(ledger.run(correct("c", { request: "a" }, -6)).outcome.kind).toBe("conflict");
		expect(ledger.run(correct("c", { request: "a" }, -3)).adjustment).toMatchObject({ units: -3, spill: [{ pool: "grant:g", units: -2 }] });
		expect(ledger.stands()).toMatchObject({ used: 2, remaining: 3, topUps: 2 });
		expect(ledger.run(correct("d", { request: "a" }, -3)).outcome.kind).toBe("conflict");
		expect(ledger.run(correct("e", { request: "a" }, 1)), "more of it is taken from its window").toEqual({
			outcome: { kind: "corrected" },
			adjustment: { id: "correct:e", pool: `sub:sub_1@${NOON}`, units: 1, atMs: NOON, requestId: "a" },
		});
		expect(ledger.run(correct("d", { request: "a" }, -3)).outcome.kind).toBe("corrected");
		expect(ledger.stands()).toMatchObject({ used: 0, remaining: 5 });
	});

	test("of a request that is unknown, open or given back corrects nothing", () => {
		const ledger = new MemoryLedger(windowed());
		expect(ledger.run(correct("c", { request: "a" }, -1)).outcome.kind).toBe("unknown");
		ledger.run(hold("a"));
		expect(ledger.run(correct("c", { request: "a" }, -1)).outcome.kind).toBe("conflict");
		ledger.run({ type: "release", id: "a", why: "failed-early" });
		expect(ledger.run(correct("c", { request: "a" }, 1))).toEqual({ outcome: { kind: "conflict" } });
	});

	test("of a subscription's balance ends with its period, in which its request was held", () => {
		const ledger = new MemoryLedger(balance());
		ledger.use("a", 3);
		ledger.run({ type: "acknowledge", id: "a" });
		ledger.entitlement = balance({ available: 97, fetchedAtMs: NOON + 1 });
		ledger.run(correct("c", { request: "a" }, -3), END + 1);
		expect(ledger.stands()).toMatchObject({ used: 0, remaining: 100 });
		ledger.entitlement = balance({ available: 100, periodStartMs: END, periodEndMs: END + DAY_MS, fetchedAtMs: END });
		expect(ledger.stands(END)).toMatchObject({ used: 0, remaining: 100 });
		ledger.run(correct("d", { pool: "sub:sub_1" }, 4), END);
		expect(ledger.stands(END)).toMatchObject({ used: 4, remaining: 96 });
	});
});
