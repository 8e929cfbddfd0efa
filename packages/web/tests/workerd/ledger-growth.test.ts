import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { DEFAULT_LIMITS, deadLetters, decide, type LedgerState, nextBatch, nextDueMs, shareOf, standing } from "@parley/metering";
import { beforeEach, describe, expect, inject, onTestFinished, test, vi } from "vitest";
import { LedgerStorage } from "../../src/objects/ledger-storage.ts";
import { SUMS } from "../../src/objects/ledger-tables.ts";
import { Client, eventually, resetSandbox, sandboxState } from "../client.ts";
import facts from "../fixtures/ledger-d80fa26.json";
import writtenBefore from "../fixtures/ledger-d80fa26.sql?raw";
import { record } from "../prove/result.ts";
import { requestsOf } from "../stored.ts";

// A ledger's cost does not depend on its history (docs/decisions/0011).

beforeEach(resetSandbox);

const DAY_MS = 86_400_000;
const id = () => crypto.randomUUID();

const { whole } = inject("proof");
/** The size of an older version's ledger that is summed up. The whole proof uses the same number as the largest ledger here. */
const ADDED_UP = whole ? 1_000_000 : 30_000;

const ADD_UP_MAX_MS = 15 * 60_000;

type Ledger = ReturnType<typeof env.USAGE_LEDGER.getByName>;

/** Inserts counted and released requests from the 80 days before an instant into the table of final requests. */
function insertRequests(sql: SqlStorage, { requests, pool, untilMs }: { requests: number; pool: string; untilMs: number }): void {
	sql.exec(
		`WITH RECURSIVE n(i, at) AS (SELECT 0, ?2 UNION ALL SELECT i + 1, at + ?3 FROM n WHERE i < ?1 - 1)
		INSERT INTO request (id, fingerprint, pool, units, state, attempt, forgiven, chat_id, held_at_ms, expires_at_ms, ended_at_ms, reported_at_ms)
		SELECT printf('r%07d', i), 'f', ?4, 1, CASE WHEN i % 10 = 0 THEN 'released' ELSE 'settled' END, 1, 0, 'c', at, at, at,
			CASE WHEN i % 10 = 0 THEN NULL ELSE at + 5000 END FROM n`,
		requests,
		untilMs - 80 * DAY_MS,
		Math.floor((80 * DAY_MS) / requests) - 1,
		pool,
	);
}

/** Rows that SQLite reads to wake the ledger, and for one request after that. */
async function rowsRead(ledger: Ledger): Promise<{ wake: number; request: number }> {
	const read = await runInDurableObject(ledger, (_, { storage: { sql, kv } }) => {
		const cursors: { rowsRead: number }[] = [];
		const exec: SqlStorage["exec"] = (query, ...bindings) => {
			const cursor = sql.exec<never>(query, ...bindings);
			cursors.push(cursor);
			return cursor;
		};
		const sum = () => cursors.splice(0).reduce((rows, cursor) => rows + cursor.rowsRead, 0);
		const stored = new LedgerStorage({ sql: Object.assign(Object.create(sql), { exec }), kv });
		stored.addUp();
		standing(stateOf(stored, "user"), Date.now());
		const wake = sum();
		const nowMs = Date.now();
		const requestId = id();
		for (const command of [
			{ type: "hold", id: requestId, fingerprint: "f", units: 1, chatId: null },
			{ type: "release", id: requestId, why: "failed-early" },
		] as const) {
			const { row } = decide(stateOf(stored, "user"), command, nowMs);
			if (row) stored.writeRow(stored.key ?? "", row);
		}
		return { wake, request: sum() };
	});
	await evictDurableObject(ledger);
	return read;
}

function stateOf(stored: LedgerStorage, kind: LedgerState["kind"]): LedgerState {
	const { notes, sums } = stored;
	return {
		kind,
		limits: DEFAULT_LIMITS,
		entitlement: notes.entitlement ?? null,
		closed: false,
		paidKeepsFreeDay: true,
		entries: stored,
		sums,
	};
}

