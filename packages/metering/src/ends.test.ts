import { describe, expect, test } from "vitest";
import { balance, correct, DAY_MS, END, grant, hold, MemoryLedger, NOON, windowed } from "../proof/memory-ledger.ts";
import { type Command, HOLD_MS, UNREACHABLE_REPORT_DELAY_MS } from "./ledger.ts";
import { deadLetters, nextBatch } from "./outbox.ts";
import { isOwed, ledgerTimeMs } from "./rows.ts";
import type { Entitlement } from "./tier.ts";

describe("a late result", () => {
	const late = NOON + HOLD_MS;
	const due = late + UNREACHABLE_REPORT_DELAY_MS;
	function unreachable(entitlement: Entitlement = windowed()): MemoryLedger {
		const ledger = new MemoryLedger(entitlement);
		ledger.run(grant("g", 2));
		ledger.run(hold("a", 4));
		ledger.run({ type: "expire", id: "a", chatStatus: "unreachable" }, late);
		return ledger;
	}
	const release: Command = { type: "release", id: "a", why: "failed-midway" };

	test("releases in place until the report is due, and as a correction from then on", () => {
		expect(unreachable().run(release, due - 1)).toMatchObject({ row: { state: "released", forgiven: 1 }, outcome: { counted: false } });
		const ledger = unreachable();
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

	test("gets the first outcome however often it arrives, and the report is still sent", () => {
		const ledger = unreachable();
		ledger.run(release, due);
		for (const command of [release, { type: "settle", id: "a" } as const]) {
			expect(ledger.run(command, due + 1)).toEqual({ outcome: { kind: "ended", row: ledger.rows.get("a"), counted: false } });
		}
		expect(nextBatch(ledger.rows.values(), due)).toHaveLength(1);
		ledger.run({ type: "acknowledge", id: "a" }, due + 2);
		expect(ledger.rows.get("a")?.reportedAtMs).toBe(due + 2);
	});

	test("closes the id, so that a reported and refunded unit is not reported again under it", () => {
		const ledger = unreachable();
		ledger.run(release, due);
		expect(ledger.run(hold("a", 4), due).outcome.kind).toBe("conflict");
	});

	test("corrects a report in flight, even if the clock went back", () => {
		const ledger = unreachable();
		expect(ledger.run({ type: "dispatch", id: "a" }, due).row?.sentAtMs).toBe(due);
		expect(ledger.run({ type: "dispatch", id: "a" }, due + 1)).toEqual({ outcome: { kind: "dispatched" } });
		expect(ledger.run(release, late + 1).adjustment).toBeDefined();
	});

	test("corrects a report that was acknowledged", () => {
		const ledger = unreachable();
		ledger.run({ type: "acknowledge", id: "a" }, late + 1);
		expect(ledger.run(release, late + 2).adjustment).toBeDefined();
	});

	test("after a completed answer settles the row, keeps its report time, and is final", () => {
		const early = unreachable();
		expect(early.run({ type: "settle", id: "a" }, late + 1).row).toMatchObject({
			state: "settled",
			endedAtMs: late,
			reportAfterMs: late + 1,
		});
		const ledger = unreachable();
		expect(ledger.run({ type: "settle", id: "a" }, due + 5).row).toMatchObject({ state: "settled", reportAfterMs: due });
		expect(ledger.run(release, due + 6)).toEqual({ outcome: { kind: "ended", row: ledger.rows.get("a"), counted: true } });
	});

	test("can be corrected by hand once final, up to its remaining units", () => {
		const ledger = unreachable();
		expect(ledger.run(correct("c", { request: "a" }, -1), due - 1).outcome.kind).toBe("conflict");
		expect(ledger.run(correct("c", { request: "a" }, -1), due).outcome.kind).toBe("corrected");
		expect(ledger.run(release, due).adjustment).toMatchObject({ units: -3 });
		expect(ledger.stands(due)).toMatchObject({ used: 0, remaining: 5 });
	});

	test("for an unreported unit releases in place at any time", () => {
		const ledger = unreachable({ kind: "none", fetchedAtMs: NOON });
		expect(ledger.run({ type: "dispatch", id: "a" }, due).row).toBeUndefined();
		expect(ledger.run(release, due + DAY_MS).row?.state).toBe("released");
	});

	test("writes a dispatch only for rows that a late result can still undo", () => {
		const ledger = new MemoryLedger(windowed());
		ledger.use("a");
		expect(ledger.run({ type: "dispatch", id: "a" })).toEqual({ outcome: { kind: "dispatched" } });
	});
});

describe("a report that the provider refuses", () => {
	const refuse: Command = { type: "refuse", id: "a" };

	test("stays owed and counted; the fifth refusal makes it a dead letter, and an acknowledgement ends that", () => {
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

	test("is ignored for an open or unreported request", () => {
		const ledger = new MemoryLedger(null);
		ledger.use("a");
		expect(ledger.run(refuse).row).toBeUndefined();
		const paid = new MemoryLedger(balance());
		paid.run(hold("a"));
		expect(paid.run(refuse).row).toBeUndefined();
		expect(paid.run({ type: "refuse", id: "b" }).outcome.kind).toBe("unknown");
	});

	test("is not undone in place by a late result, even if its retry is due later", () => {
		const ledger = new MemoryLedger(balance());
		ledger.run(hold("a"));
		ledger.run({ type: "expire", id: "a", chatStatus: "unreachable" }, NOON + HOLD_MS);
		const due = NOON + HOLD_MS + UNREACHABLE_REPORT_DELAY_MS;
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

	test("keeps the ledgers of its hold, whatever a repeat names", () => {
		const ledger = new MemoryLedger(null);
		expect(sharedWith(ledger, from(["network:1"]))).toEqual(["network:1"]);
		expect(sharedWith(ledger, from(["network:2"]))).toEqual(["network:1"]);
		expect(sharedWith(ledger, { type: "release", id: "a", why: "failed-early" })).toEqual(["network:1"]);
		expect(sharedWith(ledger, from(["network:2"]))).toEqual(["network:2"]);
		expect(sharedWith(ledger, { type: "settle", id: "a" })).toEqual(["network:2"]);
	});

	test("has no shared ledgers by default", () => {
		expect(sharedWith(new MemoryLedger(null), from())).toBeNull();
	});
});

describe("a clock that jumps", () => {
	test("back never makes an acknowledgement older than the entitlement's read", () => {
		const ledger = new MemoryLedger(balance({ fetchedAtMs: NOON + 5_000 }));
		ledger.use("a");
		ledger.run({ type: "acknowledge", id: "a" }, NOON);
		expect(ledger.rows.get("a")?.reportedAtMs).toBe(NOON + 5_000);
		expect(ledger.stands().remaining).toBe(99);
		expect(ledger.run({ type: "acknowledge", id: "a" }, NOON + 9_000).row).toBeUndefined();
	});

	test("without an entitlement leaves an acknowledgement's time unchanged", () => {
		const ledger = new MemoryLedger(balance());
		ledger.use("a");
		ledger.entitlement = null;
		expect(ledger.run({ type: "acknowledge", id: "a" }, NOON + 7).row?.reportedAtMs).toBe(NOON + 7);
		const row = ledger.rows.get("a");
		expect(row && isOwed(row)).toBe(false);
	});

	test("makes ledger time the later of the two instants", () => {
		expect(ledgerTimeMs({ sums: { latestMs: 7 } }, 5)).toBe(7);
		expect(ledgerTimeMs({ sums: { latestMs: 7 } }, 9)).toBe(9);
	});
});

describe("forgiveness", () => {
	const stopped = (ledger: MemoryLedger, id: string, atMs: number) => {
		ledger.run(hold(id), atMs);
		return ledger.run({ type: "release", id, why: "stopped-early" }, atMs).outcome;
	};

	test("is bounded by the plan's limit or by 20, whichever is lower", () => {
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

	test("of a plan with only grants is bounded by its tier's limit", () => {
		const ledger = new MemoryLedger(windowed({ limit: 0 }));
		ledger.run(grant("g", 5));
		expect(stopped(ledger, "a", NOON)).toMatchObject({ counted: false });
	});

	test("of a hold from an earlier plan or day is bounded by that hold's tier", () => {
		const ledger = new MemoryLedger(null);
		ledger.run(hold("free"));
		ledger.entitlement = windowed({ limit: 1 });
		ledger.run(hold("paid"));
		expect(ledger.run({ type: "release", id: "free", why: "failed-midway" }).outcome).toMatchObject({ counted: false });
		ledger.entitlement = null;
		expect(ledger.run({ type: "release", id: "paid", why: "failed-midway" }).outcome).toMatchObject({ counted: false });
	});

	test("resets with a subscription's period; earlier holds stay with theirs", () => {
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
