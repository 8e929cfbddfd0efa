import { expect, test } from "vitest";
import { demoModel } from "./demo.ts";
import type { Prompt } from "./open-answer.ts";

const user = (text: string): Prompt => ({ role: "user", content: [{ type: "text", text }] });
const result = (value: string): Prompt => ({
	role: "tool",
	content: [{ type: "tool-result", toolCallId: "demo", toolName: "web_search", output: { type: "text", value } }],
});
const tool = { type: "function" as const, name: "web_search", inputSchema: {} };

/** The demo streams at the speed of a model, so only its first words are read. */
const BEGINNING = 14;

async function partsOf(prompt: Prompt[], hasTool: boolean) {
	const { stream } = await demoModel(null).doStream({ prompt, ...(hasTool && { tools: [tool] }) });
	const parts = [];
	for await (const part of stream) if (parts.push(part) === BEGINNING) break;
	return parts;
}

test("the demo searches for recent topics if it may, and names a source", async () => {
	const question = user("What is the latest about Etna?");
	const called = await partsOf([question], true);
	expect(called).toMatchObject([
		{},
		{ type: "tool-call", input: '{"query":"What is the latest about Etna?"}' },
		{ finishReason: { unified: "tool-calls" } },
	]);
	const said = async (...prompt: Prompt[]) =>
		(await partsOf(prompt, true)).flatMap((part) => (part.type === "text-delta" ? [part.delta] : [])).join("");
	expect(await said(question, result("\n\n[1] Etna"))).toContain("this is what I found [1]");
	expect(await said(question, result("The search failed."))).toContain("could not search");
	expect(await said(user("The latest?"), result("[1] Old"), user("Hello"))).not.toContain("search");
	expect((await partsOf([question], false)).some(({ type }) => type === "tool-call")).toBe(false);
});
