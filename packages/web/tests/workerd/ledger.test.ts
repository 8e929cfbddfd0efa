import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import type { Notes } from "../../src/objects/ledger-tables.ts";
import { Client, eventually, faults, hear, resetSandbox, sandboxState, settings } from "../client.ts";
import { notesOf, requestsOf, rewriteNotes, rewriteRequests } from "../stored.ts";

// How a ledger recovers when something around it fails.

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
const DAY_MS = 86_400_000;
const BULK = "/api/v1/usage-events/bulk";
type Ledger = ReturnType<typeof env.USAGE_LEDGER.getByName>;
const ledgerOf = (userId: string): Ledger => env.USAGE_LEDGER.getByName(`user:${userId}`);

function guestKey(client: Client): string {
	const [[, cookie] = ["", ""]] = client.cookies;
	return `guest:${cookie.split(".")[1]}`;
}

function sql(ledger: Ledger, query: string) {
	return runInDurableObject(ledger, (_, state) => state.storage.sql.exec(query).toArray());
}

const aged = (ageMs: number) => (notes: Notes) => {
	if (!notes.entitlement) throw new Error("there is no copy to age");
	return { ...notes, entitlement: { ...notes.entitlement, fetchedAtMs: Date.now() - ageMs } };
};

async function pro(): Promise<{ user: Client; ledger: Ledger; key: string }> {
	const user = new Client();
	const { id: userId } = await user.subscribe();
	expect((await user.usage()).tier).toBe("paid");
	return { user, ledger: ledgerOf(userId), key: `user:${userId}` };
}

describe("a repeated request", () => {
	test("joins the running answer from an exhausted network, and charges neither network twice", async () => {
		await faults({ model: { chunks: 30, chunkMs: 20 } });
		const home = await new Client("203.0.113.40").visit();
		const [chatId, messageId] = [id(), id()];
		const first = home.send(chatId, messageId);
		const spent = "203.0.113.41";
		await Promise.all(Array.from({ length: 25 }, async () => (await new Client(spent).send(id(), id())).body?.cancel()));
		const abroad = new Client(spent);
		for (const [name, value] of home.cookies) abroad.cookies.set(name, value);
		const [heard, again] = [await hear(await first), await abroad.chat(chatId, messageId)];
		expect(again).toMatchObject({ status: 200, text: heard.text, metadata: { counted: true } });
		expect(await home.usage()).toMatchObject({ used: 1, held: 0, remaining: 4 });
		expect((await sandboxState()).modelCalls).toHaveLength(26);
	});

	test("is one new attempt and one unit when sent twice concurrently after a crash", async () => {
		const client = await new Client().visit();
		const [chatId, messageId] = [id(), id()];
		await faults({ model: { chunks: 40, chunkMs: 50 } });
		const reader = (await client.send(chatId, messageId)).body?.getReader();
		await reader?.read();
		await abortAllDurableObjects();
		await reader?.cancel().catch(() => {});
		await faults({ model: { firstTokenMs: 300 } });
		const answers = await Promise.all([client.chat(chatId, messageId), client.chat(chatId, messageId)]);
		// A request during the recovery reports that the crash cost nothing. A later one joins the new attempt.
		expect(answers.map((answer) => answer.status)).toEqual([200, 200]);
		const last = await client.chat(chatId, messageId);
		expect(last).toMatchObject({ last: "finish", metadata: { state: "complete", counted: true } });
		expect(await client.usage()).toMatchObject({ used: 1, held: 0 });
		expect((await sandboxState()).modelCalls.length).toBeLessThanOrEqual(2);
	});
});

describe("an expired network hold", () => {
	const held = async (chatId: string, guest: string, requestId: string) => {
		const key = `network:${new Date().toISOString().slice(0, 10)}:${id()}`;
		const ledger = env.USAGE_LEDGER.getByName(key);
		await ledger.hold(key, { id: `${guest}:${requestId}`, fingerprint: "f", units: 1, chatId });
		await rewriteRequests(ledger, () => ({ expiresAtMs: 0 }));
		await runDurableObjectAlarm(ledger);
		return ledger.usage(key);
	};

	test("is released if its chat never started the request", async () => {
		const client = await new Client().visit();
		expect(await held(id(), guestKey(client), "never")).toMatchObject({ used: 0, held: 0 });
	});

	test("is kept while the guest's answer is running", async () => {
		const client = await new Client().visit();
		const chatId = id();
		await faults({ model: { chunks: 30, chunkMs: 30 } });
		const answer = await client.send(chatId, "m");
		expect(await held(chatId, guestKey(client), "m")).toMatchObject({ used: 0, held: 1 });
		await answer.text();
	});
});

