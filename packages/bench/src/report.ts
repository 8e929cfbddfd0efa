import { ASSUMED } from "./cost.ts";
import type { Counted } from "./measure/counts.ts";
import type { GrowthResult } from "./measure/growth.ts";
import type { LedgerResult } from "./measure/ledger.ts";
import type { Grown } from "./measure/memory.ts";
import type { Result } from "./result.ts";
import type { Range, Summary } from "./statistics.ts";

const SIDES = { A: "A, metering off", B: "B, Parley", C: "C, reference", D: "D, one row" } as const;

/** A complete result as Markdown, as `npm run bench` prints it. */
export function report(result: Result): string {
	const { plan, includes, harness, absent } = result;
	return [
		`# Bench: ${plan.name} run`,
		circumstancesOf(result),
		`${harness}\n\n${listOf(Object.entries(includes).map(([side, text]) => `${side}: ${text}`))}`,
		`## Bounds\n\n${boundsTable(result)}`,
		`## Times\n\n${timesTables(result)}`,
		`## Counts per chat\n\n${countsTable(result)}`,
		...(result.growthByHistory ? [`## Growth by history\n\n${growthReport(result.growthByHistory)}`] : []),
		`## Other figures\n\n${othersTable(result)}`,
		`## Cost\n\n${costTable(result)}`,
		`## Absent from this run\n\n${listOf(absent)}`,
	].join("\n\n");
}

/** A run's date, commit, machine and versions as a Markdown list. */
export function circumstancesOf({ date, seed, circumstances, pinned, tookSeconds }: Result): string {
	const { commit, modified, machine, loadBefore, versions } = circumstances;
	return listOf([
		`${date.slice(0, 16).replace("T", " ")} UTC, commit \`${commit}\`${modified ? " (modified)" : ""}, seed ${seed}, ${tookSeconds.toFixed(0)} s`,
		`${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, Linux ${machine.kernel}, load before ${loadBefore.toFixed(2)}`,
		pinned ? "servers pinned to core 0; client and fakes to core 1" : "not pinned to cores",
		Object.entries(versions)
			.map(([name, version]) => `${name} ${version}`)
			.join(", "),
	]);
}

/** Each bound with its limit and the measured value. */
export function boundsTable({ bounds }: Result): string {
	const rows = bounds.map(({ what, unit, limit, measured, met }) => {
		const bound = "atMost" in limit ? `≤ ${limit.atMost}` : `≥ ${limit.atLeast}`;
		return [what, `${bound} ${unit}`.trim(), `${number(measured)} ${unit}`.trim(), met ? "met" : "MISSED"];
	});
	return table(["bound", "limit", "measured", ""], rows);
}

/** Times of the same chats on all sides, as two tables per provider latency. */
export function timesTables(result: Result): string {
	const parts = result.chats.map(({ delayMs, sides, rounds, cpuMsPerChat }) => {
		const times = (["A", "B", "C", "D"] as const).flatMap((side) => {
			const { [side]: summaries } = sides;
			if (!summaries) return [];
			const { full, firstByte, firstWord } = summaries;
			return [[SIDES[side], String(full.n), triple(firstByte), triple(firstWord), triple(full), ms(cpuMsPerChat[side] ?? Number.NaN)]];
		});
		const differences = [
			["first byte", rounds.firstByte],
			["whole answer", rounds.full],
		] as const;
		return [
			`Provider latency ${delayMs} ms. Milliseconds, p50 / p95 / p99; CPU is of the whole process, per chat:`,
			table(["side", "chats", "first byte", "first word", "whole answer", "CPU"], times),
			`Differences within each round, median (10–90 % of ${rounds.firstByte.oursMinusBare.rounds} rounds):`,
			table(
				["", "B − A, ms", "C − A, ms", ...(rounds.firstByte.rowMinusBare ? ["D − A, ms"] : []), "C ÷ B"],
				differences.map(([name, of]) => [
					name,
					range(of.oursMinusBare),
					range(of.referenceMinusBare),
					...(of.rowMinusBare ? [range(of.rowMinusBare)] : []),
					range(of.referenceOverOurs),
				]),
			),
		].join("\n\n");
	});
	return parts.join("\n\n");
}

