import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Adjustment, RequestRow } from "@parley/metering";
import { describe, expect, test } from "vitest";
import { ConversationStorage, type Run } from "../../src/objects/conversation-storage.ts";
import { LedgerStorage } from "../../src/objects/ledger-storage.ts";
import { allRequests } from "../stored.ts";

// The objects' tables, in the real SQLite of a Durable Object that nothing else uses.

type Storage = DurableObjectState["storage"];

function inObject<T>(use: (storage: Storage) => T): Promise<T> {
	return runInDurableObject(env.CHAT_LIST.getByName(crypto.randomUUID()), (_, { storage }) => use(storage));
}

const tablesOf = ({ sql }: Storage) => sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray();

/** Counts the rows that a storage writes, as Cloudflare bills them. */
function counted({ sql }: Storage): { sql: SqlStorage; rows: () => number } {
	const cursors: { rowsWritten: number }[] = [];
	const exec: SqlStorage["exec"] = (query, ...bindings) => {
		// A cursor knows the writes of its last statement only.
		for (const statement of bindings.length === 0 ? query.split(/;\s*(?=\S)/).slice(0, -1) : []) cursors.push(sql.exec(statement));
		const cursor = sql.exec<never>(bindings.length === 0 ? (query.split(/;\s*(?=\S)/).at(-1) ?? "") : query, ...bindings);
		cursors.push(cursor);
		return cursor;
	};
	const rows = () => cursors.splice(0).reduce((sum, cursor) => sum + cursor.rowsWritten, 0);
	return { sql: Object.assign(Object.create(sql), { exec }), rows };
}

const KEY = "user:u1";
const held: RequestRow = {
	id: "r1",
	fingerprint: "f",
	pool: "day:2026-11-28",
	units: 3,
	state: "held",
	attempt: 1,
	forgiven: 0,
	chatId: "c1",
	heldAtMs: 1_000,
	expiresAtMs: 601_000,
	endedAtMs: null,
	reportAfterMs: null,
	reportedAtMs: null,
};
const full: RequestRow = {
	...held,
	id: "r2",
	state: "settled",
	chatId: null,
	spill: [{ pool: "grant:g", units: 2 }],
	sharedWith: ["network:n"],
	member: "user:m",
	refusals: 2,
	sentAtMs: 5,
	endedAtMs: 2_000,
	reportAfterMs: 3_000,
	reportedAtMs: 4_000,
};
/** The defaults of a row that was read back: absent fields are null, and `refusals` is 0. */
const absent = { spill: null, sharedWith: null, member: null, sentAtMs: null, refusals: 0 };
const grant: Adjustment = { id: "g", pool: "grant:g", units: -10, atMs: 1, spill: null, requestId: null, expiresAtMs: 9 };

