import { describe, expect, test } from "vitest";
import { UpstreamFailure } from "./failure.ts";
import { WireAnswer } from "./wire-answer.ts";

type Chunk = object | string;

/** Reads chunks in the order of a stream. A string is the data of an event. */
function read(chunks: readonly Chunk[], { isWhole = false, model = "m" } = {}) {
	const answer = new WireAnswer("host", model);
	const words = chunks.map((chunk) => answer.read({ type: "", data: typeof chunk === "string" ? chunk : JSON.stringify(chunk) }));
	words.push(answer.flush());
	const text = words.map((one) => one.text).join("");
	const reasoning = words.map((one) => one.reasoning).join("");
	return { text, reasoning, finish: answer.finish(isWhole), usage: answer.usage };
}

const say = (content: unknown, finish_reason: unknown = null) => ({ choices: [{ index: 0, delta: { content }, finish_reason }] });
const end = (finish_reason: unknown) => ({ choices: [{ index: 0, delta: {}, finish_reason }] });

describe("an answer", () => {
	test.each([
		["a finish reason", [say("Hi"), end("stop")], "stop"],
		["a finish reason with its last word", [say("Hi", "stop")], "stop"],
		["DONE alone", [say("Hi"), "[DONE]"], "stop"],
		["a reason that nobody knows", [say("Hi"), end("eureka")], "stop"],
		["tools that nobody offered", [say("Hi"), end("tool_calls")], "stop"],
		["a limit by another name", [say("Hi"), end("MAX_TOKENS")], "length"],
		["a filter by another name", [say("Hi"), end("SAFETY")], "content_filter"],
		["its last reason, where it names one with each chunk", [say("H", "stop"), say("i", "length")], "length"],
	])("ends with %s", (_, chunks, finish) => {
		expect(read(chunks)).toMatchObject({ text: "Hi", finish });
	});

	test("is complete as JSON without a finish reason, but cut off as a stream without one", () => {
		const whole = { choices: [{ message: { content: "Hi" } }] };
		expect(read([whole], { isWhole: true })).toMatchObject({ text: "Hi", finish: "stop" });
		expect(() => read([say("Hi")])).toThrow("host cut off the answer");
	});

	test("is filtered if it is a refusal, and its text is shown", () => {
		const refusal = { choices: [{ delta: { refusal: "I cannot." }, finish_reason: "stop" }] };
		expect(read([refusal])).toMatchObject({ text: "I cannot.", finish: "content_filter" });
	});

	test("is not changed by anything after its end", () => {
		expect(read([say("Hi"), end("stop"), { error: "overloaded" }, "{broken"])).toMatchObject({ text: "Hi", finish: "stop" });
	});

	test("has the last usage with both input and output", () => {
		const usage = { prompt_tokens: 3, completion_tokens: 2 };
		expect(read([say("Hi"), end("stop"), { choices: [], usage }, { usage: { prompt_tokens: 9 } }]).usage).toMatchObject({
			input: 3,
			output: 2,
		});
	});

	test("does not treat text as reasoning once reasoning has arrived in a field of its own", () => {
		const thinking = { choices: [{ delta: { reasoning: "Hm" } }] };
		expect(read([thinking, say("<think> is a tag"), end("stop")])).toMatchObject({ text: "<think> is a tag", reasoning: "Hm" });
	});

	test("keeps all text of a model that starts inside its reasoning but never closes it", () => {
		expect(read([say("Just "), say("words"), end("stop")], { model: "deepseek-r1" })).toMatchObject({ text: "Just words", reasoning: "" });
	});
});

describe("a failure", () => {
	const failureOf = (chunks: readonly Chunk[]) => {
		try {
			read(chunks);
		} catch (error) {
			return error instanceof UpstreamFailure ? error.failure : error;
		}
		return null;
	};

	test.each([
		["an error object", [say("Hi"), { error: { message: "x" } }], "failed"],
		["an error text", [{ error: "overloaded" }], "busy"],
		["a reason that says so", [say("Hi"), end("insufficient_system_resource")], "failed"],
		["a broken chunk", [say("Hi"), '{"choices": ['], "interrupted"],
		["no answer at all", [{ id: "x" }, "[DONE]"], "failed"],
		["nothing", [], "interrupted"],
	])("is %s", (_, chunks, failure) => {
		expect(failureOf(chunks)).toBe(failure);
	});

	test.each([[{ ...say("Hi"), error: null }], [{ ...say("Hi"), error: "" }], [{ ...say("Hi"), error: {} }], ["ping"], ["[1]"]])(
		"is not %j",
		(chunk) => {
			expect(failureOf([chunk, say("there", "stop")])).toBeNull();
		},
	);
});

describe("a tool call", () => {
	const CALL = { index: 0, id: "c", type: "function", function: { name: "web_search", arguments: '{"query":"x"}' } };
	const call = { choices: [{ index: 0, delta: { content: null, tool_calls: [CALL] }, finish_reason: null }] };
	const readWith = (hasTools: boolean, ...chunks: object[]) => {
		const answer = new WireAnswer("host", "m", hasTools);
		for (const chunk of chunks) answer.read({ type: "", data: JSON.stringify(chunk) });
		return { finish: answer.finish(false), calls: answer.calls, keepsReasoning: answer.keepsReasoning };
	};

	test.each([["tool_calls"], ["stop"], ["function_call"]])("to an offered tool is kept if the answer ends with %s", (reason) => {
		expect(readWith(true, call, end(reason))).toMatchObject({
			finish: "tool_calls",
			calls: [{ id: "c", name: "web_search", input: '{"query":"x"}' }],
		});
	});

	test("is ignored if no tool was offered", () => {
		expect(readWith(false, call, end("tool_calls"))).toMatchObject({ finish: "stop", calls: [] });
	});

	test("is dropped if the answer was cut or filtered", () => {
		expect(readWith(true, call, end("length")).finish).toBe("length");
		expect(readWith(true, call, end("content_filter")).finish).toBe("content_filter");
	});

	test("that is endless fails the answer", () => {
		const more = { choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: "x".repeat(100_000) } }] } }] };
		expect(() => readWith(true, call, more, more)).toThrow("called tools without an end");
	});

	test("goes back with its reasoning only if that arrived in the field whose providers require it", () => {
		const thought = (field: string) => ({ choices: [{ index: 0, delta: { [field]: "Hm." }, finish_reason: null }] });
		expect(readWith(true, thought("reasoning_content"), call, end("tool_calls")).keepsReasoning).toBe(true);
		expect(readWith(true, thought("reasoning"), call, end("tool_calls")).keepsReasoning).toBe(false);
	});
});
