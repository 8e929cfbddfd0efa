import { describe, expect, test } from "vitest";
import { balance, correct, DAY_MS, END, grant, hold, MemoryLedger, NOON, windowed } from "../proof/memory-ledger.ts";
import { type Command, HOLD_MS, UNHEARD_REPORT_DELAY_MS } from "./ledger.ts";
import { deadLetters, nextBatch } from "./outbox.ts";
import { isOwed, ledgerTimeMs } from "./rows.ts";
import type { Entitlement } from "./tier.ts";

describe("a word that comes late", () => {
	const late = NOON + HOLD_MS;
	const due = late + UNHEARD_REPORT_DELAY_MS;
	function unheard(entitlement: Entitlement = windowed()): MemoryLedger {
		const ledger = new MemoryLedger(entitlement);
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
		const ledger = new MemoryLedger(windowed());
		ledger.use("a");
		expect(ledger.run({ type: "dispatch", id: "a" })).toEqual({ outcome: { kind: "dispatched" } });
	});
});

describe("a report that the provider refuses", () => {
	const refuse: Command = { type: "refuse", id: "a" };

	test("stays owed and counted; the fifth refusal makes it a dead letter, and a late acceptance ends that", () => {
		const ledger = new MemoryLedger(balance());
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
		const ledger = new MemoryLedger(null);
		ledger.use("a");
		expect(ledger.run(refuse).row).toBeUndefined();
		const paid = new MemoryLedger(balance());
		paid.run(hold("a"));
		expect(paid.run(refuse).row).toBeUndefined();
		expect(paid.run({ type: "refuse", id: "b" }).outcome.kind).toBe("unknown");
	});

	test("is not undone in place by a late word, though it is due again only later", () => {
		const ledger = new MemoryLedger(balance());
		ledger.run(hold("a"));
		ledger.run({ type: "expire", id: "a", heard: "unreachable" }, NOON + HOLD_MS);
		const due = NOON + HOLD_MS + UNHEARD_REPORT_DELAY_MS;
		ledger.run(refuse, due);
		expect(ledger.run({ type: "release", id: "a", why: "failed-early" }, due + 1).adjustment).toMatchObject({ units: -1, requestId: "a" });
		expect(ledger.rows.get("a")).toMatchObject({ state: "expired", refusals: 1 });
	});
});

describe("a request that several ledgers share", () => {
	const from = (sharedWith?: string[]): Command => Object.assign(hold("a"), { sharedWith });
	const sharedWith = (ledger: MemoryLedger, command: Command) => {
		const { outcome } = ledger.run(command);
		return "row" in outcome ? outcome.row.sharedWith : undefined;
	};

	test("stays with those that the attempt's hold named, whatever a repeat names", () => {
		const ledger = new MemoryLedger(null);
		expect(sharedWith(ledger, from(["network:1"]))).toEqual(["network:1"]);
		expect(sharedWith(ledger, from(["network:2"]))).toEqual(["network:1"]);
		expect(sharedWith(ledger, { type: "release", id: "a", why: "failed-early" })).toEqual(["network:1"]);
		expect(sharedWith(ledger, from(["network:2"]))).toEqual(["network:2"]);
		expect(sharedWith(ledger, { type: "settle", id: "a" })).toEqual(["network:2"]);
	});

	test("may be shared with none", () => {
		expect(sharedWith(new MemoryLedger(null), from())).toBeNull();
	});
});

describe("a clock that jumps", () => {
	test("back never makes an acknowledgement older than the copy in hand", () => {
		const ledger = new MemoryLedger(balance({ fetchedAtMs: NOON + 5_000 }));
		ledger.use("a");
		ledger.run({ type: "acknowledge", id: "a" }, NOON);
		expect(ledger.rows.get("a")?.reportedAtMs).toBe(NOON + 5_000);
		expect(ledger.stands().remaining).toBe(99);
		expect(ledger.run({ type: "acknowledge", id: "a" }, NOON + 9_000).row).toBeUndefined();
	});

	test("without a copy leaves the time of an acknowledgement as it is", () => {
		const ledger = new MemoryLedger(balance());
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
	const stopped = (ledger: MemoryLedger, id: string, atMs: number) => {
		ledger.run(hold(id), atMs);
		return ledger.run({ type: "release", id, why: "stopped-early" }, atMs).outcome;
	};

	test("is bounded by the plan's limit where that is below twenty, by twenty where it is not", () => {
		for (const [entitlement, max] of [
			[windowed(), 3],
			[windowed({ limit: 30 }), 20],
			[balance({ allowance: 2 }), 2],
		] as const) {
			const ledger = new MemoryLedger(entitlement);
			for (let i = 0; i < max; i += 1) expect(stopped(ledger, `r${i}`, NOON)).toMatchObject({ counted: false });
			expect(stopped(ledger, "last", NOON)).toMatchObject({ counted: true });
		}
	});

	test("of a plan that only grants fill is that of its tier", () => {
		const ledger = new MemoryLedger(windowed({ limit: 0 }));
		ledger.run(grant("g", 5));
		expect(stopped(ledger, "a", NOON)).toMatchObject({ counted: false });
	});

	test("of a hold from an earlier plan or day is that of its own tier", () => {
		const ledger = new MemoryLedger(null);
		ledger.run(hold("free"));
		ledger.entitlement = windowed({ limit: 1 });
		ledger.run(hold("paid"));
		expect(ledger.run({ type: "release", id: "free", why: "failed-midway" }).outcome).toMatchObject({ counted: false });
		ledger.entitlement = null;
		expect(ledger.run({ type: "release", id: "paid", why: "failed-midway" }).outcome).toMatchObject({ counted: false });
	});

	test("begins anew with a subscription's period, and what was held in the last one stays with that", () => {
		const ledger = new MemoryLedger(balance({ allowance: 2 }));
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
