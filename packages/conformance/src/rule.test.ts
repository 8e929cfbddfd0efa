import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Context } from "./context.ts";
import { Breach, Unjudged } from "./failure.ts";
import { exitCode, table, tally } from "./report.ts";
import { Checks, type Finding, judge, type Result, type Rule } from "./rule.ts";

const ruleOf = (found: () => Promise<Finding>, more: Partial<Rule> = {}): Rule => ({
	...{ name: "a-rule", did: "asked", expected: "an answer", calls: () => 0, judge: found },
	...more,
});
const context = { mayMakeAccount: false } as Context;
const throwing = (error: unknown) => ruleOf(() => Promise.reject(error));

describe("a rule", () => {
	test("without breaches is ok, and reports what it found", async () => {
		expect(
			await judge(
				ruleOf(async () => ({ found: "200", wrong: [] })),
				context,
			),
		).toMatchObject({
			...{ rule: "a-rule", did: "asked", expected: "an answer" },
			...{ verdict: "ok", found: "200", cutOff: false, durationMs: expect.any(Number) },
		});
	});

	test("with several breaches reports all of them", async () => {
		const result = await judge(
			ruleOf(async () => ({ found: "200", wrong: ["no build", "status 500"] })),
			context,
		);
		expect(result).toMatchObject({ verdict: "BREACH", found: "no build; status 500", cutOff: false });
	});

	test.each<[string, unknown, Partial<Result>]>([
		["an answer that no rule allows is a breach", new Breach("html"), { verdict: "BREACH", found: "html", cutOff: false }],
		["a reason not to judge is neither", new Unjudged("too dear"), { verdict: "skipped", found: "too dear", cutOff: false }],
		["a lost connection cuts the run off", new TypeError("fetch failed"), { verdict: "skipped", found: "fetch failed", cutOff: true }],
		["the end of the time cuts the run off", new DOMException("", "AbortError"), { verdict: "skipped", cutOff: true }],
		["anything else that is thrown cuts the run off", "a text", { verdict: "skipped", found: "a text", cutOff: true }],
	])("never throws: %s", async (_, error, expected) => {
		expect(await judge(throwing(error), context)).toMatchObject(expected);
	});

	test("that needs an account is skipped if the run may not create one", async () => {
		let tried = 0;
		const rule = ruleOf(
			async () => {
				tried += 1;
				return { found: "", wrong: [] };
			},
			{ needsAccount: true },
		);
		expect([(await judge(rule, context)).verdict, tried]).toEqual(["skipped", 0]);
		expect([(await judge(rule, { ...context, mayMakeAccount: true } as Context)).verdict, tried]).toEqual(["ok", 1]);
	});

	test("reports each breach once, in the order found", () => {
		const checks = new Checks();
		for (const [holds, otherwise] of [
			[false, "b"],
			[true, "c"],
			[false, "a"],
			[false, "b"],
		] as const)
			checks.that(holds, otherwise);
		expect(checks.finding("x")).toEqual({ found: "x", wrong: ["b", "a"] });
	});
});

const someResult = fc.record<Result>({
	rule: fc.constantFrom("health", "first-requests"),
	did: fc.lorem({ maxCount: 12 }),
	expected: fc.lorem({ maxCount: 12 }),
	found: fc.oneof(fc.lorem({ maxCount: 12 }), fc.string({ minLength: 1, maxLength: 150, unit: fc.constantFrom(..."abc:/") })),
	verdict: fc.constantFrom("ok", "BREACH", "skipped"),
	cutOff: fc.boolean(),
	durationMs: fc.nat(),
});

describe("a report of any results", () => {
	test("fits its terminal's width, and keeps every word and character of the findings", () => {
		fc.assert(
			fc.property(fc.array(someResult, { minLength: 1, maxLength: 6 }), fc.integer({ min: 100, max: 220 }), (results, columns) => {
				const text = table(results, columns);
				for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(columns);
				const letters = (value: string) => [...value.replaceAll(/[\s─]/g, "")].sort().join("");
				const cells = results.flatMap(({ rule, did, expected, found, verdict }) => [rule, did, expected, found, verdict]);
				expect(letters(text)).toBe(letters(["rulewhat was doneexpectedfoundverdict", ...cells].join("")));
			}),
			{ numRuns: 60 },
		);
	});

	test("counts each result once, and exits with 1 for a breach, 2 for a run that proves nothing, and 0 otherwise", () => {
		fc.assert(
			fc.property(fc.array(someResult, { maxLength: 6 }), (results) => {
				const { ok, BREACH, skipped } = tally(results);
				expect(ok + BREACH + skipped).toBe(results.length);
				const isWhole = results.some(({ verdict }) => verdict === "ok") && !results.some(({ cutOff }) => cutOff);
				expect(exitCode(results)).toBe(results.some(({ verdict }) => verdict === "BREACH") ? 1 : isWhole ? 0 : 2);
			}),
		);
	});
});
