import type { MeteringOverhead } from "./measure/chats.ts";
import type { Counted, CountResult } from "./measure/counts.ts";
import type { GrantResult } from "./measure/grants.ts";
import type { GrowthResult } from "./measure/growth.ts";
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
	counts: Omit<CountResult, "rowBurst">;
	grants: GrantResult;
	overhead: MeteringOverhead;
	ledger: { onDisk: LedgerResult; inMemory: LedgerResult };
	memory: MemoryResult;
	growthByHistory: GrowthResult;
}

export function boundsOf({ counts, grants, overhead, ledger, memory, growthByHistory }: Measured): Bound[] {
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
		...ledgerGrowth(growthByHistory),
		...chatGrowth(growthByHistory),
		...readerGrowth(growthByHistory),
	];
}

/** Nothing may grow with history. Each ratio and difference compares the largest figure of any size with the smallest size's. */
function ledgerGrowth({ core, ledgers }: GrowthResult): Bound[] {
	const sizes = `${ledgers[0]?.rows} → ${ledgers.at(-1)?.rows} requests`;
	return [
		atMost(1.3, "×", `hold + settle, pure core, ${sizes}`, ratioOf(core, keptMs)),
		atMost(1.3, "×", `hold + settle, the object, ${sizes}`, ratioOf(ledgers, pairMs)),
		atMost(200, "", `rows read on wake, besides open requests, ${sizes}`, Math.max(...ledgers.map(closedRowsRead))),
		atMost(4, "MiB", `growth of the memory of a ledger, ${sizes}`, growthOf(ledgers, memoryOf)),
		atMost(6, "", `rows in a user's ledger, chats in a row, ${sizes}`, Math.max(...ledgers.map((one) => one.rowsWritten.user))),
		atMost(8, "", `rows in a guest's two ledgers, chats in a row, ${sizes}`, Math.max(...ledgers.map((one) => one.rowsWritten.guest))),
		atMost(1.2, "×", `request to first byte, ${sizes}`, ratioOf(ledgers, firstByteMs)),
		// Looking up a request that does not exist reads its neighbour, or no row.
		atMost(10, "", `rows that the ledger reads for a chat, ${sizes}`, Math.max(...ledgers.map(rowsReadPerChat))),
	];
}

function chatGrowth({ chats }: GrowthResult): Bound[] {
	const sizes = `${chats[0]?.messages} → ${chats.at(-1)?.messages} messages`;
	// A chat shorter than a page has fewer rows to read.
	const pages = chats.filter(({ messagesOnPage }) => messagesOnPage >= PAGE_MESSAGES);
	return [
		atMost(1.2, "×", `request to first byte, ${sizes}`, ratioOf(chats, firstByteMs)),
		atMost(80, "", `rows that a chat reads for a request, ${sizes}`, Math.max(...chats.map(rowsReadPerChat))),
		atMost(PAGE_MESSAGES, "", `messages on the first page, ${sizes}`, Math.max(...chats.map((one) => one.messagesOnPage))),
		atMost(
			0,
			"",
			`growth of the rows read for the first page, ${sizes}`,
			growthOf(pages, (one) => one.rowsReadPerPage),
		),
	];
}

function readerGrowth({ readers: { readers, oneMiB, manyMiB, statusBeyond } }: GrowthResult): Bound[] {
	return [
		atMost(1.2, "×", `isolate, 1 → ${readers} stalled readers of one answer`, manyMiB / oneMiB),
		atMost(0, "", "readers beyond an answer's cap that are not refused with 429", statusBeyond === 429 ? 0 : 1),
	];
}

const PAGE_MESSAGES = 50;

const ratioOf = <T>([smallest, ...larger]: readonly T[], of: (size: T) => number) =>
	smallest === undefined ? Number.NaN : Math.max(...larger.map(of)) / of(smallest);
const growthOf = <T>([smallest, ...larger]: readonly T[], of: (size: T) => number) =>
	smallest === undefined ? Number.NaN : Math.max(...larger.map(of)) - of(smallest);

type Ledger = GrowthResult["ledgers"][number];
type Chat = GrowthResult["chats"][number];
const keptMs = (one: GrowthResult["core"][number]) => one.keptMs;
const pairMs = (one: Ledger) => one.pairMs;
const memoryOf = (one: Ledger) => one.isolateMiB;
const closedRowsRead = (one: Ledger) => one.rowsReadOnWake - one.openOnWake;
const firstByteMs = (one: Ledger | Chat) => one.firstByteMs;
const rowsReadPerChat = (one: Ledger | Chat) => one.rowsReadPerChat;
const callsBeforeFirstByte = (one: Counted) => one.providerCallsBeforeFirstByte;
const d1Queries = (one: Counted) => one.d1Queries;

function atMost(limit: number, unit: string, what: string, measured: number): Bound {
	return { what, unit, limit: { atMost: limit }, measured, met: measured <= limit };
}

function atLeast(limit: number, unit: string, what: string, measured: number): Bound {
	return { what, unit, limit: { atLeast: limit }, measured, met: measured >= limit };
}
