import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readResults } from "./checked-in.ts";
import { withResults } from "./document.ts";
import { boundsTable, circumstancesOf, costTable, countsTable, othersTable, report, table, timesTables } from "./report.ts";

const results = readResults();
const newest = results.at(-1)?.result;
if (!newest) throw new Error("no result is checked in");
const full = results.findLast(({ result }) => result.plan.name === "full")?.result;
if (!full) throw new Error("no full run is checked in");

const rowsOf = (markdown: string) => markdown.split("\n").filter((line) => line.startsWith("|"));

describe("a table", () => {
	test("is Markdown with aligned columns", () => {
		expect(
			table(
				["name", "n"],
				[
					["first", "1"],
					["b", "200"],
				],
			).split("\n"),
		).toEqual(["| name  | n   |", "|-------|-----|", "| first | 1   |", "| b     | 200 |"]);
	});

	test("escapes the column separator", () => {
		expect(table(["a"], [["x | y"]])).toContain("x \\| y");
	});
});

describe("a report", () => {
	test("names date, commit, seed, machine and load", () => {
		const text = circumstancesOf(newest);
		expect(text).toContain(newest.date.slice(0, 10));
		expect(text).toContain(`\`${newest.circumstances.commit}\``);
		expect(text).toContain(`seed ${newest.seed}`);
		expect(text).toContain(newest.circumstances.machine.cpu);
		expect(text).not.toContain("modified");
	});

	test("marks a result that was measured on a modified commit", () => {
		const modified = { ...newest, circumstances: { ...newest.circumstances, modified: true } };
		expect(circumstancesOf(modified)).toContain("(modified)");
	});

	test("has a row for each bound, and marks a missed one as MISSED", () => {
		const rows = rowsOf(boundsTable(newest)).slice(2);
		expect(rows).toHaveLength(newest.bounds.length);
		for (const [index, { what, met }] of newest.bounds.entries()) {
			expect(rows[index]).toContain(what);
			expect(rows[index]?.includes("MISSED")).toBe(!met);
		}
	});

	test("shows each limit with its direction and unit", () => {
		const text = boundsTable(newest);
		expect(text).toContain("≤ 10 s");
		expect(text).toContain("≥ 700 /s");
	});

	test("shows the times of three sides and two differences for each latency", () => {
		const rows = rowsOf(timesTables(full));
		for (const side of ["A, metering off", "B, Parley", "C, reference"])
			expect(rows.filter((row) => row.startsWith(`| ${side}`))).toHaveLength(full.chats.length);
		expect(rows.filter((row) => row.startsWith("| first byte"))).toHaveLength(full.chats.length);
		expect(timesTables(full)).toContain(`Provider latency ${full.chats[1]?.delayMs} ms`);
	});

	test("shows provider calls before the first byte: none for ours, some for the reference", () => {
		const cells = rowsOf(countsTable(newest)).map((row) => row.split("|").map((cell) => cell.trim()));
		const before = Object.fromEntries(cells.slice(2).map(([, name = "", calls = ""]) => [name, calls]));
		expect(before["subscriber, a single chat"]).toBe("0");
		expect(before["C, reference"]).toBe("2");
	});

	test("omits the in-memory ledger rate when a result has none", () => {
		const without = othersTable({ ...newest, ledger: { ...newest.ledger, inMemory: null } });
		expect(othersTable(newest)).toContain("state in memory");
		expect(without).not.toContain("state in memory");
		expect(without).toContain("flushed to this disk");
	});

	test("sums each chat's cost in dollars", () => {
		const text = costTable(newest);
		for (const { of, sum } of newest.costPerMillionChats) {
			expect(text).toContain(of);
			expect(text).toContain(`$${sum.toFixed(2)}`);
		}
	});

	test("describes each side and the absent components", () => {
		const text = report(newest);
		for (const side of Object.values(newest.includes)) expect(text).toContain(side);
		for (const absent of newest.absent) expect(text).toContain(`- ${absent}`);
		expect(text).not.toMatch(/undefined|NaN|\[object/);
	});
});

describe("the document", () => {
	const page = readFileSync(new URL("../../../docs/benchmark.md", import.meta.url), "utf8");

	test("docs/benchmark.md shows the checked-in results (npm run bench -- --render)", () => {
		expect(withResults(page, results)).toBe(page);
	});

	test("changes only its results section", () => {
		const begin = page.indexOf("<!-- results");
		const empty = `${page.slice(0, begin)}<!-- results: written by \`npm run bench -- --render\` -->\nold\n<!-- end of results -->\nafter\n`;
		const rendered = withResults(empty, results);
		expect(rendered.startsWith(page.slice(0, begin))).toBe(true);
		expect(rendered).not.toContain("\nold\n");
		expect(rendered.endsWith("<!-- end of results -->\nafter\n")).toBe(true);
	});

	test("names the commit and file of the newest full run, and of a quick run only if it is newer", () => {
		const quickRun = (date: string) => ({ file: "quick.json", result: { ...full, date, plan: { ...full.plan, name: "quick" as const } } });
		expect(withResults(page, [...results, quickRun("2999-01-01T00:00:00.000Z")])).toContain("### Later quick run");
		expect(withResults(page, [quickRun("2026-01-01T00:00:00.000Z"), ...results])).not.toContain("### Later quick run");
		expect(withResults(page, results)).toContain(`### Full run, ${full.date.slice(0, 10)}, commit ${full.circumstances.commit}`);
	});

	test("is rejected without a results section, or without a full run", () => {
		expect(() => withResults("# Page", results)).toThrow("no results section");
		expect(() => withResults(page, [])).toThrow("no full run");
	});
});
