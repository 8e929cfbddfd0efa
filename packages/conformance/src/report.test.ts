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
	test("has a head, a separator and a row for each rule", () => {
		const lines = table([result(), result({ rule: "health", verdict: "BREACH" })], 120).split("\n");
		expect(lines).toHaveLength(4);
		expect(lines[0]).toMatch(/^rule +what was done +expected +found +verdict$/);
		expect(lines[2]).toMatch(/^page +GET \/ +200 +200 +ok$/);
		expect(lines[3]).toMatch(/BREACH$/);
	});

	test("wraps long cells within its width without losing a word", () => {
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
		["0 when every rule is ok or skipped with a reason", [result(), result({ verdict: "skipped" })], 0],
		[
			"1 when a rule is broken, even if the run was cut off",
			[result({ verdict: "BREACH" }), result({ verdict: "skipped", cutOff: true })],
			1,
		],
		["2 when the run was cut off", [result(), result({ verdict: "skipped", cutOff: true })], 2],
		["2 when nothing could be judged", [result({ verdict: "skipped" })], 2],
	])("is %s", (_, results, code) => {
		expect(exitCode(results)).toBe(code);
	});
});

describe("lags", () => {
	const first = [10, 20, 30, 40].map((atMs, n) => ({ atMs, chars: n + 1 }));

	test("compare deltas since joining by output length, because several may arrive as one", () => {
		const second = [
			{ atMs: 25, chars: 2 },
			{ atMs: 45, chars: 4 },
		];
		expect(lags(first, second, 25)).toEqual([15, 5]);
	});

	test("are infinite for a delta that never arrived, and 0 for one that arrived earlier", () => {
		expect(lags(first, [{ atMs: 28, chars: 3 }], 25)).toEqual([0, Number.POSITIVE_INFINITY]);
	});
});
