import { expect, test } from "vitest";
import { reasoningOf } from "./reasoning.ts";

test.each([
	[{ reasoning_content: "hm" }],
	[{ reasoning: "hm" }],
	[{ reasoning: { text: "hm" } }],
	[{ thinking: "hm" }],
	[{ reasoning: null, reasoning_details: [{ type: "reasoning.text", text: "hm", signature: "x" }] }],
	[{ reasoning_details: [{ type: "reasoning.summary", summary: "hm" }] }],
	[{ reasoning: "hm", reasoning_content: "hm", reasoning_details: [{ type: "reasoning.text", text: "hm" }] }],
	[{ content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }] }],
	[{ content: [{ type: "reasoning", text: "hm" }] }],
])("reasoning is read once, under any of its names: %j", (delta) => {
	expect(reasoningOf(delta)).toBe("hm");
});

test.each([
	[{}],
	[{ content: "words" }],
	[{ reasoning: null }],
	[{ reasoning: 7 }],
	[{ reasoning_details: [{ type: "reasoning.encrypted", data: "x" }] }],
	[{ content: [{ type: "text", text: "words" }] }],
])("reasoning is empty if there is none: %j", (delta) => {
	expect(reasoningOf(delta)).toBe("");
});
