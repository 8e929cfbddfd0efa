import { type Adjustment, type Baseline, type Checkpoint, type Entitlement, fold, type RequestRow } from "@parley/metering";
import type { ComingChange } from "../lib/payments/port.ts";
import { defined, instant, integer, isRecord, json, nullable, oneOf, Table, text } from "./table.ts";

/** The latest checkout, until the purchase has arrived. */
export interface CheckoutNote {
	/** Absent for a checkout whose URL must not be reused. */
	session?: { id: string; priceId: string };
	/** Checkouts of a plan that this one replaced and that the provider cannot close: they can still be paid. Newest first. */
	older?: string[];
	buys: "plan" | "top-up";
	/** All credits bought beside a plan before this checkout. A higher number means that the top-up has arrived. */
	creditsBefore: number;
	pressedAtMs: number;
}

/** What a ledger stores beside its requests, in one row. */
export interface Notes {
	entitlement?: Entitlement;
	checkout?: CheckoutNote;
	/** The change of plan that waits for the end of the period, for a provider that does not tell which it is. */
	comingChange?: ComingChange;
	/** When something last changed at the provider. A copy whose read was sent before that is outdated. */
	changedAtMs?: number;
	/** The account that a guest became, and when. `open`: requests held at that time, which the account counts when they end. */
	closed?: { inFavourOf: string; atMs: number; open?: string[] };
	/**
	 * Failures of the outbox in a row, and the earliest time of the next attempt. While this is set, the fate of the last reports is unknown, unless
	 * `isAnswered`: the provider answered that it did not take them.
	 * `sentAtMs`: when each was first sent, for a provider that deduplicates for a limited time only.
	 */
	retry?: { failures: number; notBeforeMs: number; isAnswered?: boolean; sentAtMs?: Record<string, number> };
	/** The starting point for comparing the provider's book with ours, and the time of the last comparison. */
	baseline?: Baseline;
	comparedAtMs?: number;
}

const primaryKey = defined(text, "TEXT PRIMARY KEY");
const parts = json("a list of parts", (value): value is NonNullable<RequestRow["spill"]> => {
	const isPart = (part: unknown) => isRecord(part) && typeof part.pool === "string" && Number.isSafeInteger(part.units);
	return Array.isArray(value) && value.every(isPart);
});
const keys = json("a list of texts", (value): value is readonly string[] => {
	return Array.isArray(value) && value.every((key) => typeof key === "string");
});

/** Notes are checked as far as a decision about units depends on them: an entitlement has a known kind and the instant of its read. */
function isNotes(value: unknown): value is Notes {
	if (!isRecord(value)) return false;
	const { entitlement } = value;
	if (entitlement === undefined) return true;
	const isKnown = isRecord(entitlement) && ["none", "balance", "windowed"].some((kind) => kind === entitlement.kind);
	return isKnown && Number.isSafeInteger(entitlement.fetchedAtMs);
}

const LEDGER = new Table<{ only: number; key: string; notes: Notes }>("ledger", {
	only: defined(integer, "INTEGER PRIMARY KEY CHECK (only = 1)"),
	key: text,
	notes: json("the notes of a ledger", isNotes),
});

// Without rowids each write of a request is one written row, not two. Rows written are the bill.
const REQUEST = new Table<RequestRow>(
	"request",
	{
		id: primaryKey,
		fingerprint: text,
		pool: text,
		units: integer,
		state: oneOf("held", "settled", "released", "expired"),
		attempt: integer,
		forgiven: integer,
		chatId: nullable(text),
		heldAtMs: instant,
		expiresAtMs: instant,
		endedAtMs: nullable(instant),
		reportAfterMs: nullable(instant),
		reportedAtMs: nullable(instant),
		spill: nullable(parts),
		sentAtMs: nullable(instant),
		sharedWith: nullable(keys),
		refusals: defined(integer, "INTEGER NOT NULL DEFAULT 0"),
		member: nullable(text),
	},
	{ suffix: "WITHOUT ROWID" },
);

const CHECKPOINT = new Table<Checkpoint>(
	"checkpoint",
	{ pool: primaryKey, units: integer, requests: integer },
	{ suffix: "WITHOUT ROWID" },
);

const ADJUSTMENT = new Table<Adjustment>(
	"adjustment",
	{
		id: primaryKey,
		pool: text,
		units: integer,
		atMs: instant,
		spill: nullable(parts),
		requestId: nullable(text),
		expiresAtMs: nullable(instant),
	},
	{ suffix: "WITHOUT ROWID" },
);

/**
 * The rows of one ledger, in SQLite and in memory at once. Tables are created on the first write, so a subject that was never served leaves
 * no storage. All of it is synchronous.
 */
export class LedgerStorage {
	readonly rows = new Map<string, RequestRow>();
	readonly adjustments = new Map<string, Adjustment>();
	/** By pool. */
	readonly checkpoints = new Map<string, Checkpoint>();
	notes: Notes = {};
	/** The subject's key. Null while nothing is stored. */
	key: string | null = null;
	readonly #sql: SqlStorage;
	#hasUnwrittenNotes = false;

	/** Loads the whole ledger. Throws when a stored value is not what its column says. */
	constructor(sql: SqlStorage) {
		this.#sql = sql;
		if (!LEDGER.exists(sql)) return;
		for (const table of [REQUEST, ADJUSTMENT]) table.addMissingColumns(sql);
		for (const { key, notes } of LEDGER.read(sql)) {
			this.key = key;
			this.notes = notes;
		}
		for (const row of REQUEST.read(sql)) this.rows.set(row.id, row);
		for (const adjustment of ADJUSTMENT.read(sql)) this.adjustments.set(adjustment.id, adjustment);
		for (const checkpoint of CHECKPOINT.read(sql)) this.checkpoints.set(checkpoint.pool, checkpoint);
	}

	writeRow(key: string, row: RequestRow): void {
		this.#prepare(key);
		this.rows.set(row.id, row);
		REQUEST.write(this.#sql, row);
		if (this.#hasUnwrittenNotes) this.writeNotes(key, this.notes);
	}

	writeAdjustment(key: string, adjustment: Adjustment): void {
		this.#prepare(key);
		this.adjustments.set(adjustment.id, adjustment);
		ADJUSTMENT.write(this.#sql, adjustment);
	}

	/** Replaces old rows by checkpoints of their pools, so that a ledger does not grow with every request. No count changes. */
	foldRows(rows: RequestRow[]): void {
		for (const checkpoint of fold(this.checkpoints, rows)) {
			this.checkpoints.set(checkpoint.pool, checkpoint);
			CHECKPOINT.write(this.#sql, checkpoint);
		}
		for (const row of rows) {
			this.#sql.exec("DELETE FROM request WHERE id = ?", row.id);
			this.rows.delete(row.id);
		}
	}

	/** Keeps notes in memory. With `isNews` they are written with the next row. */
	keepNotes(notes: Notes, isNews: boolean): void {
		this.notes = notes;
		this.#hasUnwrittenNotes ||= isNews;
	}

	writeNotes(key: string, notes: Notes): void {
		this.#prepare(key);
		this.notes = notes;
		this.#hasUnwrittenNotes = false;
		this.#sql.exec("UPDATE ledger SET notes = ? WHERE only = 1", JSON.stringify(notes));
	}

	#prepare(key: string): void {
		if (this.key !== null) return;
		this.key = key;
		this.#sql.exec([LEDGER, REQUEST, CHECKPOINT, ADJUSTMENT].map((table) => table.create).join("\n"));
		LEDGER.write(this.#sql, { only: 1, key, notes: {} });
	}
}
