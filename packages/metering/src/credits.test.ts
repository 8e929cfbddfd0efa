import { describe, expect, test } from "vitest";
import { balance, correct, DAY_MS, END, grant, hold, MemoryLedger, NOON, windowed } from "../proof/memory-ledger.ts";
import { poolOfGrant } from "./balance.ts";
import { nextBatch } from "./outbox.ts";
import { allowanceOf, DEFAULT_LIMITS, isOver, subscriptionOf } from "./tier.ts";

const give = (id: string, units: number) => ({ id, units, expiresAtMs: null });

describe("a plan whose window the ledger counts", () => {
	test("gives its limit in [start, end), with the subscription in each row", () => {
		const ledger = new MemoryLedger(windowed());
		expect(ledger.stands()).toEqual({
			tier: "paid",
			limit: 3,
			used: 0,
			held: 0,
			remaining: 3,
			topUps: 0,
			freeDay: { limit: 20, used: 0, held: 0, remaining: 20 },
			window: { startMs: NOON, endMs: END },
		});
		expect(ledger.use("a", 3)).toBe("held");
		expect(ledger.run(hold("b")).outcome).toEqual({
			kind: "refused",
			refusal: {
				policy: "paid",
				tier: "paid",
				limit: 3,
				remaining: 0,
				freeDay: { limit: 20, used: 0, held: 0, remaining: 20 },
				resetAtMs: END,
			},
		});
		expect(nextBatch(ledger.rows.values(), NOON)).toEqual([{ id: "a", subscriptionId: "sub_1", units: 3, usedAtMs: NOON }]);
	});

	test("after its end allows at most its remaining units and at most a free day, from the next window", () => {
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

	test("never ends without a renewal", () => {
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

	test("is not trusted after a day without a read", () => {
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

describe("a pool's name", () => {
	test("contains the subscription, with or without a window", () => {
		expect(subscriptionOf("sub:sub_1")).toBe("sub_1");
		expect(subscriptionOf("sub:a@b@77")).toBe("a@b");
		expect(subscriptionOf("day:2026-11-21")).toBeNull();
		expect(subscriptionOf("grant:sub:x")).toBeNull();
		expect(poolOfGrant("x")).toBe("grant:x");
	});
});

describe("grants", () => {
	test("count once per id, and a different one under the same id is a conflict", () => {
		const ledger = new MemoryLedger(null);
		expect(ledger.run(grant("g", 4)).outcome.kind).toBe("granted");
		expect(ledger.run(grant("g", 4))).toEqual({ outcome: { kind: "granted" } });
		expect(ledger.run(grant("g", 5)).outcome.kind).toBe("conflict");
		expect(ledger.run(grant("g", 4, END)).outcome.kind).toBe("conflict");
		expect(ledger.stands()).toMatchObject({ limit: 20, remaining: 24, topUps: 4 });
	});

	test("are spent after the window, the soonest to expire first", () => {
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

	test("with the same expiry are spent in the order of their ids, so that a replay is identical", () => {
		for (const names of [
			["b", "a"],
			["a", "b"],
		]) {
			const ledger = new MemoryLedger(windowed({ limit: 0 }));
			for (const name of names) ledger.run(grant(name, 1));
			expect(ledger.run(hold("x")).row?.spill).toEqual([{ pool: "grant:a", units: 1 }]);
		}
	});

	test("are not spent while the window has room", () => {
		const ledger = new MemoryLedger(windowed());
		ledger.run(grant("g", 2));
		expect(ledger.run(hold("a", 3)).row?.spill).toBeNull();
		expect(ledger.run(hold("b", 2)).row?.spill).toEqual([{ pool: "grant:g", units: 2 }]);
	});

	test("expire at their instant, but units already held from them can still settle", () => {
		const ledger = new MemoryLedger(windowed({ limit: 0 }));
		ledger.run(grant("g", 2, NOON + 10));
		expect(ledger.stands(NOON + 9).remaining).toBe(2);
		ledger.run(hold("a"), NOON + 9);
		expect(ledger.stands(NOON + 10).remaining).toBe(0);
		ledger.run({ type: "settle", id: "a" }, NOON + 10);
		expect(ledger.stands(NOON + 10)).toMatchObject({ used: 1, remaining: 0, topUps: 0 });
	});

	test("from the provider add to the ledger's own, and one listed by both counts once", () => {
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

	test("are not spent while the provider spends its own", () => {
		const ledger = new MemoryLedger(balance());
		ledger.run(grant("g", 5));
		expect(ledger.stands()).toMatchObject({ remaining: 100, topUps: 0 });
	});

	test("reject zero, fractional and negative units, as holds do", () => {
		const ledger = new MemoryLedger(null);
		for (const units of [0, -1, 1.5, Number.NaN]) {
			expect(() => ledger.run(grant("g", units))).toThrow("invariant: the units of a grant");
			expect(() => ledger.run(hold("h", units))).toThrow("invariant: the units of a hold");
		}
		expect(() => ledger.run(correct("c", { grant: "g" }, 0))).toThrow("invariant: the units of a correction");
		expect(() => ledger.run(correct("c", { grant: "g" }, 0.5))).toThrow("invariant: the units of a correction");
		expect(() => ledger.run({ type: "carry-over", id: "c", units: -1 })).toThrow("invariant: carried-over units");
		expect(() => ledger.run({ type: "carry-over", id: "c", units: 0.5 })).toThrow("invariant: carried-over units");
		expect(ledger.run({ type: "carry-over", id: "c", units: 0 }).adjustment).toBeUndefined();
	});
});

describe("a refund", () => {
	test("takes its credits back once; spent ones are owed by other grants, never by the window", () => {
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

	test("that arrives before its purchase applies once the purchase arrives", () => {
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

	test("with another amount, pool or request is a conflict", () => {
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
	test("of a pool adds or refunds units, and no displayed number is negative", () => {
		const ledger = new MemoryLedger(windowed());
		ledger.run(correct("c", { pool: `sub:sub_1@${NOON}` }, 2));
		expect(ledger.stands()).toMatchObject({ used: 2, remaining: 1 });
		ledger.run(correct("d", { pool: `sub:sub_1@${NOON}` }, -4));
		expect(ledger.stands()).toMatchObject({ used: 0, remaining: 5 });
		ledger.run(correct("e", { pool: `sub:sub_1@${NOON}` }, 9));
		expect(ledger.stands()).toMatchObject({ used: 7, remaining: 0 });
	});

	test("of a request refunds at most its counted units, the last spent first", () => {
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

	test("of an unknown, open or released request is rejected", () => {
		const ledger = new MemoryLedger(windowed());
		expect(ledger.run(correct("c", { request: "a" }, -1)).outcome.kind).toBe("unknown");
		ledger.run(hold("a"));
		expect(ledger.run(correct("c", { request: "a" }, -1)).outcome.kind).toBe("conflict");
		ledger.run({ type: "release", id: "a", why: "failed-early" });
		expect(ledger.run(correct("c", { request: "a" }, 1))).toEqual({ outcome: { kind: "conflict" } });
	});

	test("of a subscription's balance applies only in its request's period", () => {
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
