import { type Adjustment, type Baseline, type Checkpoint, type Entitlement, fold, type RequestRow } from "@parley/metering";

/** The latest checkout, until what was bought is here. */
export interface CheckoutNote {
	/** Absent where its link is not ours to hand out again. */
	session?: { id: string; priceId: string };
	buys: "plan" | "top-up";
	/** Credits ever bought beside a plan, before: more of them, and a top-up has arrived. */
	creditsBefore: number;
	pressedAtMs: number;
}

/** What a ledger knows beside its requests; one row. */
export interface Notes {
	entitlement?: Entitlement;
	checkout?: CheckoutNote;
	/** When something last changed at the provider: a copy that was asked for before is not sure any more. */
	changedAtMs?: number;
	/** The account that a guest became, when, and the requests that were still open then: they are counted there when they end. */
	closed?: { inFavourOf: string; atMs: number; open?: string[] };
	/**
	 * The outbox's failures in a row, and before when it is not tried again. While this stands, what the last reports did is unknown; `sentAtMs`: when
	 * each of them was first sent, where the provider forgets reports.
	 */
	retry?: { failures: number; notBeforeMs: number; sentAtMs?: Record<string, number> };
	/** What the provider's book is compared with, and when it was last. */
	baseline?: Baseline;
	comparedAtMs?: number;
}

// WITHOUT ROWID: each write of a request is one written row, not two; rows written are the bill.
const SCHEMA = `
	CREATE TABLE ledger (only INTEGER PRIMARY KEY CHECK (only = 1), key TEXT NOT NULL, notes TEXT NOT NULL);
	CREATE TABLE request (
		id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, pool TEXT NOT NULL, units INTEGER NOT NULL, state TEXT NOT NULL,
		attempt INTEGER NOT NULL, forgiven INTEGER NOT NULL, chat_id TEXT, held_at_ms INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL,
		ended_at_ms INTEGER, report_after_ms INTEGER, reported_at_ms INTEGER, spill TEXT, sent_at_ms INTEGER, shared_with TEXT,
		refusals INTEGER NOT NULL DEFAULT 0, member TEXT
	) WITHOUT ROWID;
	CREATE TABLE checkpoint (pool TEXT PRIMARY KEY, units INTEGER NOT NULL, requests INTEGER NOT NULL) WITHOUT ROWID;
	CREATE TABLE adjustment (
		id TEXT PRIMARY KEY, pool TEXT NOT NULL, units INTEGER NOT NULL, at_ms INTEGER NOT NULL, spill TEXT, request_id TEXT,
		expires_at_ms INTEGER
	) WITHOUT ROWID;
`;

/** Columns of SCHEMA that came later: an old ledger gets them when it wakes. */
const ADDED: [table: string, column: string, type: string][] = [
	["request", "spill", "TEXT"],
	["request", "sent_at_ms", "INTEGER"],
	["request", "shared_with", "TEXT"],
	["request", "refusals", "INTEGER NOT NULL DEFAULT 0"],
	["request", "member", "TEXT"],
	["adjustment", "spill", "TEXT"],
	["adjustment", "request_id", "TEXT"],
	["adjustment", "expires_at_ms", "INTEGER"],
];

const REQUEST_FIELDS = [
	"id",
	"fingerprint",
	"pool",
	"units",
	"spill",
	"state",
	"attempt",
	"forgiven",
	"chatId",
	"heldAtMs",
	"expiresAtMs",
	"endedAtMs",
	"reportAfterMs",
	"sentAtMs",
	"reportedAtMs",
	"sharedWith",
	"refusals",
	"member",
] satisfies (keyof RequestRow)[];

const ADJUSTMENT_FIELDS = ["id", "pool", "units", "spill", "atMs", "requestId", "expiresAtMs"] satisfies (keyof Adjustment)[];

/**
 * The rows of one ledger, in SQLite and in memory at once. Nothing is stored before the first write, so that a subject that never got
 * anything leaves no storage behind. All of it is synchronous.
 */
