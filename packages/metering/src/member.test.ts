import { expect, test } from "vitest";
import { balance, correct, DAY_MS, END, MemoryLedger, NOON, windowed } from "../proof/memory-ledger.ts";
import type { Command } from "./ledger.ts";
import { shareOf } from "./member.ts";
import { DEFAULT_LIMITS, type Entitlement } from "./tier.ts";

const ask = (id: string, member: string, cap: number | null = null, units = 1): Command => ({
	type: "hold",
	id,
	fingerprint: "f",
	units,
	chatId: "c",
	member: { id: member, cap },
});

const organization = (entitlement: Entitlement | null) => new MemoryLedger(entitlement, "organization");

test('an organization without a paid plan refuses with policy "organization"', () => {
	for (const entitlement of [null, { kind: "none" as const, fetchedAtMs: NOON }]) {
		const ledger = organization(entitlement);
		expect(ledger.run(ask("r1", "ada"), NOON).outcome).toEqual({
			kind: "refused",
			refusal: { policy: "organization", tier: "free", limit: 0, remaining: 0, resetAtMs: NOON + DAY_MS / 2 },
		});
		expect(ledger.rows.size).toBe(0);
	}
});

test("members share one allowance", () => {
	const ledger = organization(windowed({ limit: 2 }));
	expect(ledger.run(ask("r1", "ada"), NOON).outcome.kind).toBe("held");
	expect(ledger.run(ask("r2", "bob"), NOON).outcome.kind).toBe("held");
	expect(ledger.run(ask("r3", "ada"), NOON).outcome).toMatchObject({ kind: "refused", refusal: { policy: "paid", remaining: 0 } });
});

test.each([
	["counted here", windowed({ limit: 10 })],
	["counted by the provider", balance({ available: 10 })],
])("a member's cap also bounds held plus used units, %s", (_, entitlement) => {
	const ledger = organization(entitlement);
	ledger.run(ask("r1", "ada", 3, 2), NOON);
	ledger.run({ type: "settle", id: "r1" }, NOON);
	const refusal = { policy: "member", tier: "paid", limit: 3, remaining: 1, resetAtMs: END };
	expect(ledger.run(ask("r2", "ada", 3, 2), NOON).outcome).toEqual({ kind: "refused", refusal });
	expect(ledger.run(ask("r3", "ada", 3), NOON).outcome.kind).toBe("held");
	expect(ledger.run(ask("r4", "ada", 3), NOON).outcome).toMatchObject({ kind: "refused", refusal: { ...refusal, remaining: 0 } });
	expect(shareOf(ledger.state, "ada", NOON)).toEqual({ used: 2, held: 1 });
	expect(ledger.run(ask("r5", "bob", 3), NOON).outcome.kind).toBe("held");
	expect(shareOf(ledger.state, "bob", NOON)).toEqual({ used: 0, held: 1 });
});

test("the organization's limit is checked before a member's cap", () => {
	const ledger = organization(windowed({ limit: 1 }));
	ledger.run(ask("r1", "ada", 1), NOON);
	expect(ledger.run(ask("r2", "ada", 1), NOON).outcome).toMatchObject({ kind: "refused", refusal: { policy: "paid" } });
});

test("units refunded to a member can be used again", () => {
	const ledger = organization(windowed({ limit: 10 }));
	ledger.run(ask("r1", "ada", 1), NOON);
	ledger.run({ type: "release", id: "r1", why: "failed-early" }, NOON);
	expect(ledger.run(ask("r2", "ada", 1), NOON).outcome.kind).toBe("held");
	ledger.run({ type: "settle", id: "r2" }, NOON);
	ledger.run(correct("sorry", { request: "r2" }, -1), NOON);
	expect(shareOf(ledger.state, "ada", NOON)).toEqual({ used: 0, held: 0 });
	expect(ledger.run(ask("r3", "ada", 1), NOON).outcome.kind).toBe("held");
});

