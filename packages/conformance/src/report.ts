import type { Result, Verdict } from "./rule.ts";

const HEADS = ["rule", "what was done", "expected", "found", "verdict"];

/** The results as a table of at most `columns` characters (100 at least). Long cells wrap; none is cut. */
export function table(results: Result[], columns: number): string {
	const rows = results.map((result) => [result.rule, result.did, result.expected, result.found, result.verdict]);
	const [rule = 0, , , , verdict = 0] = HEADS.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)));
	const rest = Math.max(20, Math.floor((Math.max(columns, 100) - rule - verdict - 4 * 2) / 3));
	const widths = [rule, rest, rest, rest, verdict];
	const line = widths.map((width) => "─".repeat(width)).join("  ");
	return [...layOut(HEADS, widths), line, ...rows.flatMap((row) => layOut(row, widths))].join("\n");
}

function layOut(cells: string[], widths: number[]): string[] {
	const wrapped = cells.map((cell, column) => wrap(cell, widths[column] ?? 20));
	const height = Math.max(...wrapped.map((lines) => lines.length));
	return Array.from({ length: height }, (_, row) =>
		wrapped
			.map((lines, column) => (lines[row] ?? "").padEnd(widths[column] ?? 0))
			.join("  ")
			.trimEnd(),
	);
}

/** Breaks at spaces, and inside a word only when it is wider than the column. */
function wrap(text: string, width: number): string[] {
	const lines = [""];
	for (let word of text.split(/\s+/)) {
		const line = lines.at(-1) ?? "";
		if (line !== "" && line.length + 1 + word.length <= width) {
			lines[lines.length - 1] = `${line} ${word}`;
			continue;
		}
		if (line !== "") lines.push("");
		while (word.length > width) {
			lines[lines.length - 1] = word.slice(0, width);
			lines.push("");
			word = word.slice(width);
		}
		lines[lines.length - 1] = word;
	}
	return lines;
}

/** The number of results by verdict. */
export function tally(results: Result[]): Record<Verdict, number> {
	const count = (verdict: Verdict) => results.filter((result) => result.verdict === verdict).length;
	return { ok: count("ok"), BREACH: count("BREACH"), skipped: count("skipped") };
}

/** 1 when a rule is broken; 2 when none is, but the run was cut off or judged nothing; else 0. */
export function exitCode(results: Result[]): 0 | 1 | 2 {
	const { ok, BREACH } = tally(results);
	if (BREACH > 0) return 1;
	return ok === 0 || results.some((result) => result.cutOff) ? 2 : 0;
}
