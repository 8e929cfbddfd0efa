import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { RESULTS_FOLDER, readResults } from "./checked-in.ts";
import { FULL, QUICK } from "./plan.ts";
import { parseResult } from "./result.ts";

const results = readResults();

describe("checked-in results", () => {
	test("contain at least one full run and are sorted oldest first", () => {
		expect(results.map(({ result }) => result.plan.name)).toContain("full");
		const dates = results.map(({ result }) => result.date);
		expect(dates).toEqual(dates.toSorted());
	});

	test.each(results)("$file is named after its date, commit and plan", ({ file, result }) => {
		const suffix = result.plan.name === "quick" ? "-quick" : "";
		expect(file).toBe(`${result.date.slice(0, 10)}-${result.circumstances.commit}${suffix}.json`);
	});

	test.each(results)("$file was measured on an unmodified commit", ({ result }) => {
		expect(result.circumstances.modified).toBe(false);
	});

	test.each(results)("$file has all times for each latency in its plan", ({ result }) => {
		expect(result.chats.map(({ delayMs }) => delayMs)).toEqual(result.plan.delays.map(({ delayMs }) => delayMs));
		for (const { sides } of result.chats)
			for (const side of ["A", "B", "C"] as const)
				for (const { n, p50, p95, p99 } of Object.values(sides[side])) {
					expect(n).toBeGreaterThan(0);
					expect([p50, p95, p99]).toEqual([p50, p95, p99].toSorted((a, b) => a - b));
				}
	});

	test.each(results)("$file records for each bound whether its figure meets it", ({ result }) => {
		for (const { limit, measured, met } of result.bounds)
			expect(met).toBe("atMost" in limit ? measured <= limit.atMost : measured >= limit.atLeast);
	});
});

describe("a result file", () => {
	const [{ file }] = results as [(typeof results)[0]];
	const text = readFileSync(join(RESULTS_FOLDER, file), "utf8");

	test("in the first format has no in-memory ledger rate", () => {
		expect(JSON.parse(text).ledger.onDisk).toBeUndefined();
		const { ledger } = parseResult(text);
		expect(ledger.inMemory).toBeNull();
		expect(ledger.onDisk.callers).toBe(16);
	});

	test("in the current format is read unchanged", () => {
		const present = { ...JSON.parse(text), growthByHistory: null, ledger: { onDisk: { callers: 1 }, inMemory: { callers: 2 } } };
		expect(parseResult(JSON.stringify(present))).toEqual(present);
	});

	test("is rejected with the name of a missing part", () => {
		const { bounds: _, seed: __, ...rest } = JSON.parse(text);
		expect(() => parseResult(JSON.stringify(rest))).toThrow("seed, bounds missing");
	});

	test.each(["null", "[]", "7", '"text"'])("is rejected when it is %s", (json) => {
		expect(() => parseResult(json)).toThrow("not a bench result");
	});
});

describe("a plan", () => {
	test("measures the same latencies in quick and full runs, starting at 0", () => {
		expect(QUICK.delays.map(({ delayMs }) => delayMs)).toEqual(FULL.delays.map(({ delayMs }) => delayMs));
		expect(FULL.delays[0]?.delayMs).toBe(0);
	});

	test("shortens the reference's blocks as its provider slows down", () => {
		for (const { delays } of [FULL, QUICK]) {
			const chats = delays.map(({ referenceChatsPerBlock }) => referenceChatsPerBlock);
			expect(chats).toEqual(chats.toSorted((a, b) => b - a));
		}
	});

	test("opens enough streams to measure memory, and has enough rounds for a range", () => {
		expect(FULL.rounds).toBeGreaterThanOrEqual(10);
		expect(FULL.openStreams).toBeGreaterThanOrEqual(100);
	});
});
