import {
	type Adjustment,
	allowanceOf,
	type Checkpoint,
	type DayTotals,
	DEFAULT_LIMITS,
	dayOf,
	type Entries,
	fold,
	isCounted,
	isFinal,
	KeptSums,
	type PoolSums,
	type RequestRow,
	type SumsSource,
	sumOfTotals,
} from "@parley/metering";
import { kindOf } from "../lib/identity/subject-key.ts";
import {
	ADJUSTMENT,
	CHECKPOINT,
	DAILY,
	deleteWhole,
	INDEX_OF_CORRECTIONS,
	type Kept,
	LEDGER,
	LIVE,
	NOTHING_KEPT,
	type Notes,
	REQUEST,
	readWhole,
	SUMS,
	TABLES,
	type WholeStore,
	writeWhole,
} from "./ledger-tables.ts";
import type { Table } from "./table.ts";

/** Final requests added to the sums in one step. A wake reads them, their final versions, and as many free places. */
export const ABSORBED_TOGETHER = 50;
const FREE_PLACES_MAX = 50;
/**
 * Up to this many requests, the ledger of a guest or pool is stored as one value: most never have more, and tables cost more rows than their requests.
 * Fewer than are absorbed together, so all of them are live.
 */
const WHOLE_MAX = 40;
/** Rows of an older version added up per step. */
const STEP_ROWS = 5_000;
/** Final versions a wake reads per statement, which allows 100 bindings. */
const READ_TOGETHER = 100;
/** Rows one alarm considers for folding. */
const FOLD_PAGE = 200;
const FOLD_EVERY_MS = 86_400_000;
/** How long daily totals are kept, and how many older rows one alarm deletes. */
const DAYS_KEPT_MS = 400 * 86_400_000;
const DAYS_DROPPED = 50;

/**
 * The rows of one ledger in SQLite, with its sums and live requests in memory (docs/decisions/0011). Tables are created on first write, so a
 * subject that was never served leaves no storage. All of it is synchronous.
 */
export class LedgerStorage implements Entries {
	notes: Notes = {};
	/** The subject's key. Null while nothing is stored. */
	key: string | null = null;
	readonly #sql: SqlStorage;
	readonly #kv: WholeStore;
	/** Whether the whole ledger is stored as one value, without tables. */
	#isWhole = false;
	readonly #created: Set<string>;
	#sums: KeptSums;
	#kept: Kept | null = NOTHING_KEPT;
	/** The places of the live requests by id, and the next new one. */
	readonly #places = new Map<string, number>();
	#newPlace = 1;
	readonly #checkpoints = new Map<string, Checkpoint | undefined>();
	#hasUnwrittenNotes = false;
	/** The last lookup on disk, because a decision and the row it writes look up the same id. Null after the table changes. */
	#finalRead: { id: string; row: RequestRow | undefined } | null = null;

