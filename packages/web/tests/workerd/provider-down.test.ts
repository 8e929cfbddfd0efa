import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Entitlement } from "@parley/metering";
import { beforeEach, expect, test } from "vitest";
import { Client, eventually, faults, resetSandbox } from "../client.ts";

// I7 as a table: what was read last × what the provider does now -> what the user has. Nothing is unlimited, and nobody waits.

beforeEach(resetSandbox);

const HOUR_MS = 3_600_000;
const paid =
	(ageMs: number, periodEndsInMs: number) =>
	(nowMs: number): Entitlement => ({
		kind: "balance",
		subscriptionId: "sub_of_the_table",
		available: 22,
		allowance: 1000,
		periodStartMs: nowMs - 48 * HOUR_MS,
		periodEndMs: nowMs + periodEndsInMs,
		fetchedAtMs: nowMs - ageMs,
	});

const READ_LAST: [
	what: string,
	copy: ((nowMs: number) => Entitlement) | null,
	then: { tier: string; remaining: number; unverified: boolean },
][] = [
	["nothing yet", null, { tier: "free", remaining: 20, unverified: true }],
	["no plan, a minute ago", (nowMs) => ({ kind: "none", fetchedAtMs: nowMs - 60_000 }), { tier: "free", remaining: 20, unverified: false }],
	[
		"no plan, 25 hours ago",
		(nowMs) => ({ kind: "none", fetchedAtMs: nowMs - 25 * HOUR_MS }),
		{ tier: "free", remaining: 20, unverified: true },
	],
	["22 left, a minute ago", paid(60_000, 24 * HOUR_MS), { tier: "paid", remaining: 22, unverified: false }],
	["22 left, 23 hours ago", paid(23 * HOUR_MS, 24 * HOUR_MS), { tier: "paid", remaining: 22, unverified: false }],
	["22 left of a period that is over", paid(60_000, -1_000), { tier: "paid", remaining: 20, unverified: false }],
	["22 left, 25 hours ago", paid(25 * HOUR_MS, 24 * HOUR_MS), { tier: "free", remaining: 20, unverified: true }],
];

const PROVIDER: [does: string, fault: object][] = [
	["answers 500", { status: 500 }],
	["refuses our key", { status: 401 }],
	["never answers", { hang: true }],
];

const TABLE = READ_LAST.flatMap(([what, copy, then]) => PROVIDER.map(([does, fault]) => ({ what, does, copy, fault, then })));

test.each(TABLE)("$what, and the provider $does: $then.tier, $then.remaining left", async ({ copy, fault, then }) => {
	await faults({ api: [{ path: "/api/v1/*", ...fault }] });
	const user = new Client();
	const { id: userId } = await user.signUp();
	const key = `user:${userId}`;
	const ledger = env.USAGE_LEDGER.getByName(key);
	// The first write makes the ledger; it is given back.
	await ledger.hold(key, { id: "first", fingerprint: "", units: 1, chatId: null });
	await ledger.release("first", "failed-early");
	await runInDurableObject(ledger, (_, { storage }) => {
		storage.sql.exec("UPDATE ledger SET notes = ?", JSON.stringify(copy ? { entitlement: copy(Date.now()) } : {}));
	});
	await evictDurableObject(ledger);

	const looked = Date.now();
	await user.usage();
	expect(Date.now() - looked).toBeLessThan(2_000);
	await eventually(async () => expect(await user.usage()).toMatchObject(then));

	// Every unit that is there is given at once; the next is refused, and the refusal waits no longer than the provider may take.
	const waits: number[] = [];
	let held = 0;
	for (; held < 30; held += 1) {
		const asked = Date.now();
		const { outcome } = await ledger.hold(key, { id: `${held}`, fingerprint: "", units: 1, chatId: null });
		waits.push(Date.now() - asked);
		if (outcome.kind === "refused") break;
		await ledger.settle(`${held}`);
	}
	expect(held).toBe(then.remaining);
	expect(Math.max(...waits.slice(0, -1))).toBeLessThan(1_000);
	expect(waits.at(-1)).toBeLessThan(2_000);
});