describe("a network pool", () => {
	test("deletes itself after its day", async () => {
		const key = `network:2026-11-20:${id()}`;
		const ledger = env.USAGE_LEDGER.getByName(key);
		await ledger.record(key, { id: "guest:a:m", fingerprint: "f", units: 1, chatId: null });
		const stored = () => runInDurableObject(ledger, (_, { storage }) => [...storage.kv.list()].length);
		await evictDurableObject(ledger);
		await runDurableObjectAlarm(ledger);
		expect(await stored()).toBe(1);
		const yesterdayMs = Date.now() - 26 * 3_600_000;
		await rewriteRequests(ledger, () => ({ heldAtMs: yesterdayMs, endedAtMs: yesterdayMs }));
		await runDurableObjectAlarm(ledger);
		expect(await stored()).toBe(0);
		expect(await ledger.usage(key)).toMatchObject({ used: 0, remaining: 25 });
	});
});

describe("an answer running while the guest signs up", () => {
	test("is charged to the account once, when it ends", async () => {
		const client = await new Client().visit();
		const guest = env.USAGE_LEDGER.getByName(guestKey(client));
		await faults({ model: { chunks: 20, chunkMs: 30 } });
		await client.chat(id(), id());
		const answer = await client.send(id(), id());
		const { id: userId } = await client.signUp();
		expect(await client.usage()).toMatchObject({ tier: "free", used: 1 });
		await answer.text();
		await eventually(async () => {
			await runDurableObjectAlarm(guest);
			expect((await notesOf(guest)).closed?.open).toEqual([]);
		});
		expect(await ledgerOf(userId).usage(`user:${userId}`)).toMatchObject({ used: 2, remaining: 18 });
		// An alarm that died before it stored its result runs again.
		const row = (await requestsOf(guest)).reduce((latest, one) => (one.heldAtMs > latest.heldAtMs ? one : latest));
		await rewriteNotes(guest, (notes) => ({ ...notes, closed: notes.closed && { ...notes.closed, open: [row.id] } }));
		await runDurableObjectAlarm(guest);
		expect(await ledgerOf(userId).usage(`user:${userId}`)).toMatchObject({ used: 2, remaining: 18 });
	});
});

describe("a report with an unknown outcome", () => {
	test("is sent again before the provider's balance is trusted", async () => {
		const { user, ledger, key } = await pro();
		await faults({ api: [{ path: BULK, dropAfterCommit: true, times: 1 }] });
		// Not by chatting: on a busy machine that takes longer than the alarm waits, so the first report would be sent alone.
		for (let n = 0; n < 3; n += 1) await ledger.record(key, { id: id(), fingerprint: "f", units: 1, chatId: null });
		await runDurableObjectAlarm(ledger);
		expect((await sandboxState()).usageEvents).toHaveLength(3);
		expect((await notesOf(ledger)).retry).toMatchObject({ failures: 1 });
		await ledger.refresh(key);
		expect(await user.usage()).toMatchObject({ used: 3, remaining: 997 });
		expect((await notesOf(ledger)).retry).toBeUndefined();
		expect((await sandboxState()).usageEvents).toHaveLength(3);
	});

	test("is sent by the next alarm when the first one dies during the call", async () => {
		const { user, ledger, key } = await pro();
		await user.chat(id(), id());
		await faults({ api: [{ path: BULK, hang: true }] });
		await runInDurableObject(ledger, (_, { storage }) => storage.deleteAlarm());
		const dying = runInDurableObject(ledger, (instance) => instance.alarm()).catch(() => {});
		// Set before the call: otherwise nothing would run after this alarm's death.
		await eventually(async () => {
			expect(await runInDurableObject(ledger, (_, { storage }) => storage.getAlarm())).toBeLessThanOrEqual(Date.now() + 60_000);
		});
		await abortAllDurableObjects();
		await dying;
		await faults({});
		const woken = env.USAGE_LEDGER.getByName(key);
		await runDurableObjectAlarm(woken);
		const { usageEvents } = await sandboxState();
		expect(usageEvents.filter(({ transactionId }) => transactionId.startsWith(`${key}:`))).toHaveLength(1);
	});

	test("is retried a minute before its period ends, regardless of the back-off", async () => {
		const { user, ledger } = await pro();
		await faults({ api: [{ path: BULK, dropAfterCommit: true }] });
		await user.chat(id(), id());
		const endMs = Date.now() + 90_000;
		await rewriteNotes(ledger, (notes) => {
			if (notes.entitlement?.kind !== "balance") throw new Error("a paid copy is expected");
			const retry = { failures: 9, notBeforeMs: 0 };
			return { ...notes, retry, entitlement: { ...notes.entitlement, periodEndMs: endMs } };
		});
		await runDurableObjectAlarm(ledger);
		expect((await notesOf(ledger)).retry).toMatchObject({ failures: 10, notBeforeMs: endMs - 60_000 });
	});
});

