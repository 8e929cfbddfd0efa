import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Entitlement } from "@parley/metering";
import { beforeAll, describe, expect, test } from "vitest";
import { cutAppWaits, setAppTimeouts } from "../app-time.ts";
import { Client, eventually, faults, resetSandbox, sandboxState } from "../client.ts";

// I7 as a table: what was read last × what the provider does now -> what the user gets. Service is never unlimited, and no accepted request waits.

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
	["sends headers and then nothing", { stall: true }],
];

describe.each(PROVIDER)("a provider that %s", (_, fault) => {
	const ledgers = new Map<string, { user: Client; key: string }>();

	// All at once: a provider that never answers, or stalls, times out after 5 s.
	beforeAll(async () => {
		await resetSandbox();
		await faults({ api: [{ path: "/api/v1/*", ...fault }] });
		const made = READ_LAST.map(async ([what, copy]) => {
			const ledger = await withCopy(copy);
			await ledger.user.usage();
			ledgers.set(what, ledger);
		});
		await Promise.all(made);
	}, 60_000);

	test.each(READ_LAST)("leaves the last known state: %s", async (what, _, then) => {
		const { user, key } = ledgers.get(what) ?? (await withCopy(null));
		await eventually(async () => expect(await user.usage()).toMatchObject(then));

		// Every remaining unit is held without waiting. Only the refusal may wait for the provider, once and at most 1.5 s.
		const waits = cutAppWaits();
		const ledger = env.USAGE_LEDGER.getByName(key);
		let held = 0;
		for (; held < 30; held += 1) {
			const { outcome } = await ledger.hold(key, { id: `${held}`, fingerprint: "", units: 1, chatId: null });
			if (outcome.kind === "refused") break;
			expect(waits).toEqual([]);
			await ledger.settle(`${held}`);
		}
		expect(held).toBe(then.remaining);
		expect(waits.length).toBeLessThanOrEqual(1);
		expect(waits.filter((ms) => ms > 1_500)).toEqual([]);
	});
});

describe("a provider that stalls for a while", () => {
	const stall = { api: [{ path: "/api/v1/*", stall: true }] };

	test("blocks neither a ledger's reports nor its reads: both resume once it answers again", async () => {
		await resetSandbox();
		const user = new Client();
		const { id: userId } = await user.subscribe();
		const key = `user:${userId}`;
		const ledger = env.USAGE_LEDGER.getByName(key);
		expect(await user.usage()).toMatchObject({ tier: "paid" });
		await faults(stall);
		expect((await user.chat(crypto.randomUUID(), crypto.randomUUID())).metadata.counted).toBe(true);
		setAppTimeouts(100);
		// The report stalls. Then a read, which resends the report first, stalls as well.
		await runDurableObjectAlarm(ledger);
		await ledger.refresh(key);
		setAppTimeouts(20_000);
		await faults({});
		await eventually(async () => {
			await runDurableObjectAlarm(ledger);
			expect((await sandboxState()).usageEvents).toHaveLength(1);
		});
		const { subscriptions } = await sandboxState();
		const plan = subscriptions.find((one) => !one.isFreePlan);
		await fetch(`${env.SANDBOX_URL}/api/v1/subscriptions/${plan?.id}/cancel`, {
			method: "POST",
			headers: { authorization: "sk_test_sandbox", "content-type": "application/json" },
			body: JSON.stringify({ cancellation: { timing: "immediately" } }),
		});
		await eventually(async () => {
			await ledger.refresh(key);
			expect(await user.usage()).toMatchObject({ tier: "free" });
		});
	});

	test("does not block checkouts: one opened during the stall fails, and the next one opens the page", async () => {
		await resetSandbox();
		const user = new Client();
		const { email } = await user.signUp();
		await user.confirm(email);
		await faults({ api: [{ path: "/api/v1/checkout-sessions", stall: true }] });
		setAppTimeouts(200);
		const refused = await user.post("/api/billing/checkout", { priceSlug: "pro_monthly" });
		expect(refused.status).toBeGreaterThanOrEqual(500);
		setAppTimeouts(20_000);
		await faults({});
		expect(await user.checkout("pro_monthly")).toContain(env.SANDBOX_URL);
	});
});

/** A user whose ledger has this as the last read from the provider. */
async function withCopy(copy: ((nowMs: number) => Entitlement) | null): Promise<{ user: Client; key: string }> {
	const user = new Client();
	const { id: userId } = await user.signUp();
	const key = `user:${userId}`;
	const ledger = env.USAGE_LEDGER.getByName(key);
	// The first write creates the ledger's tables; its unit is released.
	await ledger.hold(key, { id: "first", fingerprint: "", units: 1, chatId: null });
	await ledger.release("first", "failed-early");
	await runInDurableObject(ledger, (_, { storage }) => {
		storage.sql.exec("UPDATE ledger SET notes = ?", JSON.stringify(copy ? { entitlement: copy(Date.now()) } : {}));
	});
	await evictDurableObject(ledger);
	return { user, key };
}
