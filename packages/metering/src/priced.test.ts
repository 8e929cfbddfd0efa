import { describe, expect, test } from "vitest";
import { balance, correct, DAY_MS, END, grant, hold, MemoryLedger, NOON, windowed } from "../proof/memory-ledger.ts";
import { DailyTotals, spentTogether } from "./daily.ts";
import { type Command, type HoldCommand, UNREACHABLE_REPORT_DELAY_MS } from "./ledger.ts";
import type { Spent, Terms } from "./price.ts";
import type { RequestRow } from "./rows.ts";
import { DEFAULT_LIMITS } from "./tier.ts";

const HOLD_MS = 10 * 60_000;
const TODAY = "2026-11-21";
const terms = (change: Partial<Terms> = {}): Terms => ({ model: "m", effort: null, steps: 1, version: "v1", ...change });
const ask = (id: string, change: Partial<HoldCommand> = {}): Command => ({
	type: "hold",
	id,
	fingerprint: "f",
	units: 1,
	chatId: "c",
	terms: terms(),
	...change,
});
const spent = (input: number, change: Partial<Spent> = {}): Spent => ({
	input,
	cached: 1,
	output: 2,
	reasoning: 3,
	microDollars: 10 * input,
	estimated: false,
	...change,
});
const settle = (id: string, used?: Spent): Command => ({ type: "settle", id, spent: used });
const fail = (id: string, used?: Spent): Command => ({ type: "release", id, why: "failed-early", spent: used });
const expire = (id: string): Command => ({ type: "expire", id, chatStatus: "unreachable" });

describe("the price of a request", () => {
	test("is that of its first attempt, also after a release", () => {
		const ledger = new MemoryLedger(null);
		ledger.run(ask("a", { units: 3, terms: terms({ steps: 3 }) }));
		expect(ledger.run(ask("a", { units: 1, terms: terms({ version: "v2" }) })).outcome).toMatchObject({
			kind: "repeat",
			row: { units: 3, terms: { steps: 3, version: "v1" } },
		});
		ledger.run(fail("a"));
		expect(ledger.run(ask("a", { units: 1, terms: terms({ version: "v2" }) })).outcome).toMatchObject({
			kind: "held",
			row: { attempt: 2, units: 3, terms: { steps: 3, version: "v1" } },
		});
		expect(ledger.stands()).toMatchObject({ held: 3, remaining: 17 });
	});

	test("of the first attempt decides whether it fits", () => {
		const ledger = new MemoryLedger(null, "guest");
		ledger.run(ask("a", { units: 4 }));
		ledger.run(fail("a"));
		ledger.use("b", 2);
		expect(ledger.run(ask("a", { units: 1 })).outcome).toMatchObject({ kind: "refused", refusal: { remaining: 3 } });
	});

	test("is that of the second attempt if the first was held before requests had terms", () => {
		const ledger = new MemoryLedger(null);
		ledger.run(hold("a", 4));
		ledger.run(fail("a"));
		expect(ledger.run(ask("a", { units: 2 })).outcome).toMatchObject({ row: { units: 2, terms: terms() } });
	});
});