describe("a ledger's storage", () => {
	test("stores nothing for a subject that is only read", async () => {
		const tables = await inObject((storage) => {
			new LedgerStorage(storage.sql);
			return tablesOf(storage);
		});
		expect(tables).toEqual([]);
	});

	test("loads what it has written", async () => {
		const loaded = await inObject(({ sql }) => {
			const ledger = new LedgerStorage(sql);
			for (const row of [held, full]) ledger.writeRow(KEY, row);
			ledger.writeAdjustment(KEY, grant);
			ledger.writeNotes(KEY, { entitlement: { kind: "none", fetchedAtMs: 7 }, changedAtMs: 8 });
			const stored = new LedgerStorage(sql);
			return { key: stored.key, notes: stored.notes, rows: allRequests(stored), adjustment: stored.adjustment(grant.id) };
		});
		expect(loaded).toEqual({
			key: KEY,
			notes: { entitlement: { kind: "none", fetchedAtMs: 7 }, changedAtMs: 8 },
			rows: [{ ...held, ...absent }, full],
			adjustment: grant,
		});
	});

	test("writes one row for each step of a request; creating the tables is five more for the first hold and two for the first end", async () => {
		const rows = await inObject((storage) => {
			const { sql, rows } = counted(storage);
			const ledger = new LedgerStorage(sql);
			const settled = { state: "settled" as const };
			return [held, { ...held, ...settled }, { ...held, id: "r2" }, { ...held, id: "r2", ...settled }].map((row) => {
				ledger.writeRow(KEY, row);
				return rows();
			});
		});
		expect(rows).toEqual([6, 3, 1, 1]);
	});

	test("writes at most five rows in a hundred requests for its sums", async () => {
		const perHundred = await inObject((storage) => {
			const { sql, rows } = counted(storage);
			const ledger = new LedgerStorage(sql);
			const use = (id: string) => {
				for (const state of ["held", "settled"] as const) ledger.writeRow(KEY, { ...held, id, state });
			};
			for (let n = 0; n < 200; n += 1) use(`a${n}`);
			rows();
			for (let n = 0; n < 100; n += 1) use(`b${n}`);
			return rows();
		});
		expect(perHundred).toBeLessThanOrEqual(205);
	});

	test("writes notes marked as news with the next row, and keeps others in memory", async () => {
		const notes = await inObject(({ sql }) => {
			const ledger = new LedgerStorage(sql);
			ledger.writeRow(KEY, held);
			ledger.keepNotes({ changedAtMs: 1 }, false);
			ledger.writeRow(KEY, held);
			const before = new LedgerStorage(sql).notes;
			ledger.keepNotes({ changedAtMs: 2 }, true);
			ledger.writeRow(KEY, held);
			return [before, new LedgerStorage(sql).notes];
		});
		expect(notes).toEqual([{}, { changedAtMs: 2 }]);
	});

	test("replaces folded rows with their pools' checkpoints, and adds to an existing one", async () => {
		const loaded = await inObject(({ sql }) => {
			const ledger = new LedgerStorage(sql);
			const settled = ["a", "b", "c"].map((id): RequestRow => ({ ...held, id, state: "settled" }));
			for (const row of settled) ledger.writeRow(KEY, row);
			ledger.fold((rows) => rows.filter(({ id }) => id === "a"), 86_400_000);
			ledger.fold((rows) => rows.filter(({ id }) => id === "b"), 2 * 86_400_000);
			const stored = new LedgerStorage(sql);
			return {
				rows: allRequests(stored).map(({ id }) => id),
				checkpoint: stored.checkpoint(held.pool),
				taken: stored.sums.taken(held.pool),
			};
		});
		expect(loaded).toEqual({ rows: ["c"], checkpoint: { pool: held.pool, units: 6, requests: 2 }, taken: 3 });
	});

	test("opens a ledger of an older version, and adds the columns it lacks", async () => {
		const loaded = await inObject((storage) => {
			const { sql } = storage;
			sql.exec(OLD_VERSION);
			const ledger = new LedgerStorage(sql);
			expect(ledger.addUp()).toBe(true);
			ledger.writeRow(KEY, full);
			const stored = new LedgerStorage(sql);
			return { key: stored.key, rows: allRequests(stored), adjustment: stored.adjustment(grant.id), taken: stored.sums.taken(held.pool) };
		});
		expect(loaded).toEqual({
			key: KEY,
			rows: [{ ...held, ...absent }, full],
			adjustment: { ...grant, expiresAtMs: null },
			taken: 4,
		});
	});

	test.each([
		["an unknown state", "UPDATE live SET state = 'lost'", "live.state on disk is not held or settled or released or expired"],
		["fractional units", "UPDATE live SET units = 1.5", "live.units on disk is not an integer"],
		["a spill without units", `UPDATE live SET spill = '[{"pool":"grant:g"}]'`, "live.spill on disk is not a list of parts or nothing"],
		["an adjustment without a pool", "UPDATE adjustment SET pool = x'00'", "adjustment.pool on disk is not a text"],
		["truncated notes", `UPDATE ledger SET notes = '{"entitlement":'`, "ledger.notes on disk is not the notes of a ledger"],
		["an unknown entitlement", `UPDATE ledger SET notes = '{"entitlement":{"kind":"free beer","fetchedAtMs":1}}'`, "ledger.notes"],
		["marks without numbers", `UPDATE ledger SET kept = '{"sinceBaseline":{},"free":[null]}'`, "ledger.kept"],
	])("refuses to open a ledger with %s", async (_, damage, message) => {
		const opening = inObject(({ sql }) => {
			const ledger = new LedgerStorage(sql);
			ledger.writeRow(KEY, held);
			ledger.writeAdjustment(KEY, grant);
			sql.exec(damage);
			new LedgerStorage(sql).adjustment(grant.id);
		});
		await expect(opening).rejects.toThrow(`invariant: ${message}`);
	});
});

const run: Run = {
	requestId: "q1",
	attempt: 2,
	answerId: "a1",
	model: "m",
	hold: { requestId: "q1", attempt: 2, takenFrom: [{ ledger: KEY, id: "q1" }] },
	phase: "running",
	end: null,
	counted: null,
	startedAtMs: 1_000,
};
const chat = { id: "c1", owner: KEY, title: "Hello", deleted: false };
const message = (id: string, role: "user" | "assistant" = "user") => ({
	id,
	role,
	parts: [{ type: "text" as const, text: id }],
	metadata: {},
});