/** Calls, queries and rows per chat, including its later reports. */
export function countsTable({ counts }: Result): string {
	const { userFirstEver, userAlone, userSlowAnswer, userBurst, guestFirstEver, guestBurst, referenceBurst, rowBurst } = counts;
	const before = number(referenceBurst.providerCallsBeforeFirstByte);
	return table(
		[
			"chat",
			"provider calls before first byte",
			"provider calls",
			"D1 queries",
			"ledger rows (set alarms)",
			"rows of the chat",
			"object calls",
		],
		[
			countsRow("subscriber, first chat of the account", userFirstEver),
			countsRow("subscriber, a single chat", userAlone),
			countsRow("subscriber, a single chat, answer of 8 s", userSlowAnswer),
			countsRow(`subscriber, ${userBurst.chats} chats in a row`, userBurst),
			countsRow("guest with network, first chat", guestFirstEver),
			countsRow(`guest with network, ${guestBurst.chats} chats in a row`, guestBurst),
			["C, reference", before, number(referenceBurst.providerCalls), "", "none", "", ""],
			...(rowBurst ? [countsRow(`D, one row, ${rowBurst.chats} chats in a row`, rowBurst)] : []),
		],
	);
}

function countsRow(name: string, counted: Counted): string[] {
	const { rows, alarmsSet, objectCalls } = counted;
	const ledgers = ["user", "guest", "network"].filter((kind) => `${kind} ledger` in rows);
	return [
		name,
		number(counted.providerCallsBeforeFirstByte),
		number(counted.providerCalls),
		number(counted.d1Queries),
		rows.D1
			? `D1 ${number(rows.D1)}`
			: ledgers.map((kind) => `${kind} ${number(rows[`${kind} ledger`] ?? 0)} (${number(alarmsSet[`${kind} ledger`] ?? 0)})`).join(" + "),
		number((rows.Conversation ?? 0) + (rows.ChatList ?? 0)),
		Object.entries(objectCalls)
			.map(([call, calls]) => `${call} ${number(calls)}`)
			.join(", "),
	];
}

/** Figures that must not grow with the requests in a ledger, the messages in a chat, or the readers of an answer. */
export function growthReport({ core, ledgers, chats, readers }: GrowthResult): string {
	const { oneMiB, manyMiB, answerChars, admitted, statusBeyond } = readers;
	const ledgerRows = ledgers.map((one, size) => [
		one.rows.toLocaleString("en"),
		micro(core[size]?.recomputedMs ?? Number.NaN),
		micro(core[size]?.keptMs ?? Number.NaN),
		ms(one.pairMs),
		ms(one.firstByteMs),
		number(one.rowsReadPerChat),
		`${one.rowsReadOnWake} (${one.openOnWake})`,
		one.isolateMiB.toFixed(2),
		one.diskMiB.toFixed(1),
		`${number(one.rowsWritten.user)}; ${number(one.rowsWritten.guest)}`,
	]);
	const chatRows = chats.map((one) => [
		one.messages.toLocaleString("en"),
		ms(one.firstByteMs),
		String(one.rowsReadPerChat),
		ms(one.pageMs),
		String(one.rowsReadPerPage),
		String(one.messagesOnPage),
	]);
	return [
		"A ledger, by the requests that it has served. Before: the core as it was until 2026-11-29, which sums all rows for each decision.",
		table(
			[
				"requests",
				"hold + settle, core before, µs",
				"after, µs",
				"the object, ms",
				"first byte of a chat, ms",
				"rows read for it",
				"rows read on wake (open)",
				"isolate, MiB",
				"disk, MiB",
				"rows written per chat, user; guest",
			],
			ledgerRows,
		),
		"A chat, by its messages:",
		table(["messages", "first byte, ms", "rows read for a request", "page, ms", "rows read for the page", "messages on it"], chatRows),
		`Readers that do not read an answer of ${answerChars.toLocaleString("en")} characters: isolate ${oneMiB.toFixed(1)} MiB with one, ${manyMiB.toFixed(1)} MiB with ${readers.readers}. The answer takes ${admitted} readers; the next gets ${statusBeyond}.`,
	].join("\n\n");
}

