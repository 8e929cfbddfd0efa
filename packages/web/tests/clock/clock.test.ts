import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { now } from "../../src/lib/time/clock.ts";
import { loadDevClock } from "../../src/lib/time/dev-clock.ts";
import type { Notes } from "../../src/objects/ledger-tables.ts";
import { Client, eventually, faults, moveClock, resetSandbox, sandboxState } from "../client.ts";
import { requestsOf } from "../stored.ts";

// The app follows the sandbox's development clock, as under `npm start`.

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const id = () => crypto.randomUUID();
const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);

async function reset(): Promise<void> {
	await resetSandbox();
	await moveClock({ offsetMs: 0 });
}

function rowsOf(key: string) {
	return requestsOf(env.USAGE_LEDGER.getByName(key));
}

function notesOf(key: string): Promise<Notes> {
	return runInDurableObject(env.USAGE_LEDGER.getByName(key), (_, { storage }) => {
		const [row] = storage.sql.exec<{ notes: string }>("SELECT notes FROM ledger").toArray();
		return JSON.parse(row?.notes ?? "{}");
	});
}

describe("an isolate", () => {
	beforeAll(resetSandbox);

	test("reads the clock before its first decision", async () => {
		const body = JSON.stringify({ advanceMs: 40 * DAY_MS });
		await (
			await fetch(`${env.SANDBOX_URL}/__sandbox/clock`, { method: "POST", body, headers: { "content-type": "application/json" } })
		).text();
		const guest = await new Client().visit();
		const [, , bornDay] = guest.cookies.get("parley.guest")?.split(".") ?? [];
		expect(Number(bornDay)).toBe(Math.floor(Date.now() / DAY_MS) + 40);
		const user = new Client();
		await user.signUp();
		expect(await user.usage()).toMatchObject({ tier: "free", resetAt: `${day(Date.now() + 41 * DAY_MS)}T00:00:00.000Z` });
	});

	test("keeps real time when the clock does not answer, and logs it", async () => {
		const log = vi.spyOn(console, "error").mockImplementation(() => {});
		// The test's modules have their own clock, which is not set yet.
		vi.spyOn(globalThis, "fetch").mockRejectedValueOnce(new Error("connection refused"));
		await loadDevClock();
		vi.spyOn(Date, "now").mockReturnValue(1_900_000_000_000);
		expect(now()).toBe(1_900_000_000_000);
		expect(log.mock.calls.join()).toContain("real time is kept");
		expect(log.mock.calls.join()).not.toContain("connection refused");
		vi.restoreAllMocks();
	});
});

describe("a move of the clock", () => {
	beforeEach(reset);

	test("to tomorrow gives a free user 20 new units, and a guest none", async () => {
		const [user, guest] = [new Client(), await new Client().visit()];
		const { id: userId } = await user.signUp();
		for (let n = 0; n < 5; n += 1) await guest.chat(id(), id());
		const hold = { fingerprint: "", units: 20, chatId: null };
		await env.USAGE_LEDGER.getByName(`user:${userId}`).record(`user:${userId}`, { id: id(), ...hold });
		const refused = await user.send(id(), id());
		expect(refused.status).toBe(429);
		const tomorrow = Date.parse((await refused.json<{ resetAt: string }>()).resetAt);
		expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(86_400);
		expect((await guest.chat(id(), id())).status).toBe(429);
		await moveClock({ nowMs: tomorrow });
		expect(await user.usage()).toMatchObject({ used: 0, remaining: 20 });
		expect(await user.chat(id(), id())).toMatchObject({ last: "finish", metadata: { counted: true } });
		expect((await guest.chat(id(), id())).status).toBe(429);
	});

	test("wakes idle ledgers: abandoned holds expire before the response", async () => {
		const keys = Array.from({ length: 20 }, () => `user:${id()}`);
		for (const key of keys) {
			await env.USAGE_LEDGER.getByName(key).hold(key, { id: "left", fingerprint: "", units: 1, chatId: null });
			await evictDurableObject(env.USAGE_LEDGER.getByName(key));
		}
		await moveClock({ advanceMs: 9 * MINUTE_MS });
		for (const key of keys) expect(await rowsOf(key)).toMatchObject([{ state: "held" }]);
		await moveClock({ advanceMs: MINUTE_MS });
		for (const key of keys) expect(await rowsOf(key)).toMatchObject([{ state: "expired" }]);
	});

	test("sends delayed reports, and a day later compares with the provider", async () => {
		const user = new Client();
		const { id: userId } = await user.subscribe();
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid" }));
		await faults({ api: [{ path: "/api/v1/usage-events/bulk", status: 500 }] });
		await user.chat(id(), id());
		const waits = async () => (await notesOf(`user:${userId}`)).retry ?? null;
		await eventually(async () => expect(await waits()).not.toBeNull());
		await faults({});
		await moveClock({ advanceMs: 20 * MINUTE_MS });
		expect(await waits()).toBeNull();
		expect((await sandboxState()).usageEvents).toHaveLength(1);
		const nowMs = await moveClock({ advanceMs: DAY_MS });
		const report = env.DB.prepare("SELECT drift, compared_at FROM ledger_reports WHERE subject = ?").bind(`user:${userId}`);
		const compared = await report.first<{ drift: number; compared_at: number }>();
		expect(compared).toMatchObject({ drift: 0 });
		// The comparison was made by this move, not by an earlier one.
		expect(compared?.compared_at).toBeGreaterThanOrEqual(nowMs);
		expect(await user.usage()).toMatchObject({ tier: "paid", used: 1, remaining: 999 });
	});

	test("into the next period grants the new credits at once, regardless of the last read", async () => {
		const user = new Client();
		await user.subscribe();
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid" }));
		const event = { usageMeterSlug: "ai_requests", amount: 400, transactionId: "t" };
		expect((await user.post("/api/usage-events", event)).status).toBe(201);
		const { remaining, resetAt } = await user.usage();
		expect(remaining).toBe(600);
		await moveClock({ nowMs: Date.parse(resetAt ?? "") });
		const usage = await user.usage();
		expect(usage).toMatchObject({ tier: "paid", used: 0, remaining: 1000 });
		expect(usage.window.start).toBe(resetAt);
	});

	test("shows the changes it causes at the provider before the response", async () => {
		const user = new Client();
		const { id: userId, email } = await user.signUp();
		await user.confirm(email);
		await user.usage();
		await eventually(async () => expect((await sandboxState()).customers.map(({ externalId }) => externalId)).toContain(userId));
		await user.chat(id(), id());
		await faults({ activationDelayMs: MINUTE_MS });
		await user.buy("pro_monthly");
		expect(await user.usage()).toMatchObject({ tier: "free" });
		await moveClock({ advanceMs: MINUTE_MS });
		const { entitlement } = await notesOf(`user:${userId}`);
		expect(entitlement).toMatchObject({ kind: "balance", available: 1000 });
	});

	test("to an earlier time does not return used units", async () => {
		const user = new Client();
		const { id: userId } = await user.signUp();
		await moveClock({ advanceMs: 2 * DAY_MS });
		const key = `user:${userId}`;
		await env.USAGE_LEDGER.getByName(key).record(key, { id: id(), fingerprint: "", units: 20, chatId: null });
		await moveClock({ offsetMs: 0 });
		expect((await user.send(id(), id())).status).toBe(429);
	});
});

