import { ASSUMED } from "./cost.ts";
import type { Counted } from "./measure/counts.ts";
import type { LedgerResult } from "./measure/ledger.ts";
import type { Grown } from "./measure/memory.ts";
import type { Result } from "./result.ts";
import type { Range, Summary } from "./statistics.ts";

/** A result as text, for people. */
export function report(result: Result): string {
	return [
		heading(result),
		bounds(result),
		chats(result),
		counts(result),
		others(result),
		costs(result),
		`Absent:\n${list(result.absent)}`,
	].join("\n\n");
}

function heading({ date, seed, circumstances, harness, pinned, plan, includes, tookSeconds }: Result): string {
	const { commit, modified, machine, loadBefore, versions } = circumstances;
	return [
		`bench ${plan.name}, ${date}, commit ${commit}${modified ? " (modified)" : ""}, seed ${seed}, ${tookSeconds.toFixed(0)} s`,
		`${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, Linux ${machine.kernel}; ${pinned ? "server on core 0, client and fakes on core 1" : "not pinned"}; load before ${loadBefore.toFixed(2)}`,
		Object.entries(versions)
			.map(([name, version]) => `${name} ${version}`)
			.join(", "),
		harness,
		...Object.entries(includes).map(([side, text]) => `${side}: ${text}`),
	].join("\n");
}

function bounds(result: Result): string {
	const rows = result.bounds.map(({ what, unit, limit, measured, met }) => {
		const bound = "atMost" in limit ? `≤ ${limit.atMost}` : `≥ ${limit.atLeast}`;
		return [what, `${bound} ${unit}`.trim(), `${number(measured)} ${unit}`.trim(), met ? "met" : "MISSED"];
	});
	return table([["bound", "", "measured", ""], ...rows]);
}

function chats(result: Result): string {
	const parts = result.chats.map(({ delayMs, sides, rounds, cpuMsPerChat, p99OursMinusBareMs }) => {
		const names = { A: "A metering off", B: "B ours", C: "C reference" };
		const rows = (["A", "B", "C"] as const).map((side) => [
			names[side],
			String(sides[side].full.n),
			triple(sides[side].firstByte),
			triple(sides[side].firstWord),
			triple(sides[side].full),
			ms(cpuMsPerChat[side]),
		]);
		const { firstByte, full } = rounds;
		return [
			`Provider at ${delayMs} ms a call; ms, p50 / p95 / p99`,
			table([["", "n", "first byte", "first word", "whole answer", "CPU of the process"], ...rows]),
			`first byte, in each round (median, 10–90 %): ours − off ${range(firstByte.oursMinusBare)} ms, reference − off ${range(firstByte.referenceMinusBare)} ms, ` +
				`overhead ratio ${range(firstByte.overheadRatio)} (${firstByte.overheadRatio.rounds} of ${result.plan.rounds} rounds), reference ÷ ours ${range(firstByte.referenceOverOurs)}; p99 ours − off ${ms(p99OursMinusBareMs)} ms`,
			`whole answer: ours − off ${range(full.oursMinusBare)} ms, reference − off ${range(full.referenceMinusBare)} ms`,
		].join("\n");
	});
	return parts.join("\n\n");
}

function counts({ counts: counted }: Result): string {
	const row = (name: string, one: Counted) => [
		name,
		number(one.providerCallsBeforeFirstByte),
		number(one.providerCalls),
		number(one.d1Queries),
		["user ledger", "guest ledger", "network ledger"]
			.filter((of) => of in one.rows)
			.map((of) => `${of.split(" ")[0]} ${number(one.rows[of] ?? 0)} (alarms ${number(one.alarmsSet[of] ?? 0)})`)
			.join(" + "),
		number((one.rows.Conversation ?? 0) + (one.rows.ChatList ?? 0)),
		Object.entries(one.objectCalls)
			.map(([call, amount]) => `${call} ${number(amount)}`)
			.join(", "),
	];
	const { userFirstEver, userAlone, userSlowAnswer, userBurst, userStaleCookie, guestFirstEver, guestBurst, referenceBurst } = counted;
	return [
		"Counts per chat, with all that it causes later (deterministic but for what a burst shares)",
		table([
			[
				"",
				"provider calls before first byte",
				"in all",
				"D1 queries",
				"ledger rows, set alarms among them",
				"chat's rows",
				"calls of objects",
			],
			row("subscriber, first chat of the account's", userFirstEver),
			row("subscriber, a chat alone", userAlone),
			row("subscriber, a chat alone, answer of 8 s", userSlowAnswer),
			row(`subscriber, ${userBurst.chats} chats in a row`, userBurst),
			row("subscriber, session cookie's cache over", userStaleCookie),
			row("guest, first ever, with network", guestFirstEver),
			row(`guest, ${guestBurst.chats} chats in a row, with network`, guestBurst),
			["reference (C)", number(referenceBurst.providerCallsBeforeFirstByte), number(referenceBurst.providerCalls), "", "none", "", ""],
		]),
	].join("\n");
}