describe("a ledger of 1,000,000 requests", () => {
	const hold = (requestId: string, units = 1) => ({ id: requestId, fingerprint: "f", units, chatId: null });

	/** A subscriber's ledger whose earlier periods have a million requests, both in the sums and in the table. */
	async function subscriber() {
		const user = new Client();
		const { id: userId } = await user.subscribe();
		expect((await user.usage()).tier).toBe("paid");
		const key = `user:${userId}`;
		const ledger = env.USAGE_LEDGER.getByName(key);
		await ledger.record(key, hold("first"));
		await runDurableObjectAlarm(ledger);
		await runInDurableObject(ledger, (_, { storage }) => {
			const { sql } = storage;
			const stored = new LedgerStorage(storage);
			const { entitlement } = stored.notes;
			if (entitlement?.kind !== "balance") throw new Error("a subscriber has a balance");
			const pool = `sub:${entitlement.subscriptionId}`;
			insertRequests(sql, { requests: 1_000_000, pool, untilMs: entitlement.periodStartMs });
			if (!SUMS.exists(sql)) sql.exec(SUMS.create);
			sql.exec(
				`INSERT INTO sums (pool, since_ms, entries, earliest_ms, latest_ms, taken, counted, forgiven, adjusted, adjusted_parts, members)
				SELECT pool, 0, count(*), min(held_at_ms), max(held_at_ms), total(units), total(units), 0, 0, 0, '[]'
				FROM request WHERE state = 'settled' AND id LIKE 'r%' GROUP BY pool`,
			);
		});
		await evictDurableObject(ledger);
		return { key, ledger };
	}

	test("holds, refuses, reports and folds, and reads no history", async () => {
		const { key, ledger } = await subscriber();
		const held = await ledger.hold(key, hold("second"));
		expect(held).toMatchObject({ outcome: { kind: "held" }, standing: { tier: "paid", used: 1, held: 1, remaining: 998 } });
		expect((await ledger.hold(key, hold("r0000001"))).outcome.kind).toBe("repeat");
		expect((await ledger.hold(key, hold("r0000010"))).outcome).toMatchObject({ kind: "held", row: { attempt: 2 } });
		expect(await ledger.release("r0000010", "failed-early")).toMatchObject({ kind: "ended", counted: false });
		expect((await ledger.hold(key, hold("beyond", 999))).outcome).toMatchObject({
			kind: "refused",
			refusal: { policy: "paid", remaining: 998 },
		});
		expect(await ledger.settle("second")).toMatchObject({ kind: "ended", counted: true });
		await runDurableObjectAlarm(ledger);
		const { usageEvents } = await sandboxState();
		expect(usageEvents.filter(({ transactionId }) => transactionId.startsWith(`${key}:`))).toHaveLength(2);
		expect(await ledger.usage(key)).toMatchObject({ used: 2, held: 0, remaining: 998 });
		await evictDurableObject(ledger);
		const { wake, request } = await rowsRead(ledger);
		expect(wake).toBeLessThanOrEqual(200);
		expect(request).toBeLessThanOrEqual(10);

		const left = () => runInDurableObject(ledger, (_, { storage }) => new LedgerStorage(storage).finalAfter("r", 1_000).length);
		await runInDurableObject(ledger, (_, { storage: { sql } }) => {
			const agoMs = 120 * DAY_MS;
			sql.exec(
				"UPDATE request SET held_at_ms = held_at_ms - ?1, ended_at_ms = ended_at_ms - ?1, reported_at_ms = reported_at_ms - ?1 WHERE id BETWEEN 'r' AND 'r0000300'",
				agoMs,
			);
			sql.exec("DELETE FROM request WHERE id > 'r0000500' AND id < 's'");
			// The next day, so that folding starts again.
			sql.exec("UPDATE ledger SET kept = json_set(kept, '$.foldedAtMs', 0)");
		});
		await evictDurableObject(ledger);
		const before = await left();
		await runInDurableObject(ledger, (instance) => instance.alarm());
		const inOneAlarm = before - (await left());
		expect(inOneAlarm).toBeGreaterThan(100);
		expect(inOneAlarm).toBeLessThanOrEqual(200);
		await runInDurableObject(ledger, (instance) => instance.alarm());
		expect(before - (await left())).toBeGreaterThan(inOneAlarm);
		expect(await ledger.usage(key)).toMatchObject({ used: 2, held: 0, remaining: 998 });
	});
});

