import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { faults, moveClock, resetSandbox, sandboxState } from "../client.ts";
import { id, reported, subscribed } from "../contract/provider.ts";
import { requestsOf } from "../stored.ts";

// Stripe deduplicates meter events for 24 hours, and rejects those older than 35 days.

beforeEach(async () => {
	await resetSandbox();
	await moveClock({ offsetMs: 0 });
});

// The files of a project share the app's clock and run in any order.
afterAll(() => moveClock({ offsetMs: 0 }));

const HOUR_MS = 3_600_000;
const METER_EVENTS = "/v1/billing/meter_events";
const ledgerOf = (userId: string) => env.USAGE_LEDGER.getByName(`user:${userId}`);

async function unitsAtStripe(): Promise<number> {
	return (await sandboxState()).stripe.meterEvents.reduce((units, { payload }) => units + Number(payload.value), 0);
}

/** Runs the outbox until nothing is due. */
async function send(userId: string): Promise<void> {
	for (let times = 0; times < 5; times += 1) {
		await ledgerOf(userId).refresh(`user:${userId}`);
		await runDurableObjectAlarm(ledgerOf(userId));
	}
}

async function owed(userId: string): Promise<number> {
	return (await requestsOf(ledgerOf(userId))).filter((row) => row.reportedAtMs === null && row.state === "settled").length;
}

describe("the outbox after an outage of 26 hours", () => {
	test("looks up a report whose response was lost, and counts it once", async () => {
		const { user, userId } = await subscribed();
		await user.chat(id(), id());
		await faults({ api: [{ path: METER_EVENTS, dropAfterCommit: true }] });
		await send(userId);
		expect([await unitsAtStripe(), await owed(userId)]).toEqual([1, 1]);
		await faults({ api: [{ path: "/v1/*", status: 503 }] });
		for (let hour = 0; hour < 26; hour += 2) await moveClock({ advanceMs: 2 * HOUR_MS });
		// The entitlement was trusted for 24 hours, then the free tier applied.
		await faults({});
		await send(userId);
		expect([await unitsAtStripe(), await owed(userId)]).toEqual([1, 0]);
		expect(await user.usage()).toMatchObject({ used: 1, remaining: 999 });
	});

	test("sends the reports that never arrived", async () => {
		const { user, userId } = await subscribed();
		await faults({ api: [{ path: METER_EVENTS, status: 503 }] });
		for (let requests = 0; requests < 3; requests += 1) await user.chat(id(), id());
		await send(userId);
		expect([await unitsAtStripe(), await owed(userId)]).toEqual([0, 3]);
		for (let hour = 0; hour < 26; hour += 2) await moveClock({ advanceMs: 2 * HOUR_MS });
		await faults({});
		await send(userId);
		expect([await unitsAtStripe(), await owed(userId)]).toEqual([3, 0]);
	});

	test("counts each report of the same minute once when the outage began mid-batch", async () => {
		const { user, userId } = await subscribed();
		const jobs = ["a", "b", "c", "d"];
		await faults({ api: [{ path: METER_EVENTS, status: 503 }] });
		for (const [place, transactionId] of jobs.entries()) {
			await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: place + 1, transactionId });
		}
		// Two are acknowledged, the third arrives without an acknowledgement, the fourth is never sent.
		await faults({});
		await faults({
			api: [
				{ path: METER_EVENTS, delayMs: 1, times: 2 },
				{ path: METER_EVENTS, dropAfterCommit: true, times: 1 },
				{ path: METER_EVENTS, status: 503 },
			],
		});
		await send(userId);
		await faults({ api: [{ path: "/v1/*", status: 503 }] });
		for (let hour = 0; hour < 26; hour += 2) await moveClock({ advanceMs: 2 * HOUR_MS });
		await faults({});
		await send(userId);
		expect(await reported(`user:${userId}`)).toEqual({ a: 1, b: 2, c: 3, d: 4 });
		expect([await unitsAtStripe(), await owed(userId)]).toEqual([10, 0]);
	});
});

describe("the outbox after an outage of 36 days", () => {
	test("records a dead letter for a report that Stripe rejects as too old", async () => {
		const { user, userId } = await subscribed();
		await user.chat(id(), id());
		await faults({ api: [{ path: METER_EVENTS, status: 503 }] });
		await send(userId);
		await moveClock({ advanceMs: 36 * 24 * HOUR_MS });
		await faults({});
		for (let tries = 0; tries < 6; tries += 1) {
			await send(userId);
			await moveClock({ advanceMs: 16 * 60_000 });
		}
		expect([await unitsAtStripe(), await owed(userId)]).toEqual([0, 1]);
		const { results } = await env.DB.prepare("SELECT * FROM ledger_reports WHERE subject = ?").bind(`user:${userId}`).all();
		expect(results).toMatchObject([{ owed: 1, dead_letters: 1 }]);
	});
});