function rate({ callers, pairsPerSecond, pairsPerRun, pairMs, growth }: LedgerResult): string {
	const filling = growth.map((at) => `${at.rowsBefore} rows: ${at.pairsPerSecond.toFixed(0)}`).join(", ");
	const all = `${range(pairsPerSecond)} pairs/s with ${callers} callers over ${pairsPerSecond.rounds} fresh ledgers of ${pairsPerRun}`;
	return `${all}; a pair ${triple(pairMs)} ms${filling ? `; as one fills, pairs/s after ${filling}` : ""}`;
}

function others({ ledger, guests, grants, memory, overhead }: Result): string {
	const { bare, ours, oursWithNetwork } = guests.neverSeenFirstByteMs;
	const grown = ({ beforeMiB, openMiB, perStreamMiB }: Grown) =>
		`${perStreamMiB.toFixed(3)} MiB (${beforeMiB.toFixed(0)} → ${openMiB.toFixed(0)})`;
	const seconds = (durationsMs: number[]) => durationsMs.map((duration) => (duration / 1000).toFixed(2)).join(", ");
	return [
		`first byte, metering on minus off, all rounds: p50 ${range(overhead.p50Ms)} ms over ${overhead.p50Ms.rounds} rounds, p99 ${ms(overhead.p99Ms)} ms (${overhead.chatsOfEachSide} chats of each side); noise, off minus off: p50 ${range(overhead.noise.p50Ms)} ms, p99 ${ms(overhead.noise.p99Ms)} ms`,
		`a grant at the provider, seconds from the next request: shown ${seconds(grants.withCreditsLeftMs)}; while a long answer is written ${seconds(grants.duringLongAnswerMs)}; with nothing left, admitted ${seconds(grants.withNothingLeftMs)}`,
		`one ledger, hold + settle, its state in memory: ${rate(ledger.inMemory)}`,
		`  the same, each commit flushed to this disk: ${rate(ledger.onDisk)}`,
		`denied request of a guest: ${triple(guests.deniedMs)} ms (n ${guests.deniedMs.n})`,
		`first request of a never-seen guest, first byte: ${triple(ours)} ms; of a new network too ${triple(oursWithNetwork)} ms; metering off ${triple(bare)} ms (n ${ours.n})`,
		`memory of one of ${memory.openStreams} open streams: the isolate grows by ${grown(memory.isolate.ours)}, metering off ${grown(memory.isolate.bare)}`,
		`  the whole workerd process: subscribers ${grown(memory.subscribers.ours)}, metering off ${grown(memory.subscribers.bare)}; guests ${grown(memory.guests.ours)}, metering off ${grown(memory.guests.bare)}; a Durable Object that stores nothing ${memory.emptyObjectMiB.toFixed(3)} MiB`,
	].join("\n");
}

function costs({ costPerMillionChats }: Result): string {
	const names = Object.keys(costPerMillionChats[0]?.lines ?? {});
	const rows = costPerMillionChats.map(({ of, lines, sum }) => [of, ...names.map((name) => dollars(lines[name] ?? 0)), dollars(sum)]);
	return [
		"Dollars per million chats at Cloudflare's list price, beyond what the plan includes (our counts × prices)",
		table([["", ...names, "sum"], ...rows]),
		`= 1e6 × (0.30e-6 + ${ASSUMED.cpuMs} ms × 0.02e-6 + object calls × 0.15e-6 + (calls − alarms) × ${ASSUMED.objectMsPerCall} ms × ${ASSUMED.objectGb} GB × 12.50e-6/GB-s + alarms × ${ASSUMED.reportMs} ms × ${ASSUMED.objectGb} GB × 12.50e-6/GB-s + rows × 1.00e-6); CPU and times are assumed, calls and rows counted`,
	].join("\n");
}

const ms = (value: number) => value.toFixed(2);
const number = (value: number) => String(Math.round(value * 100) / 100);
const dollars = (value: number) => `$${value.toFixed(2)}`;
const triple = ({ p50, p95, p99 }: Summary) => `${ms(p50)} / ${ms(p95)} / ${ms(p99)}`;
const range = ({ median, p10, p90 }: Range) => `${ms(median)} (${ms(p10)}–${ms(p90)})`;
const list = (lines: string[]) => lines.map((line) => `- ${line}`).join("\n");

function table(rows: string[][]): string {
	const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
	return rows
		.map((row) =>
			row
				.map((cell, column) => cell.padEnd(widths[column] ?? 0))
				.join("  ")
				.trimEnd(),
		)
		.join("\n");
}
