import type {
	Adjustment,
	Baseline,
	Checkpoint,
	DayTotals,
	Entitlement,
	Marks,
	PoolSums,
	RequestRow,
	Share,
	Spent,
	Terms,
} from "@parley/metering";
import type { ComingChange } from "../lib/payments/port.ts";
import type { PlanNews } from "../view/usage.ts";
import { defined, instant, integer, isRecord, json, nullable, oneOf, Table, text } from "./table.ts";

// The stored form of a ledger (docs/decisions/0011). ledger-storage.ts reads and writes it.

/** The latest checkout, until its purchase has arrived. */
export interface CheckoutNote {
	/** Absent for a checkout whose URL must not be reused. */
	session?: { id: string; priceId: string };
	/** Earlier plan checkouts that this one replaced but the provider cannot close: they can still be paid. Newest first. */
	older?: string[];
	buys: "plan" | "top-up";
	/** All credits bought alongside a plan before this checkout. A higher number means that the top-up has arrived. */
	creditsBefore: number;
	pressedAtMs: number;
}

/** A ledger's data besides its requests, in one row. */
export interface Notes {
	entitlement?: Entitlement;
	/** News about the plan, from the read that returned the entitlement. Affects no decision. */
	plan?: PlanNews | undefined;
	/** Since when a payment is overdue, and when the plan ends, as announced in mails. */
	owedSinceMs?: number | undefined;
	endsAt?: string | undefined;
	checkout?: CheckoutNote;
	/** The plan change scheduled for the end of the period, for a provider that does not report which one. */
	comingChange?: ComingChange;
	/** When something last changed at the provider. A copy whose read was sent before that is outdated. */
	changedAtMs?: number;
	/**
	 * The account a guest became, and when. `open`: requests held at that time, which the account counts when they end. `units`: units counted
	 * by then in that UTC day; absent in ledgers closed by an earlier version.
	 */
	closed?: { inFavourOf: string; atMs: number; open?: string[]; units?: number };
	/**
	 * When the ledger of a deleted user or organization is removed; until then it no longer identifies anyone. For an API key's pool, the end of its
	 * window; absent if unknown. Epoch milliseconds.
	 */
	endsAtMs?: number;
	/**
	 * Consecutive outbox failures, and the earliest time of the next attempt. While set, the fate of the last reports is unknown, unless
	 * `isAnswered`: the provider answered that it did not accept them.
	 * `sentAtMs`: when each was first sent, for a provider that deduplicates for a limited time.
	 */
	retry?: { failures: number; notBeforeMs: number; isAnswered?: boolean; sentAtMs?: Record<string, number> };
	/** The starting point for comparing the provider's count with ours, and the time of the last comparison. */
	baseline?: Baseline;
	comparedAtMs?: number;
	/** When the daily totals were last copied to D1. */
	copiedAtMs?: number;
}

const primaryKey = defined(text, "TEXT PRIMARY KEY");
const parts = json("a list of parts", (value): value is NonNullable<RequestRow["spill"]> => {
	const isPart = (part: unknown) => isRecord(part) && typeof part.pool === "string" && Number.isSafeInteger(part.units);
	return Array.isArray(value) && value.every(isPart);
});
const raises = json("a list of raises", (value): value is NonNullable<RequestRow["raises"]> => {
	const isRaise = (raise: unknown) => isRecord(raise) && Number.isSafeInteger(raise.step) && Number.isSafeInteger(raise.units);
	return Array.isArray(value) && value.every(isRaise);
});
const keys = json("a list of texts", (value): value is readonly string[] => {
	return Array.isArray(value) && value.every((key) => typeof key === "string");
});

/** Validates the notes that decisions about units depend on: an entitlement has a known kind and the time of its read. */
function isNotes(value: unknown): value is Notes {
	if (!isRecord(value)) return false;
	const { entitlement } = value;
	if (entitlement === undefined) return true;
	const isKnown = isRecord(entitlement) && ["none", "balance", "windowed"].some((kind) => kind === entitlement.kind);
	return isKnown && Number.isSafeInteger(entitlement.fetchedAtMs);
}

/** How far the sums on disk go, in the ledger's own row. Missing or partial (`addedUpTo`) in a ledger of an older version. */
export interface Kept extends Marks {
	/** The latest write to a place. */
	sequence: number;
	/** Places whose requests are in the sums. Writes there up to `sequence` are not live. */
	free: number[];
	/** The last request considered for folding, and when the last full pass ended. */
	foldedTo: string;
	foldedAtMs: number;
	/** The last request, then the last adjustment, of an older version that is in the sums. Both are absent once all are. */
	addedUpTo?: string | undefined;
	adjustedUpTo?: string | undefined;
}

export const NOTHING_KEPT: Kept = {
	latestMs: 0,
	acknowledgedMs: 0,
	usedMs: 0,
	sinceBaseline: {},
	sequence: 0,
	free: [],
	foldedTo: "",
	foldedAtMs: 0,
};

