import { afterEach, describe, expect, test, vi } from "vitest";
import { logFailedRequest, logFailure } from "./log.ts";

const logged = vi.spyOn(console, "error").mockImplementation(() => {});
const text = () => String(logged.mock.lastCall?.[0]);
afterEach(() => logged.mockClear());

describe("the log", () => {
	test("holds an expected failure on one short line, whatever the SDK's message", () => {
		logFailure("billing provider", new Error(`502\n  ${JSON.stringify({ error: "x".repeat(2_000) }, null, 2)}`));
		expect(text()).toMatch(/^billing provider: Error: 502 \{ "error": "x+$/);
		expect(text()).toHaveLength(500);
		logFailure("answer m1 failed", new Error("no connection", { cause: new Error("socket\nclosed") }));
		expect(text()).toBe("answer m1 failed: Error: no connection, caused by Error: socket closed");
		logFailure("billing provider", undefined);
		expect(text()).toBe("billing provider: undefined");
	});

	test("names a failed request, and shows the stack and every cause", () => {
		const cause = new TypeError("no such table", { cause: "SQLITE_ERROR" });
		logFailedRequest(new Request("http://localhost/api/usage?token=secret", { method: "POST" }), new Error("query failed", { cause }));
		expect(text()).toMatch(/^500 POST \/api\/usage: Error: query failed\n\s+at .*log\.test\.ts/);
		expect(text()).toMatch(/\n {2}caused by TypeError: no such table\n\s+at /);
		expect(text()).toMatch(/\n {2}caused by SQLITE_ERROR$/);
		expect(text()).not.toContain("secret");
	});

	test("ends with an error that is its own cause", () => {
		const error = new Error("round");
		error.cause = error;
		logFailedRequest(new Request("http://localhost/"), error);
		expect(text().match(/caused by/g)).toHaveLength(5);
	});
});
