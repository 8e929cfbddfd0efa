import { stateOf } from "../../../metering/proof/recomputed.ts";
import {
	type Command,
	DEFAULT_LIMITS,
	decide,
	type Entitlement,
	KeptSums,
	type LedgerState,
	type RequestRow,
} from "../../../metering/src/index.ts";
import { quantile } from "../statistics.ts";

/** CPU time of one hold and its settlement in the pure core, with `rows` requests in the ledger. CPU time excludes other processes. */
export interface CoreTime {
	rows: number;
	/** With sums recomputed from all rows for each decision, as before 2026-11-29. */
	recomputedMs: number;
	/** With kept sums. */
	keptMs: number;
}

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 10, 29, 12);
const SUBSCRIPTION = "sub";
const POOL = `sub:${SUBSCRIPTION}`;
const PERIOD = { startMs: NOW_MS - DAY_MS, endMs: NOW_MS + 29 * DAY_MS };
/** The number of final requests that are added to the sums together, as in the Durable Object. */
const ABSORBED_TOGETHER = 50;
/** Pairs between two clock readings: with a million rows, a recomputed pair takes a second, a kept one microseconds. */
const PAIRS = { recomputed: 3, kept: 500 };
/** A kernel may count CPU time in steps of up to 10 ms and report 0 for anything shorter, so a measurement lasts many steps. */
const MEASURED_MIN_MS = 100;
const ENTITLEMENT: Entitlement = {
	kind: "balance",
	subscriptionId: SUBSCRIPTION,
	available: 1e9,
	allowance: 1e9,
	periodStartMs: PERIOD.startMs,
	periodEndMs: PERIOD.endMs,
	fetchedAtMs: NOW_MS - 1_000,
};

/** Where a core keeps its requests. */
interface Core {
	state: LedgerState;
	write(row: RequestRow): void;
	/** Removes a pair if it would lengthen the history, which would slow down the next pair. */
	forget?(id: string): void;
}

/**
 * Times the same commands in both cores, smallest ledger first.
 * @throws when the two cores decide differently
 */
export function measureCore(histories: readonly number[], rounds: number): CoreTime[] {
	const cores = histories.map((rows) => {
		const history = historyOf(rows);
		return { rows, recomputed: recomputing(history), kept: keeping(history) };
	});
	for (const { kept } of cores) for (let pair = 0; pair < PAIRS.kept; pair += 1) holdAndSettle(kept, `warm ${pair}`);
	// The sizes take turns, so that a slow moment of the machine does not hit one of them alone.
	const keptMs = cores.map((): number[] => []);
	for (let round = 0; round < rounds; round += 1) {
		for (const [size, { kept }] of cores.entries()) keptMs[size]?.push(pairMs(kept, PAIRS.kept, `round ${round}`));
	}
	return cores.map(({ rows, recomputed, kept }, size) => {
		assertSame(recomputed, kept);
		return { rows, recomputedMs: pairMs(recomputed, PAIRS.recomputed, "pair"), keptMs: quantile(keptMs[size] ?? [], 0.5) };
	});
}

/** Requests of the last 80 days: nine in ten counted and reported, one in ten released. */
function historyOf(rows: number): Map<string, RequestRow> {
	const history = new Map<string, RequestRow>();
	for (let n = 0; n < rows; n += 1) {
		const atMs = NOW_MS - Math.floor(((rows - n) / rows) * 80 * DAY_MS) - 1_000;
		const isReleased = n % 10 === 0;
		history.set(`r${n}`, {
			id: `r${n}`,
			fingerprint: "f",
			pool: POOL,
			units: 1,
			state: isReleased ? "released" : "settled",
			attempt: 1,
			forgiven: 0,
			chatId: "c",
			heldAtMs: atMs,
			expiresAtMs: atMs,
			endedAtMs: atMs,
			reportAfterMs: null,
			reportedAtMs: isReleased ? null : Math.min(atMs + 500, ENTITLEMENT.fetchedAtMs - 1),
		});
	}
	return history;
}

function recomputing(rows: Map<string, RequestRow>): Core {
	return { state: coreState(rows), write: (row) => rows.set(row.id, row), forget: (id) => rows.delete(id) };
}

/** Only requests made since then are in memory: the object reads earlier ones by id from SQLite, which its own figure includes. */
function keeping(history: Map<string, RequestRow>): Core {
	const rows = new Map<string, RequestRow>();
	const unread = () => {
		throw new Error("no result: the kept sums read their history");
	};
	const source = { sums: () => [], rows: unread, adjustments: unread, grants: () => [], days: unread };
	const marks = { latestMs: 0, acknowledgedMs: 0, usedMs: 0, sinceBaseline: {} };
	const sums = new KeptSums(source, marks, { readMs: ENTITLEMENT.fetchedAtMs, baselineMs: null }, []);
	// Split while still empty, as the object does.
	sums.usage(POOL, PERIOD);
	for (const row of history.values()) sums.addUp(row);
	const write = (row: RequestRow) => {
		sums.put(row, sums.live.has(row.id) ? undefined : rows.get(row.id));
		rows.set(row.id, row);
		if (sums.waiting >= ABSORBED_TOGETHER) sums.absorb(sums.next(ABSORBED_TOGETHER));
		sums.takeChanged();
	};
	return { state: coreState(rows, sums), write };
}

function coreState(rows: Map<string, RequestRow>, sums?: KeptSums): LedgerState {
	const rest = { kind: "user", limits: DEFAULT_LIMITS, entitlement: ENTITLEMENT, closed: false, paidKeepsFreeDay: true } as const;
	return stateOf({ rows, adjustments: new Map(), checkpoints: new Map() }, sums ? { ...rest, sums } : rest);
}

function pairMs(core: Core, pairs: number, name: string): number {
	const before = process.cpuUsage();
	for (let done = 0; ; ) {
		for (const end = done + pairs; done < end; done += 1) holdAndSettle(core, `${name} ${done}`);
		const { user, system } = process.cpuUsage(before);
		const usedMs = (user + system) / 1000;
		if (usedMs >= MEASURED_MIN_MS) return usedMs / done;
	}
}

function holdAndSettle({ state, write, forget }: Core, id: string): void {
	for (const command of commands(id)) {
		const { row } = decide(state, command, NOW_MS);
		if (!row) throw new Error(`no result: the core did not take ${command.type}`);
		write(row);
	}
	forget?.(id);
}

function commands(id: string): Command[] {
	return [
		{ type: "hold", id, fingerprint: "f", units: 1, chatId: null },
		{ type: "settle", id },
	];
}

function assertSame(recomputed: Core, kept: Core): void {
	for (const command of commands("same")) {
		const decisions = [recomputed, kept].map(({ state, write }) => {
			const { outcome, row } = decide(state, command, NOW_MS);
			if (row) write(row);
			return JSON.stringify([outcome, row]);
		});
		if (decisions[0] !== decisions[1]) throw new Error(`no result: the cores decide differently: ${decisions.join(" / ")}`);
	}
}
