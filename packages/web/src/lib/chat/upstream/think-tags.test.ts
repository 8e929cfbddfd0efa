import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { beginsInside, ThinkTags, type Words } from "./think-tags.ts";

function read(pieces: readonly string[], mayBeUnopened = false): Words {
	const tags = new ThinkTags(mayBeUnopened);
	const words = [...pieces.map((piece) => tags.read(piece)), tags.end()];
	return { text: words.map(({ text }) => text).join(""), reasoning: words.map(({ reasoning }) => reasoning).join("") };
}

describe("inline reasoning", () => {
	test.each([
		["<think>\nThe user says hi.\n</think>\n\nHello **there**!", "Hello **there**!", "The user says hi.\n"],
		["  <THINK>Hm</Think>Hello", "Hello", "Hm"],
		["<thinking>Hm</thinking>\nHello", "Hello", "Hm"],
		["<think></think>Hello", "Hello", ""],
		["<think>never closed", "", "never closed"],
		["<think>1 < 2 and </b> is no end</think>Hello", "Hello", "1 < 2 and </b> is no end"],
		["Hello", "Hello", ""],
		["<thin air", "<thin air", ""],
		["<", "<", ""],
		["The tag <think>hm</think> is for reasoning", "The tag <think>hm</think> is for reasoning", ""],
		["<think>a</think>b<think>c</think>", "b<think>c</think>", "a"],
	])("in %j is separated from the answer, however it is split", (whole, text, reasoning) => {
		fc.assert(
			fc.property(fc.array(fc.nat(whole.length)), (cuts) => {
				const at = [0, ...cuts.sort((a, b) => a - b), whole.length];
				const words = read(at.slice(1).map((end, index) => whole.slice(at[index], end)));
				// White space after a tag may arrive with a later chunk.
				expect([words.text.trimStart(), words.reasoning.trim()]).toEqual([text, reasoning.trim()]);
			}),
		);
	});

	test("does not delay a text without any, nor reasoning in progress", () => {
		const tags = new ThinkTags();
		expect(tags.read("Hello")).toEqual({ text: "Hello", reasoning: "" });
		const thinking = new ThinkTags();
		thinking.read("<think>");
		expect(thinking.read("Let me")).toEqual({ text: "", reasoning: "Let me" });
	});
});

describe("a closing tag without an opening one", () => {
	test("ends the reasoning of a model that starts inside it", () => {
		expect(read(["The user ", "says hi.</th", "ink>\n\nHello", " there"], true)).toEqual({
			text: "Hello there",
			reasoning: "The user says hi.",
		});
		expect(read(["An answer ", "without reasoning"], true)).toEqual({ text: "An answer without reasoning", reasoning: "" });
	});

	test("is awaited only for a bounded amount of text", () => {
		const tags = new ThinkTags(true);
		expect(tags.read("a".repeat(64_000)).text).toHaveLength(64_000);
		expect(tags.read("b")).toEqual({ text: "b", reasoning: "" });
	});

	test.each([
		["deepseek-ai/DeepSeek-R1", true],
		["deepseek-r1:32b", true],
		["qwen/qwq-32b", true],
		["Qwen3-30B-A3B-Thinking-2507", true],
		["gpt-5-mini", false],
		["grok-4-fast-non-reasoning", false],
		["qwen3-30b-instruct", false],
		["command-r1000", false],
	])("%s: %j", (model, is) => {
		expect(beginsInside(model)).toBe(is);
	});
});
