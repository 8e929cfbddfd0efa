import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Adjustment, RequestRow } from "@parley/metering";
import { describe, expect, test } from "vitest";
import { ConversationStorage, type Turn } from "../../src/objects/conversation-storage.ts";
import { LedgerStorage } from "../../src/objects/ledger-storage.ts";
import type { WholeStore } from "../../src/objects/ledger-tables.ts";
import { allRequests } from "../stored.ts";

// The objects' tables, in the real SQLite of a Durable Object used by nothing else.

type Storage = DurableObjectState["storage"];

function inObject<T>(use: (storage: Storage) => T): Promise<T> {
	return runInDurableObject(env.CHAT_LIST.getByName(crypto.randomUUID()), (_, { storage }) => use(storage));
}

const tablesOf = ({ sql }: Storage) => sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray();

/** Counts the rows a storage writes, as Cloudflare bills them. */
function counted({ sql, kv }: Storage): { sql: SqlStorage; kv: WholeStore; rows: () => number } {
	let puts = 0;
	const cursors: { rowsWritten: number }[] = [];
	const exec: SqlStorage["exec"] = (query, ...bindings) => {
		// A cursor only counts the writes of its last statement.
		for (const statement of bindings.length === 0 ? query.split(/;\s*(?=\S)/).slice(0, -1) : []) cursors.push(sql.exec(statement));
		const cursor = sql.exec<never>(bindings.length === 0 ? (query.split(/;\s*(?=\S)/).at(-1) ?? "") : query, ...bindings);
		cursors.push(cursor);
		return cursor;
	};
	const rows = () => {
		const written = cursors.splice(0).reduce((sum, cursor) => sum + cursor.rowsWritten, puts);
		puts = 0;
		return written;
	};
	const countedKv: WholeStore = {
		get: (key) => kv.get(key),
		put: (key, value) => {
			puts += 1;
			kv.put(key, value);
		},
		delete: (key) => kv.delete(key),
	};
	return { sql: Object.assign(Object.create(sql), { exec }), kv: countedKv, rows };
}

const DAY_MS = 86_400_000;
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
	raises: [{ step: 1, units: 1 }],
	sharedWith: ["network:n"],
	member: "user:m",
	refusals: 2,
	sentAtMs: 5,
	terms: { model: "m", effort: "high", steps: 3, version: "v" },
	spent: { input: 7, cached: 1, output: 2, reasoning: 1, microDollars: 40, estimated: true },
	endedAtMs: 2_000,
	reportAfterMs: 3_000,
	reportedAtMs: 4_000,
};
/** The defaults of a row that was read back: absent fields are null, and `refusals` is 0. */
const absent = { spill: null, raises: null, sharedWith: null, member: null, sentAtMs: null, refusals: 0, terms: null, spent: null };
const grant: Adjustment = { id: "g", pool: "grant:g", units: -10, atMs: 1, spill: null, requestId: null, expiresAtMs: 9 };