function isKept(value: unknown): value is Kept {
	if (!isRecord(value) || !isRecord(value.sinceBaseline) || !Array.isArray(value.free)) return false;
	const { foldedTo, addedUpTo = "", adjustedUpTo = "", usedMs = 0 } = value;
	if ([foldedTo, addedUpTo, adjustedUpTo].some((id) => typeof id !== "string")) return false;
	return [value.latestMs, value.acknowledgedMs, usedMs, value.sequence, value.foldedAtMs, ...value.free].every(Number.isFinite);
}

export const LEDGER = new Table<{ only: number; key: string; notes: Notes; kept: Kept | null }>("ledger", {
	only: defined(integer, "INTEGER PRIMARY KEY CHECK (only = 1)"),
	key: text,
	notes: json("the notes of a ledger", isNotes),
	kept: nullable(json("the marks of the sums", isKept)),
});

// Without rowids, writing a request is one written row instead of two. Written rows are billed.
const request = {
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
	raises: nullable(raises),
	sentAtMs: nullable(instant),
	sharedWith: nullable(keys),
	refusals: defined(integer, "INTEGER NOT NULL DEFAULT 0"),
	member: nullable(text),
	terms: nullable(json("the terms of a request", (value): value is Terms => isRecord(value) && typeof value.model === "string")),
	spent: nullable(json("the tokens of a request", (value): value is Spent => isRecord(value) && Number.isFinite(value.microDollars))),
};

/** The final version of each request. */
export const REQUEST = new Table<RequestRow>("request", { id: primaryKey, ...request }, { suffix: "WITHOUT ROWID" });

/** Requests whose final version does not exist yet, or is not yet in the sums. Places are reused, so nothing has to be deleted. */
export const LIVE = new Table<RequestRow & { place: number; sequence: number }>("live", {
	place: defined(integer, "INTEGER PRIMARY KEY"),
	sequence: integer,
	id: text,
	...request,
});

/** The part of an object's key-value storage a small ledger needs. */
export type WholeStore = Pick<SyncKvStorage, "get" | "put" | "delete">;

/** A small ledger as one value: each write is one row, and it needs no tables. */
export interface Whole {
	key: string;
	notes: Notes;
	rows: readonly RequestRow[];
}

const WHOLE = "whole";

/** Reads a ledger stored as one value; undefined if there is none. @throws when a stored value does not match its column */
export function readWhole(kv: WholeStore): Whole | undefined {
	const stored = kv.get<{ ledger: Record<string, SqlStorageValue>; requests: Record<string, SqlStorageValue>[] }>(WHOLE);
	if (!stored) return undefined;
	const { key, notes } = LEDGER.fromRecord(stored.ledger);
	return { key, notes, rows: stored.requests.map((request) => REQUEST.fromRecord(request)) };
}

export function writeWhole(kv: WholeStore, { key, notes, rows }: Whole): void {
	const requests = rows.map((row) => REQUEST.toRecord({ ...row, refusals: row.refusals ?? 0 }));
	kv.put(WHOLE, { ledger: LEDGER.toRecord({ only: 1, key, notes, kept: null }), requests });
}

export function deleteWhole(kv: WholeStore): void {
	kv.delete(WHOLE);
}

/** Sums of absorbed requests and adjustments, by pool and period. */
export const SUMS = new Table<Omit<PoolSums, "members" | "held"> & { members: [string, Share][] }>(
	"sums",
	{
		pool: text,
		sinceMs: instant,
		entries: integer,
		earliestMs: instant,
		latestMs: instant,
		taken: integer,
		counted: integer,
		forgiven: integer,
		adjusted: integer,
		adjustedParts: integer,
		members: json("shares of members", (value): value is [string, Share][] => Array.isArray(value) && value.every(Array.isArray)),
	},
	{ key: ["pool", "since_ms"], suffix: "WITHOUT ROWID" },
);

/** Usage of absorbed requests by UTC day, model and tier. Unchanged by folding. */
export const DAILY = new Table<DayTotals>(
	"daily",
	{
		day: text,
		model: text,
		tier: oneOf("guest", "free", "paid"),
		requests: integer,
		units: integer,
		input: integer,
		cached: integer,
		output: integer,
		reasoning: integer,
		microDollars: integer,
		estimated: integer,
	},
	{ key: ["day", "model", "tier"], suffix: "WITHOUT ROWID" },
);

export const CHECKPOINT = new Table<Checkpoint>(
	"checkpoint",
	{ pool: primaryKey, units: integer, requests: integer },
	{ suffix: "WITHOUT ROWID" },
);

export const ADJUSTMENT = new Table<Adjustment>(
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

export const TABLES = [LEDGER, REQUEST, LIVE, SUMS, DAILY, CHECKPOINT, ADJUSTMENT] as const;

/** Few requests are corrected, so this index is cheap. */
export const INDEX_OF_CORRECTIONS =
	"CREATE INDEX IF NOT EXISTS adjustment_by_request ON adjustment (request_id) WHERE request_id IS NOT NULL";
