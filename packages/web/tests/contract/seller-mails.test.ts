import { env, exports } from "cloudflare:workers";
import { afterAll, beforeEach, expect, test } from "vitest";
import { eventually, faults, moveClock, resetSandbox, sandboxState } from "../client.ts";
import { customerIdOf, provider, subscribed, webhook } from "./provider.ts";

// Mails about a plan: the same guarantees for Flowglad and for Stripe.

const DAY_MS = 86_400_000;

beforeEach(async () => {
	await resetSandbox();
	await moveClock({ offsetMs: 0 });
});
afterAll(() => moveClock({ offsetMs: 0 }));

const runCron = (): Promise<void> => (exports.default as unknown as { scheduled(): Promise<void> }).scheduled();
const subjects = async () => (await sandboxState()).mailbox.map(({ subject }) => subject).filter((subject) => /plan|payment/.test(subject));

/** Delivers an event twice concurrently, then once more. */
async function deliverTwice(user: { fetch(path: string, init: RequestInit): Promise<Response> }, userId: string): Promise<void> {
	const { body, headers } = await webhook({ userId, customerId: await customerIdOf(userId) });
	const send = async () => {
		const response = await user.fetch(`/api/${provider}/webhook`, { method: "POST", body, headers });
		await response.text();
	};
	await Promise.all([send(), send()]);
	await send();
}

const refresh = (userId: string) => env.USAGE_LEDGER.getByName(`user:${userId}`).refresh(`user:${userId}`);
const waiting = async () =>
	(await env.DB.prepare("SELECT event FROM mails WHERE event LIKE 'plan-ends/%' AND state = 'waiting'").all()).results.length;

test("the end of a plan is mailed once, three days ahead, and a renewing plan sends no mail", async () => {
	const { user, userId, planId } = await subscribed();
	const end = Date.parse((await user.usage()).resetAt ?? "");
	await user.post("/api/billing/cancel", { planId, when: "period-end" });
	await deliverTwice(user, userId);
	await eventually(async () => expect(await waiting()).toBe(1));
	await user.post("/api/billing/uncancel", { planId });
	await deliverTwice(user, userId);
	await eventually(async () => {
		await refresh(userId);
		expect(await waiting()).toBe(0);
	});
	await user.post("/api/billing/cancel", { planId, when: "period-end" });
	await deliverTwice(user, userId);
	await eventually(async () => {
		await refresh(userId);
		expect(await waiting()).toBe(1);
	});
	await moveClock({ nowMs: end - 3 * DAY_MS - 60_000 });
	await runCron();
	expect(await subjects()).toEqual([]);
	await moveClock({ nowMs: end - 3 * DAY_MS + 60_000 });
	await Promise.all([runCron(), runCron()]);
	expect(await subjects()).toEqual([expect.stringMatching(/^Your plan ends on /)]);
	await refresh(userId);
	await runCron();
	expect(await subjects()).toHaveLength(1);
});

test("a failed payment is mailed once, however often its event arrives, and the next failure is mailed again", async () => {
	const { user, userId } = await subscribed();
	const end = Date.parse((await user.usage()).resetAt ?? "");
	await faults({ declineRenewals: true });
	await moveClock({ nowMs: end + 2 * 3_600_000 });
	await refresh(userId);
	await eventually(async () => expect(await subjects()).toEqual(["Your payment failed"]));
	await deliverTwice(user, userId);
	await refresh(userId);
	await runCron();
	expect(await subjects()).toEqual(["Your payment failed"]);
	// Paid, then declined again a month later.
	await faults({});
	await moveClock({ nowMs: end + 9 * DAY_MS });
	await refresh(userId);
	expect((await user.billing()).plans[0]).toMatchObject({ state: "active", live: true });
	const next = Date.parse((await user.usage()).resetAt ?? "");
	await faults({ declineRenewals: true });
	await moveClock({ nowMs: next + 2 * 3_600_000 });
	await refresh(userId);
	await eventually(async () => expect(await subjects()).toEqual(["Your payment failed", "Your payment failed"]));
	const [mail] = (await sandboxState()).mailbox.filter(({ subject }) => subject === "Your payment failed");
	expect(mail?.text).toContain("https://parley.example/account/plan");
});
