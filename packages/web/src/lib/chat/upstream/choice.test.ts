import { expect, test } from "vitest";
import { choiceOf } from "./choice.ts";

test.each([[{}], [{ choices: null }], [{ choices: [] }], [{ choices: "none" }], [{ usage: { prompt_tokens: 1 } }], [{ choices: [null] }]])(
	"a chunk without a choice yields nothing: %j",
	(chunk) => {
		expect(choiceOf(chunk)).toEqual({ delta: { content: undefined }, finish: undefined });
	},
);

test("the first choice is read, with a delta that may be null", () => {
	expect(choiceOf({ choices: [{ index: 0, delta: { content: "a" }, finish_reason: null }] })).toEqual({
		delta: { content: "a" },
		finish: null,
	});
	expect(choiceOf({ choices: [{ index: 0, delta: null, finish_reason: "stop" }] })).toEqual({
		delta: { content: undefined },
		finish: "stop",
	});
});

test("further choices for the same question are skipped", () => {
	expect(choiceOf({ choices: [{ index: 1, delta: { content: "b" } }] }).delta).toEqual({ content: undefined });
});

test("a whole message, a legacy text and the response of Workers AI are content", () => {
	expect(choiceOf({ choices: [{ message: { content: "a" } }] }).delta).toEqual({ content: "a" });
	expect(choiceOf({ choices: [{ text: "a" }] }).delta).toEqual({ content: "a" });
	expect(choiceOf({ response: "a" }).delta).toEqual({ content: "a" });
});