/** Overhead across all rounds, grants, ledger rate, guests and memory. */
export function othersTable({ ledger, guests, grants, memory, overhead }: Result): string {
	const { bare, ours, oursWithNetwork } = guests.neverSeenFirstByteMs;
	return table(
		["figure", "measured"],
		[
			[`first byte, B − A, p50 over ${overhead.p50Ms.rounds} rounds`, `${range(overhead.p50Ms)} ms`],
			[`first byte, B − A, p99 of ${overhead.chatsOfEachSide} chats of each side`, `${ms(overhead.p99Ms)} ms`],
			["noise: first byte, A − A, p50; p99", `${range(overhead.noise.p50Ms)} ms; ${ms(overhead.noise.p99Ms)} ms`],
			["a grant is shown, from the next request", seconds(grants.withCreditsLeftMs)],
			["a grant is shown, during a long answer", seconds(grants.duringLongAnswerMs)],
			["a grant admits, nothing was left", seconds(grants.withNothingLeftMs)],
			...(ledger.inMemory ? ledgerRows("state in memory", ledger.inMemory) : []),
			...ledgerRows("flushed to this disk", ledger.onDisk),
			[`a refused guest, whole answer (${guests.deniedMs.n} requests)`, `${triple(guests.deniedMs)} ms`],
			[`first byte of a new guest (${ours.n} guests)`, `${triple(ours)} ms`],
			["first byte of a new guest of a new network", `${triple(oursWithNetwork)} ms`],
			["first byte of a new guest, metering off", `${triple(bare)} ms`],
			[`isolate, per stream (${memory.openStreams} open): B; A`, `${grown(memory.isolate.ours)}; ${grown(memory.isolate.bare)}`],
			["process, per stream, subscribers: B; A", `${grown(memory.subscribers.ours)}; ${grown(memory.subscribers.bare)}`],
			["process, per stream, guests: B; A", `${grown(memory.guests.ours)}; ${grown(memory.guests.bare)}`],
			["process, per empty Durable Object", `${memory.emptyObjectMiB.toFixed(3)} MiB`],
		],
	);
}

function ledgerRows(storage: string, { callers, pairsPerSecond, pairsPerRun, pairMs, growth }: LedgerResult): string[][] {
	const name = `one ledger, hold + settle, ${storage}`;
	const rate = `${range(pairsPerSecond)} pairs/s, ${callers} callers, ${pairsPerSecond.rounds} × ${pairsPerRun} pairs; a pair ${triple(pairMs)} ms`;
	const filled = growth.map((at) => `${at.rowsBefore} rows: ${at.pairsPerSecond.toFixed(0)}`).join(", ");
	return [[name, rate], ...(filled ? [[`${name}, as it fills`, `${filled} pairs/s`]] : [])];
}

/** Dollars per million chats, with the formula. */
export function costTable({ costPerMillionChats }: Pick<Result, "costPerMillionChats">): string {
	const names = Object.keys(costPerMillionChats[0]?.lines ?? {});
	const rows = costPerMillionChats.map(({ of, lines, sum }) => [of, ...names.map((name) => dollars(lines[name] ?? 0)), dollars(sum)]);
	const { cpuMs, objectMsPerCall, objectGb, reportMs } = ASSUMED;
	return [
		"Dollars per million chats at Cloudflare's list prices, above the plan's included amounts. Calls and rows are counted; CPU and durations are assumed.",
		table(["chat", ...names, "sum"], rows),
		`\`1e6 × (0.30e-6 + ${cpuMs} ms × 0.02e-6 + object calls × 0.15e-6 + (calls − alarms) × ${objectMsPerCall} ms × ${objectGb} GB × 12.50e-6/GB-s + alarms × ${reportMs} ms × ${objectGb} GB × 12.50e-6/GB-s + rows × 1.00e-6)\``,
	].join("\n\n");
}

const ms = (value: number) => value.toFixed(2);
const micro = (value: number) => (value * 1000).toLocaleString("en", { maximumFractionDigits: 1 });
const number = (value: number) => String(Math.round(value * 100) / 100);
const dollars = (value: number) => `$${value.toFixed(2)}`;
const triple = ({ p50, p95, p99 }: Summary) => `${ms(p50)} / ${ms(p95)} / ${ms(p99)}`;
const range = ({ median, p10, p90 }: Range) => `${ms(median)} (${ms(p10)}–${ms(p90)})`;
const seconds = (durationsMs: number[]) => `${durationsMs.map((duration) => (duration / 1000).toFixed(2)).join(", ")} s`;
const grown = ({ beforeMiB, openMiB, perStreamMiB }: Grown) =>
	`${perStreamMiB.toFixed(3)} MiB (${beforeMiB.toFixed(0)} → ${openMiB.toFixed(0)})`;
/** A Markdown list. */
export const listOf = (lines: string[]) => lines.map((line) => `- ${line}`).join("\n");

/** A Markdown table with aligned columns, so that it is also readable in a terminal. */
export function table(head: string[], rows: string[][]): string {
	const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
	const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
	const line = (row: string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
	const [first = [], ...others] = cells;
	return [line(first), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...others.map(line)].join("\n");
}
