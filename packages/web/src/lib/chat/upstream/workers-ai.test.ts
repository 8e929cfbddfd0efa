import { expect, test } from "vitest";
import { sendTo } from "./workers-ai.ts";

const call = { model: "@cf/meta/llama", max_tokens: 5, messages: [], stream: true, stream_options: {}, safety_identifier: "s" };
const init = { body: JSON.stringify(call) };
const failing = (message: string) => sendTo({ run: () => Promise.reject(new Error(message)) })("", init);

test("a call through the binding omits unknown fields, and its stream is the body", async () => {
	const calls: unknown[] = [];
	const run = async (model: string, input: object) => {
		calls.push([model, input]);
		return new Response("data: 1\n\n").body;
	};
	expect(await (await sendTo({ run })("", init)).text()).toBe("data: 1\n\n");
	expect(calls).toEqual([["@cf/meta/llama", { max_tokens: 5, messages: [], stream: true }]]);
});

test("an answer without a stream is JSON", async () => {
	const response = await sendTo({ run: async () => ({ response: "Hello" }) })("", init);
	expect(await response.json()).toEqual({ response: "Hello" });
});

test.each([
	["3040: Capacity temporarily exceeded, please try again.", 429],
	["InferenceUpstreamError: 3036: you have used up your daily free allocation", 402],
	["5007: No such model @cf/x", 404],
	["5006: the prompt is too long", 500],
	["anything else", 500],
])("an error of the binding has a status: %s", async (message, status) => {
	const response = await failing(message);
	expect([response.status, await response.json()]).toEqual([status, { error: { message } }]);
});
