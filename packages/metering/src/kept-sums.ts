import { isGrantPool } from "./balance.ts";
import { DailyTotals } from "./daily.ts";
import { type Adjustment, type DayTotals, isFinal, type RequestRow, type Share, type Sums, type Usage } from "./rows.ts";
import { type Adjusted, type PoolSums, Tally, type TallySource } from "./tally.ts";
import { subscriptionOf } from "./tier.ts";
import type { Window } from "./window.ts";

/** A ledger's stored sums that are not per pool. Instants are epoch milliseconds. */
export interface Marks {
	/** See `Sums`. */
	latestMs: number;
	/** The latest acknowledgement of a report. */
	acknowledgedMs: number;
	/** The latest instant at which a request in the daily totals was held or ended. */
	usedMs: number;
	/** Units acknowledged since the comparison's baseline, by subscription. Without live requests. */
	sinceBaseline: Record<string, number>;
}

/** What the sums read from disk. */
export interface SumsSource extends TallySource {
	/** See `Sums`. */
	grants(): Iterable<readonly [pool: string, grant: Adjustment | undefined]>;
	/** The stored totals from a day on, in any order. */
	days(fromDay: string): Iterable<DayTotals>;
}

/** The two instants that the sums depend on, epoch milliseconds. */
export interface Since {
	/** When the entitlement's read was sent; 0 without one. */
	readMs: number;
	/** The baseline of the comparison with the provider; null without one. */
	baselineMs: number | null;
}

/**
 * Sums that are kept instead of recomputed. A request is *live* while it is held, owed or acknowledged since the provider's last read, and until it
 * is absorbed. Each sum is that of the absorbed requests plus that of the live ones, so its cost does not depend on history (docs/decisions/0011).
 */
export class KeptSums implements Sums {
	readonly #source: SumsSource;
	readonly #base: Tally;
	readonly #ofLive: Tally;
	/** Growth of the stored daily totals by absorbed requests and adjustments. */
	readonly #daysToStore = new DailyTotals();
	readonly #live = new Map<string, RequestRow>();
	/** Final live requests: those that can be absorbed, and those that first need the next provider read. */
	readonly #final = new Map<string, RequestRow>();
	readonly #acknowledged = new Map<string, RequestRow>();
	readonly #held = new Map<string | null, number>();
	/** Units held on, or owed to, a subscription, by pool. */
	readonly #unreported = new Map<string, number>();
	readonly #grants: Map<string, Adjustment | undefined>;
	readonly #marks: Marks;
	#since: Since;

	/** `live`: the latest version of each live request. */
	constructor(source: SumsSource, marks: Marks, since: Since, live: Iterable<RequestRow>) {
		this.#source = source;
		this.#base = new Tally(source);
		this.#ofLive = new Tally({ sums: () => [], rows: (pool) => this.#liveOn(pool), adjustments: () => [] });
		this.#grants = new Map(source.grants());
		const { latestMs, acknowledgedMs, usedMs, sinceBaseline } = marks;
		this.#marks = { latestMs, acknowledgedMs, usedMs, sinceBaseline };
		this.#since = since;
		for (const row of live) this.#enter(row);
	}

	/** The live requests, by id. */
	get live(): ReadonlyMap<string, RequestRow> {
		return this.#live;
	}

	get latestMs(): number {
		return this.#marks.latestMs;
	}

	/** The latest acknowledgement of a report, in epoch milliseconds. 0 if there is none. */
	get acknowledgedMs(): number {
		return this.#marks.acknowledgedMs;
	}

	taken(pool: string): number {
		return this.#base.taken(pool) + this.#ofLive.taken(pool);
	}

	adjusted(pool: string): number {
		return this.#base.adjusted(pool);
	}

	usage(pool: string, window: Window | null): Usage {
		const base = this.#base.usage(pool, window);
		const live = this.#ofLive.usage(pool, window);
		return {
			counted: base.counted + live.counted,
			held: live.held,
			forgiven: base.forgiven + live.forgiven,
			adjusted: base.adjusted,
		};
	}