describe("a conversation's storage", () => {
	test("stores nothing for a chat that is only read", async () => {
		const [found, tables] = await inObject((storage) => {
			const stored = new ConversationStorage(storage.sql);
			return [[stored.chat(), stored.messages(), stored.run("q1"), stored.openRuns(), stored.hasAnswer("a1")], tablesOf(storage)];
		});
		expect(found).toEqual([null, [], null, [], false]);
		expect(tables).toEqual([]);
	});

	test("loads what it has written", async () => {
		const answer = { ...message("a1", "assistant"), metadata: { model: "m", state: "complete" as const, counted: true, note: null } };
		const loaded = await inObject(({ sql }) => {
			const written = new ConversationStorage(sql);
			written.writeChat(chat);
			written.append(message("u1"));
			written.append(message("a1", "assistant"));
			written.update("a1", answer.parts, answer.metadata);
			written.writeRun(run);
			written.writeRun({ ...run, requestId: "q2", phase: "ended", end: "complete", counted: true });
			const stored = new ConversationStorage(sql);
			return [stored.chat(), stored.messages(), stored.openRuns(), stored.run("q2"), stored.hasAnswer("a1"), stored.hasAnswer("u1")];
		});
		expect(loaded).toMatchObject([
			chat,
			[message("u1"), answer],
			[run],
			{ ...run, requestId: "q2", phase: "ended", end: "complete", counted: true },
			true,
			false,
		]);
	});

	test("truncates from a message on, and keeps the replacement answer", async () => {
		const ids = await inObject(({ sql }) => {
			const stored = new ConversationStorage(sql);
			stored.writeChat(chat);
			for (const id of ["u1", "a1", "u2", "a2"]) stored.append(message(id));
			stored.append(message("new"));
			stored.truncateBetween("u2", "new");
			const between = stored.messages().map(({ id }) => id);
			stored.truncateFrom("no-such");
			stored.truncateFrom("a1");
			return [between, stored.messages().map(({ id }) => id)];
		});
		expect(ids).toEqual([["u1", "a1", "new"], ["u1"]]);
	});

	test("writes one row for each change of a run or message", async () => {
		const rows = await inObject((storage) => {
			const { sql, rows } = counted(storage);
			const stored = new ConversationStorage(sql);
			stored.writeChat(chat);
			rows();
			const changes = [
				() => stored.append(message("a1", "assistant")),
				() => stored.update("a1", message("a1").parts, {}),
				() => stored.writeRun(run),
				() => stored.writeRun({ ...run, phase: "ended" }),
				() => stored.writeChat({ ...chat, title: "Bye" }),
			];
			return changes.map((change) => {
				change();
				return rows();
			});
		});
		expect(rows).toEqual([1, 1, 1, 1, 1]);
	});

	test("deletes the messages of a chat, and keeps the record of answered requests", async () => {
		const left = await inObject(({ sql }) => {
			const stored = new ConversationStorage(sql);
			stored.writeChat(chat);
			stored.append(message("u1"));
			stored.writeRun({ ...run, phase: "ended" });
			stored.deleteMessages();
			stored.writeChat({ ...chat, deleted: true });
			const loaded = new ConversationStorage(sql);
			return [loaded.messages(), loaded.chat()?.deleted, loaded.run("q1")?.phase];
		});
		expect(left).toEqual([[], true, "ended"]);
	});

	test.each([
		["a part of an unknown type", `UPDATE message SET parts = '[{"type":"file","text":""}]'`, "message.parts"],
		["a run of an unknown phase", "UPDATE run SET phase = 'paused'", "run.phase"],
		["a run whose hold names no ledger", `UPDATE run SET hold = '{"requestId":"q1","attempt":1,"takenFrom":[{}]}'`, "run.hold"],
	])("refuses to load %s", async (_, damage, column) => {
		const loading = inObject(({ sql }) => {
			const stored = new ConversationStorage(sql);
			stored.writeChat(chat);
			stored.append(message("u1"));
			stored.writeRun(run);
			sql.exec(damage);
			return [stored.messages(), stored.run("q1")];
		});
		await expect(loading).rejects.toThrow(`invariant: ${column} on disk is not`);
	});
});

/** A ledger from before the columns for spill, dispatch, sharing, refusals, members and grants, with one held request and one adjustment. */
const OLD_VERSION = `
	CREATE TABLE ledger (only INTEGER PRIMARY KEY CHECK (only = 1), key TEXT NOT NULL, notes TEXT NOT NULL);
	CREATE TABLE request (
		id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, pool TEXT NOT NULL, units INTEGER NOT NULL, state TEXT NOT NULL,
		attempt INTEGER NOT NULL, forgiven INTEGER NOT NULL, chat_id TEXT, held_at_ms INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL,
		ended_at_ms INTEGER, report_after_ms INTEGER, reported_at_ms INTEGER
	) WITHOUT ROWID;
	CREATE TABLE checkpoint (pool TEXT PRIMARY KEY, units INTEGER NOT NULL, requests INTEGER NOT NULL) WITHOUT ROWID;
	CREATE TABLE adjustment (id TEXT PRIMARY KEY, pool TEXT NOT NULL, units INTEGER NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID;
	INSERT INTO ledger (only, key, notes) VALUES (1, '${KEY}', '{}');
	INSERT INTO request VALUES ('r1', 'f', 'day:2026-11-28', 3, 'held', 1, 0, 'c1', 1000, 601000, NULL, NULL, NULL);
	INSERT INTO adjustment VALUES ('g', 'grant:g', -10, 1);
`;
