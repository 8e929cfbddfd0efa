import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

// Patterns that make a test flaky on a busy machine, or unable to fail. Every test of the repository is searched for them.

const root = new URL("../../../", import.meta.url).pathname;
const files = ["packages/*/src/**/*.test.ts", "packages/*/tests/**/*.ts", "packages/*/proof/**/*.ts", "packages/*/src/**/testing/*.ts"]
	.flatMap((pattern) => globSync(pattern, { cwd: root }))
	.filter((file) => !file.endsWith("house-rules.test.ts"));

const SLEEP_MAX_MS = 200;
const sleep = /(?:setTimeout\(\w+,|\bsleep\(|\bdelay\(|waitForTimeout\(|\.wait\()\s*(\d[\d_]*)/g;
const wallClock = /expect\([^\n]*(?:Date\.now\(\)|performance\.now\(\)|\b(?:took|elapsed)\w*)[^\n]*\)\s*\.to(?:BeLess|BeClose)/g;
const secondOfPatience = /vi\.waitFor\([^,;]*\);/g;
const twoReadings = /^.*Date\.now\(\)[^;?]*[-%+][^;?]*Date\.now\(\).*$/gm;
const fixedPort = /(?:\.listen\(|\bPORT: "?|\bport: )\s*[1-9]\d*/g;

/** The matches of a pattern, as `file: text`. */
function found(pattern: RegExp, counts: (match: RegExpExecArray) => boolean = () => true): string[] {
	return files.flatMap((file) => {
		const matches = [...readFileSync(join(root, file), "utf8").matchAll(pattern)];
		return matches.filter(counts).map(([text]) => `${file}: ${text}`);
	});
}

describe("no test in the repository", () => {
	test("escapes this search", () => {
		expect(files.length).toBeGreaterThan(50);
	});

	test(`sleeps longer than ${SLEEP_MAX_MS} ms: it waits for a condition instead`, () => {
		expect(found(sleep, ([, ms = ""]) => Number(ms.replaceAll("_", "")) > SLEEP_MAX_MS)).toEqual([]);
	});

	test("asserts on real time: it counts events instead", () => {
		expect(found(wallClock)).toEqual([]);
	});

	test("waits with the default timeout of one second, which a busy machine exceeds", () => {
		expect(found(secondOfPatience)).toEqual([]);
	});

	test("computes one time from two clock readings, between which a millisecond may pass", () => {
		expect(found(twoReadings)).toEqual([]);
	});

	test("listens on a fixed port: it listens on 0", () => {
		expect(found(fixedPort)).toEqual([]);
	});

	test("runs exclusively or is skipped permanently", () => {
		expect(found(/\b(?:test|it|describe)\.(?:only|skip|todo)\b/g)).toEqual([]);
	});
});

describe("the patterns themselves", () => {
	test.each([
		[sleep, "await sleep(1100);"],
		[sleep, "await new Promise((resolve) => setTimeout(resolve, 3_100));"],
		[sleep, "await page.waitForTimeout(500);"],
		[sleep, "await sleep(1_000 + random() * 3_000);"],
		[wallClock, "expect(Date.now() - started).toBeLessThan(1_000);"],
		[wallClock, "expect(tookMs).toBeLessThan(4_000);"],
		[secondOfPatience, "await vi.waitFor(() => expect(received).toHaveLength(2));"],
		[twoReadings, "const startMs = Date.now() - (Date.now() % DAY_MS);"],
		[fixedPort, "createServer().listen(4711);"],
	])("%s finds %s", (pattern, text) => {
		expect(text.match(pattern)).not.toBe(null);
	});
});