describe("a ledger without sums", () => {
	const today = `day:${new Date().toISOString().slice(0, 10)}`;

	/** A user's ledger as the version before sums wrote it, with three counted requests today. Its next instance finds the rows. */
	async function older(userId: string, requests: number) {
		const key = `user:${userId}`;
		const ledger = env.USAGE_LEDGER.getByName(key);
		await runInDurableObject(ledger, async (_, { storage }) => {
			await storage.deleteAll();
			const { sql } = storage;
			for (const statement of TABLES) sql.exec(statement);
			sql.exec("INSERT INTO ledger VALUES (1, ?, '{}')", key);
			insertRequests(sql, { requests, pool: "day:2026-01-01", untilMs: Date.now() });
			sql.exec("UPDATE request SET pool = ? WHERE id IN ('r0000001', 'r0010011', ?)", today, `r${String(requests - 1).padStart(7, "0")}`);
		});
		return { key, ledger };
	}

	/** Expects the exact count once everything is summed up. */
	async function expectAddedUp({ key, ledger }: Awaited<ReturnType<typeof older>>, requests: number): Promise<void> {
		expect(await ledger.usage(key)).toMatchObject({ tier: "free", used: 3, remaining: 17 });
		const taken = await runInDurableObject(ledger, (_, { storage }) => new LedgerStorage(storage).sums.taken("day:2026-01-01"));
		expect(taken).toBe(requests * 0.9 - 3);
	}

	test(
		"is added up before its first answer, in wakes and alarms of bounded time, even if it dies on the way",
		async (context) => {
			const old = await older(id(), ADDED_UP);
			await runInDurableObject(old.ledger, (_, { storage }) => expect(new LedgerStorage(storage).addUp()).toBe(false));
			await evictDurableObject(old.ledger);
			// A wake has less time than a million requests may need. The ledger refuses until its alarms are done.
			const fromMs = performance.now();
			await eventually(async () => expect(await old.ledger.usage(old.key)).toMatchObject({ used: 3 }), ADD_UP_MAX_MS);
			record(context, `${ADDED_UP} requests in ${((performance.now() - fromMs) / 1000).toFixed(0)} s`);
			await expectAddedUp(old, ADDED_UP);
		},
		ADD_UP_MAX_MS,
	);

	test("refuses every call while its alarms add it up, and counts nothing of what it refused", async () => {
		const user = new Client();
		const { id: userId } = await user.signUp();
		const old = await older(userId, 30_000);
		await evictDurableObject(old.ledger);
		// A wake in which time runs out after each step.
		const present = Date.now;
		let aheadMs = 0;
		const clock = vi.spyOn(Date, "now").mockImplementation(() => {
			aheadMs += 11_000;
			return present() + aheadMs;
		});
		onTestFinished(() => clock.mockRestore());
		const refusals = await runInDurableObject(old.ledger, async (ledger) => {
			const calls = [
				() => ledger.usage(old.key),
				() => ledger.hold(old.key, { id: "new", fingerprint: "f", units: 1, chatId: null }),
				() => ledger.settle("r0000001"),
				() => ledger.release("r0000001", "failed-early"),
				() => ledger.extend("r0000001"),
				() => ledger.closedInFavourOf(),
			];
			return Promise.all(calls.map(async (call) => call()).map((answer) => answer.then(String, ({ message }) => message)));
		});
		expect(new Set(refusals)).toEqual(new Set(["the ledger is adding up its requests"]));
		clock.mockRestore();
		const read = await user.fetch("/api/usage");
		expect([read.status, read.headers.get("retry-after")]).toEqual([503, "10"]);
		expect(await read.json()).toMatchObject({ type: "urn:parley:problem:ledger-not-ready" });
		expect((await user.chat(id(), id())).status).toBe(503);
		// If an instance dies here, the next one continues, and so does the alarm that this one has set.
		await evictDurableObject(old.ledger);
		expect(await runDurableObjectAlarm(old.ledger)).toBe(true);
		await eventually(() => old.ledger.usage(old.key));
		await expectAddedUp(old, 30_000);
		expect((await user.chat(id(), id())).status).toBe(200);
		expect(await user.usage()).toMatchObject({ used: 4, remaining: 16 });
	});
});

describe("waking", () => {
	test("reads at most 200 rows plus the open requests, however many requests there were", async () => {
		const key = `org:${id()}`;
		const ledger = env.USAGE_LEDGER.getByName(key);
		for (const requests of [0, 49, 130, 333]) {
			await runInDurableObject(ledger, (_, { storage }) => {
				const stored = new LedgerStorage(storage);
				for (let n = 0; n < requests; n += 1) {
					for (const state of ["held", "settled"] as const) stored.writeRow(key, { ...row(`${requests}-${n}`), state });
				}
				for (let n = 0; n < 10; n += 1) stored.writeRow(key, { ...row(`open-${requests}-${n}`), state: "held" });
			});
			await evictDurableObject(ledger);
			const open = (await requestsOf(ledger)).filter(({ state }) => state === "held").length;
			expect((await rowsRead(ledger)).wake).toBeLessThanOrEqual(200 + open);
		}
	});
});

