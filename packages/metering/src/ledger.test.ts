import { describe, expect, test } from "vitest";
import { balance, DAY_MS, END, grant, hold, MemoryLedger, NOON } from "../proof/memory-ledger.ts";
import type { Command } from "./ledger.ts";
import { DEFAULT_LIMITS, ENTITLEMENT_TRUST_MS } from "./tier.ts";
import type { Release } from "./who-pays.ts";

const MINUTE_MS = 60_000;
const MIDNIGHT = Date.UTC(2026, 10, 22);
const free = () => new MemoryLedger(null);
const guest = () => new MemoryLedger(null, "guest");
const ids = (n: number, prefix = "r") => Array.from({ length: n }, (_, i) => `${prefix}${i}`);
const settle = (id: string): Command => ({ type: "settle", id });
const release = (id: string, why: Release): Command => ({ type: "release", id, why });

/** A ledger with `count` counted requests. */
function used(ledger: MemoryLedger, n: number, atMs = NOON): MemoryLedger {
	for (const id of ids(n)) ledger.use(id, 1, atMs);
	return ledger;
}

function giveBack(ledger: MemoryLedger, id: string, why: Release, atMs = NOON) {
	ledger.run(hold(id), atMs);
	return ledger.run(release(id, why), atMs).outcome;
}

describe("a guest", () => {
	test("gets five requests for its lifetime, and the sixth is refused with tier and limit", () => {
		const ledger = used(guest(), 5);
		expect(ledger.rows.get("r0")?.pool).toBe("guest");
		expect(ledger.run(hold("sixth"), NOON + 300 * DAY_MS).outcome).toEqual({
			kind: "refused",
			refusal: { policy: "guest", tier: "guest", limit: 5, remaining: 0, resetAtMs: null },
		});
	});

	test("is closed once its chats have moved to an account", () => {
		const ledger = guest();
		ledger.closed = true;
		expect(ledger.run(hold("a")).outcome).toMatchObject({ kind: "refused", refusal: { remaining: 0 } });
		expect(ledger.stands()).toMatchObject({ remaining: 0, topUps: 0 });
	});
});

describe("a network", () => {
	test("gets 25 requests per UTC day, also all at once", () => {
		const ledger = new MemoryLedger(null, "network");
		for (const id of ids(25)) expect(ledger.run(hold(id)).outcome.kind).toBe("held");
		expect(ledger.run(hold("x")).outcome).toEqual({
			kind: "refused",
			refusal: { policy: "network", tier: "guest", limit: 25, remaining: 0, resetAtMs: MIDNIGHT },
		});
		expect(ledger.run(hold("x"), MIDNIGHT).outcome.kind).toBe("held");
	});
});

describe("a signed-in user", () => {
	test("gets 20 requests per UTC day, and 20 more from midnight on", () => {
		const ledger = used(free(), 20);
		expect(ledger.rows.get("r0")?.pool).toBe("day:2026-11-21");
		expect(ledger.run(hold("x"), MIDNIGHT - 1).outcome).toMatchObject({
			kind: "refused",
			refusal: { policy: "free", resetAtMs: MIDNIGHT },
		});
		expect(ledger.run(hold("x"), MIDNIGHT).row).toMatchObject({ state: "held", pool: "day:2026-11-22" });
	});

	test("gets no second day when the clock jumps back", () => {
		expect(used(free(), 20).run(hold("x"), NOON - DAY_MS).outcome.kind).toBe("refused");
	});

	test("has at most six requests in flight, and an exhausted allowance is reported first", () => {
		const ledger = free();
		for (const id of ids(6)) ledger.run(hold(id));
		expect(ledger.run(hold("x")).outcome).toEqual({
			kind: "refused",
			refusal: { policy: "in-flight", tier: "free", limit: 6, remaining: 14, resetAtMs: null },
		});
		ledger.run({ type: "carry-over", id: "guest:g", units: 14 });
		expect(ledger.run(hold("x")).outcome).toMatchObject({ kind: "refused", refusal: { policy: "free", remaining: 0 } });
	});

	test("counts its guest units once, on the free day, however often they are carried over", () => {
		const ledger = new MemoryLedger(balance());
		const carry: Command = { type: "carry-over", id: "guest:g", units: 4 };
		expect(ledger.run(carry)).toMatchObject({ outcome: { kind: "carried-over" }, adjustment: { pool: "day:2026-11-21", units: 4 } });
		expect(ledger.run(carry)).toEqual({ outcome: { kind: "carried-over" } });
		ledger.entitlement = null;
		expect(ledger.stands()).toMatchObject({ used: 4, remaining: 16 });
	});

	test("is refused a request whose units do not fit as a whole", () => {
		const ledger = used(free(), 18);
		expect(ledger.run(hold("dear", 3)).outcome.kind).toBe("refused");
		expect(ledger.run(hold("fits", 2)).outcome.kind).toBe("held");
	});
});