export class LedgerStorage {
	readonly rows = new Map<string, RequestRow>();
	readonly adjustments = new Map<string, Adjustment>();
	readonly checkpoints = new Map<string, Checkpoint>();
	notes: Notes = {};
	/** The subject's key; null while nothing is stored. */
	key: string | null = null;
	readonly #sql: SqlStorage;
	#notesAreNews = false;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
		if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'ledger'").toArray().length === 0) return;
		this.#addColumns();
		for (const row of sql.exec<{ key: string; notes: string }>("SELECT key, notes FROM ledger")) {
			this.key = row.key;
			this.notes = JSON.parse(row.notes);
		}
		for (const columns of sql.exec("SELECT * FROM request")) {
			const row: RequestRow = fromColumns(REQUEST_FIELDS, columns);
			this.rows.set(row.id, row);
		}
		for (const columns of sql.exec("SELECT * FROM adjustment")) {
			const adjustment: Adjustment = fromColumns(ADJUSTMENT_FIELDS, columns);
			this.adjustments.set(adjustment.id, adjustment);
		}
		for (const { pool, units, requests } of sql.exec<{ pool: string; units: number; requests: number }>("SELECT * FROM checkpoint")) {
			this.checkpoints.set(pool, { pool, units, requests });
		}
	}

	writeRow(key: string, row: RequestRow): void {
		this.#prepare(key);
		this.rows.set(row.id, row);
		this.#write("request", REQUEST_FIELDS, row);
		if (this.#notesAreNews) this.writeNotes(key, this.notes);
	}

	writeAdjustment(key: string, adjustment: Adjustment): void {
		this.#prepare(key);
		this.adjustments.set(adjustment.id, adjustment);
		this.#write("adjustment", ADJUSTMENT_FIELDS, adjustment);
	}

	/** Replaces old rows by their pools' checkpoints: the books stay complete, and no longer grow with every request. */
	foldRows(rows: RequestRow[]): void {
		for (const checkpoint of fold(this.checkpoints, rows)) {
			const { pool, units, requests } = checkpoint;
			this.checkpoints.set(pool, checkpoint);
			this.#sql.exec("INSERT OR REPLACE INTO checkpoint (pool, units, requests) VALUES (?, ?, ?)", pool, units, requests);
		}
		for (const row of rows) {
			this.#sql.exec("DELETE FROM request WHERE id = ?", row.id);
			this.rows.delete(row.id);
		}
	}

	/** Takes notes into memory; those that are news are written with the next row. */
	keepNotes(notes: Notes, isNews: boolean): void {
		this.notes = notes;
		this.#notesAreNews ||= isNews;
	}

	writeNotes(key: string, notes: Notes): void {
		this.#prepare(key);
		this.notes = notes;
		this.#notesAreNews = false;
		this.#sql.exec("UPDATE ledger SET notes = ? WHERE only = 1", JSON.stringify(notes));
	}

	#write<T extends object>(table: string, fields: readonly (keyof T & string)[], record: T): void {
		const values = fields.map((field) => toColumn(record[field]));
		const marks = fields.map(() => "?").join(", ");
		this.#sql.exec(`INSERT OR REPLACE INTO ${table} (${fields.map(columnOf).join(", ")}) VALUES (${marks})`, ...values);
	}

	#prepare(key: string): void {
		if (this.key !== null) return;
		this.key = key;
		this.#sql.exec(SCHEMA);
		this.#sql.exec("INSERT INTO ledger (only, key, notes) VALUES (1, ?, '{}')", key);
	}

	#addColumns(): void {
		const there = new Set<string>();
		for (const table of ["request", "adjustment"]) {
			for (const { name } of this.#sql.exec<{ name: string }>(`PRAGMA table_info(${table})`)) there.add(`${table}.${name}`);
		}
		for (const [table, column, type] of ADDED) {
			if (!there.has(`${table}.${column}`)) this.#sql.exec(`ALTER TABLE ${table} ADD COLUMN ${column} ${type}`);
		}
	}
}

/** heldAtMs -> held_at_ms */
function columnOf(field: string): string {
	return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function toColumn(value: unknown): SqlStorageValue {
	if (typeof value === "string" || typeof value === "number") return value;
	return value === null || value === undefined ? null : JSON.stringify(value);
}

/** The fields that are lists. */
const LISTS: ReadonlySet<string> = new Set(["spill", "sharedWith"]);

function fromColumns<T>(fields: readonly (keyof T & string)[], columns: Record<string, SqlStorageValue>): T {
	const record = fields.map((field) => {
		const value = columns[columnOf(field)] ?? null;
		return [field, LISTS.has(field) && typeof value === "string" ? JSON.parse(value) : value];
	});
	return Object.fromEntries(record) as T;
}
