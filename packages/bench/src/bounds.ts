import type { MeteringOverhead } from "./measure/chats.ts";
import type { Counted, CountResult } from "./measure/counts.ts";
import type { GrantResult } from "./measure/grants.ts";
import type { LedgerResult } from "./measure/ledger.ts";
import type { MemoryResult } from "./measure/memory.ts";

/** A performance bound of the product (docs/benchmark.md), and whether this run meets it. */
export interface Bound {
	what: string;
	unit: string;
	limit: { atMost: number } | { atLeast: number };
	measured: number;
	met: boolean;
}

/** The part of a result that bounds are checked against. */
interface Measured {
	counts: CountResult;
	grants: GrantResult;
	overhead: MeteringOverhead;
	ledger: { onDisk: LedgerResult; inMemory: LedgerResult };
	memory: MemoryResult;
}

export function boundsOf({ counts, grants, overhead, ledger, memory }: Measured): Bound[] {
	const { userFirstEver, userAlone, userSlowAnswer, userBurst, guestFirstEver, guestBurst } = counts;
	const known = [userAlone, userSlowAnswer, userBurst];
	const guests = [guestFirstEver, guestBurst];
	const most = (all: Counted[], of: (one: Counted) => number) => Math.max(...all.map(of));
	const userRows = ({ rows }: Counted) => rows["user ledger"] ?? 0;
	const guestRows = ({ rows }: Counted) => (rows["guest ledger"] ?? 0) + (rows["network ledger"] ?? 0);
	const seconds = (durationsMs: number[]) => Math.max(...durationsMs) / 1000;
	return [
		atMost(0, "", "provider calls from request to first byte, known subscriber", most(known, callsBeforeFirstByte)),
		atMost(10, "s", "a grant is shown, credits left (slowest)", seconds(grants.withCreditsLeftMs)),
		atMost(10, "s", "a grant is shown, long answer being written (slowest)", seconds(grants.duringLongAnswerMs)),
		atMost(10, "s", "a grant admits, nothing was left (slowest)", seconds(grants.withNothingLeftMs)),
		atMost(2, "", "D1 queries of a user's chat", most([userFirstEver, ...known], d1Queries)),
		atMost(0, "", "D1 queries of a guest's chat", most(guests, d1Queries)),
		atMost(6, "", "rows in a user's ledger, chat alone", userRows(userAlone)),
		atMost(6, "", "rows in a user's ledger, answer of 8 s", userRows(userSlowAnswer)),
		atMost(6, "", "rows in a user's ledger, chats in a row", userRows(userBurst)),
		atMost(8, "", "rows in a guest's two ledgers, chats in a row", guestRows(guestBurst)),
		atMost(8, "", "rows in a guest's two ledgers, first chat ever (makes the tables)", guestRows(guestFirstEver)),
		atMost(2, "ms", "first byte, metering on minus off, p50", overhead.p50Ms.median),
		atMost(8, "ms", "first byte, metering on minus off, p99", overhead.p99Ms),
		atLeast(700, "/s", "hold + settle pairs of one ledger, state in memory", ledger.inMemory.pairsPerSecond.median),
		atLeast(700, "/s", "hold + settle pairs of one ledger, each flushed to this disk", ledger.onDisk.pairsPerSecond.median),
		atMost(0.25, "MiB", "an open stream, growth of the isolate", memory.isolate.ours.perStreamMiB),
		atMost(0.25, "MiB", "an open stream, growth of the whole process, subscribers", memory.subscribers.ours.perStreamMiB),
		atMost(0.25, "MiB", "an open stream, growth of the whole process, guests", memory.guests.ours.perStreamMiB),
	];
}

const callsBeforeFirstByte = (one: Counted) => one.providerCallsBeforeFirstByte;
const d1Queries = (one: Counted) => one.d1Queries;

function atMost(limit: number, unit: string, what: string, measured: number): Bound {
	return { what, unit, limit: { atMost: limit }, measured, met: measured <= limit };
}

function atLeast(limit: number, unit: string, what: string, measured: number): Bound {
	return { what, unit, limit: { atLeast: limit }, measured, met: measured >= limit };
}