describe("a hold", () => {
	test("is taken once per request, and another body under its id is a conflict", () => {
		const ledger = free();
		ledger.run(hold("a"));
		expect(ledger.run(hold("a"))).toEqual({ outcome: { kind: "repeat", row: ledger.rows.get("a") } });
		expect(ledger.run({ type: "hold", id: "a", fingerprint: "other", units: 1, chatId: null }).outcome.kind).toBe("conflict");
	});

	test("can be retaken after a release, as the next attempt of the same row", () => {
		const ledger = free();
		giveBack(ledger, "a", "failed-early");
		expect(ledger.run(hold("a")).row).toMatchObject({ state: "held", attempt: 2 });
	});

	test("ends once: a second end gets the first outcome and writes nothing", () => {
		const ledger = free();
		ledger.use("a");
		expect(ledger.run(release("a", "failed-early"))).toEqual({ outcome: { kind: "ended", row: ledger.rows.get("a"), counted: true } });
		giveBack(ledger, "b", "failed-early");
		for (const second of [settle("b"), { type: "extend", id: "b" } as const]) {
			expect(ledger.run(second)).toEqual({ outcome: { kind: "ended", row: ledger.rows.get("b"), counted: false } });
		}
	});

	test("stays in its pool and window", () => {
		const ledger = free();
		ledger.run(hold("late"), MIDNIGHT - 1);
		ledger.run(settle("late"), MIDNIGHT + 1);
		expect(ledger.stands(MIDNIGHT + 1)).toMatchObject({ used: 0, remaining: 20 });
	});

	test("lives ten minutes, and at least ten more after each extend", () => {
		const ledger = free();
		expect(ledger.run(hold("a")).row?.expiresAtMs).toBe(NOON + 10 * MINUTE_MS);
		const extended = ledger.run({ type: "extend", id: "a" }, NOON + 4 * MINUTE_MS);
		expect(extended.outcome).toEqual({ kind: "extended", row: ledger.rows.get("a") });
		expect(ledger.run({ type: "extend", id: "a" }).row).toMatchObject({ state: "held", expiresAtMs: NOON + 14 * MINUTE_MS });
	});

	test("cannot be ended if it was never taken", () => {
		expect(free().run(settle("a"))).toEqual({ outcome: { kind: "unknown" } });
	});
});

describe("an expired hold", () => {
	const late = NOON + 10 * MINUTE_MS;
	const held = () => {
		const ledger = new MemoryLedger(balance());
		ledger.run(hold("a"));
		return ledger;
	};

	test("is released when its chat never started the answer", () => {
		expect(held().run({ type: "expire", id: "a", chatStatus: "never-started" }, late).row?.state).toBe("released");
	});

	test("is extended while its answer is running", () => {
		expect(held().run({ type: "expire", id: "a", chatStatus: "running" }, late).row).toMatchObject({
			state: "held",
			expiresAtMs: late + 10 * MINUTE_MS,
		});
	});

	test("is counted when the chat is unreachable, and corrected by a result within an hour", () => {
		const unreachable = () => {
			const ledger = held();
			ledger.run({ type: "expire", id: "a", chatStatus: "unreachable" }, late);
			return ledger;
		};
		expect(unreachable().rows.get("a")).toMatchObject({ state: "expired", reportAfterMs: late + 60 * MINUTE_MS });
		expect(unreachable().stands(late).used).toBe(1);
		expect(unreachable().run(release("a", "failed-early"), late + 1).row?.state).toBe("released");
		expect(unreachable().run(settle("a"), late + 1).row).toMatchObject({ state: "settled", reportAfterMs: late + 1 });
	});

	test("is not ended before its expiry", () => {
		expect(held().run({ type: "expire", id: "a", chatStatus: "unreachable" }, late - 1).row).toBeUndefined();
	});
});

