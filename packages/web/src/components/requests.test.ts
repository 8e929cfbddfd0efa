import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fetchOrThrow, Refused, randomId, Unreached } from "./requests.ts";

const fetchMock = vi.fn<typeof fetch>();
beforeEach(() => {
	vi.stubGlobal("fetch", fetchMock);
});
afterEach(() => vi.unstubAllGlobals());

const refusalOf = async (response: Response) => {
	fetchMock.mockResolvedValue(response);
	const error = await fetchOrThrow("/api/usage").catch((caught: unknown) => caught);
	if (!(error instanceof Refused)) throw new Error("Not refused");
	return error;
};

describe("fetchOrThrow", () => {
	test("throws the server's problem with its message", async () => {
		const error = await refusalOf(Response.json({ title: "Limit", status: 429, detail: "Spent.", policy: "free" }, { status: 429 }));
		expect(error.message).toBe("Spent.");
		expect(error.problem).toMatchObject({ status: 429, policy: "free" });
	});

	test("has a message for every status if the body is not a problem", async () => {
		for (const [status, sentence] of [
			[401, "You are not signed in any more"],
			[413, "too long"],
			[503, "could not do this just now"],
			[418, "did not accept this"],
		] as const) {
			for (const body of ["<html>", "null", "7", '{"detail":5}']) {
				const { problem } = await refusalOf(new Response(body, { status }));
				expect(problem.detail).toContain(sentence);
				expect(problem.status).toBe(status);
			}
		}
	});

	test("distinguishes a broken connection from a refusal", async () => {
		fetchMock.mockRejectedValue(new TypeError("failed"));
		await expect(fetchOrThrow("/api/usage")).rejects.toBeInstanceOf(Unreached);
	});

	test("rethrows an abort instead of reporting a broken connection", async () => {
		const abort = new DOMException("aborted", "AbortError");
		fetchMock.mockRejectedValue(abort);
		await expect(fetchOrThrow("/api/usage", { signal: AbortSignal.abort() })).rejects.toBe(abort);
	});
});

test("random ids have 128 bits in the alphabet that the server accepts, and differ", () => {
	const ids = new Set(Array.from({ length: 200 }, randomId));
	expect(ids.size).toBe(200);
	for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/);
});