	share(pool: string, window: Window | null, memberId: string): Share {
		const base = this.#base.share(pool, window, memberId);
		const live = this.#ofLive.share(pool, window, memberId);
		return { used: base.used + live.used, held: live.held };
	}

	unknownSince(pool: string, readMs: number): number {
		let units = this.#unreported.get(pool) ?? 0;
		for (const row of this.#acknowledged.values()) {
			if (row.pool === pool && (row.reportedAtMs ?? 0) >= readMs) units += row.units;
		}
		return units;
	}

	grants(): Iterable<readonly [pool: string, grant: Adjustment | undefined]> {
		return this.#grants;
	}

	inFlight(memberId?: string): number {
		if (memberId !== undefined) return this.#held.get(memberId) ?? 0;
		let held = 0;
		for (const requests of this.#held.values()) held += requests;
		return held;
	}

	days(fromDay: string): DayTotals[] {
		const totals = new DailyTotals();
		for (const stored of this.#source.days(fromDay)) totals.include(stored);
		for (const unstored of this.#daysToStore.all()) totals.include(unstored);
		for (const row of this.#live.values()) totals.add(row, 1);
		return totals.all().filter(({ day }) => day >= fromDay);
	}

	/** See `Marks`. */
	get usedMs(): number {
		return this.#marks.usedMs;
	}

	/** Units acknowledged since the baseline and before `untilMs`, by subscription. `untilMs` must not be before the last read. */
	acknowledgedSinceBaseline(untilMs: number): Map<string, number> {
		const { baselineMs } = this.#since;
		const units = new Map(Object.entries(this.#marks.sinceBaseline));
		if (baselineMs === null) return units;
		for (const rows of [this.#final, this.#acknowledged]) {
			for (const { reportedAtMs, pool, units: own } of rows.values()) {
				const isSince = reportedAtMs !== null && reportedAtMs >= baselineMs && reportedAtMs < untilMs;
				if (isSince) addTo(units, subscriptionOf(pool) ?? "", own);
			}
		}
		return units;
	}

	/** Applies a new read or baseline. Both must be later than every absorbed acknowledgement. */
	follow({ readMs, baselineMs }: Since): void {
		if (baselineMs !== this.#since.baselineMs) this.#marks.sinceBaseline = {};
		const isRead = readMs !== this.#since.readMs;
		this.#since = { readMs, baselineMs };
		if (!isRead) return;
		for (const row of [...this.#final.values(), ...this.#acknowledged.values()]) this.#wait(row);
	}

	/** Applies a new version of a request. `stored`: its version on disk if it is not live. */
	put(row: RequestRow, stored: RequestRow | undefined): void {
		const live = this.#live.get(row.id);
		if (live) this.#leave(live);
		else if (stored) this.#addAbsorbed(stored, -1);
		if (!live && stored && isFinal(row)) {
			this.#addAbsorbed(row, 1);
			this.#see(row);
		} else this.#enter(row);
	}

	/** Applies an adjustment. */
	adjust(adjusted: Adjusted): void {
		this.#base.adjust(adjusted);
		this.#daysToStore.adjust(adjusted);
		const { adjustment } = adjusted;
		for (const pool of [adjustment.pool, ...(adjustment.spill ?? []).map((part) => part.pool)]) {
			if (isGrantPool(pool)) this.#grants.set(pool, adjustment.id === pool ? adjustment : this.#grants.get(pool));
		}
	}

	/** The marks to store beside the sums by pool. */
	get marks(): Marks {
		return { ...this.#marks };
	}

	/** Whether sums of absorbed requests or adjustments changed and have to be stored in this turn. */
	get isChanged(): boolean {
		return this.#base.isChanged || !this.#daysToStore.isEmpty;
	}

	/** How many requests can be absorbed. */
	get waiting(): number {
		return this.#final.size;
	}

	/** The next requests to absorb, at most `max`, in the order in which they became final. */
	next(max: number): RequestRow[] {
		const next: RequestRow[] = [];
		for (const row of this.#final.values()) {
			if (next.length === max) break;
			next.push(row);
		}
		return next;
	}

	/** Adds final requests to the stored sums. From then on they are read by id. */
	absorb(rows: Iterable<RequestRow>): void {
		for (const row of rows) {
			this.#leave(row);
			this.#addToBase(row);
		}
	}

	/** Adds a request of a ledger without sums: directly to the stored sums, unless it is live. */
	addUp(row: RequestRow): void {
		if (isFinal(row) && this.#isKnown(row)) {
			this.#see(row);
			this.#addToBase(row);
		} else this.#enter(row);
	}

	/** Removes absorbed requests that are folded into a checkpoint. They stay in the daily totals. */
	fold(rows: Iterable<RequestRow>): void {
		for (const row of rows) this.#base.add(row, -1);
	}

	/** The sums that changed since the last call. Store them together with the marks. */
	takeChanged(): PoolSums[] {
		return this.#base.takeChanged();
	}

	/** The growth of the stored daily totals since the last call. Store it together with the marks. */
	takeDays(): DayTotals[] {
		return this.#daysToStore.take();
	}

	*#liveOn(pool: string): Iterable<RequestRow> {
		for (const row of this.#live.values()) if (row.pool === pool) yield row;
	}

	#enter(row: RequestRow): void {
		this.#live.set(row.id, row);
		this.#see(row);
		this.#count(row, 1);
		if (isFinal(row)) this.#wait(row);
	}

	/** Queues a final request for absorption, or first for the next provider read. */
	#wait(row: RequestRow): void {
		for (const requests of [this.#final, this.#acknowledged]) requests.delete(row.id);
		(this.#isKnown(row) ? this.#final : this.#acknowledged).set(row.id, row);
	}

	/** Whether the last provider read includes a final request's units. */
	#isKnown({ reportedAtMs }: RequestRow): boolean {
		return reportedAtMs === null || reportedAtMs < this.#since.readMs;
	}

	#addAbsorbed(row: RequestRow, sign: 1 | -1): void {
		this.#base.add(row, sign);
		this.#daysToStore.add(row, sign);
	}

	#addToBase(row: RequestRow): void {
		this.#addAbsorbed(row, 1);
		const { baselineMs } = this.#since;
		if (baselineMs === null || row.reportedAtMs === null || row.reportedAtMs < baselineMs) return;
		const subscription = subscriptionOf(row.pool) ?? "";
		const before = this.#marks.sinceBaseline[subscription] ?? 0;
		this.#marks.sinceBaseline = { ...this.#marks.sinceBaseline, [subscription]: before + row.units };
	}

	#leave(row: RequestRow): void {
		for (const requests of [this.#live, this.#final, this.#acknowledged]) requests.delete(row.id);
		this.#count(row, -1);
	}

	#count(row: RequestRow, sign: 1 | -1): void {
		this.#ofLive.add(row, sign);
		if (row.state === "held") addTo(this.#held, row.member ?? null, sign);
		const isUnreported = row.state !== "released" && row.reportedAtMs === null && subscriptionOf(row.pool) !== null;
		if (isUnreported) addTo(this.#unreported, row.pool, sign * row.units);
	}

	#see({ heldAtMs, endedAtMs, reportedAtMs, terms }: RequestRow): void {
		const latestMs = Math.max(heldAtMs, endedAtMs ?? 0);
		this.#marks.latestMs = Math.max(this.#marks.latestMs, latestMs);
		if (terms) this.#marks.usedMs = Math.max(this.#marks.usedMs, latestMs);
		this.#marks.acknowledgedMs = Math.max(this.#marks.acknowledgedMs, reportedAtMs ?? 0);
	}
}

/** Adds to a number in a map. A zero is removed, so that the map only has open entries. */
function addTo<K>(numbers: Map<K, number>, key: K, by: number): void {
	const after = (numbers.get(key) ?? 0) + by;
	if (after === 0) numbers.delete(key);
	else numbers.set(key, after);
}
