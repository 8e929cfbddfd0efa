import { describe, expect, test } from "vitest";
import { poolOfGrant, standing } from "./balance.ts";
import { type Command, type CorrectCommand, decide, HOLD_MS, UNHEARD_REPORT_DELAY_MS } from "./ledger.ts";
import { deadLetters, nextBatch } from "./outbox.ts";
import { type Adjustment, isOwed, type LedgerState, ledgerTimeMs, type RequestRow } from "./rows.ts";
import { allowanceOf, DEFAULT_LIMITS, type Entitlement, isOver, subscriptionOf } from "./tier.ts";

const NOON = Date.UTC(2026, 10, 21, 12);
const DAY_MS = 86_400_000;
const END = NOON + DAY_MS;

type Windowed = Extract<Entitlement, { kind: "windowed" }>;
const windowed = (change: Partial<Windowed> = {}): Windowed => ({
	kind: "windowed",
	subscriptionId: "sub_1",
	limit: 3,
	startMs: NOON,
	endMs: END,
	grants: [],
	fetchedAtMs: NOON,
	...change,
});
const balance = (change: Partial<Extract<Entitlement, { kind: "balance" }>> = {}): Entitlement => ({
	kind: "balance",
	subscriptionId: "sub_1",
	available: 100,
	allowance: 100,
	periodStartMs: NOON,
	periodEndMs: END,
	fetchedAtMs: NOON,
	...change,
});

/** A user's ledger that applies what it decides, as the Durable Object does. */
class Ledger {
	readonly rows = new Map<string, RequestRow>();
	readonly adjustments = new Map<string, Adjustment>();
	entitlement: Entitlement | null;

	constructor(entitlement: Entitlement | null) {
		this.entitlement = entitlement;
	}

	get state(): LedgerState {
		const { rows, adjustments, entitlement } = this;
		return { kind: "user", limits: DEFAULT_LIMITS, entitlement, rows, adjustments, closed: false, latestMs: 0 };
	}

	run(command: Command, atMs = NOON) {
		const decision = decide(this.state, command, atMs);
		if (decision.row) this.rows.set(decision.row.id, decision.row);
		if (decision.adjustment) this.adjustments.set(decision.adjustment.id, decision.adjustment);
		return decision;
	}

	use(id: string, units = 1, atMs = NOON) {
		const held = this.run(hold(id, units), atMs);
		this.run({ type: "settle", id }, atMs);
		return held.outcome.kind;
	}

	stands(atMs = NOON) {
		return standing(this.state, atMs);
	}
}

const hold = (id: string, units = 1): Command => ({ type: "hold", id, fingerprint: "f", units, chatId: "c" });
const grant = (id: string, units: number, expiresAtMs: number | null = null): Command => ({ type: "grant", id, units, expiresAtMs });
const correct = (id: string, of: CorrectCommand["of"], units: number): Command => ({ type: "correct", id, of, units });
const give = (id: string, units: number) => ({ id, units, expiresAtMs: null });

