import { expect, test } from "vitest";
import { refusedField, refusedFieldsOf, withoutFields } from "./refused-fields.ts";

const body = { model: "m", max_tokens: 5, stream_options: { include_usage: true }, safety_identifier: "s", reasoning_effort: "low" };

test.each([
	["Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "max_tokens"],
	['{"detail":[{"type":"extra_forbidden","loc":["body","safety_identifier"]}]}', "safety_identifier"],
	["property 'stream_options' is unsupported", "stream_options"],
	["Unrecognized request argument supplied: reasoning_effort", null],
	["max_tokens is too large: 5", null],
	["Unknown model", null],
])("%s", (said, field) => {
	expect(refusedField(said, body, new Set())).toBe(field);
});

test.each([
	["registry.ollama.ai/library/gemma:2b does not support tools"],
	["No endpoints found that support tool use. To learn more about provider routing, visit: https://openrouter.ai/docs"],
	['"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'],
	["Unsupported parameter: tools"],
])("tools are dropped for a model without tools: %s", (said) => {
	expect(refusedField(said, { ...body, tools: [] }, new Set())).toBe("tools");
	expect(refusedField(said, body, new Set())).toBeNull();
});

test("the output cap switches to its other name once and is never dropped", () => {
	const refused = new Set(["max_tokens", "safety_identifier"]);
	const adapted = withoutFields(body, refused);
	expect(adapted).toEqual({ model: "m", max_completion_tokens: 5, stream_options: { include_usage: true }, reasoning_effort: "low" });
	expect(refusedField("unknown field max_completion_tokens", adapted, refused)).toBeNull();
});

test("refused fields are remembered per upstream", () => {
	refusedFieldsOf("a", "m").add("stream_options");
	expect([...refusedFieldsOf("a", "m")]).toEqual(["stream_options"]);
	expect([...refusedFieldsOf("a", "n"), ...refusedFieldsOf("b", "m")]).toEqual([]);
});
