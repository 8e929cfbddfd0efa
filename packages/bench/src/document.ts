import type { CheckedIn } from "./checked-in.ts";
import { boundsTable, circumstancesOf, costTable, countsTable, growthReport, othersTable, timesTables } from "./report.ts";
import type { Result } from "./result.ts";

const BEGIN = "<!-- results: written by `npm run bench -- --render` -->";
const END = "<!-- end of results -->";

/**
 * Replaces the results section of a document with the newest full run, and with the counts of a quick run if one is newer.
 * @throws when the document has no results section, or there is no full run
 */
export function withResults(document: string, results: readonly CheckedIn[]): string {
	return replaceSection(document, BEGIN, resultsSection(results));
}

/** Replaces the section between a comment and the next end marker. @throws if the document has no such section */
export function replaceSection(document: string, begin: string, section: string): string {
	const from = document.indexOf(begin);
	const end = document.indexOf(END, from);
	if (from < 0 || end < 0) throw new Error(`the document has no results section: ${begin}`);
	return `${document.slice(0, from)}${begin}\n${section}\n${document.slice(end)}`;
}

function resultsSection(results: readonly CheckedIn[]): string {
	const newest = (name: "full" | "quick") => results.findLast(({ result }) => result.plan.name === name);
	const full = newest("full");
	const quick = newest("quick");
	if (!full) throw new Error("no full run is checked in");
	const parts = [fullRun(full)];
	if (quick && quick.result.date > full.result.date) parts.push(quickRun(quick));
	return parts.join("\n\n");
}

function fullRun({ file, result }: CheckedIn): string {
	return [
		`### Full run, ${result.date.slice(0, 10)}, commit ${result.circumstances.commit}`,
		`${circumstancesOf(result)}\n- [\`${file}\`](../packages/bench/results/${file})`,
		`#### Bounds\n\n${boundsTable(result)}`,
		`#### Times\n\n${timesTables(result)}`,
		...growthSection(result),
		`#### Other figures\n\n${othersTable(result)}`,
	].join("\n\n");
}

function growthSection({ growthByHistory }: Result): string[] {
	return growthByHistory ? [`#### Growth by history\n\n${growthReport(growthByHistory)}`] : [];
}

/** A quick run has too few samples for times, but its counts and the costs derived from them are exact. */
function quickRun({ file, result }: CheckedIn): string {
	return [
		`### Later quick run, ${result.date.slice(0, 10)}, commit ${result.circumstances.commit}`,
		"Its counts are exact; its times come from too few requests to be results.",
		`${circumstancesOf(result)}\n- [\`${file}\`](../packages/bench/results/${file})`,
		`#### Bounds\n\n${boundsTable(result)}`,
		`#### Counts per chat\n\n${countsTable(result)}`,
		...growthSection(result),
		`#### Cost\n\n${costTable(result)}`,
	].join("\n\n");
}
