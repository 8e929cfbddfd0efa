import { expect, test } from "vitest";
import { addressOf, bodyOf, capField, hashOfSubject, headersOf } from "./request-body.ts";

const terms = { effort: null, maxOutput: 500, subjectHash: "abc", requestId: "r" };

test.each([
	["https://api.openai.com/v1", "gpt-5", "max_completion_tokens"],
	["https://my.openai.azure.com/openai/deployments/d?api-version=1", "d", "max_completion_tokens"],
	["https://gateway.ai.cloudflare.com/v1/acc/gw/openai", "gpt-5", "max_completion_tokens"],
	["https://gateway.ai.cloudflare.com/v1/acc/gw/compat", "openai/gpt-5", "max_completion_tokens"],
	["https://gateway.ai.cloudflare.com/v1/acc/gw/compat", "groq/llama", "max_tokens"],
	["https://openrouter.ai/api/v1", "openai/gpt-5", "max_tokens"],
	["https://notopenai.com/v1", "m", "max_tokens"],
	["http://localhost:11434/v1", "llama3", "max_tokens"],
])("the output cap at %s (%s) is %s", (baseUrl, model, field) => {
	expect(capField(baseUrl, model)).toBe(field);
	const { max_tokens, max_completion_tokens } = bodyOf({ model, max_tokens: 500, stream: true }, baseUrl, terms);
	expect([max_tokens, max_completion_tokens]).toEqual(field === "max_tokens" ? [500, undefined] : [undefined, 500]);
});

test("a call always carries its subject, and its effort if there is one", () => {
	const body = { model: "m", messages: [] };
	expect(bodyOf(body, "http://localhost/v1", terms)).toEqual({ ...body, max_tokens: 500, safety_identifier: "abc" });
	expect(bodyOf(body, "http://localhost/v1", { ...terms, effort: "high" }).reasoning_effort).toBe("high");
});

test("a subject's name is stable and does not reveal the subject", () => {
	expect(hashOfSubject("user:1")).toMatch(/^[0-9a-f]{32}$/);
	expect(hashOfSubject("user:1")).toBe(hashOfSubject("user:1"));
	expect(hashOfSubject("user:1")).not.toBe(hashOfSubject("user:2"));
});

test("the key is sent in the provider's header, and no header without a key", () => {
	expect(headersOf("https://api.openai.com/v1", "k", terms)).toEqual({ authorization: "Bearer k" });
	expect(headersOf("https://my.openai.azure.com/openai", "k", terms)).toEqual({ "api-key": "k" });
	expect(headersOf("http://localhost/v1", undefined, terms)).toEqual({});
	const { "cf-aig-metadata": metadata = "" } = headersOf("https://gateway.ai.cloudflare.com/v1/a/g/compat", "k", terms);
	expect(JSON.parse(metadata)).toEqual({ subject: "abc", request: "r" });
});

test("a query string is moved behind the path", () => {
	expect(addressOf("https://my.openai.azure.com/openai/deployments/d/?api-version=2024-10-21&x=1")).toEqual({
		baseURL: "https://my.openai.azure.com/openai/deployments/d",
		queryParams: { "api-version": "2024-10-21", x: "1" },
	});
	expect(addressOf("http://localhost/v1")).toEqual({ baseURL: "http://localhost/v1", queryParams: {} });
});