describe("a rejected report", () => {
	test("does not block others, becomes a dead letter after five attempts, and stays counted", async () => {
		await settings({ domainErrorsAre500: false });
		const { user, ledger, key } = await pro();
		const requests = [id(), id(), id()];
		for (const requestId of requests) await user.chat(id(), requestId);
		await rewriteRequests(ledger, ({ id, pool }) => ({ pool: id === requests[1] ? "sub:no-such" : pool }));
		for (let refusals = 1; refusals <= 6; refusals += 1) {
			await rewriteRequests(ledger, () => ({ reportAfterMs: 0 }));
			await runDurableObjectAlarm(ledger);
			expect(Math.max(...(await requestsOf(ledger)).map((row) => row.refusals ?? 0))).toBe(refusals);
		}
		expect((await sandboxState()).usageEvents.map((event) => event.transactionId.split(":").at(-1)).sort()).toEqual(
			[requests[0], requests[2]].sort(),
		);
		const letter = (await requestsOf(ledger)).find((row) => row.id === requests[1]);
		expect(letter).toMatchObject({ reportedAtMs: null });
		expect(letter?.reportAfterMs).toBeGreaterThan(Date.now() + DAY_MS - 60_000);
		expect((await notesOf(ledger)).retry).toBeUndefined();
		await rewriteNotes(ledger, (notes) => ({ ...notes, comparedAtMs: Date.now() - DAY_MS }));
		await runDurableObjectAlarm(ledger);
		expect(await env.DB.prepare("SELECT drift, dead_letters FROM ledger_reports WHERE subject = ?").bind(key).first()).toEqual({
			drift: 1,
			dead_letters: 1,
		});
	});
});

describe("a rejected API key", () => {
	test("makes the outbox back off without dead letters, and reporting resumes once the key is accepted", async () => {
		const { user, ledger, key } = await pro();
		await faults({ api: [{ path: BULK, status: 401 }] });
		await user.chat(id(), id());
		for (let n = 0; n < 6; n += 1) {
			await rewriteNotes(ledger, (notes) => ({ ...notes, retry: notes.retry && { ...notes.retry, notBeforeMs: 0 } }));
			await runDurableObjectAlarm(ledger);
		}
		expect(await requestsOf(ledger)).toMatchObject([{ refusals: 0, reportedAtMs: null }]);
		const billing = async () => (await (await user.fetch("/api/health")).json<{ checks: { billing: string } }>()).checks.billing;
		await eventually(async () => expect(await billing()).toBe("unauthorized"));
		expect((await user.chat(id(), id())).metadata.counted).toBe(true);
		await faults({});
		await rewriteNotes(ledger, (notes) => ({ ...notes, retry: notes.retry && { ...notes.retry, notBeforeMs: 0 } }));
		await runDurableObjectAlarm(ledger);
		const { usageEvents } = await sandboxState();
		expect(usageEvents.filter(({ transactionId }) => transactionId.startsWith(`${key}:`))).toHaveLength(2);
		// The health check covers all ledgers. Those of earlier tests may have met the same fault and still report it.
		await env.DB.prepare("DELETE FROM ledger_reports WHERE subject <> ?").bind(key).run();
		expect(await billing()).toBe("flowglad");
	});
});