test("while the clock is frozen, plans can still be bought, answers end and usage is reported", async () => {
	await reset();
	await moveClock({ frozen: true });
	const user = new Client();
	await user.subscribe();
	await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid", remaining: 1000 }));
	expect(await user.chat(id(), id())).toMatchObject({ last: "finish", metadata: { counted: true } });
	await eventually(async () => expect((await sandboxState()).usageEvents).toHaveLength(1));
	await user.buy("top_up_1000");
	await eventually(async () => expect(await user.usage()).toMatchObject({ used: 1, remaining: 1999 }));
	await moveClock({ frozen: false });
});

describe("a clock reading", () => {
	const REFUSED: [what: string, body: string][] = [
		["not JSON", "{"],
		["an empty object", "{}"],
		["a fraction of a millisecond", JSON.stringify({ nowMs: 1.5, offsetMs: 0, frozenAtMs: null })],
		["beyond the range of dates", JSON.stringify({ nowMs: 1, offsetMs: 0, frozenAtMs: 9e15 })],
		["the last instant of a date", JSON.stringify({ nowMs: 1, offsetMs: 0, frozenAtMs: 8.64e15 })],
		["an offset beyond every date", JSON.stringify({ nowMs: 1, offsetMs: 9e15, frozenAtMs: null })],
		["an offset before every date", JSON.stringify({ nowMs: 1, offsetMs: -9e15, frozenAtMs: null })],
		["an offset to the year 2200", JSON.stringify({ nowMs: 1, offsetMs: 5.6e12, frozenAtMs: null })],
		["an instant before 1970", JSON.stringify({ nowMs: 1, offsetMs: 0, frozenAtMs: -1 })],
	];

	test.each(REFUSED)("that is %s changes nothing", async (_, body) => {
		const before = await new Client().usage();
		const response = await new Client().fetch("/api/dev/clock", { method: "POST", headers: { "content-type": "application/json" }, body });
		expect([response.status, response.headers.get("content-type")]).toEqual([400, "application/problem+json"]);
		await response.text();
		expect((await new Client().usage()).resetAt).toBe(before.resetAt);
	});

	test("is accepted only from this machine, like every other request", async () => {
		for (const [path, method] of [
			["/api/dev/clock", "POST"],
			["/api/usage", "GET"],
			["/api/health", "GET"],
			["/", "GET"],
		]) {
			const response = await new Client().fetch(`https://parley.example${path}`, { method });
			expect(response.status, path).toBe(503);
			expect(await response.json()).toMatchObject({ title: "Not configured" });
			expect(response.headers.get("cache-control")).toBe("private, no-store");
		}
		const { status } = await new Client().fetch("http://127.0.0.1:3000/api/usage");
		expect(status).toBe(200);
	});
});