describe("a request's usage", () => {
	test("is stored with its end, and a second end adds nothing", () => {
		const ledger = new MemoryLedger(null);
		ledger.run(ask("a"));
		expect(ledger.rows.get("a")?.spent).toBeNull();
		ledger.run(settle("a", spent(5)));
		expect(ledger.run(settle("a", spent(5))).row).toBeUndefined();
		expect(ledger.run(fail("a", spent(5))).row).toBeUndefined();
		expect(ledger.rows.get("a")?.spent).toEqual(spent(5));
	});

	test("is the sum of all attempts, and estimated if one of them is", () => {
		const ledger = new MemoryLedger(null);
		ledger.run(ask("a"));
		ledger.run(fail("a", spent(5, { estimated: true })));
		ledger.run(ask("a"));
		ledger.run(fail("a"));
		ledger.run(ask("a"));
		ledger.run(settle("a", spent(6)));
		const sum = { input: 11, cached: 2, output: 4, reasoning: 6, microDollars: 110, estimated: true };
		expect(ledger.rows.get("a")?.spent).toEqual(sum);
		expect(ledger.state.sums.days("")).toEqual([{ day: TODAY, model: "m", tier: "free", requests: 1, units: 1, ...sum, estimated: 1 }]);
	});

	test.each([
		["a settlement", settle("a", spent(5)), { state: "settled" }],
		["a release", fail("a", spent(5)), { state: "released" }],
	])("is stored by %s that comes after the hold expired", (_, late, row) => {
		const ledger = new MemoryLedger(null);
		ledger.run(ask("a"));
		ledger.run(expire("a"), NOON + HOLD_MS);
		ledger.run(late, NOON + HOLD_MS);
		expect(ledger.rows.get("a")).toMatchObject({ ...row, spent: spent(5) });
	});

	test("is stored once by a release after the provider may know the unit", () => {
		const ledger = new MemoryLedger(balance());
		ledger.run(ask("a", { units: 2 }));
		ledger.run(expire("a"), NOON + HOLD_MS);
		const lateMs = NOON + HOLD_MS + UNREACHABLE_REPORT_DELAY_MS;
		for (let times = 0; times < 2; times += 1) ledger.run(fail("a", spent(5)), lateMs);
		expect(ledger.rows.get("a")).toMatchObject({ state: "expired", spent: spent(5) });
		// A correction refunds the units. The request was counted, and its usage stays.
		expect(ledger.state.sums.days("")).toEqual([
			{ day: TODAY, model: "m", tier: "paid", requests: 1, units: 0, ...spent(5), estimated: 0 },
		]);
	});

	test("is stored by a bounded release that counts", () => {
		const ledger = new MemoryLedger(null, "guest", { ...DEFAULT_LIMITS, guest: 1 });
		for (const id of ["a", "b"]) {
			ledger.run(ask(id));
			ledger.run({ type: "release", id, why: "failed-midway", spent: spent(5) });
		}
		expect(ledger.rows.get("b")).toMatchObject({ state: "settled", spent: spent(5) });
	});

	test("is rounded to non-negative integers, whatever a provider sent", () => {
		const odd = { input: 0.5, cached: -1, output: Number.NaN, reasoning: Number.POSITIVE_INFINITY, microDollars: 1.2, estimated: false };
		expect(spentTogether(null, odd)).toEqual({ input: 1, cached: 0, output: 0, reasoning: 0, microDollars: 2, estimated: false });
		expect(spentTogether(undefined, null)).toBeNull();
	});
});