interface LedgersAnswer {
	ledgers: { subject: string; drift: number | null }[];
	totals: Record<"ledgers" | "owed" | "deadLetters" | "drift", number>;
}

describe("the comparison with the provider's balance", () => {
	/** Uses and reports three units, then advances one day. */
	async function aDayOfUse() {
		const one = await pro();
		for (let n = 0; n < 3; n += 1) await one.user.chat(id(), id());
		await eventually(async () => {
			await runDurableObjectAlarm(one.ledger);
			expect((await sandboxState()).usageEvents).toHaveLength(3);
		});
		await rewriteNotes(one.ledger, (notes) => ({ ...notes, comparedAtMs: Date.now() - DAY_MS }));
		return one;
	}
	const reportOf = (key: string) => env.DB.prepare("SELECT * FROM ledger_reports WHERE subject = ?").bind(key).first();

	test("finds no drift when they agree, including a top-up in between", async () => {
		const { user, ledger, key } = await aDayOfUse();
		await user.buy("top_up_1000");
		await runDurableObjectAlarm(ledger);
		expect(await reportOf(key)).toMatchObject({ drift: 0, resent: 0, owed: 0, dead_letters: 0, provider: "ok" });
	});

	test("resends lost reports", async () => {
		const { ledger, key, user } = await aDayOfUse();
		// The provider acknowledged the report and lost it.
		await faults({ api: [{ path: BULK, hang: true }] });
		await user.chat(id(), "forgotten");
		await rewriteRequests(ledger, ({ id, reportedAtMs }) => ({ reportedAtMs: id === "forgotten" ? Date.now() : reportedAtMs }));
		await faults({});
		await rewriteNotes(ledger, (notes) => ({ ...notes, comparedAtMs: Date.now() - DAY_MS }));
		await runDurableObjectAlarm(ledger);
		expect((await sandboxState()).usageEvents).toHaveLength(4);
		expect(await reportOf(key)).toMatchObject({ drift: 0, resent: 4 });
	});

	test("shows usage by another service as drift, to admins only, and lets admins correct the count", async () => {
		const { ledger, key, user } = await aDayOfUse();
		const [mine] = (await sandboxState()).usageEvents;
		await fetch(`${env.SANDBOX_URL}/api/v1/usage-events`, {
			method: "POST",
			headers: { authorization: "sk_test_sandbox", "content-type": "application/json" },
			body: JSON.stringify({
				usageEvent: { subscriptionId: mine?.subscriptionId, amount: 5, transactionId: id(), usageMeterSlug: "ai_requests" },
			}),
		});
		await runDurableObjectAlarm(ledger);
		expect(await reportOf(key)).toMatchObject({ drift: -5, resent: 0 });
		expect((await user.fetch("/api/admin/ledgers")).status).toBe(403);
		expect((await new Client().fetch("/api/admin/ledgers")).status).toBe(401);
		const admin = new Client();
		const { email } = await admin.signUp("ledger-admin@example.com");
		expect((await admin.fetch("/api/admin/ledgers")).status).toBe(403);
		await admin.confirm(email);
		const { ledgers, totals } = await (await admin.fetch("/api/admin/ledgers")).json<LedgersAnswer>();
		expect(ledgers.find((one) => one.subject === key)).toMatchObject({ drift: -5 });
		const drift = ledgers.reduce((sum, one) => sum + (one.drift ?? 0), 0);
		expect(totals).toEqual({ ledgers: ledgers.length, drift, deadLetters: expect.any(Number), owed: expect.any(Number) });

		const before = (await user.usage()).remaining;
		const correction = { userId: key.slice("user:".length), id: "goodwill", units: -5 };
		for (let n = 0; n < 2; n += 1) expect((await admin.post("/api/admin/corrections", correction)).status).toBe(201);
		expect((await user.usage()).remaining).toBe(before + 5);
		expect((await admin.post("/api/admin/corrections", { ...correction, units: -6 })).status).toBe(409);
		expect((await admin.post("/api/admin/corrections", { ...correction, id: "b", units: 0 })).status).toBe(400);
		expect((await user.post("/api/admin/corrections", correction)).status).toBe(403);
	});
});

