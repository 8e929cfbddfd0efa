import { describe, expect, test } from "vitest";
import { boundsOf } from "./bounds.ts";
import { readResults } from "./checked-in.ts";

/** A mutable copy of the newest checked-in measurements. */
function measurements() {
	const { result } = structuredClone(readResults().at(-1) ?? { result: null });
	if (!result?.ledger.inMemory || !result.growthByHistory) throw new Error("the newest result lacks the ledger in memory or the growth");
	const { counts, grants, overhead, memory, growthByHistory } = result;
	return {
		recorded: result.bounds,
		measured: { counts, grants, overhead, memory, growthByHistory, ledger: { ...result.ledger, inMemory: result.ledger.inMemory } },
	};
}

type Measured = ReturnType<typeof measurements>["measured"];

/** Sets the times to those of an idle machine, so that a result from a busy machine misses no other bounds. */
function calm({ overhead, ledger, growthByHistory: { core, ledgers, chats } }: Measured): void {
	overhead.p50Ms.median = 1;
	for (const { pairsPerSecond } of [ledger.onDisk, ledger.inMemory]) pairsPerSecond.median = 1_000;
	for (const one of core) one.keptMs = 0.01;
	for (const one of ledgers) Object.assign(one, { pairMs: 1, firstByteMs: 9 });
	for (const one of chats) one.firstByteMs = 9;
}

/** Bounds whose verdict changes with the changed measurements. */
function missedAfter(change: (measured: Measured) => void): string[] {
	const [before, after] = [measurements().measured, measurements().measured];
	for (const one of [before, after]) calm(one);
	change(after);
	const met = new Set(boundsOf(before).flatMap(({ what, met }) => (met ? [what] : [])));
	return boundsOf(after).flatMap(({ what, met: isMet }) => (!isMet && met.has(what) ? [what] : []));
}

test("the bounds of a checked-in result match its measurements", () => {
	const { recorded, measured } = measurements();
	expect(boundsOf(measured)).toEqual(recorded);
});

describe("a bound is missed by", () => {
	test.each<[string, (measured: Measured) => void, string[]]>([
		[
			"a provider call before the first byte of any known subscriber's chat",
			({ counts }) => {
				counts.userSlowAnswer.providerCallsBeforeFirstByte = 1;
			},
			["provider calls from request to first byte, known subscriber"],
		],
		[
			"a single slow grant",
			({ grants }) => {
				grants.withCreditsLeftMs[0] = 10_001;
			},
			["a grant is shown, credits left (slowest)"],
		],
		[
			"one D1 query of a guest",
			({ counts }) => {
				counts.guestFirstEver.d1Queries = 1;
			},
			["D1 queries of a guest's chat"],
		],
		[
			"a seventh row of a user's chat",
			({ counts }) => {
				counts.userAlone.rows["user ledger"] = 7;
			},
			["rows in a user's ledger, chat alone"],
		],
		[
			"nine rows in a guest's two ledgers together",
			({ counts }) => {
				counts.guestBurst.rows = { "guest ledger": 5, "network ledger": 4 };
			},
			["rows in a guest's two ledgers, chats in a row"],
		],
		[
			"3 ms of overhead at the median",
			({ overhead }) => {
				overhead.p50Ms.median = 3;
			},
			["first byte, metering on minus off, p50"],
		],
		[
			"699 pairs a second in memory",
			({ ledger }) => {
				ledger.inMemory.pairsPerSecond.median = 699;
			},
			["hold + settle pairs of one ledger, state in memory"],
		],
		[
			"an isolate that grows by 0.3 MiB per stream",
			({ memory }) => {
				memory.isolate.ours.perStreamMiB = 0.3;
			},
			["an open stream, growth of the isolate"],
		],
	])("%s", (_, change, missed) => {
		expect(missedAfter(change)).toEqual(missed);
	});

	type Growth = Measured["growthByHistory"];

	test.each<[string, string, (growth: Growth) => void]>([
		["a core that is a third slower with the longest history", "hold + settle, pure core", ({ core }) => scale(core, "keptMs", 1.34)],
		["an object that is a third slower", "hold + settle, the object", ({ ledgers }) => scale(ledgers, "pairMs", 1.34)],
		[
			"a wake that reads 201 rows more than are open",
			"rows read on wake",
			({ ledgers }) => set(ledgers, { openOnWake: 9, rowsReadOnWake: 210 }),
		],
		[
			"5 MiB more in memory",
			"growth of the memory of a ledger",
			({ ledgers }) => set(ledgers, { isolateMiB: (ledgers[0]?.isolateMiB ?? 0) + 5 }),
		],
		["seven rows in a user's ledger", "rows in a user's ledger", ({ ledgers }) => set(ledgers, { rowsWritten: { user: 7, guest: 8 } })],
		[
			"nine rows in a guest's ledgers",
			"rows in a guest's two ledgers",
			({ ledgers }) => set(ledgers, { rowsWritten: { user: 6, guest: 9 } }),
		],
		["a slower first byte after a long history", "request to first byte", ({ ledgers }) => scale(ledgers, "firstByteMs", 1.21)],
		[
			"eleven rows read for a chat after a long history",
			"rows that the ledger reads",
			({ ledgers }) => set(ledgers, { rowsReadPerChat: 11 }),
		],
		["a slower first byte in a long chat", "request to first byte", ({ chats }) => scale(chats, "firstByteMs", 1.21)],
		["81 rows read in a long chat", "rows that a chat reads", ({ chats }) => set(chats, { rowsReadPerChat: 81 })],
		["a first page of 51 messages", "messages on the first page", ({ chats }) => set(chats, { messagesOnPage: 51 })],
		[
			"a first page that reads more of a long chat",
			"growth of the rows read for the first page",
			({ chats }) => scale(chats, "rowsReadPerPage", 1.1),
		],
		["stalled readers that take memory", "isolate, 1 →", ({ readers }) => void Object.assign(readers, { manyMiB: readers.oneMiB * 1.21 })],
		["a reader beyond the cap that is taken", "readers beyond", ({ readers }) => void Object.assign(readers, { statusBeyond: 200 })],
	])("%s", (_, what, change) => {
		const missed = missedAfter(({ growthByHistory }) => change(growthByHistory));
		expect(missed).toHaveLength(1);
		expect(missed[0]).toContain(what);
	});

	/** Sets the figures of the largest size to a multiple of the smallest size's. */
	function scale<T extends object>(sizes: T[], figure: keyof T, factor: number): void {
		const [smallest] = sizes.slice(figure === "rowsReadPerPage" ? 1 : 0);
		set(sizes, { [figure]: Number(smallest?.[figure]) * factor } as Partial<T>);
	}
	function set<T extends object>(sizes: T[], figures: Partial<T>): void {
		Object.assign(sizes.at(-1) ?? {}, figures);
	}

	test("no figure exactly at its limit", () => {
		const missed = missedAfter(({ grants, counts, ledger }) => {
			grants.withNothingLeftMs = [10_000];
			counts.userAlone.rows["user ledger"] = 6;
			ledger.inMemory.pairsPerSecond.median = 700;
		});
		expect(missed).toEqual([]);
	});
});