	/** Loads the live requests. Throws when a stored value does not match its column. */
	constructor({ sql, kv }: { sql: SqlStorage; kv: WholeStore }) {
		this.#sql = sql;
		this.#kv = kv;
		const names = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").toArray();
		this.#created = new Set(names.map(({ name }) => name));
		if (this.#created.has(LEDGER.name)) {
			for (const table of TABLES) if (this.#created.has(table.name)) table.addMissingColumns(sql);
			for (const { key, notes, kept } of LEDGER.read(sql)) {
				this.key = key;
				this.notes = notes;
				this.#kept = kept && { ...NOTHING_KEPT, ...kept };
			}
		}
		const whole = this.#loadWhole();
		this.#sums = new KeptSums(this.#source(), this.#kept ?? NOTHING_KEPT, this.#since(), whole ?? this.#loadLive());
	}

	/** The sums needed for decisions, and the live requests. */
	get sums(): KeptSums {
		return this.#sums;
	}

	row(id: string): RequestRow | undefined {
		return this.#sums.live.get(id) ?? this.#final(id);
	}

	adjustment(id: string): Adjustment | undefined {
		return this.#first(ADJUSTMENT, "WHERE id = ?", id);
	}

	correctionsOf(requestId: string): Adjustment[] {
		return this.#read(ADJUSTMENT, "WHERE request_id = ?", requestId);
	}

	checkpoint(pool: string): Checkpoint | undefined {
		if (!this.#checkpoints.has(pool)) this.#checkpoints.set(pool, this.#first(CHECKPOINT, "WHERE pool = ?", pool));
		return this.#checkpoints.get(pool);
	}

	/** The final versions of the next requests by id, at most `max`. `clauses` filters them. */
	finalAfter(id: string, max: number, clauses = "", ...bindings: SqlStorageValue[]): RequestRow[] {
		return this.#read(REQUEST, `WHERE id > ? ${clauses} ORDER BY id LIMIT ?`, id, ...bindings, max);
	}

	/**
	 * The next requests by id, each in its latest version, and the id to continue after; null after the last. About `max`, because live
	 * ones are added.
	 */
	requestsAfter(after: string, max: number): { rows: RequestRow[]; next: string | null } {
		const stored = this.finalAfter(after, max);
		const next = stored.length < max ? null : (stored.at(-1)?.id ?? null);
		const live = [...this.#sums.live.values()].filter(({ id }) => id > after && (next === null || id <= next));
		const rows = new Map([...stored, ...live].map((row) => [row.id, row]));
		return { rows: [...rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1)), next };
	}

	adjustments(): Adjustment[] {
		return this.#read(ADJUSTMENT, "ORDER BY at_ms");
	}

	/** Counted units of requests held from one instant on and ended before another. Reads the whole table. */
	countedBetween(heldFromMs: number, endedBeforeMs: number): number {
		const sum =
			"SELECT total(units) AS units FROM request WHERE state IN ('settled', 'expired') AND held_at_ms >= ? AND coalesce(ended_at_ms, 0) < ?";
		let units = this.#has(REQUEST) ? this.#sql.exec<{ units: number }>(sum, heldFromMs, endedBeforeMs).one().units : 0;
		for (const row of this.#sums.live.values()) {
			if ((isFinal(row) && !this.#isWhole) || !isCounted(row) || row.heldAtMs < heldFromMs || (row.endedAtMs ?? 0) >= endedBeforeMs)
				continue;
			units += row.units;
		}
		return units;
	}

	/** Acknowledged units by the minute of their hold, epoch milliseconds, within a range of minutes. Reads the whole table. */
	acknowledgedByMinute(fromMs: number, untilMs: number, minuteMs: number): Map<number, number> {
		if (!this.#has(REQUEST)) return new Map();
		const rows = this.#sql.exec<{ minute: number; units: number }>(
			`SELECT held_at_ms - held_at_ms % ? AS minute, total(units) AS units FROM request
			WHERE reported_at_ms IS NOT NULL AND pool LIKE 'sub:%' AND held_at_ms >= ? AND held_at_ms < ? GROUP BY minute`,
			minuteMs,
			fromMs,
			untilMs,
		);
		return new Map(rows.toArray().map(({ minute, units }) => [minute, units]));
	}

	/** Writes a new version of a request: one row, and occasionally the sums. */
	writeRow(key: string, row: RequestRow): void {
		this.#prepare(key);
		this.#sums.put(row, this.#sums.live.has(row.id) ? undefined : this.#final(row.id));
		if (this.#isWhole) this.#writeWhole();
		else this.#writeVersion(row);
	}

	#writeVersion(row: RequestRow): void {
		if (isFinal(row)) this.#writeFinal(row);
		// A request needs a place before its final version is written, because a wake looks up final versions by place.
		if (this.#sums.live.has(row.id) && !(isFinal(row) && this.#places.has(row.id))) this.#writeLive(row);
		if (this.#sums.waiting >= ABSORBED_TOGETHER) this.absorb();
		else if (this.#sums.isChanged) this.#store();
		else if (this.#hasUnwrittenNotes) this.#writeLedger();
	}

	writeAdjustment(key: string, adjustment: Adjustment): void {
		this.#prepare(key);
		if (this.#isWhole) this.#spread();
		this.#adjust(adjustment);
		if (!this.#has(ADJUSTMENT)) {
			this.#create(ADJUSTMENT);
			this.#sql.exec(INDEX_OF_CORRECTIONS);
		}
		this.#write(ADJUSTMENT, adjustment);
		this.#store();
	}

	/** Adds the next final requests to the sums on disk. @returns whether another full batch is waiting */
	absorb(rows = this.#sums.next(ABSORBED_TOGETHER)): boolean {
		this.#sums.absorb(rows);
		const free = [...this.#present.free];
		for (const { id } of rows) {
			const place = this.#places.get(id);
			if (place !== undefined) free.push(place);
			this.#places.delete(id);
		}
		// After an outage there are as many places as there were owed requests.
		for (const place of free.splice(FREE_PLACES_MAX)) this.#sql.exec("DELETE FROM live WHERE place = ?", place);
		this.#store({ free });
		return this.#sums.waiting >= ABSORBED_TOGETHER;
	}

	/**
	 * Considers the next requests in turn, and replaces those picked by `select` with checkpoints of their pools. Changes no count. After a full
	 * pass it pauses for a day.
	 */
	fold(select: (rows: RequestRow[]) => RequestRow[], nowMs: number): void {
		const { foldedTo, foldedAtMs } = this.#present;
		if (foldedTo === "" && nowMs - foldedAtMs < FOLD_EVERY_MS) return;
		const page = this.finalAfter(foldedTo, FOLD_PAGE);
		// The version here may belong to an earlier attempt.
		const rows = select(page.map((row) => this.#sums.live.get(row.id) ?? row));
		const next = page.length < FOLD_PAGE ? { foldedTo: "", foldedAtMs: nowMs } : { foldedTo: page.at(-1)?.id ?? "" };
		this.#kept = { ...this.#present, ...next };
		if (rows.length === 0) return;
		const live = rows.filter(({ id }) => this.#sums.live.has(id));
		if (live.length > 0) this.absorb(live);
		this.#sums.fold(rows);
		for (const checkpoint of fold(this, rows)) {
			this.#checkpoints.set(checkpoint.pool, checkpoint);
			this.#write(CHECKPOINT, checkpoint);
		}
		for (const { id } of rows) this.#deleteFinal(id);
		this.#store();
	}

	/** Deletes some daily totals past their retention. */
	dropOldDays(nowMs: number): void {
		if (!this.#has(DAILY)) return;
		const old = "SELECT day, model, tier FROM daily WHERE day < ? LIMIT ?";
		this.#sql.exec(`DELETE FROM daily WHERE (day, model, tier) IN (${old})`, dayOf(nowMs - DAYS_KEPT_MS), DAYS_DROPPED);
	}

	/** Whether any absorbed request is in the daily totals. */
	get hasStoredDays(): boolean {
		return this.#has(DAILY);
	}

	/** Keeps notes in memory. With `isNews` they are written with the next row. */
	keepNotes(notes: Notes, isNews: boolean): void {
		this.notes = notes;
		this.#hasUnwrittenNotes ||= isNews;
		this.#sums.follow(this.#since());
	}

	writeNotes(key: string, notes: Notes): void {
		this.#prepare(key);
		this.keepNotes(notes, false);
		if (this.#isWhole) this.#writeWhole();
		else this.#writeLedger();
	}

	/**
	 * Adds up the next entries of an older version, which has no sums: its requests, then its adjustments. Must be completed before any other
	 * call.
	 * @returns whether it is done. A ledger that dies between two steps resumes where it stopped
	 */
	addUp(max = STEP_ROWS): boolean {
		const { addedUpTo, adjustedUpTo } = this.#kept ?? { addedUpTo: "", adjustedUpTo: undefined };
		if (addedUpTo === undefined && adjustedUpTo === undefined) return true;
		const next = adjustedUpTo === undefined ? this.#addUpRequests(addedUpTo ?? "", max) : this.#addUpAdjustments(adjustedUpTo, max);
		this.#kept = { ...this.#present, addedUpTo: undefined, adjustedUpTo: undefined, ...next };
		this.#store();
		return next.addedUpTo === undefined && next.adjustedUpTo === undefined;
	}

	#addUpRequests(after: string, max: number): Pick<Kept, "addedUpTo" | "adjustedUpTo"> {
		if (!this.#has(LIVE)) this.#create(LIVE);
		const rows = this.finalAfter(after, max);
		// If the plan's pool is divided while empty, it need not be added up a second time.
		const { entitlement = null } = this.notes;
		const { pool, window } = allowanceOf("user", entitlement, DEFAULT_LIMITS, entitlement?.fetchedAtMs ?? 0);
		this.#sums.usage(pool, window);
		for (const row of rows) this.#sums.addUp(row);
		for (const row of rows) {
			if (!this.#sums.live.has(row.id)) continue;
			// There it would be mistaken for the final version.
			if (!isFinal(row)) this.#deleteFinal(row.id);
			this.#writeLive(row);
		}
		if (rows.length === max) return { addedUpTo: rows.at(-1)?.id ?? "" };
		return this.#has(ADJUSTMENT) ? this.#addUpAdjustments("", max - rows.length) : {};
	}

	/** Each adjustment counts in the period of the request it corrects, so all requests come first. */
	#addUpAdjustments(after: string, max: number): Pick<Kept, "addedUpTo" | "adjustedUpTo"> {
		this.#sql.exec(INDEX_OF_CORRECTIONS);
		const adjustments = this.#read(ADJUSTMENT, "WHERE id > ? ORDER BY id LIMIT ?", after, max);
		for (const adjustment of adjustments) this.#adjust(adjustment);
		return adjustments.length === max ? { adjustedUpTo: adjustments.at(-1)?.id ?? "" } : {};
	}

	#adjust(adjustment: Adjustment): void {
		this.#sums.adjust({ adjustment, corrected: adjustment.requestId ? this.row(adjustment.requestId) : undefined });
	}

	get #present(): Kept {
		return this.#kept ?? NOTHING_KEPT;
	}

	#since() {
		const { entitlement, baseline } = this.notes;
		return { readMs: entitlement?.fetchedAtMs ?? 0, baselineMs: baseline?.atMs ?? null };
	}

	#source(): SumsSource {
		return {
			sums: (pool) => this.#readSums("WHERE pool = ? ORDER BY since_ms", pool),
			rows: (pool) => this.#absorbedOn(pool),
			adjustments: (pool) =>
				this.#read(ADJUSTMENT, "WHERE pool = ?", pool).map((adjustment) => ({
					adjustment,
					corrected: adjustment.requestId ? this.row(adjustment.requestId) : undefined,
				})),
			grants: () => {
				const pools = this.#readSums("WHERE pool >= 'grant:' AND pool < 'grant;'").map(({ pool }) => pool);
				return pools.map((pool) => [pool, this.adjustment(pool)] as const);
			},
			days: (fromDay) => this.#read(DAILY, "WHERE day >= ?", fromDay),
		};
	}

	/** Read one by one, because a pool may be as large as the table. */
	*#absorbedOn(pool: string): Iterable<RequestRow> {
		if (!this.#has(REQUEST)) return;
		for (const row of REQUEST.read(this.#sql, "WHERE pool = ?", pool)) if (!this.#sums.live.has(row.id)) yield row;
	}

	#readSums(clauses: string, ...bindings: SqlStorageValue[]): PoolSums[] {
		return this.#read(SUMS, clauses, ...bindings).map((sums) => ({ ...sums, held: 0, members: new Map(sums.members) }));
	}

	#loadWhole(): Iterable<RequestRow> | undefined {
		const whole = this.key === null ? readWhole(this.#kv) : undefined;
		if (!whole) return undefined;
		this.key = whole.key;
		this.notes = whole.notes;
		this.#isWhole = true;
		return whole.rows;
	}

	#writeWhole(): void {
		this.#hasUnwrittenNotes = false;
		const rows = [...this.#sums.live.values()];
		if (rows.length > WHOLE_MAX) this.#spread();
		else writeWhole(this.#kv, { key: this.key ?? "", notes: this.notes, rows });
	}

	/** Moves a ledger from its single value into tables. */
	#spread(): void {
		deleteWhole(this.#kv);
		this.#isWhole = false;
		this.#createTables();
		for (const row of this.#sums.live.values()) {
			this.#writeLive(row);
			if (isFinal(row)) this.#writeFinal(row);
		}
		this.#writeLedger();
	}

	/** The latest version of each live request. If two have the same attempt, the final one is later. */
	*#loadLive(): Iterable<RequestRow> {
		const { sequence: storedTo, free } = this.#present;
		const isFree = new Set(free);
		let latest = storedTo;
		const live: RequestRow[] = [];
		for (const { place, sequence, ...row } of this.#read(LIVE)) {
			this.#newPlace = Math.max(this.#newPlace, place + 1);
			latest = Math.max(latest, sequence);
			if (isFree.has(place) && sequence <= storedTo) continue;
			isFree.delete(place);
			this.#places.set(row.id, place);
			live.push(row);
		}
		if (this.#kept) this.#kept = { ...this.#kept, sequence: latest, free: [...isFree] };
		for (let at = 0; at < live.length; at += READ_TOGETHER) {
			const page = live.slice(at, at + READ_TOGETHER);
			const ids = page.map(({ id }) => id);
			const finals = this.#read(REQUEST, `WHERE id IN (${ids.map(() => "?").join(", ")})`, ...ids);
			const finalOf = new Map(finals.map((row) => [row.id, row]));
			for (const row of page) {
				const final = finalOf.get(row.id);
				yield final && final.attempt >= row.attempt ? final : row;
			}
		}
	}

	#final(id: string): RequestRow | undefined {
		if (this.#finalRead?.id !== id) this.#finalRead = { id, row: this.#first(REQUEST, "WHERE id = ?", id) };
		return this.#finalRead.row;
	}

	#writeFinal(row: RequestRow): void {
		this.#finalRead = null;
		this.#write(REQUEST, row);
	}

	#deleteFinal(id: string): void {
		this.#finalRead = null;
		this.#sql.exec("DELETE FROM request WHERE id = ?", id);
	}

	#writeLive(row: RequestRow): void {
		const { free, ...kept } = this.#present;
		let place = this.#places.get(row.id);
		if (place === undefined) {
			place = free.at(-1) ?? this.#newPlace;
			if (free.length === 0) this.#newPlace += 1;
			this.#places.set(row.id, place);
			this.#kept = { ...kept, free: free.slice(0, -1) };
		}
		const sequence = kept.sequence + 1;
		this.#kept = { ...this.#present, sequence };
		this.#write(LIVE, { ...row, place, sequence });
	}

	/** Writes the changed sums and daily totals, and the ledger's row recording how far they go. */
	#store(change: Partial<Kept> = {}): void {
		for (const { held: _, members, ...one } of this.#sums.takeChanged()) this.#write(SUMS, { ...one, members: [...members] });
		for (const change of this.#sums.takeDays()) this.#writeDay(change);
		this.#kept = { ...this.#present, ...change };
		this.#writeLedger();
	}

	#writeDay(change: DayTotals): void {
		const { day, model, tier } = change;
		const before = this.#first(DAILY, "WHERE day = ? AND model = ? AND tier = ?", day, model, tier);
		this.#write(DAILY, before ? sumOfTotals(before, change) : change);
	}

	#writeLedger(): void {
		this.#hasUnwrittenNotes = false;
		const kept = { ...this.#present, ...this.#sums.marks };
		this.#sql.exec("UPDATE ledger SET notes = ?, kept = ? WHERE only = 1", JSON.stringify(this.notes), JSON.stringify(kept));
	}

	#prepare(key: string): void {
		if (this.key !== null) return;
		this.key = key;
		const kind = kindOf(key);
		this.#isWhole = kind === "guest" || kind === "network";
		if (!this.#isWhole) this.#createTables();
	}

	#createTables(): void {
		for (const table of [LEDGER, LIVE]) this.#create(table);
		LEDGER.write(this.#sql, { only: 1, key: this.key ?? "", notes: {}, kept: NOTHING_KEPT });
	}

	#has(table: { name: string }): boolean {
		return this.#created.has(table.name);
	}

	#create(table: { name: string; create: string }): void {
		this.#sql.exec(table.create);
		this.#created.add(table.name);
	}

	#write<Row extends object>(table: Table<Row>, row: Row): void {
		if (!this.#has(table)) this.#create(table);
		table.write(this.#sql, row);
	}

	#first<Row extends object>(table: Table<Row>, clauses: string, ...bindings: SqlStorageValue[]): Row | undefined {
		return this.#has(table) ? table.first(this.#sql, clauses, ...bindings) : undefined;
	}

	#read<Row extends object>(table: Table<Row>, clauses = "", ...bindings: SqlStorageValue[]): Row[] {
		return this.#has(table) ? [...table.read(this.#sql, clauses, ...bindings)] : [];
	}
}
