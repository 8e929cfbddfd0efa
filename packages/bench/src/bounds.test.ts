import { describe, expect, test } from "vitest";
import { boundsOf } from "./bounds.ts";
import { readResults } from "./checked-in.ts";

/** A mutable copy of the newest checked-in measurements. */
function measurements() {
	const { result } = structuredClone(readResults().at(-1) ?? { result: null });
	if (!result?.ledger.inMemory) throw new Error("the newest result lacks the ledger in memory");
	const { counts, grants, overhead, memory } = result;
	return {
		recorded: result.bounds,
		measured: { counts, grants, overhead, memory, ledger: { ...result.ledger, inMemory: result.ledger.inMemory } },
	};
}

type Measured = ReturnType<typeof measurements>["measured"];

/** Bounds whose verdict changes with the changed measurements. */
function missedAfter(change: (measured: Measured) => void): string[] {
	const before = measurements().measured;
	const after = measurements().measured;
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

	test("no figure that is exactly at its limit", () => {
		const missed = missedAfter(({ grants, counts, ledger }) => {
			grants.withNothingLeftMs = [10_000];
			counts.userAlone.rows["user ledger"] = 6;
			ledger.inMemory.pairsPerSecond.median = 700;
		});
		expect(missed).toEqual([]);
	});
});
