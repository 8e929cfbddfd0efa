import { expect, test } from "vitest";
import { sentenceOfEnd } from "../src/components/chat/answer-end.ts";
import { BEHAVIOURS, type Behaviour, ruleOf } from "./upstream/behaviours.ts";

test("docs/upstream-behaviours.md is the table that the upstream tests check", async () => {
	const page = tableOf(BEHAVIOURS);
	expect(page.split("\n").filter((line) => line.startsWith("| "))).toHaveLength(Object.keys(BEHAVIOURS).length + 1);
	await expect(page).toMatchFileSnapshot("../../../docs/upstream-behaviours.md");
});

/** The table as a page: what a model server sends, what the user then sees, and whether it is counted. */
function tableOf(behaviours: Record<string, Behaviour>): string {
	const rows = Object.entries(behaviours).map(([name, behaviour]) => {
		const { state, counted, text, thoughts, failure, retryAfterS } = behaviour;
		const sentence = sentenceOfEnd({ state, counted, failure, retryAfterS, rule: ruleOf(behaviour) });
		const words = text.trim() === "" ? "no words" : state === "complete" ? "the whole answer" : "the words that came";
		const seen = [thoughts ? "reasoning" : "", words, sentence ? `“${sentence}”` : ""].filter(Boolean).join("; ");
		return `| ${name} | ${state} | ${seen} | ${counted ? "yes" : "no"} |`;
	});
	return `${[
		"# What model servers do",
		"",
		"<!-- Written from packages/web/tests/upstream/behaviours.ts, which is also the test: change it there, then `vitest run --project unit -u`. -->",
		"",
		"Each row is run against the built Worker. Answers that are not counted are free to try again, within the bound of [who pays](who-pays.md).",
		"",
		"| The server sends | Ends as | The user sees | Counted |",
		"|---|---|---|---|",
		...rows,
	].join("\n")}\n`;
}
