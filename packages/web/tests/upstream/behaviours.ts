import { gzipSync } from "node:zlib";
import { type RuleName, ruleNameOf } from "@parley/metering";
import type { AnswerState, Failure } from "../../src/view/chat.ts";

/** A fault of the sandbox's model server (packages/sandbox/src/faults/schema.ts). */
export interface Wire {
	status?: number;
	headers?: Record<string, string>;
	delayMs?: number;
	parts?: (string | { base64: string } | { text: string; times: number })[];
	gapMs?: number;
	end?: "close" | "cut" | "stay";
	calls?: number;
}

/** What a model server may do, what the user then sees, and whether it is counted. */
export interface Behaviour {
	wire: Wire;
	/** Default `odd`. */
	model?: string;
	state: AnswerState;
	counted: boolean;
	text: string;
	thoughts?: string;
	failure?: Failure;
	/** When a busy model may be called again, seconds. */
	retryAfterS?: number;
}

const base = { id: "q1", object: "chat.completion.chunk", created: 1, model: "q" };
export const line = (value: unknown, eol = "\n") => `data: ${JSON.stringify(value)}${eol}${eol}`;
export const chunk = (delta: unknown, finish_reason: unknown = null, more: object = {}) => ({
	...base,
	choices: [{ index: 0, delta, finish_reason }],
	...more,
});
export const say = (content: unknown, more: object = {}) => line(chunk({ content }, null, more));
export const done = "data: [DONE]\n\n";
export const stop = line(chunk({}, "stop"));
const half = [line(chunk({ role: "assistant", content: "The first " })), say("half of it ")];
const rest = [say("and the end."), stop, done];
const WHOLE = "The first half of it and the end.";
const HALF = "The first half of it ";
const json = { "content-type": "application/json" };

const whole = (...parts: Wire["parts"] & object): Behaviour => complete({ parts }, WHOLE);
const complete = (wire: Wire, text: string, more: Partial<Behaviour> = {}): Behaviour => ({
	wire,
	text,
	state: "complete",
	counted: true,
	...more,
});
/** Fails after some output. */
const midway = (wire: Wire, failure: Failure = "failed", text = HALF): Behaviour => ({
	wire,
	text,
	state: "failed",
	counted: false,
	failure,
});
/** Fails before any output. */
const early = (wire: Wire, failure: Failure, more: Partial<Behaviour> = {}): Behaviour => ({
	wire,
	text: "",
	state: "failed",
	counted: false,
	failure,
	...more,
});
/** Ends without output. */
const wordless = (wire: Wire, more: Partial<Behaviour> = {}): Behaviour => ({
	wire,
	text: "",
	state: "failed",
	counted: false,
	...more,
});
const ending = (finish: unknown, ...after: string[]): Wire => ({ parts: [...half, line(chunk({}, finish)), ...after, done] });
const refusing = (status: number, body: string, headers: Record<string, string> = json): Wire => ({
	status,
	headers,
	parts: body ? [body] : [],
});
const errorBody = (message: string, code: string) => JSON.stringify({ error: { message, type: "invalid_request_error", code } });
const bytesOf = (text: string, size: number) => {
	const bytes = Buffer.from(text);
	return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => ({
		base64: bytes.subarray(at * size, (at + 1) * size).toString("base64"),
	}));
};
const tool = (args: string) =>
	line(chunk({ content: null, tool_calls: [{ index: 0, id: "c1", type: "function", function: { name: "search", arguments: args } }] }));
const calledTool = line(chunk({}, "tool_calls"));
const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
const raw = (content: string) => `data: {"choices":[{"index":0,"delta":{"content":"${content}"},"finish_reason":null}]}\n\n`;

/** The sandbox's own answer, for calls without a wire. */
const SANDBOX =
	"You said: “Hello” I am the sandbox model. I run on this machine, know nothing and cost nothing, so this is all the answer there is. With a real model in my place you would read its answer here, word by word, just like this one.";