describe("the daily totals", () => {
	test("are grouped by day of the hold, model and tier, in that order", () => {
		const ledger = new MemoryLedger(windowed({ limit: 1 }));
		ledger.run(ask("paid", { terms: terms({ model: "z" }) }));
		ledger.run(ask("free", { terms: terms({ model: "z" }), freeDay: true, units: 2 }));
		ledger.run(ask("other", { freeDay: true }));
		for (const id of ["paid", "free", "other"]) ledger.run(settle(id, spent(1)), END);
		ledger.run(ask("later", { freeDay: true }), END);
		ledger.run(settle("later"), END);
		const used = { ...spent(1), estimated: 0 };
		const nothing = { input: 0, cached: 0, output: 0, reasoning: 0, microDollars: 0, estimated: 0 };
		const later = { day: "2026-11-22", model: "m", tier: "free", requests: 1, units: 1, ...nothing };
		expect(ledger.state.sums.days("")).toEqual([
			{ day: TODAY, model: "m", tier: "free", requests: 1, units: 1, ...used },
			{ day: TODAY, model: "z", tier: "free", requests: 1, units: 2, ...used },
			{ day: TODAY, model: "z", tier: "paid", requests: 1, units: 1, ...used },
			later,
		]);
		expect(ledger.state.sums.days("2026-11-22")).toEqual([later]);
	});

	test("leave out requests without a model, and those that neither count nor have usage", () => {
		const ledger = new MemoryLedger(null);
		ledger.use("report");
		ledger.run(ask("a"));
		expect(ledger.state.sums.days("")).toEqual([]);
		ledger.run(fail("a"));
		expect(ledger.state.sums.days("")).toEqual([]);
	});

	test("include corrections of requests, also those paid by grants, and no other adjustment", () => {
		const ledger = new MemoryLedger(windowed({ limit: 2 }));
		ledger.run(grant("g", 5));
		ledger.run(ask("a", { units: 4 }));
		ledger.run(settle("a"));
		ledger.run(correct("x", { request: "a" }, -3));
		ledger.run(correct("y", { grant: "g" }, 1));
		ledger.run({ type: "carry-over", id: "guest", units: 2 });
		expect(ledger.state.sums.days("")).toMatchObject([{ requests: 1, units: 1, tier: "paid" }]);
	});

	test("count a request in the day of its latest attempt", () => {
		const ledger = new MemoryLedger(null);
		ledger.run(ask("a"));
		ledger.run(fail("a", spent(1)));
		ledger.run(ask("a"), NOON + DAY_MS);
		expect(ledger.state.sums.days("")).toMatchObject([{ day: "2026-11-22", requests: 0, input: 1 }]);
		ledger.run(settle("a", spent(2)), NOON + DAY_MS);
		expect(ledger.state.sums.days("")).toMatchObject([{ day: "2026-11-22", requests: 1, input: 3 }]);
	});

	test("drop totals once taken, and those that sum to zero", () => {
		const totals = new DailyTotals();
		const row = { pool: "guest", heldAtMs: NOON, state: "settled", units: 1, terms: terms() } as RequestRow;
		totals.add(row, 1);
		expect(totals.isEmpty).toBe(false);
		expect(totals.take()).toMatchObject([{ tier: "guest", requests: 1 }]);
		expect(totals.isEmpty).toBe(true);
		totals.add(row, 1);
		totals.add(row, -1);
		expect(totals.all()).toEqual([]);
	});
});