describe("a ledger's storage", () => {
	test("stores nothing for a subject that is only read", async () => {
		const tables = await inObject((storage) => {
			new LedgerStorage(storage);
			return tablesOf(storage);
		});
		expect(tables).toEqual([]);
	});

	test("loads what it has written", async () => {
		const loaded = await inObject(({ sql, kv }) => {
			const ledger = new LedgerStorage({ sql, kv });
			for (const row of [held, full]) ledger.writeRow(KEY, row);
			ledger.writeAdjustment(KEY, grant);
			ledger.writeNotes(KEY, { entitlement: { kind: "none", fetchedAtMs: 7 }, changedAtMs: 8 });
			const stored = new LedgerStorage({ sql, kv });
			return { key: stored.key, notes: stored.notes, rows: allRequests(stored), adjustment: stored.adjustment(grant.id) };
		});
		expect(loaded).toEqual({
			key: KEY,
			notes: { entitlement: { kind: "none", fetchedAtMs: 7 }, changedAtMs: 8 },
			rows: [{ ...held, ...absent }, full],
			adjustment: grant,
		});
	});

	test("writes one row per step of a request; creating the tables costs five more for the first hold and two for the first end", async () => {
		const rows = await inObject((storage) => {
			const { sql, kv, rows } = counted(storage);
			const ledger = new LedgerStorage({ sql, kv });
			const settled = { state: "settled" as const };
			return [held, { ...held, ...settled }, { ...held, id: "r2" }, { ...held, id: "r2", ...settled }].map((row) => {
				ledger.writeRow(KEY, row);
				return rows();
			});
		});
		expect(rows).toEqual([6, 3, 1, 1]);
	});

	test.each(["guest:g1", "network:2026-11-28:n1"])("writes one row per step of a request of %s, from the first on", async (key) => {
		const written = await inObject((storage) => {
			const { sql, kv, rows } = counted(storage);
			const ledger = new LedgerStorage({ sql, kv });
			const settled = { ...held, state: "settled" as const, endedAtMs: 2_000 };
			const perStep = [held, settled, { ...full, id: "r3" }].map((row) => {
				ledger.writeRow(key, row);
				return rows();
			});
			ledger.writeNotes(key, { changedAtMs: 8 });
			const stored = new LedgerStorage(storage);
			const countedUnits = [stored.countedBetween(0, 10_000), stored.countedBetween(0, 2_000), stored.countedBetween(1_001, 10_000)];
			return { perStep, key: stored.key, notes: stored.notes, rows: allRequests(stored), countedUnits, tables: tablesOf(storage) };
		});
		expect(written).toEqual({
			perStep: [1, 1, 1],
			key,
			notes: { changedAtMs: 8 },
			rows: [
				{ ...held, ...absent, state: "settled", endedAtMs: 2_000 },
				{ ...full, id: "r3" },
			],
			countedUnits: [2 * held.units, 0, 0],
			tables: [],
		});
	});

	test("moves a guest's ledger into tables with its 41st request or first adjustment, without loss", async () => {
		const use = (ledger: LedgerStorage, id: string) => {
			for (const state of ["held", "settled"] as const) ledger.writeRow("guest:g1", { ...held, id, state });
		};
		const after = await inObject((storage) => {
			const ledger = new LedgerStorage(storage);
			for (let n = 0; n < 40; n += 1) use(ledger, `r${n}`);
			const whole = tablesOf(storage).length;
			use(ledger, "r40");
			use(new LedgerStorage(storage), "r41");
			const stored = new LedgerStorage(storage);
			return { whole, tables: tablesOf(storage).length > 0, rows: allRequests(stored).length, taken: stored.sums.taken(held.pool) };
		});
		expect(after).toEqual({ whole: 0, tables: true, rows: 42, taken: 42 * held.units });
		const adjusted = await inObject((storage) => {
			const ledger = new LedgerStorage(storage);
			use(ledger, "r0");
			ledger.writeAdjustment("guest:g1", grant);
			const stored = new LedgerStorage(storage);
			return { adjustment: stored.adjustment(grant.id), rows: allRequests(stored).length, kept: [...storage.kv.list()].length };
		});
		expect(adjusted).toEqual({ adjustment: grant, rows: 1, kept: 0 });
	});

	test("writes at most five rows per hundred requests for its sums", async () => {
		const perHundred = await inObject((storage) => {
			const { sql, kv, rows } = counted(storage);
			const ledger = new LedgerStorage({ sql, kv });
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

	test("writes at most twelve rows per hundred requests for its sums and daily totals", async () => {
		const perHundred = await inObject((storage) => {
			const { sql, kv, rows } = counted(storage);
			const ledger = new LedgerStorage({ sql, kv });
			const use = (id: string) => {
				const { terms, spent } = full;
				for (const state of ["held", "settled"] as const) ledger.writeRow(KEY, { ...held, id, state, terms, spent });
			};
			for (let n = 0; n < 200; n += 1) use(`a${n}`);
			rows();
			for (let n = 0; n < 100; n += 1) use(`b${n}`);
			return rows();
		});
		expect(perHundred).toBeLessThanOrEqual(212);
	});

	test("keeps daily totals through absorption, folding and death, and drops those older than 400 days, 50 at a time", async () => {
		const totals = await inObject(({ sql, kv }) => {
			const day = (at: number) => new Date(at).toISOString().slice(0, 10);
			const write = (ledger: LedgerStorage, from: number, until: number) => {
				for (let n = from; n < until; n += 1) ledger.writeRow(KEY, { ...full, id: `r${n}`, heldAtMs: n * DAY_MS, reportedAtMs: 0 });
			};
			const ledger = new LedgerStorage({ sql, kv });
			write(ledger, 0, 120);
			const sums = () => new LedgerStorage({ sql, kv }).sums.days("").map((one) => [one.day, one.requests, one.units, one.input]);
			const before = sums();
			ledger.fold((rows) => rows, 86_400_000);
			const folded = sums();
			const dropped: number[] = [];
			for (let alarms = 0; alarms < 3; alarms += 1) {
				ledger.dropOldDays((400 + 70) * DAY_MS);
				dropped.push(before.length - sums().length);
			}
			return {
				before,
				folded,
				dropped,
				first: sums()[0]?.[0],
				expected: before.map((_, n) => [day(n * DAY_MS), 1, 3, 7]),
				day70: day(70 * DAY_MS),
			};
		});
		expect(totals.before).toHaveLength(120);
		expect(totals.before).toEqual(totals.expected);
		expect(totals.folded).toEqual(totals.before);
		expect(totals.dropped).toEqual([50, 70, 70]);
		expect(totals.first).toBe(totals.day70);
	});

	test("opens a ledger whose marks predate the daily totals", async () => {
		const usedMs = await inObject(({ sql, kv }) => {
			new LedgerStorage({ sql, kv }).writeRow(KEY, held);
			sql.exec("UPDATE ledger SET kept = json_remove(kept, '$.usedMs')");
			const ledger = new LedgerStorage({ sql, kv });
			const before = ledger.sums.usedMs;
			ledger.writeRow(KEY, full);
			return [before, ledger.sums.usedMs];
		});
		expect(usedMs).toEqual([0, 2_000]);
	});

	test("writes notes marked as news with the next row, and keeps the others in memory", async () => {
		const notes = await inObject(({ sql, kv }) => {
			const ledger = new LedgerStorage({ sql, kv });
			ledger.writeRow(KEY, held);
			ledger.keepNotes({ changedAtMs: 1 }, false);
			ledger.writeRow(KEY, held);
			const before = new LedgerStorage({ sql, kv }).notes;
			ledger.keepNotes({ changedAtMs: 2 }, true);
			ledger.writeRow(KEY, held);
			return [before, new LedgerStorage({ sql, kv }).notes];
		});
		expect(notes).toEqual([{}, { changedAtMs: 2 }]);
	});

	test("replaces folded rows with their pools' checkpoints, and adds to an existing checkpoint", async () => {
		const loaded = await inObject(({ sql, kv }) => {
			const ledger = new LedgerStorage({ sql, kv });
			const settled = ["a", "b", "c"].map((id): RequestRow => ({ ...held, id, state: "settled" }));
			for (const row of settled) ledger.writeRow(KEY, row);
			ledger.fold((rows) => rows.filter(({ id }) => id === "a"), 86_400_000);
			ledger.fold((rows) => rows.filter(({ id }) => id === "b"), 2 * 86_400_000);
			const stored = new LedgerStorage({ sql, kv });
			return {
				rows: allRequests(stored).map(({ id }) => id),
				checkpoint: stored.checkpoint(held.pool),
				taken: stored.sums.taken(held.pool),
			};
		});
		expect(loaded).toEqual({ rows: ["c"], checkpoint: { pool: held.pool, units: 6, requests: 2 }, taken: 3 });
	});

	test("opens a ledger of an older version, and adds its missing columns", async () => {
		const loaded = await inObject((storage) => {
			const { sql, kv } = storage;
			sql.exec(OLD_VERSION);
			const ledger = new LedgerStorage({ sql, kv });
			expect(ledger.addUp()).toBe(true);
			ledger.writeRow(KEY, full);
			const stored = new LedgerStorage({ sql, kv });
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
		["a raise without a step", `UPDATE live SET raises = '[{"units":1}]'`, "live.raises on disk is not a list of raises or nothing"],
		["a spill without units", `UPDATE live SET spill = '[{"pool":"grant:g"}]'`, "live.spill on disk is not a list of parts or nothing"],
		["an adjustment without a pool", "UPDATE adjustment SET pool = x'00'", "adjustment.pool on disk is not a text"],
		["truncated notes", `UPDATE ledger SET notes = '{"entitlement":'`, "ledger.notes on disk is not the notes of a ledger"],
		["an unknown entitlement", `UPDATE ledger SET notes = '{"entitlement":{"kind":"free beer","fetchedAtMs":1}}'`, "ledger.notes"],
		["a price without a model", "UPDATE live SET terms = '{}'", "live.terms on disk is not the terms of a request or nothing"],
		["marks without numbers", `UPDATE ledger SET kept = '{"sinceBaseline":{},"free":[null]}'`, "ledger.kept"],
	])("refuses to open a ledger with %s", async (_, damage, message) => {
		const opening = inObject(({ sql, kv }) => {
			const ledger = new LedgerStorage({ sql, kv });
			ledger.writeRow(KEY, held);
			ledger.writeAdjustment(KEY, grant);
			sql.exec(damage);
			new LedgerStorage({ sql, kv }).adjustment(grant.id);
		});
		await expect(opening).rejects.toThrow(`invariant: ${message}`);
	});
});

const chat = { id: "c1", owner: KEY, title: "Hello", deleted: false, whole: false };
const turn: Turn = {
	seq: 1,
	parent: null,
	requestId: "q1",
	attempt: 2,
	versionOf: null,
	asks: null,
	question: { id: "u1", role: "user", parts: [{ type: "text", text: "Hello" }] },
	answerId: "a-1",
	model: "m",
	sold: null,
	told: null,
	tokens: null,
	hold: { requestId: "q1", attempt: 2, takenFrom: [{ ledger: KEY, id: "q1" }] },
	phase: "running",
	end: null,
	counted: null,
	shown: true,
	startedAtMs: 1_000,
	searched: null,
	pieces: 0,
	rest: [],
};
const said = (text: string, more?: boolean) => [{ type: "text" as const, text, ...(more && { more }) }];

describe("a conversation's storage", () => {
	test("stores nothing for a chat that is only read", async () => {
		const [found, tables] = await inObject((storage) => {
			const stored = new ConversationStorage(storage.sql);
			const read = [stored.chat(), stored.newest(), stored.shown(), stored.ofRequest("q1"), stored.ofAnswer("a-1"), stored.dropStops(0)];
			return [[...read, stored.takeStop("q1", KEY)], tablesOf(storage)];
		});
		expect(found).toEqual([null, null, null, null, null, null, false]);
		expect(tables).toEqual([]);
	});

	test("loads what it has written", async () => {
		const ended: Turn = { ...turn, seq: 2, parent: 1, requestId: "q2", answerId: "a-2", phase: "ended", end: "complete", counted: true };
		const loaded = await inObject(({ sql }) => {
			const written = new ConversationStorage(sql);
			written.writeChat(chat);
			written.insert(turn);
			written.insert(ended);
			const stored = new ConversationStorage(sql);
			const path = [...stored.path(2)].map(({ seq }) => seq);
			return [stored.chat(), stored.ofRequest("q1"), stored.newest(), stored.ofAnswer("a-1")?.seq, stored.ofAnswer("other-1"), path];
		});
		expect(loaded).toEqual([expect.objectContaining(chat), turn, ended, 1, null, [2, 1]]);
	});

	test("reads a path across branches between its turns, each turn once and no more than requested", async () => {
		// Every third turn is on a branch that the path skips; at 60 it jumps back to 20.
		const parentOf = (seq: number) => (seq === 60 ? 20 : seq % 3 === 2 ? seq - 2 : seq - 1);
		const [path, amountRead, broken] = await inObject(({ sql }) => {
			const stored = new ConversationStorage(sql);
			for (let seq = 1; seq <= 90; seq += 1)
				stored.insert({ ...turn, seq, requestId: `q${seq}`, parent: seq === 1 ? null : parentOf(seq), phase: "ended" });
			stored.insert({ ...turn, seq: 100, requestId: "q100", parent: 95, phase: "ended" });
			const whole = [...stored.path(90)].map(({ seq }) => seq);
			const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
			const exec: SqlStorage["exec"] = sql.exec.bind(sql);
			sql.exec = (...query: Parameters<typeof exec>) => {
				const cursor = exec(...query);
				cursors.push(cursor);
				return cursor as never;
			};
			const few = stored.path(90);
			for (let left = 5; left > 0; left -= 1) few.next();
			sql.exec = exec;
			const read = cursors.reduce((rows, { rowsRead }) => rows + rowsRead, 0);
			return [whole, read, [...stored.path(100)].map(({ seq }) => seq)] as const;
		});
		const expected: number[] = [];
		for (let seq = 90; seq >= 1; seq = seq === 1 ? 0 : parentOf(seq)) expected.push(seq);
		expect(path).toEqual(expected);
		expect(amountRead).toBeLessThanOrEqual(5 + 16 + 2);
		expect(broken).toEqual([100]);
	});

	test("joins the pieces of an answer that was stored in pieces", async () => {
		const parts = await inObject(({ sql }) => {
			const stored = new ConversationStorage(sql);
			stored.writeChat(chat);
			stored.insert(turn);
			stored.append(1, 0, [{ type: "reasoning", text: "Hm" }, ...said("On")]);
			stored.append(1, 1, said("e", true));
			const running = stored.parts(turn);
			stored.end(turn, "complete", 2, [...said(" and", true), ...said("two")]);
			const ended = stored.turn(1);
			return [running, ended && stored.parts(ended)];
		});
		const thought = { type: "reasoning", text: "Hm" };
		expect(parts).toEqual([
			[thought, ...said("One")],
			[thought, ...said("One and"), ...said("two")],
		]);
	});

	test("writes two rows for a new turn and one for each change to it", async () => {
		const rows = await inObject((storage) => {
			const { sql, rows } = counted(storage);
			const stored = new ConversationStorage(sql);
			stored.writeChat(chat);
			stored.insert(turn);
			stored.append(1, 0, said("One"));
			rows();
			const changes = [
				() => stored.insert({ ...turn, seq: 2, requestId: "q2" }),
				() => stored.append(2, 0, said("Two")),
				() => stored.end({ ...turn, seq: 2 }, "complete", 1, []),
				() => stored.close({ ...turn, seq: 2 }, true, true, 9),
				() => stored.writeTokens({ ...turn, seq: 2 }, 10),
				() => stored.writeChat({ ...chat, title: "Bye" }),
			];
			return changes.map((change) => {
				change();
				return rows();
			});
		});
		expect(rows).toEqual([2, 1, 1, 1, 1, 1]);
	});

	test("deletes all text of a chat, and keeps a run that its ledger has not confirmed yet", async () => {
		const left = await inObject(({ sql }) => {
			const stored = new ConversationStorage(sql);
			stored.writeChat(chat);
			stored.insert({ ...turn, phase: "ended" });
			stored.insert({ ...turn, seq: 2, requestId: "q2" });
			stored.append(2, 0, said("secret"));
			stored.deleteText();
			stored.writeChat({ ...chat, deleted: true });
			stored.append(2, 1, said("more secrets"));
			stored.end({ ...turn, seq: 2 }, "stopped", 1, said("secrets"));
			const loaded = new ConversationStorage(sql);
			const open = loaded.newest();
			return [loaded.turn(1), open?.phase, open?.question, open && loaded.parts(open)];
		});
		expect(left).toEqual([null, "ending", null, []]);
	});

	test("applies a stored stop once, only to its own request and subject, and keeps at most the newest", async () => {
		const taken = await inObject(({ sql }) => {
			const stored = new ConversationStorage(sql);
			for (const n of [1, 2, 3]) stored.keepStop(`q${n}`, KEY, n, 2);
			return [
				stored.takeStop("q1", KEY),
				stored.takeStop("q2", "user:other"),
				stored.takeStop("q2", KEY),
				stored.takeStop("q2", KEY),
				stored.dropStops(3),
				stored.dropStops(4),
			];
		});
		expect(taken).toEqual([false, false, true, false, 3, null]);
	});

	test.each([
		["a part of an unknown type", `UPDATE turn SET rest = '[{"type":"file","text":""}]'`, "turn.rest"],
		["a run of an unknown phase", "UPDATE turn SET phase = 'paused'", "turn.phase"],
		["a run whose hold names no ledger", `UPDATE turn SET hold = '{"requestId":"q1","attempt":1,"takenFrom":[{}]}'`, "turn.hold"],
	])("refuses to load %s", async (_, damage, column) => {
		const loading = inObject(({ sql }) => {
			const stored = new ConversationStorage(sql);
			stored.writeChat(chat);
			stored.insert(turn);
			sql.exec(damage);
			return stored.ofRequest("q1");
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