test("a cap resets at the first instant of each period, also on trust", () => {
	const ledger = organization(balance());
	expect(ledger.run(ask("r1", "ada", 1), END - 1).outcome.kind).toBe("held");
	expect(ledger.run(ask("r2", "ada", 1), END - 1).outcome).toMatchObject({ kind: "refused", refusal: { policy: "member" } });
	expect(ledger.run(ask("r3", "ada", 1), END).outcome.kind).toBe("held");
	expect(ledger.run(ask("r4", "ada", 1), END).outcome).toMatchObject({ kind: "refused", refusal: { policy: "member", resetAtMs: null } });
	ledger.entitlement = balance({ periodStartMs: END, periodEndMs: END + DAY_MS, fetchedAtMs: END });
	expect(shareOf(ledger.state, "ada", END)).toEqual({ used: 0, held: 1 });
	expect(ledger.run(ask("r5", "ada", 1), END).outcome).toMatchObject({
		kind: "refused",
		refusal: { policy: "member", resetAtMs: END + DAY_MS },
	});
});

test("a cap lowered below the member's usage refuses, and shows no negative number", () => {
	const ledger = organization(windowed({ limit: 10 }));
	ledger.run(ask("r1", "ada", null, 3), NOON);
	expect(ledger.run(ask("r2", "ada", 2), NOON).outcome).toMatchObject({ kind: "refused", refusal: { policy: "member", remaining: 0 } });
});

test("in-flight limits apply to each member and to the organization", () => {
	const inFlight = { ...DEFAULT_LIMITS.inFlight, organization: 3, member: 2 };
	const ledger = new MemoryLedger(windowed({ limit: 10 }), "organization", { ...DEFAULT_LIMITS, inFlight });
	ledger.run(ask("r1", "ada"), NOON);
	ledger.run(ask("r2", "ada"), NOON);
	expect(ledger.run(ask("r3", "ada"), NOON).outcome).toMatchObject({
		kind: "refused",
		refusal: { policy: "in-flight", limit: 2, remaining: 8 },
	});
	ledger.run(ask("r4", "bob"), NOON);
	expect(ledger.run(ask("r5", "cyd"), NOON).outcome).toMatchObject({ kind: "refused", refusal: { policy: "in-flight", limit: 3 } });
	ledger.run({ type: "settle", id: "r1" }, NOON);
	expect(ledger.run(ask("r3", "ada"), NOON).outcome.kind).toBe("held");
});

test("a share covers only the current plan and this member's requests", () => {
	const ledger = organization(windowed({ limit: 10 }));
	ledger.run(ask("ada", "ada"), NOON);
	ledger.run(ask("bob", "bob"), NOON);
	for (const id of ["ada", "bob"]) ledger.run({ type: "settle", id }, NOON);
	ledger.run(correct("of-bob", { request: "bob" }, -1), NOON);
	ledger.run(correct("of-nobody", { pool: `sub:sub_1@${NOON}` }, 5), NOON);
	expect(shareOf(ledger.state, "ada", NOON)).toEqual({ used: 1, held: 0 });
	expect(shareOf(ledger.state, "bob", NOON)).toEqual({ used: 0, held: 0 });
	ledger.entitlement = windowed({ subscriptionId: "sub_2", limit: 10 });
	expect(shareOf(ledger.state, "ada", NOON)).toEqual({ used: 0, held: 0 });
	ledger.entitlement = balance({ subscriptionId: "sub_3" });
	expect(shareOf(ledger.state, "ada", NOON)).toEqual({ used: 0, held: 0 });
});

test("a request belongs to the window that held it, even if a clock ahead of ours started that window", () => {
	const ledger = organization(windowed({ limit: 10, startMs: NOON + 3_600_000 }));
	ledger.run(ask("r1", "ada", 1), NOON);
	expect(ledger.run(ask("r2", "ada", 1), NOON).outcome).toMatchObject({ kind: "refused", refusal: { policy: "member" } });
});
