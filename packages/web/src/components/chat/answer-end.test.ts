import { type AnswerEnd, type Failure, type Output, ruleNameOf } from "@parley/metering";
import { expect, test } from "vitest";
import type { AnswerMetadata } from "../../view/chat.ts";
import { sentenceOfEnd } from "./answer-end.ts";

const failed = (metadata: AnswerMetadata) => sentenceOfEnd({ state: "failed", counted: false, rule: "failed-early", ...metadata });

test("a busy model's message gives the provider's retry time", () => {
	expect(failed({ failure: "busy", retryAfterS: 7 })).toBe("The model is busy, so this didn’t count. Try again in 7 seconds.");
	expect(failed({ failure: "busy", retryAfterS: 0.2 })).toContain("in 1 second.");
	expect(failed({ failure: "busy", retryAfterS: 119 })).toContain("in 119 seconds.");
	expect(failed({ failure: "busy", retryAfterS: 121 })).toContain("in 3 minutes.");
	expect(failed({ failure: "busy" })).toContain("in a minute.");
});

test("each failure names its next step", () => {
	expect(failed({ failure: "too-long" })).toBe(
		"This chat is too long for the model, so this didn’t count. Choose a model that reads more, or start a new chat.",
	);
	expect(failed({ failure: "unavailable" })).toBe(
		"This model isn’t available right now, so this didn’t count. Choose another one, or try again later.",
	);
});

test("no counted answer is described as uncounted", () => {
	for (const failure of ["busy", "too-long", "unavailable"] as const)
		expect(failed({ failure, counted: true })).not.toContain("didn’t count");
});

test("every other end has its rule's message, or none", () => {
	expect(failed({ failure: "failed" })).toBe("That answer failed, so it was not counted.");
	expect(failed({ failure: "failed", counted: true })).toBe("That answer failed.");
	expect(failed({ failure: "interrupted", rule: "lost-midway" })).toBe("That answer was interrupted, so it was not counted.");
	expect(sentenceOfEnd({ state: "complete", counted: true, rule: "complete" })).toBeNull();
	expect(sentenceOfEnd({})).toBeNull();
});

const ENDS: readonly AnswerEnd[] = ["complete", "length", "filtered", "stopped", "failed", "interrupted"];
const OUTPUTS: readonly Output[] = ["words", "tokens", "none"];
const FAILURES: readonly (Failure | undefined)[] = [undefined, "busy", "too-long", "unavailable", "failed", "interrupted"];

test("every incomplete end states the ledger's decision, also beyond the forgiveness bound; a complete answer has no message", () => {
	for (const end of ENDS)
		for (const output of OUTPUTS)
			for (const failure of FAILURES) {
				const rule = ruleNameOf({ end, output, failure });
				const words = (counted: boolean) => sentenceOfEnd({ state: end, counted, rule, failure }) ?? "";
				expect(words(true), `${end} ${output} ${failure}`).not.toMatch(/not counted|didn’t count/);
				expect(words(false), `${end} ${output} ${failure}`).not.toMatch(/was counted/);
				if (failure === undefined) expect(words(true) === "", `${end} ${output}`).toBe(rule === "complete");
			}
});