export const BEHAVIOURS: Record<string, Behaviour> = {
	"a plain answer": whole(...half, ...rest),
	// Ends.
	"DONE without a finish reason": complete({ parts: [...half, say("and the end."), done] }, WHOLE),
	"a finish reason without DONE": complete({ parts: [...half, say("and the end."), stop] }, WHOLE),
	"neither a finish reason nor DONE": midway({ parts: half }, "interrupted"),
	"an open connection after the finish reason": complete({ parts: [...half, say("and the end."), stop], end: "stay" }, WHOLE),
	"a reset after the finish reason": complete({ parts: [...half, say("and the end."), stop], end: "cut", gapMs: 20 }, WHOLE),
	"a reset in the middle": midway({ parts: half, end: "cut", gapMs: 20 }, "interrupted"),
	"a reset before the headers": early({ end: "cut" }, "failed"),
	"two finish reasons and two DONE": complete({ parts: [...half, say("and the end."), stop, stop, stop, done, done] }, WHOLE),
	"words after the finish reason": complete({ parts: [...half, stop, say("and late words."), done] }, `${HALF}and late words.`),
	"an empty finish reason with each chunk": complete(
		{ parts: [line(chunk({ content: "Whole " }, "")), line(chunk({ content: "answer." }, "")), stop, done] },
		"Whole answer.",
	),
	"finish reason error": midway(ending("error")),
	"finish reason insufficient_system_resource": midway(ending("insufficient_system_resource")),
	"finish reason max_tokens": {
		...complete(ending("max_tokens"), HALF),
		state: "length",
	},
	"finish reason sensitive": { ...complete(ending("sensitive"), HALF), state: "filtered" },
	"finish reason content_filter": {
		...complete(ending("content_filter"), HALF),
		state: "filtered",
	},
	"a finish reason that nobody knows": complete(ending("eureka"), HALF),
	// Lines.
	"lines that end as on Windows": complete(
		{ parts: [...half, say("and the end."), stop, done].map((part) => part.replaceAll("\n", "\r\n")) },
		WHOLE,
	),
	"lines that end as on old Macs": complete(
		{ parts: [...half, say("and the end."), stop, done].map((part) => part.replaceAll("\n", "\r")) },
		WHOLE,
	),
	"no space after data:": complete({ parts: [...half, ...rest].map((part) => part.replace("data: ", "data:")) }, WHOLE),
	"events with names and ids": complete({ parts: [...half, ...rest].map((part, at) => `id: ${at}\nevent: message\n${part}`) }, WHOLE),
	"comments before and between": whole(": OPENROUTER PROCESSING\n\n", ": keep-alive\n\n", ...half, ": ping\n\n", ...rest),
	"no line end after the last event": complete({ parts: [...half, say("and the end."), stop.trimEnd()] }, WHOLE),
	"characters that are cut into bytes": complete(
		{ parts: [...bytesOf(say("Grüße, 世界 👩‍👩‍👧‍👦 👍🏽 — ok"), 1), stop, done], gapMs: 0 },
		"Grüße, 世界 👩‍👩‍👧‍👦 👍🏽 — ok",
	),
	"a surrogate pair in two chunks": complete(
		{ parts: [say("smile "), raw("\\ud83d"), raw("\\ude00"), say(" end"), stop, done] },
		"smile 😀 end",
	),
	"half a surrogate pair": complete({ parts: [raw("broken \\ud83d half"), stop, done] }, "broken � half"),
	// Silence.
	"life by comments only, for longer than its patience": complete(
		{ parts: [...Array<string>(8).fill(": keep-alive\n\n"), ...half, ...rest], gapMs: 200 },
		WHOLE,
		{ model: "impatient" },
	),
	"no headers, ever": early({ end: "stay" }, "failed", { model: "impatient" }),
	"headers and nothing more": early({ parts: [": hello\n\n"], end: "stay" }, "failed", { model: "impatient" }),
	// Chunks.
	"a first chunk without choices": whole(line({ ...base, choices: [], prompt_filter_results: [{}] }), ...half, ...rest),
	"usage in a chunk of its own": whole(...half, say("and the end."), stop, line({ ...base, choices: [], usage }), done),
	"usage in a chunk without choices": whole(...half, say("and the end."), stop, line({ ...base, usage }), done),
	"usage with choices null": whole(...half, say("and the end."), stop, line({ ...base, choices: null, usage: { prompt_tokens: 1 } }), done),
	"usage of wrong types with each chunk": whole(
		...half,
		say("and the end.", { usage: { prompt_tokens: "1", completion_tokens: {} } }),
		line(chunk({}, "stop", { usage: null })),
		line({ ...base, choices: [], usage: "none" }),
		done,
	),
	"error null with each chunk": whole(...half, say("and the end.", { error: null }), line(chunk({}, "stop", { error: null })), done),
	"content null": whole(line(chunk({ role: "assistant", content: null })), ...half, say(null), ...rest),
	"delta null": whole(...half, say("and the end."), line(chunk(null, "stop")), done),
	"a role that is empty": whole(line(chunk({ role: "", content: "The first half of it " })), say("and the end."), stop, done),
	"a role that nobody knows": whole(line(chunk({ role: "model", content: "The first half of it " })), say("and the end."), stop, done),
	"created as a text": whole(...half, say("and the end.", { created: "1732000000" }), stop, done),
	"id as a number": whole(...half, say("and the end.", { id: 17, model: 5, object: null }), stop, done),
	"content as parts": complete(
		{
			parts: [
				line(chunk({ content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }] })),
				line(chunk({ content: [{ type: "text", text: "Whole answer." }] })),
				stop,
				done,
			],
		},
		"Whole answer.",
		{ thoughts: "hm" },
	),
	"one giant piece": { ...complete({ parts: [say("x".repeat(400_000)), stop, done] }, "x".repeat(24_000)), state: "length" },
	"20,000 tiny pieces": complete({ parts: [{ text: say("a"), times: 20_000 }, stop, done], gapMs: 0 }, "a".repeat(20_000)),
	"words beyond the output limit": {
		...complete({ parts: [{ text: say("word "), times: 1_000 }, stop, done] }, "word ".repeat(12)),
		state: "length",
		model: "short",
	},
	// Reasoning.
	"reasoning in reasoning_content": complete(
		{
			parts: [line(chunk({ reasoning_content: "Let me " })), line(chunk({ reasoning_content: "think." })), say("The answer."), stop, done],
		},
		"The answer.",
		{ thoughts: "Let me think." },
	),
	"reasoning in reasoning": complete(
		{ parts: [line(chunk({ reasoning: "Let me think." })), say("The answer."), stop, done] },
		"The answer.",
		{ thoughts: "Let me think." },
	),
	"reasoning as an object": complete(
		{ parts: [line(chunk({ reasoning: { text: "Hm." } })), say("The answer."), stop, done] },
		"The answer.",
		{ thoughts: "Hm." },
	),
	"reasoning twice, in details as well": complete(
		{
			parts: [
				line(chunk({ reasoning: "Hm.", reasoning_details: [{ type: "reasoning.text", text: "Hm." }] })),
				say("The answer."),
				stop,
				done,
			],
		},
		"The answer.",
		{ thoughts: "Hm." },
	),
	"reasoning between words": complete(
		{
			parts: [
				..."Interleaved thinking breaks nothing".split(/(?= )/).map((content) => line(chunk({ content, reasoning_content: "hm " }))),
				stop,
				done,
			],
		},
		"Interleaved thinking breaks nothing",
		{ thoughts: "hm hm hm hm " },
	),
	"think tags": complete(
		{ parts: [..."<think>\nThe user says hi.\n</think>\n\nHello **there**!".split(/(?= )/).map((word) => say(word)), stop, done] },
		"Hello **there**!",
		{
			thoughts: "The user says hi.\n",
		},
	),
	"think tags in upper case, cut anywhere": complete(
		{ parts: [...("<THINK>Hm.</THINK>Hello".match(/.{1,3}/g)?.map((word) => say(word)) ?? []), stop, done] },
		"Hello",
		{
			thoughts: "Hm.",
		},
	),
	"think tags in the middle of an answer": complete(
		{ parts: [say("The tag <think>"), say(" is a word </think> here."), stop, done] },
		"The tag <think> is a word </think> here.",
	),
	"a think tag that is never closed": wordless(
		{ parts: [say("<think>The whole "), say("budget."), stop, done] },
		{ thoughts: "The whole budget." },
	),
	"a closing think tag alone": complete({ parts: [say("The user "), say("says hi.</th"), say("ink>\n\nHello!"), stop, done] }, "Hello!", {
		model: "deepseek-r1",
		thoughts: "The user says hi.",
	}),
	"reasoning only": wordless(
		{ parts: [line(chunk({ reasoning_content: "I thought the whole budget away." })), stop, done] },
		{ thoughts: "I thought the whole budget away." },
	),
	"white space only": wordless({ parts: [say(" \n"), say("\n"), stop, done] }, { text: " \n\n" }),
	"a limit before the first word": wordless({ parts: [line(chunk({}, "length")), line({ ...base, choices: [], usage }), done] }),
	"nothing but a finish reason": wordless({ parts: [stop, done] }),
	"an empty body": early({}, "failed"),
	// Tools and refusals.
	"a tool call instead of an answer": wordless({ parts: [tool(""), tool('{"q":1}'), calledTool, done] }),
	"a tool call after words": complete({ parts: [...half, tool('{"q":1}'), calledTool, done] }, HALF),
	"a tool call with broken JSON": complete({ parts: [...half, tool('{"q":'), calledTool, done] }, HALF),
	"empty tool calls": complete(
		{ parts: [line(chunk({ content: "Whole ", tool_calls: [] })), line(chunk({ content: "answer.", tool_calls: null })), stop, done] },
		"Whole answer.",
	),
	"a refusal": {
		...complete(
			{ parts: [line(chunk({ content: null, refusal: "I cannot " })), line(chunk({ refusal: "help with that." })), stop, done] },
			"I cannot help with that.",
		),
		state: "filtered",
	},
	// Errors inside a 200.
	"an error object after words": midway({
		parts: [...half, line({ error: { message: "overloaded", type: "server_error", code: 500 } }), done],
	}),
	"an error text after words": midway({ parts: [...half, line({ error: "overloaded" }), done] }),
	"an error with a finish reason": midway({
		parts: [...half, line({ ...chunk({ content: "" }, "error"), error: { code: 502, message: "Provider disconnected" } }), done],
	}),
	"an error in place of the answer": early({ parts: [line({ error: { message: "bad gateway", code: 502 } }), done] }, "failed"),
	"overload in place of the answer": early({ parts: [line({ error: { message: "overloaded", type: "overloaded_error" } })] }, "busy"),
	"a broken chunk": midway({ parts: [...half, 'data: {"choices": [\n\n', ...rest] }, "interrupted"),
	// Refused calls.
	"429 with a time": early(refusing(429, errorBody("slow down", "rate_limit_exceeded"), { ...json, "retry-after": "7" }), "busy", {
		model: "busy-odd",
		retryAfterS: 7,
	}),
	"401": early(refusing(401, errorBody("Incorrect API key provided: sk-abc***xyz", "invalid_api_key")), "unavailable"),
	"402": early(refusing(402, errorBody("Insufficient Balance", "invalid_request_error")), "unavailable"),
	"403": early(refusing(403, errorBody("No access", "permission_denied")), "unavailable"),
	"404 for the model": early(refusing(404, errorBody("The model does not exist", "model_not_found")), "unavailable"),
	"429 for a bill that is not paid": early(
		refusing(429, errorBody("You exceeded your current quota", "insufficient_quota")),
		"unavailable",
	),
	"500 with a page": early(refusing(500, "<html><body><h1>500 nginx</h1></body></html>", { "content-type": "text/html" }), "failed"),
	"502 without a body": early(refusing(502, "", {}), "failed"),
	"503": early(refusing(503, "no healthy upstream", {}), "busy"),
	"a context that is too long": early(
		refusing(400, errorBody("This model's maximum context length is 8192 tokens", "context_length_exceeded")),
		"too-long",
	),
	"a question that a filter refuses": {
		wire: refusing(400, errorBody("The response was filtered", "content_filter")),
		state: "filtered",
		counted: false,
		text: "",
	},
	// Bodies.
	"JSON instead of a stream": complete(
		{
			headers: json,
			parts: [
				JSON.stringify(
					{ id: "x", choices: [{ index: 0, message: { role: "assistant", content: "Whole answer." }, finish_reason: "stop" }] },
					null,
					2,
				),
			],
		},
		"Whole answer.",
	),
	"a stream that says it is plain text": complete({ headers: { "content-type": "text/plain" }, parts: [...half, ...rest] }, WHOLE),
	"a page with status 200": early({ headers: { "content-type": "text/html" }, parts: ["<!doctype html><h1>Sign in</h1>"] }, "unavailable"),
	"a compressed stream": complete(
		{
			headers: { "content-type": "text/event-stream", "content-encoding": "gzip" },
			parts: [{ base64: gzipSync([...half, ...rest].join("")).toString("base64") }],
		},
		WHOLE,
	),
	// Redirects: the second call has no wire.
	"307 to the same origin": complete({ status: 307, headers: { location: "/model/v1/chat/completions?moved" }, calls: 1 }, SANDBOX),
	"302 to the same origin": early({ status: 302, headers: { location: "/model/v1/chat/completions" }, calls: 1 }, "unavailable"),
	"307 to another origin": early({ status: 307, headers: { location: "http://127.0.0.1:9/v1/chat/completions" } }, "unavailable"),
};

/** The counting rule that covers a behaviour. */
export function ruleOf({ state, text, failure }: Behaviour): RuleName {
	const output = text.trim() ? "words" : failure ? "none" : "tokens";
	return ruleNameOf({ end: state, output, failure });
}
