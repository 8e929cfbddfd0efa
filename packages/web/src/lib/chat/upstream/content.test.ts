import { expect, test } from "vitest";
import { refusalOf, textOf } from "./content.ts";

test.each([
	["a text", "Hello", "Hello"],
	["null", null, ""],
	["nothing", undefined, ""],
	["a number", 7, ""],
	[
		"parts",
		[
			{ type: "text", text: "Hel" },
			{ type: "output_text", text: "lo" },
		],
		"Hello",
	],
	["one part", { type: "text", text: "Hello" }, "Hello"],
	["a part without a type", [{ text: "Hello" }], "Hello"],
	["texts", ["Hel", "lo"], "Hello"],
	["parts that are not words", [{ type: "thinking", thinking: "hm", text: "hm" }, { type: "image_url" }, null], ""],
])("the text of %s", (_, content, text) => {
	expect(textOf({ content })).toBe(text);
});

test("a refusal is read from its own field or from a content part", () => {
	expect(refusalOf({ content: null, refusal: "I cannot." })).toBe("I cannot.");
	expect(refusalOf({ content: [{ type: "refusal", refusal: "I cannot." }] })).toBe("I cannot.");
	expect(refusalOf({ content: "Yes", refusal: null })).toBe("");
});