describe("forgiveness", () => {
	test("of bounded releases ends at the tier's limit per window, after which they count", () => {
		const ledger = guest();
		for (const id of ids(5)) expect(giveBack(ledger, id, "failed-midway")).toMatchObject({ counted: false });
		expect(ledger.stands()).toMatchObject({ used: 0, remaining: 5 });
		expect(giveBack(ledger, "x", "stopped-early")).toMatchObject({ counted: true });
	});

	test("is not restored by retrying the request", () => {
		const ledger = guest();
		for (let i = 0; i < 6; i += 1) giveBack(ledger, "same", "stopped-early");
		expect(ledger.stands().used).toBe(1);
	});

	test("is unbounded for a model that never answered", () => {
		const ledger = guest();
		for (const id of ids(50)) giveBack(ledger, id, "failed-early");
		expect(ledger.stands()).toMatchObject({ used: 0, remaining: 5 });
	});

	test("is counted separately per day and per plan", () => {
		const ledger = new MemoryLedger(null, "user", { ...DEFAULT_LIMITS, free: 1 });
		expect(giveBack(ledger, "a", "stopped-early")).toMatchObject({ counted: false });
		expect(giveBack(ledger, "b", "stopped-early", MIDNIGHT)).toMatchObject({ counted: false });
		ledger.entitlement = balance({ allowance: 1, fetchedAtMs: MIDNIGHT });
		expect(giveBack(ledger, "c", "stopped-early", MIDNIGHT)).toMatchObject({ counted: false });
		expect(giveBack(ledger, "d", "stopped-early", MIDNIGHT)).toMatchObject({ counted: true });
	});

	test("covers a whole day, even if a plan began during it", () => {
		const ledger = new MemoryLedger(null, "user", { ...DEFAULT_LIMITS, free: 1 });
		giveBack(ledger, "morning", "stopped-early", NOON - 1);
		ledger.run(hold("afternoon"));
		ledger.entitlement = balance();
		expect(ledger.run(release("afternoon", "stopped-early")).outcome).toMatchObject({ counted: true });
	});

	test("of holds from a past plan or day is bounded by their tier's limit and by 20", () => {
		const bound = (kind: "guest" | "network" | "user", limits: Partial<typeof DEFAULT_LIMITS>, paid: boolean) => {
			const inFlight = { guest: 50, free: 50, paid: 50, organization: 50, member: 50 };
			const ledger = new MemoryLedger(paid ? balance({ available: 50 }) : null, kind, { ...DEFAULT_LIMITS, ...limits, inFlight });
			// With credits, more holds can be open than the bound forgives.
			ledger.run(grant("g", 25));
			const open = ids(30).filter((id) => ledger.run(hold(id)).outcome.kind === "held");
			// Another plan, with another limit, on the next day.
			ledger.entitlement = balance({ subscriptionId: "sub_2", allowance: 7, fetchedAtMs: MIDNIGHT });
			const outcomes = open.map((id) => ledger.run(release(id, "stopped-early"), MIDNIGHT).outcome);
			return outcomes.filter((outcome) => outcome.kind === "ended" && !outcome.counted).length;
		};
		expect(bound("user", { free: 3 }, false)).toBe(3);
		expect(bound("user", { paid: 4 }, true)).toBe(4);
		expect(bound("user", { free: 30 }, false)).toBe(20);
		expect(bound("network", { network: 2 }, false)).toBe(2);
		expect(bound("guest", { guest: 6 }, false)).toBe(6);
	});
});

