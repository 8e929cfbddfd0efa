import { replaceSection } from "../document.ts";
import { costTable, listOf, table } from "../report.ts";
import type { OrganizationResult } from "./organization.ts";
import type { PeakResult } from "./peak.ts";
import { DOCUMENTED, type ScaleResult } from "./scale.ts";

const BEGIN = "<!-- figures: written by `npm run bench -- scale` -->";

/** Replaces the figures of docs/scale.md. @throws when the page has no such section */
export function withFigures(page: string, result: ScaleResult): string {
	return replaceSection(page, BEGIN, figuresOf(result));
}

function figuresOf(result: ScaleResult): string {
	const { date, seed, circumstances, from, tookSeconds } = result;
	const { commit, modified } = circumstances;
	return [
		listOf([
			`${date.slice(0, 16).replace("T", " ")} UTC, commit \`${commit}\`${modified ? " (modified)" : ""}, seed ${seed}, ${tookSeconds.toFixed(0)} s`,
			`the ledger's rate, queries, rows and costs: [\`${from}\`](../packages/bench/results/${from}); all figures of this page: [\`scale.json\`](../packages/bench/scale.json)`,
		]),
		`### Inputs\n\n${inputsTable(result)}`,
		`### Which object is hot\n\n${result.peaks.map(peakTable).join("\n\n")}`,
		`### One organization\n\n${organizationTables(result)}`,
		`### D1\n\n${d1Table(result)}`,
		`### Alarms around 00:00 UTC\n\n${alarmTable(result)}`,
		`### Price\n\n${costTable(result)}\n\n${priceTable(result)}`,
	].join("\n\n");
}

function inputsTable({ measured, service, assumed }: ScaleResult): string {
	const { pairsPerSecond, d1QueriesPerChat, d1BytesPerAccount, ledgerBytesPerRequest } = measured;
	return table(
		["input", "value", ""],
		[
			[
				"hold + settle pairs of one ledger",
				`${whole(pairsPerSecond.inMemory)} /s in memory, ${whole(pairsPerSecond.onDisk)} /s on this disk`,
				"measured",
			],
			["calls of one object", `${whole(DOCUMENTED.objectCallsPerSecond)} /s`, "documented"],
			["a ledger's time for one call", `${decimal(service.ledgerMs)} ms`, "the slower of the two"],
			["queries of one D1 database", `${whole(DOCUMENTED.d1QueriesPerSecond)} /s of 1 ms`, "documented"],
			["D1 queries of a chat", decimal(d1QueriesPerChat), "counted"],
			["D1 bytes of an account with one session", whole(d1BytesPerAccount), "measured"],
			["a ledger's bytes for a request", ledgerBytesPerRequest === null ? "" : whole(ledgerBytesPerRequest), "measured"],
			["chats of an account in a day", String(assumed.chatsPerAccount), "assumed"],
			["guests' attempts for each chat of an account", String(assumed.guestShare), "assumed"],
			["traffic of the busiest time, mean = 1", String(assumed.peakFactor), "assumed"],
			["length of an answer", `${assumed.answerMs / 1000} s`, "assumed"],
			["chats of an organization's seat in a working day", `${assumed.chatsPerSeat} in ${assumed.workingHours} h`, "assumed"],
		],
	);
}

function peakTable({ accounts, seconds, chats, chatsPerSecond, loads }: PeakResult): string {
	const rows = loads.map(({ kind, objects, callsPerSecond, busiest }) => [
		kind,
		whole(objects),
		decimal(callsPerSecond),
		decimal(busiest.callsPerSecond),
		String(busiest.inOneSecond),
		percent(busiest.busy),
		busiest.busy > 1 ? "grows" : `${decimal(busiest.longestWaitMs)} ms`,
	]);
	const [first, ...others] = loads;
	const hottest = others.reduce((most, one) => (one.busiest.busy > (most?.busiest.busy ?? 0) ? one : most), first);
	return [
		`${whole(accounts)} accounts, ${decimal(chatsPerSecond)} chats of accounts a second, ${whole(seconds)} s with ${whole(chats)} chats (those of guests included). The hottest is ${hottest?.kind}, busy ${percent(hottest?.busiest.busy ?? 0)}:`,
		table(["object", "in use", "calls/s, all", "calls/s, busiest", "its busiest second", "busy", "longest wait"], rows),
	].join("\n\n");
}