describe("more expired holds than one alarm ends", () => {
	test("are ended by the alarms that follow immediately", async () => {
		const key = `network:${new Date().toISOString().slice(0, 10)}:${id()}`;
		const ledger = env.USAGE_LEDGER.getByName(key);
		await ledger.hold(key, { id: "first", fingerprint: "f", units: 1, chatId: null });
		await runInDurableObject(ledger, (_, { storage }) => {
			const stored = new LedgerStorage(storage);
			for (let n = 0; n < 120; n += 1) stored.writeRow(key, { ...row(`h${n}`), state: "held" });
		});
		await evictDurableObject(ledger);
		const held = async () => (await requestsOf(ledger)).filter(({ state }) => state === "held").length;
		const inOneAlarm = await runInDurableObject(ledger, async (instance, { storage }) => {
			await instance.alarm();
			return {
				held: [...new LedgerStorage(storage).sums.live.values()].filter(({ state }) => state === "held").length,
				alarmMs: await storage.getAlarm(),
			};
		});
		expect(inOneAlarm.held).toBe(71);
		expect(inOneAlarm.alarmMs).toBeLessThanOrEqual(Date.now());
		for (let alarms = 0; alarms < 2; alarms += 1) await runInDurableObject(ledger, (instance) => instance.alarm());
		expect(await held()).toBe(1);
	});
});

describe("a ledger written by the previous version", () => {
	test("is read, added up in steps, and answers exactly as before", async () => {
		await runInDurableObject(env.CHAT_LIST.getByName(id()), (_, { storage }) => {
			const { sql } = storage;
			for (const statement of writtenBefore.replace(/^--.*$/m, "").split(/;\n/)) if (statement.trim() !== "") sql.exec(statement);
			let steps = 1;
			let stored = new LedgerStorage(storage);
			// Each instance dies after one step.
			for (; !stored.addUp(7); steps += 1) stored = new LedgerStorage(storage);
			expect(steps).toBeGreaterThan(10);
			for (const opened of [stored, new LedgerStorage(storage)]) expectSame(opened);
		});
	});

	function expectSame(stored: LedgerStorage): void {
		const { nowMs } = facts;
		const of = stateOf(stored, "organization");
		const periodEndMs = of.entitlement?.kind === "balance" ? (of.entitlement.periodEndMs ?? 0) : 0;
		expect(standing(of, nowMs)).toEqual({ ...facts.standing, freeDay: null });
		expect(standing(of, periodEndMs + 1)).toEqual({ ...facts.nextPeriod, freeDay: null });
		expect(standing(of, nowMs + 2 * DAY_MS)).toEqual({ ...facts.tooOld, freeDay: null });
		for (const [member, share] of Object.entries(facts.shares)) expect(shareOf(of, member, nowMs)).toEqual(share);
		const live = [...stored.sums.live.values()];
		expect(nextBatch(live, nowMs)).toEqual(facts.due);
		expect(nextDueMs(live)).toBe(facts.nextDueMs);
		expect(deadLetters(live).map((one) => one.id)).toEqual(facts.deadLetters);
		expect([stored.sums.latestMs, stored.sums.acknowledgedMs]).toEqual([facts.latestMs, facts.acknowledgedMs]);
		for (const checkpoint of facts.checkpoints) expect(stored.checkpoint(checkpoint.pool)).toEqual(checkpoint);
		const untilMs = stored.notes.entitlement?.fetchedAtMs ?? 0;
		const acknowledged = stored.sums.acknowledgedSinceBaseline(untilMs).get("flow") ?? 0;
		expect(acknowledged - (stored.notes.baseline?.available ?? 0)).toBe(facts.drift);
		for (const { command, decision } of facts.decisions) {
			expect(decide(of, command as Parameters<typeof decide>[1], nowMs), JSON.stringify(command)).toEqual(withNewFields(decision));
		}
	}
});

/** A decision as the previous version wrote it: its rows had no price, no tokens and no raises. */
function withNewFields({ outcome, row, ...decision }: (typeof facts.decisions)[number]["decision"]) {
	const added = { terms: null, spent: null, raises: null };
	return {
		...decision,
		outcome: { ...outcome, ...("row" in outcome && { row: { ...outcome.row, ...added } }) },
		...(row && { row: { ...row, ...added } }),
	};
}

const row = (requestId: string) => ({
	id: requestId,
	fingerprint: "f",
	pool: "day:2026-11-28",
	units: 1,
	attempt: 1,
	forgiven: 0,
	chatId: null,
	heldAtMs: 1_000,
	expiresAtMs: 2_000,
	endedAtMs: null,
	reportAfterMs: null,
	reportedAtMs: null,
});

const TABLES = writtenBefore.split("\n").filter((line) => line.startsWith("CREATE"));