describe("a paid subscription", () => {
	test("subtracts units that the provider cannot know yet from its balance", () => {
		const ledger = new MemoryLedger(balance({ available: 10 }));
		ledger.use("a", 1, NOON + 1);
		ledger.run(hold("b"), NOON + 1);
		expect(ledger.stands(NOON + 1)).toMatchObject({ tier: "paid", used: 1, held: 1, remaining: 8 });
		expect(ledger.run({ type: "acknowledge", id: "a" }, NOON + 2).outcome).toEqual({ kind: "acknowledged" });
		expect(ledger.stands(NOON + 2).remaining).toBe(8);
		ledger.entitlement = balance({ available: 9, fetchedAtMs: NOON + 3 });
		expect(ledger.stands(NOON + 3).remaining).toBe(8);
		ledger.run(release("b", "failed-early"), NOON + 3);
		expect(ledger.stands(NOON + 3).remaining, "what was released is not subtracted").toBe(9);
	});

	test("is not charged for earlier usage, or usage of another subscription", () => {
		const ledger = used(free(), 3);
		ledger.entitlement = balance({ subscriptionId: "sub_2", available: 10 });
		ledger.use("other");
		ledger.entitlement = balance({ available: 10 });
		expect(ledger.stands()).toMatchObject({ used: 0, remaining: 10 });
	});

	test("shows units beyond the plan as top-ups", () => {
		const ledger = new MemoryLedger(balance({ available: 197 }));
		expect(ledger.stands()).toMatchObject({ limit: 100, remaining: 197, topUps: 97 });
		ledger.use("a", 3);
		ledger.run(hold("b", 2));
		expect(ledger.stands(), "the plan is spent first").toMatchObject({ used: 3, held: 2, remaining: 192, topUps: 97 });
		ledger.entitlement = balance({ available: 50 });
		expect(ledger.stands().topUps).toBe(0);
	});

	test("with a negative balance shows 0 remaining", () => {
		const ledger = new MemoryLedger(balance({ available: -503 }));
		expect(ledger.run(hold("a")).outcome).toEqual({
			kind: "refused",
			refusal: {
				policy: "paid",
				tier: "paid",
				limit: 100,
				remaining: 0,
				freeDay: { limit: 20, used: 0, held: 0, remaining: 20 },
				resetAtMs: END,
			},
		});
	});

	test("allows at most a free day after its period's end until it is read again", () => {
		const ledger = used(new MemoryLedger(balance()), 8);
		expect(ledger.stands(END - 1).remaining).toBe(92);
		expect(ledger.stands(END).remaining).toBe(20);
		for (const id of ids(20, "late")) ledger.use(id, 1, END);
		expect(ledger.run(hold("x"), END).outcome, "nothing is known of a reset").toMatchObject({
			kind: "refused",
			refusal: { remaining: 0, resetAtMs: null },
		});
		expect(ledger.stands(END), "what is held at the end is not in the period").toMatchObject({ used: 8 });
		ledger.entitlement = balance({ available: 5 });
		expect(new MemoryLedger(ledger.entitlement).stands(END).remaining, "nor further than what was left").toBe(5);
	});

	test("that does not renew can be used up", () => {
		expect(used(new MemoryLedger(balance({ periodEndMs: null })), 30).stands(END).remaining).toBe(70);
	});

	test("is no longer trusted after a day without a successful read", () => {
		const ledger = new MemoryLedger(balance());
		ledger.run(grant("g", 1));
		expect(ledger.stands(NOON + ENTITLEMENT_TRUST_MS).tier).toBe("paid");
		expect(ledger.stands(NOON + ENTITLEMENT_TRUST_MS + 1)).toMatchObject({ tier: "free", remaining: 21, topUps: 1 });
	});
});