describe("a plan whose window is counted here", () => {
	test("gives its limit in [start, end), and names the provider's subscription in each row", () => {
		const ledger = new Ledger(windowed());
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
		const ledger = new Ledger(windowed({ limit: 30 }));
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
		ledger.entitlement = windowed({ limit: 30, startMs: END, endMs: END + DAY_MS, fetchedAtMs: END });
		expect(ledger.stands(END)).toMatchObject({ used: 5, remaining: 25 });
	});

	test("that does not renew is never over", () => {
		const forever = windowed({ endMs: null });
		expect(isOver(forever, NOON + 400 * DAY_MS)).toBe(false);
		expect(isOver(windowed(), END - 1)).toBe(false);
		expect(isOver(windowed(), END)).toBe(true);
		expect(isOver(balance(), END)).toBe(true);
		expect(isOver(balance({ periodEndMs: null }), END)).toBe(false);
		expect(isOver({ kind: "none", fetchedAtMs: 0 }, END)).toBe(false);
		expect(new Ledger(forever).stands().window.endMs).toBeNull();
		expect(allowanceOf("user", forever, DEFAULT_LIMITS, END)).toMatchObject({ stale: false, pool: `sub:sub_1@${NOON}` });
	});

	test("that could not be read for a day is not believed", () => {
		expect(new Ledger(windowed({ endMs: null })).stands(NOON + DAY_MS).tier).toBe("paid");
		expect(new Ledger(windowed({ endMs: null })).stands(NOON + DAY_MS + 1).tier).toBe("free");
	});

	test("keeps each hold on its pool through upgrade, downgrade, cancellation and return", () => {
		const ledger = new Ledger(windowed({ limit: 10 }));
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
		const ledger = new Ledger(null);
		expect(ledger.run(grant("g", 4)).outcome.kind).toBe("granted");
		expect(ledger.run(grant("g", 4))).toEqual({ outcome: { kind: "granted" } });
		expect(ledger.run(grant("g", 5)).outcome.kind).toBe("conflict");
		expect(ledger.run(grant("g", 4, END)).outcome.kind).toBe("conflict");
		expect(ledger.stands()).toMatchObject({ limit: 20, remaining: 24, topUps: 4 });
	});

	test("are spent after the window, the soonest to expire first, those that never do last", () => {
		const ledger = new Ledger(windowed());
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
			const ledger = new Ledger(windowed({ limit: 0 }));
			for (const name of names) ledger.run(grant(name, 1));
			expect(ledger.run(hold("x")).row?.spill).toEqual([{ pool: "grant:a", units: 1 }]);
		}
	});

	test("are not touched by what the window still pays", () => {
		const ledger = new Ledger(windowed());
		ledger.run(grant("g", 2));
		expect(ledger.run(hold("a", 3)).row?.spill).toBeNull();
		expect(ledger.run(hold("b", 2)).row?.spill).toEqual([{ pool: "grant:g", units: 2 }]);
	});

	test("end at their instant: spendable before it, not at it; what was held from them may still settle", () => {
		const ledger = new Ledger(windowed({ limit: 0 }));
		ledger.run(grant("g", 2, NOON + 10));
		expect(ledger.stands(NOON + 9).remaining).toBe(2);
		ledger.run(hold("a"), NOON + 9);
		expect(ledger.stands(NOON + 10).remaining).toBe(0);
		ledger.run({ type: "settle", id: "a" }, NOON + 10);
		expect(ledger.stands(NOON + 10)).toMatchObject({ used: 1, remaining: 0, topUps: 0 });
	});

	test("that the provider lists count beside the ledger's own, and one that both know counts once", () => {
		const ledger = new Ledger(windowed({ grants: [give("g", 5), give("h", 1)] }));
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
		const ledger = new Ledger(balance());
		ledger.run(grant("g", 5));
		expect(ledger.stands()).toMatchObject({ remaining: 100, topUps: 0 });
	});

	test("of nothing, of a part or of less than nothing are mistakes, like holds of that kind", () => {
		const ledger = new Ledger(null);
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
		const ledger = new Ledger(windowed());
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
		const ledger = new Ledger(windowed({ limit: 0 }));
		ledger.run(correct("refund", { grant: "g" }, 5));
		ledger.run(grant("other", 6));
		expect(ledger.stands().remaining).toBe(1);
		ledger.run(grant("g", 5));
		expect(ledger.stands().remaining).toBe(6);
	});

	test("of credits that expired unspent owes nothing", () => {
		const ledger = new Ledger(windowed({ limit: 0 }));
		ledger.run(grant("g", 5, NOON + 10));
		ledger.run(grant("h", 2));
		ledger.run(correct("refund", { grant: "g" }, 5));
		expect(ledger.stands(NOON + 20).remaining).toBe(2);
	});

	test("counts with another amount, pool or request as a conflict", () => {
		const ledger = new Ledger(windowed());
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
		const ledger = new Ledger(windowed());
		ledger.run(correct("c", { pool: `sub:sub_1@${NOON}` }, 2));
		expect(ledger.stands()).toMatchObject({ used: 2, remaining: 1 });
		ledger.run(correct("d", { pool: `sub:sub_1@${NOON}` }, -4));
		expect(ledger.stands()).toMatchObject({ used: 0, remaining: 5 });
		ledger.run(correct("e", { pool: `sub:sub_1@${NOON}` }, 9));
		expect(ledger.stands()).toMatchObject({ used: 7, remaining: 0 });
	});

	test("of a request gives back what was spent last first, and never more than it counts", () => {
		const ledger = new Ledger(windowed());
		ledger.run(grant("g", 2));
		ledger.use("a", 5);
		expect(ledger.run(correct("c", { request: "a" }, -6)).outcome.kind).toBe("conflict");
		expect(ledger.run(correct("c", { request: "a" }, -3)).adjustment).toMatchObject({ units: -3, spill: [{ pool: "grant:g", units: -2 }] });
		expect(ledger.stands()).toMatchObject({ used: 2, remaining: 3, topUps: 2 });
		expect(ledger.run(correct("d", { request: "a" }, -3)).outcome.kind).toBe("conflict");
		expect(ledger.run(correct("e", { request: "a" }, 1)).outcome.kind).toBe("corrected");
		expect(ledger.run(correct("d", { request: "a" }, -3)).outcome.kind).toBe("corrected");
		expect(ledger.stands()).toMatchObject({ used: 0, remaining: 5 });
	});

	test("of a request that is unknown, open or given back corrects nothing", () => {
		const ledger = new Ledger(windowed());
		expect(ledger.run(correct("c", { request: "a" }, -1)).outcome.kind).toBe("unknown");
		ledger.run(hold("a"));
		expect(ledger.run(correct("c", { request: "a" }, -1)).outcome.kind).toBe("conflict");
		ledger.run({ type: "release", id: "a", why: "failed-early" });
		expect(ledger.run(correct("c", { request: "a" }, 1))).toEqual({ outcome: { kind: "conflict" } });
	});

	test("of a subscription's balance ends with its period, in which its request was held", () => {
		const ledger = new Ledger(balance());
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

describe("a word that comes late", () => {
	const late = NOON + HOLD_MS;
	const due = late + UNHEARD_REPORT_DELAY_MS;
	function unheard(entitlement: Entitlement = windowed()): Ledger {
		const ledger = new Ledger(entitlement);
		ledger.run(grant("g", 2));
		ledger.run(hold("a", 4));
		ledger.run({ type: "expire", id: "a", heard: "unreachable" }, late);
		return ledger;
	}
	const release: Command = { type: "release", id: "a", why: "failed-midway" };

	test("gives back in place until the report is due, and as a correction from then on", () => {
		expect(unheard().run(release, due - 1)).toMatchObject({ row: { state: "released", forgiven: 1 }, outcome: { counted: false } });
		const ledger = unheard();
		const { row, adjustment, outcome } = ledger.run(release, due);
		expect(outcome).toMatchObject({ kind: "ended", counted: false });
		expect(row).toMatchObject({ state: "expired", forgiven: 1 });
		expect(adjustment).toEqual({
			id: "late:a:1",
			pool: `sub:sub_1@${NOON}`,
			units: -4,
			spill: [{ pool: "grant:g", units: -1 }],
			atMs: due,
			requestId: "a",
		});
		expect(ledger.stands(due)).toMatchObject({ used: 0, remaining: 5 });
	});

	test("gets the first answer however often it comes, and the report still leaves", () => {
		const ledger = unheard();
		ledger.run(release, due);
		for (const command of [release, { type: "settle", id: "a" } as const]) {
			expect(ledger.run(command, due + 1)).toEqual({ outcome: { kind: "ended", row: ledger.rows.get("a"), counted: false } });
		}
		expect(nextBatch(ledger.rows.values(), due)).toHaveLength(1);
		ledger.run({ type: "acknowledge", id: "a" }, due + 2);
		expect(ledger.rows.get("a")?.reportedAtMs).toBe(due + 2);
	});

	test("closes the id: a unit that was reported and given back is not sent again under it", () => {
		const ledger = unheard();
		ledger.run(release, due);
		expect(ledger.run(hold("a", 4), due).outcome.kind).toBe("conflict");
	});

	test("corrects a report that was on its way, even when the clock went back", () => {
		const ledger = unheard();
		expect(ledger.run({ type: "dispatch", id: "a" }, due).row?.sentAtMs).toBe(due);
		expect(ledger.run({ type: "dispatch", id: "a" }, due + 1)).toEqual({ outcome: { kind: "dispatched" } });
		expect(ledger.run(release, late + 1).adjustment).toBeDefined();
	});

	test("corrects a report that was acknowledged", () => {
		const ledger = unheard();
		ledger.run({ type: "acknowledge", id: "a" }, late + 1);
		expect(ledger.run(release, late + 2).adjustment).toBeDefined();
	});

	test("that the answer ended well settles it, keeps the time of its report, and is final", () => {
		const early = unheard();
		expect(early.run({ type: "settle", id: "a" }, late + 1).row).toMatchObject({
			state: "settled",
			endedAtMs: late,
			reportAfterMs: late + 1,
		});
		const ledger = unheard();
		expect(ledger.run({ type: "settle", id: "a" }, due + 5).row).toMatchObject({ state: "settled", reportAfterMs: due });
		expect(ledger.run(release, due + 6)).toEqual({ outcome: { kind: "ended", row: ledger.rows.get("a"), counted: true } });
	});

	test("may be corrected by hand once it is final, and gives back only what is left then", () => {
		const ledger = unheard();
		expect(ledger.run(correct("c", { request: "a" }, -1), due - 1).outcome.kind).toBe("conflict");
		expect(ledger.run(correct("c", { request: "a" }, -1), due).outcome.kind).toBe("corrected");
		expect(ledger.run(release, due).adjustment).toMatchObject({ units: -3 });
		expect(ledger.stands(due)).toMatchObject({ used: 0, remaining: 5 });
	});

	test("of a unit that no provider hears of gives back in place, whenever it comes", () => {
		const ledger = unheard({ kind: "none", fetchedAtMs: NOON });
		expect(ledger.run({ type: "dispatch", id: "a" }, due).row).toBeUndefined();
		expect(ledger.run(release, due + DAY_MS).row?.state).toBe("released");
	});

	test("costs no write for what is settled: only what can still be undone is marked as leaving", () => {
		const ledger = new Ledger(windowed());
		ledger.use("a");
		expect(ledger.run({ type: "dispatch", id: "a" })).toEqual({ outcome: { kind: "dispatched" } });
	});
});

describe("a report that the provider refuses", () => {
	const refuse: Command = { type: "refuse", id: "a" };

	test("stays owed and counted; the fifth refusal makes it a dead letter, and a late acceptance ends that", () => {
		const ledger = new Ledger(balance());
		ledger.use("a", 3);
		const dead = Array.from({ length: 5 }, () => ledger.run(refuse).outcome);
		expect(dead.map((outcome) => outcome.kind === "report-refused" && outcome.deadLetter)).toEqual([false, false, false, false, true]);
		expect(ledger.stands()).toMatchObject({ used: 3, remaining: 97 });
		expect(deadLetters(ledger.rows.values())).toEqual([ledger.rows.get("a")]);
		ledger.run({ type: "acknowledge", id: "a" }, NOON + 1);
		expect(deadLetters(ledger.rows.values())).toEqual([]);
		expect(ledger.run(refuse)).toEqual({ outcome: { kind: "report-refused", deadLetter: false } });
		expect(ledger.rows.get("a")).toMatchObject({ refusals: 5, reportedAtMs: NOON + 1 });
	});

	test("of a request that no provider hears of, or that is open, says nothing", () => {
		const ledger = new Ledger(null);
		ledger.use("a");
		expect(ledger.run(refuse).row).toBeUndefined();
		const paid = new Ledger(balance());
		paid.run(hold("a"));
		expect(paid.run(refuse).row).toBeUndefined();
		expect(paid.run({ type: "refuse", id: "b" }).outcome.kind).toBe("unknown");
	});

	test("is not undone in place by a late word, though it is due again only later", () => {
		const ledger = new Ledger(balance());
		ledger.run(hold("a"));
		ledger.run({ type: "expire", id: "a", heard: "unreachable" }, NOON + HOLD_MS);
		const due = NOON + HOLD_MS + UNHEARD_REPORT_DELAY_MS;
		ledger.run(refuse, due);
		expect(ledger.run({ type: "release", id: "a", why: "failed-early" }, due + 1).adjustment).toMatchObject({ units: -1, requestId: "a" });
		expect(ledger.rows.get("a")).toMatchObject({ state: "expired", refusals: 1 });
	});
});

describe("a request that two ledgers share", () => {
	const from = (sharedWith?: string | null) => ({ ...hold("a"), sharedWith }) as Command;
	const sharedWith = (ledger: Ledger, command: Command) => {
		const { outcome } = ledger.run(command);
		return "row" in outcome ? outcome.row.sharedWith : undefined;
	};

	test("stays with the ledger that its first hold named, whatever a repeat or a later attempt names", () => {
		const ledger = new Ledger(null);
		expect(sharedWith(ledger, from("network:1"))).toBe("network:1");
		expect(sharedWith(ledger, from("network:2"))).toBe("network:1");
		ledger.run({ type: "release", id: "a", why: "failed-early" });
		expect(sharedWith(ledger, from("network:2"))).toBe("network:1");
		expect(sharedWith(ledger, { type: "settle", id: "a" })).toBe("network:1");
	});

	test("may be shared with none; an attempt after that may name one", () => {
		const ledger = new Ledger(null);
		expect(sharedWith(ledger, from())).toBeNull();
		ledger.run({ type: "release", id: "a", why: "failed-early" });
		expect(sharedWith(ledger, from("network:2"))).toBe("network:2");
	});
});

describe("a clock that jumps", () => {
	test("back never makes an acknowledgement older than the copy in hand", () => {
		const ledger = new Ledger(balance({ fetchedAtMs: NOON + 5_000 }));
		ledger.use("a");
		ledger.run({ type: "acknowledge", id: "a" }, NOON);
		expect(ledger.rows.get("a")?.reportedAtMs).toBe(NOON + 5_000);
		expect(ledger.stands().remaining).toBe(99);
		expect(ledger.run({ type: "acknowledge", id: "a" }, NOON + 9_000).row).toBeUndefined();
	});

	test("without a copy leaves the time of an acknowledgement as it is", () => {
		const ledger = new Ledger(balance());
		ledger.use("a");
		ledger.entitlement = null;
		expect(ledger.run({ type: "acknowledge", id: "a" }, NOON + 7).row?.reportedAtMs).toBe(NOON + 7);
		const row = ledger.rows.get("a");
		expect(row && isOwed(row)).toBe(false);
	});

	test("is the later of the two instants", () => {
		expect(ledgerTimeMs({ latestMs: 7 }, 5)).toBe(7);
		expect(ledgerTimeMs({ latestMs: 7 }, 9)).toBe(9);
	});
});

describe("forgiveness", () => {
	const stopped = (ledger: Ledger, id: string, atMs: number) => {
		ledger.run(hold(id), atMs);
		return ledger.run({ type: "release", id, why: "stopped-early" }, atMs).outcome;
	};

	test("is bounded by the plan's limit where that is below twenty, by twenty where it is not", () => {
		for (const [entitlement, max] of [
			[windowed(), 3],
			[windowed({ limit: 30 }), 20],
			[balance({ allowance: 2 }), 2],
		] as const) {
			const ledger = new Ledger(entitlement);
			for (let i = 0; i < max; i += 1) expect(stopped(ledger, `r${i}`, NOON)).toMatchObject({ counted: false });
			expect(stopped(ledger, "last", NOON)).toMatchObject({ counted: true });
		}
	});

	test("of a plan that only grants fill is that of its tier", () => {
		const ledger = new Ledger(windowed({ limit: 0 }));
		ledger.run(grant("g", 5));
		expect(stopped(ledger, "a", NOON)).toMatchObject({ counted: false });
	});

	test("of a hold from an earlier plan or day is that of its own tier", () => {
		const ledger = new Ledger(null);
		ledger.run(hold("free"));
		ledger.entitlement = windowed({ limit: 1 });
		ledger.run(hold("paid"));
		expect(ledger.run({ type: "release", id: "free", why: "failed-midway" }).outcome).toMatchObject({ counted: false });
		ledger.entitlement = null;
		expect(ledger.run({ type: "release", id: "paid", why: "failed-midway" }).outcome).toMatchObject({ counted: false });
	});

	test("begins anew with a subscription's period, and what was held in the last one stays with that", () => {
		const ledger = new Ledger(balance({ allowance: 2 }));
		ledger.run(hold("late"));
		ledger.run(hold("later"));
		stopped(ledger, "a", NOON);
		ledger.entitlement = balance({ allowance: 2, periodStartMs: END, periodEndMs: END + DAY_MS, fetchedAtMs: END });
		expect(stopped(ledger, "a", END), "the same request again, in the new period").toMatchObject({ counted: false, row: { forgiven: 1 } });
		expect(stopped(ledger, "b", END)).toMatchObject({ counted: false });
		expect(stopped(ledger, "c", END)).toMatchObject({ counted: true });
		expect(ledger.run({ type: "release", id: "late", why: "stopped-early" }, END).outcome).toMatchObject({ counted: false });
		expect(ledger.run({ type: "release", id: "later", why: "stopped-early" }, END).outcome).toMatchObject({ counted: false });
	});
});
