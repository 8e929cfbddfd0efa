import { describe, expect, test } from "vitest";
import { type BillingAction, sentenceOf } from "../../billing-sentences.ts";
import type { Problem } from "../../view/problem.ts";
import { Refused, Unreached } from "../requests.ts";
import { failureOf, refusalOf } from "./source.ts";

const problem = (fields: Partial<Problem>) =>
	new Refused({ type: "urn:parley:problem:billing-unavailable", title: "", status: 502, detail: "The server's sentence.", ...fields });

/** The effect of each action. The type checker requires an entry for a new action. */
const DOES: Record<BillingAction, "opens" | "changes"> = {
	...({ buy: "opens", "add-card": "opens", activate: "opens" } as const),
	...({ cancel: "changes", resume: "changes", change: "changes" } as const),
};
const EVERY = Object.keys(DOES) as (keyof typeof DOES)[];
const OPENING = EVERY.filter((action) => DOES[action] === "opens");
const CHANGING = EVERY.filter((action) => DOES[action] === "changes");

/** Failures without a response, after which the action's outcome is unknown. */
const UNHEARD: [what: string, error: unknown][] = [
	["a broken connection", new Unreached("The server could not be reached.")],
	["an answer that is not JSON", new SyntaxError("Unexpected token <")],
	["our own internal error", problem({ type: "urn:parley:problem:internal-error", status: 500 })],
	["a page of a proxy", problem({ type: "about:blank", status: 502 })],
	["a refusal that is not ours", problem({ type: "about:blank", status: 403 })],
];

describe.each(CHANGING)("%s", (action) => {
	test.each(UNHEARD)("after %s is an unknown outcome, which the page polls", (_, error) => {
		const failure = failureOf(action, error);
		expect(failure).toEqual({ kind: "failed", outcome: "unknown", sentence: sentenceOf(action, "unknown") });
		expect(refusalOf(failure)).toBeUndefined();
	});
});

describe.each(OPENING)("%s", (action) => {
	test.each(UNHEARD)("after %s has charged nothing, because it only opens a page", (_, error) => {
		expect(failureOf(action, error)).toEqual({ kind: "failed", outcome: "unchanged", sentence: sentenceOf(action, "unchanged") });
	});
});

describe.each(EVERY)("%s", (action) => {
	test("shows the server's message if the server knows that nothing has changed", () => {
		for (const known of [problem({ outcome: "unchanged" }), problem({ type: "urn:parley:problem:only-for-owners", status: 403 })]) {
			const failure = failureOf(action, known);
			expect(failure).toMatchObject({ outcome: "unchanged", sentence: "The server's sentence." });
			expect(refusalOf(failure)).toBe("The server's sentence.");
		}
	});

	test("is unknown if the server says so", () => {
		expect(failureOf(action, problem({ outcome: "unknown" }))).toMatchObject({ outcome: "unknown", sentence: "The server's sentence." });
	});
});
