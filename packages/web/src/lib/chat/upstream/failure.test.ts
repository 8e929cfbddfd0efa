import { describe, expect, test } from "vitest";
import { errorIn, failureOf, statusIn } from "./failure.ts";

const of = (status: number, error: unknown, headers = {}) => failureOf("api.example", status, error, new Headers(headers));

describe("an upstream refusal", () => {
	test.each([
		[429, { error: { type: "rate_limit_error" } }, "busy"],
		[503, "busy", "busy"],
		[529, { error: { type: "overloaded_error" } }, "busy"],
		[500, { error: { message: "The model is overloaded" } }, "busy"],
		[200, "overloaded", "busy"],
		[400, { error: { code: "context_length_exceeded" } }, "too-long"],
		[400, { error: { message: "This model's maximum context length is 8192 tokens" } }, "too-long"],
		[400, { error: { message: "prompt is too long: 210000 tokens > 200000 maximum" } }, "too-long"],
		[400, { error: { message: "The input token count (1048577) exceeds the maximum number of tokens allowed" } }, "too-long"],
		[400, { error: { message: "Please reduce the length of the messages" } }, "too-long"],
		[422, { detail: "input length and max_tokens exceed context limit" }, "too-long"],
		[413, "", "too-long"],
		[401, { error: { code: "invalid_api_key" } }, "unavailable"],
		[402, { error: { message: "Insufficient credits" } }, "unavailable"],
		[403, {}, "unavailable"],
		[404, { error: { message: "no such model" } }, "unavailable"],
		[429, { error: { code: "insufficient_quota" } }, "unavailable"],
		[400, { error: { message: "API key not valid. Please pass a valid API key." } }, "unavailable"],
		[400, { error: { code: "model_not_found" } }, "unavailable"],
		[400, { error: { code: "content_filter" } }, "filtered"],
		[403, { error: { message: "Your input was flagged", metadata: { reasons: ["violence"] } } }, "filtered"],
		[500, "<html>500 nginx</html>", "failed"],
		[502, "", "failed"],
		[400, { error: { message: "Conversation roles must alternate" } }, "failed"],
		[200, { message: "Provider disconnected", code: 502 }, "failed"],
	])("%i %j is %s", (status, error, failure) => {
		expect(of(status, error).failure).toBe(failure);
	});

	test("falls through to another upstream unless the request is at fault", () => {
		expect([429, 500, 502, 401, 402, 404, 408].map((status) => of(status, "").elsewhere)).toEqual(Array(7).fill(true));
		expect([of(400, "roles must alternate").elsewhere, of(400, "context_length_exceeded").elsewhere]).toEqual([false, false]);
	});

	test("carries a retry time only if the upstream is busy", () => {
		expect(of(429, "", { "retry-after": "7" }).retryAfterS).toBe(7);
		expect(of(500, "", { "retry-after": "7" }).retryAfterS).toBeUndefined();
	});

	test("names host, status and code, and quotes no other text", () => {
		const error = { error: { message: "Incorrect API key provided: sk-abc", code: "invalid_api_key" } };
		expect(of(401, error).message).toBe("api.example answered 401 (invalid_api_key)");
		expect(of(401, { error: { code: "key sk-abc" } }).message).toBe("api.example answered 401");
	});
});

describe("an error inside a 200", () => {
	test.each([
		[{ error: "overloaded" }, "overloaded"],
		[{ error: { message: "m" } }, { message: "m" }],
		[{ error: null, choices: [] }, null],
		[{ error: {}, choices: [] }, null],
		[{ error: "" }, null],
		[
			{ object: "error", message: "m" },
			{ object: "error", message: "m" },
		],
		[{ success: false, errors: [{ code: 3040 }] }, { code: 3040 }],
	])("%j", (chunk, error) => {
		expect(errorIn(chunk)).toEqual(error);
	});

	test("may be marked by the type of its event", () => {
		expect(errorIn({ message: "m" }, "error")).toEqual({ message: "m" });
	});

	test("may carry an HTTP status", () => {
		expect(statusIn({ code: 502 })).toBe(502);
		expect(statusIn({ code: "429" })).toBe(429);
		expect(statusIn({ code: "overloaded", status: "x" })).toBe(0);
		expect(statusIn("overloaded")).toBe(0);
	});
});
