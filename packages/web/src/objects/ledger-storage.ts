import { type Adjustment, type Checkpoint, type Entitlement, fold, type RequestRow } from "@parley/metering";

/** What a ledger knows beside its requests; one row. */
export interface Notes {
	entitlement?: Entitlement;
	/** The latest checkout that was opened. */
	checkoutAtMs?: number;
	/** The account that a guest became, and when. */
	closed?: { inFavourOf: string; atMs: number };
	/** The outbox's failures in a row, and before when it is not tried again. */
	retry?: { failures: number; notBeforeMs: number };
}

// WITHOUT ROWID: each write of a request is one written row, not two; rows written are the bill.
const SCHEMA = `
	CREATE TABLE ledger (only INTEGER PRIMARY KEY CHECK (only = 1), key TEXT NOT NULL, notes TEXT NOT NULL);
	CREATE TABLE request (
		id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, pool TEXT NOT NULL, units INTEGER NOT NULL, state TEXT NOT NULL,
		attempt INTEGER NOT NULL, forgiven INTEGER NOT NULL, chat_id TEXT, held_at_ms INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL,
		ended_at_ms INTEGER, report_after_ms INTEGER, reported_at_ms INTEGER
	) WITHOUT ROWID;
	CREATE TABLE checkpoint (pool TEXT PRIMARY KEY, units INTEGER NOT NULL, requests INTEGER NOT NULL) WITHOUT ROWID;
	CREATE TABLE adjustment (id TEXT PRIMARY KEY, pool TEXT NOT NULL, units INTEGER NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID;
`;

type RequestColumns = {
	id: string;
	fingerprint: string;
	pool: string;
	units: number;
	state: RequestRow["state"];
	attempt: number;
	forgiven: number;
	chat_id: string | null;
	held_at_ms: number;
	expires_at_ms: number;
	ended_at_ms: number | null;
	report_after_ms: number | null;
	reported_at_ms: number | null;
};

/**
 * The rows of one ledger, in SQLite and in memory at once. Nothing is stored before the first write, so that a subject that never got
 * anything leaves no storage behind. All of it is synchronous.
 */
export class LedgerStorage {
	readonly rows = new Map<string, RequestRow>();
	readonly adjustments = new Map<string, Adjustment>();
	notes: Notes = {};
	/** The subject's key; null while nothing is stored. */
	key: string | null = null;
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
		if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'ledger'").toArray().length === 0) return;
		for (const row of sql.exec<{ key: string; notes: string }>("SELECT key, notes FROM ledger")) {
			this.key = row.key;
			this.notes = JSON.parse(row.notes);
		}
		for (const row of sql.exec<RequestColumns>("SELECT * FROM request")) this.rows.set(row.id, fromColumns(row));
		for (const row of sql.exec<{ id: string; pool: string; units: number; at_ms: number }>("SELECT * FROM adjustment")) {
			this.adjustments.set(row.id, { id: row.id, pool: row.pool, units: row.units, atMs: row.at_ms });
		}
	}

	writeRow(key: string, row: RequestRow): void {
		this.#prepare(key);
		this.rows.set(row.id, row);
		const columns = toColumns(row);
		const names = Object.keys(columns);
		this.#sql.exec(
			`INSERT OR REPLACE INTO request (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
			...Object.values(columns),
		);
	}

	writeAdjustment(key: string, adjustment: Adjustment): void {
		this.#prepare(key);
		this.adjustments.set(adjustment.id, adjustment);
		const { id, pool, units, atMs } = adjustment;
		this.#sql.exec("INSERT INTO adjustment (id, pool, units, at_ms) VALUES (?, ?, ?, ?)", id, pool, units, atMs);
	}

	/** Replaces old rows by their pools' checkpoints: the books stay complete, and no longer grow with every request. */
	foldRows(rows: RequestRow[]): void {
		const stored = this.#sql.exec<{ pool: string; units: number; requests: number }>("SELECT * FROM checkpoint").toArray();
		const checkpoints = new Map<string, Checkpoint>(stored.map((checkpoint) => [checkpoint.pool, checkpoint]));
		for (const { pool, units, requests } of fold(checkpoints, rows)) {
			this.#sql.exec("INSERT OR REPLACE INTO checkpoint (pool, units, requests) VALUES (?, ?, ?)", pool, units, requests);
		}
		for (const row of rows) {
			this.#sql.exec("DELETE FROM request WHERE id = ?", row.id);
			this.rows.delete(row.id);
		}
	}

	writeNotes(key: string, notes: Notes): void {
		this.#prepare(key);
		this.notes = notes;
		this.#sql.exec("UPDATE ledger SET notes = ? WHERE only = 1", JSON.stringify(notes));
	}

	#prepare(key: string): void {
		if (this.key !== null) return;
		this.key = key;
		this.#sql.exec(SCHEMA);
		this.#sql.exec("INSERT INTO ledger (only, key, notes) VALUES (1, ?, '{}')", key);
	}
}

function toColumns(row: RequestRow): RequestColumns {
	return {
		id: row.id,
		fingerprint: row.fingerprint,
		pool: row.pool,
		units: row.units,
		state: row.state,
		attempt: row.attempt,
		forgiven: row.forgiven,
		chat_id: row.chatId,
		held_at_ms: row.heldAtMs,
		expires_at_ms: row.expiresAtMs,
		ended_at_ms: row.endedAtMs,
		report_after_ms: row.reportAfterMs,
		reported_at_ms: row.reportedAtMs,
	};
}

function fromColumns(row: RequestColumns): RequestRow {
	return {
		id: row.id,
		fingerprint: row.fingerprint,
		pool: row.pool,
		units: row.units,
		state: row.state,
		attempt: row.attempt,
		forgiven: row.forgiven,
		chatId: row.chat_id,
		heldAtMs: row.held_at_ms,
		expiresAtMs: row.expires_at_ms,
		endedAtMs: row.ended_at_ms,
		reportAfterMs: row.report_after_ms,
		reportedAtMs: row.reported_at_ms,
	};
}