describe("a subscriber's free day", () => {
	const free = (id: string, units = 1) => ask(id, { units, freeDay: true });
	const paid = () => new MemoryLedger(windowed({ limit: 3 }));

	test("pays a whole request that plan and top-ups cannot pay", () => {
		const ledger = paid();
		ledger.run(grant("g", 1));
		expect(ledger.run(free("a", 3)).row).toMatchObject({ pool: `sub:sub_1@${NOON}` });
		expect(ledger.run(free("b", 2)).row).toMatchObject({ pool: `day:${TODAY}`, units: 2, spill: null });
		expect(ledger.run(free("c")).row, "the top-up is left").toMatchObject({ spill: [{ pool: "grant:g", units: 1 }] });
		expect(ledger.stands()).toMatchObject({ tier: "paid", remaining: 0, freeDay: { limit: 20, used: 0, held: 2, remaining: 18 } });
		ledger.run({ type: "settle", id: "b" });
		expect(ledger.stands().freeDay).toEqual({ limit: 20, used: 2, held: 0, remaining: 18 });
	});

	test("has the day's limit, shared with usage before the plan, and ignores credits", () => {
		const ledger = new MemoryLedger(null);
		ledger.use("before", 15);
		ledger.entitlement = balance({ available: 0 });
		ledger.run(grant("g", 9));
		expect(ledger.run(free("a", 6)).outcome).toMatchObject({
			kind: "refused",
			refusal: { policy: "paid", remaining: 0, freeDay: { limit: 20, used: 15, held: 0, remaining: 5 } },
		});
		expect(ledger.run(free("b", 5)).outcome.kind).toBe("held");
		expect(ledger.run(free("c")).outcome).toMatchObject({ kind: "refused", refusal: { freeDay: { remaining: 0 } } });
		expect(ledger.run(free("d"), NOON + DAY_MS / 2).outcome, "until midnight UTC").toMatchObject({ row: { pool: "day:2026-11-22" } });
	});

	test.each([
		["the provider counts", balance({ available: 1 })],
		["is counted here", windowed({ limit: 1 })],
	])("shares its limit with the trust given after the end of a plan that %s", (_, entitlement) => {
		const ledger = new MemoryLedger(entitlement);
		expect(ledger.run(free("a"), END).row?.pool).toMatch(/^sub:/);
		expect(ledger.stands(END)).toMatchObject({ remaining: 0, freeDay: { limit: 20, used: 0, held: 0, remaining: 19 } });
		expect(ledger.run(free("b", 20), END).outcome).toMatchObject({ kind: "refused", refusal: { freeDay: { remaining: 19 } } });
		expect(ledger.run(free("c", 19), END).row?.pool).toBe("day:2026-11-22");
	});

	test("is not reported to the provider", () => {
		const ledger = new MemoryLedger(balance({ available: 0 }));
		ledger.run(free("a"));
		ledger.run(settle("a"));
		expect(ledger.state.sums.unknownSince("sub:sub_1", 0)).toBe(0);
		expect(ledger.stands()).toMatchObject({ used: 0, freeDay: { used: 1 } });
	});

	test("does not change the plan's in-flight limit", () => {
		const ledger = new MemoryLedger(windowed({ limit: 10 }), "user", {
			...DEFAULT_LIMITS,
			inFlight: { ...DEFAULT_LIMITS.inFlight, free: 1, paid: 3 },
		});
		ledger.run(free("a", 10));
		for (const id of ["b", "c"]) expect(ledger.run(free(id)).outcome.kind).toBe("held");
		expect(ledger.run(free("d")).outcome).toMatchObject({
			kind: "refused",
			refusal: { policy: "in-flight", tier: "paid", limit: 3, remaining: 0, freeDay: { remaining: 18 } },
		});
	});

	test.each([
		["a model that the free tier does not have", paid(), ask("b"), 20],
		["an organization", new MemoryLedger(windowed({ limit: 3 }), "organization"), free("b"), undefined],
		["a deployment without it", Object.assign(paid(), { paidKeepsFreeDay: false }), free("b"), undefined],
	])("does not pay for %s", (_, ledger, command, left) => {
		ledger.run(free("a", 3));
		expect(ledger.run(command).outcome).toMatchObject({ kind: "refused", refusal: { policy: "paid", remaining: 0 } });
		expect(ledger.stands().freeDay?.remaining).toBe(left);
	});

	test("is not shown without a plan", () => {
		for (const kind of ["guest", "user", "network"] as const) expect(new MemoryLedger(null, kind).stands().freeDay).toBeNull();
		expect(new MemoryLedger(null).run(ask("a", { units: 21 })).outcome).toEqual({
			kind: "refused",
			refusal: { policy: "free", tier: "free", limit: 20, remaining: 20, resetAtMs: NOON + DAY_MS / 2 },
		});
	});

	test("has its own bound on forgiven failures", () => {
		const ledger = new MemoryLedger(windowed({ limit: 1 }), "user", { ...DEFAULT_LIMITS, free: 3 });
		ledger.use("plan");
		for (const id of ["a", "b", "c", "d"]) {
			ledger.run(free(id));
			ledger.run({ type: "release", id, why: "failed-midway" });
		}
		expect(ledger.stands().freeDay).toMatchObject({ used: 1, remaining: 2 });
	});
});

test("a plan's refusal shows at most the member's remaining share", () => {
	const ledger = new MemoryLedger(windowed({ limit: 5 }), "organization");
	const of = (id: string, units: number): Command => ask(id, { units, member: { id: "ada", cap: 3 } });
	ledger.run(of("a", 2));
	expect(ledger.run(of("b", 4)).outcome).toMatchObject({ kind: "refused", refusal: { policy: "paid", limit: 5, remaining: 1 } });
	ledger.run(ask("c", { units: 3, member: { id: "bob", cap: null } }));
	expect(ledger.run(of("d", 1)).outcome).toMatchObject({ kind: "refused", refusal: { policy: "paid", remaining: 0 } });
});
