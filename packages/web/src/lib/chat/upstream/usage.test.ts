import { expect, test } from "vitest";
import { usageOf } from "./usage.ts";

test("usage is read from OpenAI's fields, with details", () => {
	const usage = {
		prompt_tokens: 10,
		completion_tokens: 7,
		prompt_tokens_details: { cached_tokens: 4 },
		completion_tokens_details: { reasoning_tokens: 5 },
	};
	expect(usageOf({ usage })).toEqual({ input: 10, cached: 4, output: 7, reasoning: 5 });
});

test("usage is read from other field names and places", () => {
	const plain = { input: 10, cached: 0, output: 7, reasoning: 0 };
	expect(usageOf({ usage: { input_tokens: 10, output_tokens: 7 } })).toEqual(plain);
	expect(usageOf({ x_groq: { usage: { prompt_tokens: 10, completion_tokens: 7 } } })).toEqual(plain);
	expect(usageOf({ usage: { prompt_tokens: "10", completion_tokens: "7" } })).toEqual(plain);
	expect(usageOf({ usage: { prompt_tokens: 10, completion_tokens: 7, prompt_cache_hit_tokens: 10 } })).toEqual({ ...plain, cached: 10 });
});

test("usage includes reasoning that a provider omits from the output", () => {
	expect(usageOf({ usage: { prompt_tokens: 10, completion_tokens: 7, total_tokens: 117 } })?.output).toBe(107);
});

test.each([
	[{}],
	[{ usage: null }],
	[{ usage: "many" }],
	[{ usage: { prompt_tokens: 1 } }],
	[{ usage: { prompt_tokens: -1, completion_tokens: 1 } }],
	[{ usage: { prompt_tokens: 1, completion_tokens: "x" } }],
])("usage is null if a number is missing or invalid: %j", (chunk) => {
	expect(usageOf(chunk)).toBeNull();
});
