import { describe, expect, test } from "vitest";
import { lags } from "./answer.ts";
import { exitCode, table } from "./report.ts";
import type { Result } from "./rule.ts";

const result = (fields: Partial<Result> = {}): Result => ({
	rule: "page",
	did: "GET /",
	expected: "200",
	found: "200",
	verdict: "ok",
	cutOff: false,
	durationMs: 1,
	...fields,
});

describe("the table", () => {
	test("has a head, a line and a row for each rule", () => {
		const lines = table([result(), result({ rule: "health", verdict: "BREACH" })], 120).split("\n");
		expect(lines).toHaveLength(4);
		expect(lines[0]).toMatch(/^rule +what was done +expected +found +verdict$/);
		expect(lines[2]).toMatch(/^page +GET \/ +200 +200 +ok$/);
		expect(lines[3]).toMatch(/BREACH$/);
	});

	test("loses no word of a long cell, and stays within its width", () => {
		const found = `${"word ".repeat(60)}${"x".repeat(90)} end`;
		const text = table([result({ found })], 120);
		expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
		expect(text.match(/word/g)).toHaveLength(60);
		expect(text.match(/x/g)).toHaveLength(90 + 1);
		expect(text).toContain("end");
	});
});

describe("the exit code", () => {
	test.each([
		["0 when all is well or skipped with a reason", [result(), result({ verdict: "skipped" })], 0],
		["1 when a rule is broken, whatever was cut off", [result({ verdict: "BREACH" }), result({ verdict: "skipped", cutOff: true })], 1],
		["2 when the run was cut off", [result(), result({ verdict: "skipped", cutOff: true })], 2],
		["2 when nothing could be judged", [result({ verdict: "skipped" })], 2],
	])("is %s", (_, results, code) => {
		expect(exitCode(results)).toBe(code);
	});
});

describe("lags", () => {
	const first = [10, 20, 30, 40].map((atMs, n) => ({ atMs, chars: n + 1 }));

	test("compare what came after joining, by characters, since pieces may arrive together", () => {
		const second = [
			{ atMs: 25, chars: 2 },
			{ atMs: 45, chars: 4 },
		];
		expect(lags(first, second, 25)).toEqual([15, 5]);
	});

	test("are endless for what never came, and nothing for who hears it earlier", () => {
		expect(lags(first, [{ atMs: 28, chars: 3 }], 25)).toEqual([0, Number.POSITIVE_INFINITY]);
	});
});