function organizationTables({ organizations, measured }: ScaleResult): string {
	const rows = organizations.map(({ seats, chatsPerSecond, refusedInFlight, oneLedger }) => [
		whole(seats),
		decimal(chatsPerSecond),
		percent(refusedInFlight),
		decimal(oneLedger.callsPerSecond),
		percent(oneLedger.busy),
		oneLedger.busy > 1 ? "grows" : `${decimal(oneLedger.longestWaitMs)} ms`,
	]);
	const perSecond = whole(DOCUMENTED.objectCallsPerSecond / 2);
	return [
		table(["seats", "chats/s at the busiest time", "refused: 100 in flight", "without that limit: calls/s", "busy", "longest wait"], rows),
		`One ledger takes ${perSecond} chats a second by the documented limit, and ${whole(measured.pairsPerSecond.inMemory)} as measured without network and replication.`,
		"Leased allowance (a design, not built), with a limit that is used up before the end:",
		leasedTable(organizations),
	].join("\n\n");
}

function leasedTable(organizations: readonly OrganizationResult[]): string {
	const rows = organizations.flatMap(({ seats, leased }) => {
		if (!leased) return [];
		const { parts, lease, limit, admitted, mostReserved, reservedAtFirstRefusal, parentCallsPerSecond, busiestPart } = leased;
		return [
			[
				whole(seats),
				String(parts),
				whole(lease),
				`${whole(admitted)} of ${whole(limit)}`,
				whole(mostReserved),
				whole(reservedAtFirstRefusal),
				decimal(parentCallsPerSecond),
				`${decimal(busiestPart.callsPerSecond)} (${percent(busiestPart.busy)})`,
			],
		];
	});
	const head = [
		"seats",
		"parts",
		"lease",
		"admitted",
		"most units reserved",
		"at the first refusal",
		"parent calls/s",
		"busiest part, calls/s (busy)",
	];
	return table(head, rows);
}

function d1Table({ measured: { d1BytesPerAccount, d1QueriesPerChat, ledgerBytesPerRequest }, peaks, assumed }: ScaleResult): string {
	const full = Math.floor(DOCUMENTED.d1Bytes / d1BytesPerAccount);
	const chatsPerSecond = DOCUMENTED.d1QueriesPerSecond / Math.max(d1QueriesPerChat, 0.01);
	const busyAt = (chatsPerSecond * 86_400) / (assumed.chatsPerAccount * assumed.peakFactor);
	const rows = peaks.map(({ accounts, chatsPerSecond: perSecond }) => {
		const bytes = accounts * d1BytesPerAccount;
		const bySize = Math.ceil(bytes / DOCUMENTED.d1Bytes);
		const byRate = Math.ceil((2 * perSecond * d1QueriesPerChat) / DOCUMENTED.d1QueriesPerSecond);
		return [whole(accounts), `${decimal(bytes / 1e9)} GB`, `${decimal(perSecond * d1QueriesPerChat)} /s`, String(Math.max(bySize, byRate))];
	});
	const requests =
		ledgerBytesPerRequest === null
			? ""
			: ` A ledger's 10 GB are full at ${millions(DOCUMENTED.objectBytes / ledgerBytesPerRequest)} requests of 90 days.`;
	return [
		table(["accounts", "size", "queries at the busiest time", "databases, each at most half busy"], rows),
		`10 GB are full at ${millions(full)} accounts. One database is busy all the time at ${millions(busyAt)} accounts.${requests}`,
	].join("\n\n");
}

function alarmTable({ alarms: { accounts, days, kinds, newNetworks, ifLedgersReset } }: ScaleResult): string {
	const rows = [...kinds, { kind: "(no alarm) new ledgers of networks", ...newNetworks }].map((one) => [
		one.kind,
		decimal(one.inMeanMinute),
		`${whole(one.inBusiestMinute)} (${one.busiestAt})`,
		decimal(one.afterMidnight),
	]);
	return [
		`${whole(accounts)} accounts that all report usage, ${days} days, without the first; by minute:`,
		table(["alarm", "mean", "busiest (UTC)", "00:00 to 00:01"], rows),
		`A ledger that reset its day by an alarm would set ${whole(ifLedgersReset)} of them for the same instant.`,
	].join("\n\n");
}

function priceTable({ costPerMillionChats, peaks, assumed }: ScaleResult): string {
	const sumOf = (name: string) => costPerMillionChats.find(({ of }) => of === `${name}: all objects`)?.sum ?? 0;
	const perMillion = ["subscriber, chats in a row", "subscriber, a single chat", "D, one row, chats in a row"].map(sumOf);
	const rows = peaks.map(({ accounts }) => {
		const chats = (accounts * assumed.chatsPerAccount * 30) / 1e6;
		return [whole(accounts), `${decimal(chats)} million`, ...perMillion.map((dollars) => `$${whole(chats * dollars)}`)];
	});
	return table(["accounts", "chats in 30 days", "all in a row", "all alone", "D, one row"], rows);
}

const whole = (value: number) => Math.round(value).toLocaleString("en");
const decimal = (value: number) => value.toLocaleString("en", value < 10 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 0 });
const percent = (share: number) => `${decimal(share * 100)} %`;
const millions = (value: number) => `${decimal(value / 1e6)} million`;