describe("an entitlement older than a day", () => {
	test("is read again before a page shows the remaining units", async () => {
		const { user, ledger } = await pro();
		await user.chat(id(), id());
		await rewriteNotes(ledger, aged(25 * 3_600_000));
		expect(await user.usage()).toMatchObject({ tier: "paid", unverified: false });
	});

	test("is ignored when the provider does not answer, and the page says so", async () => {
		const { user, ledger } = await pro();
		await user.chat(id(), id());
		await rewriteNotes(ledger, aged(25 * 3_600_000));
		await faults({ api: [{ path: "/api/v1/*", status: 500 }] });
		expect(await user.usage()).toMatchObject({ tier: "free", limit: 20, unverified: true });
		expect((await user.chat(id(), id())).status).toBe(200);
	});
});

describe("reading the usage", () => {
	test("holds no units and writes no rows for a known subject", async () => {
		const { user, ledger } = await pro();
		await user.chat(id(), id());
		await eventually(async () => {
			await runDurableObjectAlarm(ledger);
			expect((await sandboxState()).usageEvents).toHaveLength(1);
		});
		await user.usage();
		const before = await sql(ledger, "SELECT total_changes() AS changes");
		for (let n = 0; n < 20; n += 1) await user.usage();
		expect(await sql(ledger, "SELECT total_changes() AS changes")).toEqual(before);
	});
});

describe("rows of an earlier version", () => {
	test("are read and counted as before", async () => {
		const user = new Client();
		const { id: userId } = await user.signUp();
		const ledger = ledgerOf(userId);
		const now = Date.now();
		await runInDurableObject(ledger, (_, state) => {
			for (const statement of firstVersion(`user:${userId}`, now)) state.storage.sql.exec(statement);
		});
		await evictDurableObject(ledger);
		expect(await user.usage()).toMatchObject({ tier: "free", used: 3, held: 0, remaining: 17 });
		expect((await user.chat(id(), id())).metadata.counted).toBe(true);
		await evictDurableObject(ledger);
		expect(await user.usage()).toMatchObject({ used: 4, remaining: 16 });
	});
});

/** The first version's rows: two counted requests, one released, and a guest's unit carried over. */
function firstVersion(key: string, now: number): string[] {
	const day = new Date(now).toISOString().slice(0, 10);
	const request = (name: string, state: string) =>
		`INSERT INTO request VALUES ('${name}', 'f', 'day:${day}', 1, '${state}', 1, 0, 'c', ${now}, ${now + 600_000}, ${now}, NULL, NULL)`;
	return [
		"CREATE TABLE ledger (only INTEGER PRIMARY KEY CHECK (only = 1), key TEXT NOT NULL, notes TEXT NOT NULL)",
		`CREATE TABLE request (
			id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, pool TEXT NOT NULL, units INTEGER NOT NULL, state TEXT NOT NULL,
			attempt INTEGER NOT NULL, forgiven INTEGER NOT NULL, chat_id TEXT, held_at_ms INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL,
			ended_at_ms INTEGER, report_after_ms INTEGER, reported_at_ms INTEGER
		) WITHOUT ROWID`,
		"CREATE TABLE checkpoint (pool TEXT PRIMARY KEY, units INTEGER NOT NULL, requests INTEGER NOT NULL) WITHOUT ROWID",
		"CREATE TABLE adjustment (id TEXT PRIMARY KEY, pool TEXT NOT NULL, units INTEGER NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID",
		`INSERT INTO ledger VALUES (1, '${key}', '{}')`,
		request("a", "settled"),
		request("b", "expired"),
		request("c", "released"),
		`INSERT INTO adjustment VALUES ('guest:x', 'day:${day}', 1, ${now})`,
	];
}
