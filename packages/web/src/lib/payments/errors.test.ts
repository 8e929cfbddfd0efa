import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ProblemError } from "../http/problem.ts";
import { callProvider, isRefusal, isUnauthorized, statusOf } from "./errors.ts";

const withStatus = (status: unknown) => Object.assign(new Error("Flowglad says: sk_live_123"), { status });
const withStatusCode = (statusCode: unknown) => Object.assign(new Error("Stripe says: no such customer"), { statusCode });

describe("the status of an SDK's error", () => {
	test("is read from Flowglad's and from Stripe's field", () => {
		expect(statusOf(withStatus(404))).toBe(404);
		expect(statusOf(withStatusCode(402))).toBe(402);
	});

	test.each([new Error("socket closed"), withStatus("404"), withStatusCode(undefined), "404", { status: 404 }, null])(
		"is null when the provider did not answer: %o",
		(error) => {
			expect(statusOf(error)).toBeNull();
		},
	);
});

describe("a rejected report", () => {
	test.each([400, 402, 404, 422])("is final with %i", (status) => {
		expect(isRefusal(withStatus(status))).toBe(true);
	});

	test.each([401, 408, 409, 429, 500, 503])("is retried after %i", (status) => {
		expect(isRefusal(withStatus(status))).toBe(false);
	});

	test("is retried when the provider did not answer", () => {
		expect(isRefusal(new Error("timeout"))).toBe(false);
	});

	test("with a 401 counts as a key problem", () => {
		expect([isUnauthorized(withStatus(401)), isUnauthorized(withStatus(403))]).toEqual([true, false]);
	});
});

describe("a call for a page", () => {
	beforeEach(() => {
		vi.spyOn(console, "error").mockImplementation(() => {});
	});
	afterEach(() => {
		vi.restoreAllMocks();
		vi.useRealTimers();
	});

	const problemOf = async (call: () => Promise<unknown>): Promise<ProblemError> => {
		const error: unknown = await callProvider(call).catch((reason: unknown) => reason);
		if (error instanceof ProblemError) return error;
		throw new Error(`not a problem: ${error}`);
	};

	test("returns the provider's answer", async () => {
		expect(await callProvider(async () => ({ plans: [] }))).toEqual({ plans: [] });
	});

	test.each([
		[404, "customer-not-found"],
		[409, "plan-has-changed"],
		[401, "billing-unavailable"],
		[402, "billing-unavailable"],
		[500, "billing-unavailable"],
	])("turns %i into %s", async (status, code) => {
		expect((await problemOf(() => Promise.reject(withStatus(status)))).code).toBe(code);
	});

	test("logs the provider's status but never logs or shows its message", async () => {
		const { detail } = await problemOf(() => Promise.reject(withStatus(500)));
		expect(detail).not.toMatch(/flowglad says|sk_live/i);
		expect(console.error).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^billing provider: \w*Error 500 at [\w.:]+$/));
	});

	test("fails at the deadline with a problem that does not claim that nothing was charged", async () => {
		vi.useFakeTimers();
		const problem = problemOf(() => new Promise(() => {}));
		await vi.advanceTimersByTimeAsync(10_000);
		const { code, detail } = await problem;
		expect(code).toBe("billing-timed-out");
		expect(detail).not.toMatch(/not charged|nothing/i);
	});
});
