import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DeadlineError, providerFetch, within, withinOwn } from "./deadline.ts";

const URL_OF_PROVIDER = "https://provider.example/v1/things";
const encoded = (text: string) => new TextEncoder().encode(text);

/** An answer that sends its headers and `start`, then stalls. `cancelled` is called when its connection is closed. */
function stalling(start = ""): { answer: Response; cancelled: ReturnType<typeof vi.fn> } {
	const cancelled = vi.fn();
	const body = new ReadableStream({
		start: (controller) => (start === "" ? undefined : controller.enqueue(encoded(start))),
		pull: () => new Promise(() => {}),
		cancel: cancelled,
	});
	return { answer: new Response(body, { headers: { "content-type": "application/json" } }), cancelled };
}

const serve = (answer: (init: RequestInit | undefined) => Promise<Response>) => {
	const served = vi.fn((_: unknown, init?: RequestInit) => answer(init));
	vi.stubGlobal("fetch", served);
	return served;
};

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
	vi.unstubAllGlobals();
});

/** Advances time past the deadlines. */
const pass = (ms = 10_000) => vi.advanceTimersByTimeAsync(ms);

describe("a provider's answer", () => {
	test("arrives whole, with its status and headers", async () => {
		serve(async () => new Response('{"a":1}', { status: 402, headers: { "content-type": "application/json", "request-id": "req_1" } }));
		const answer = await providerFetch(URL_OF_PROVIDER);
		expect([answer.status, answer.headers.get("request-id"), await answer.json()]).toEqual([402, "req_1", { a: 1 }]);
	});

	test("may have no body", async () => {
		serve(async () => new Response(null, { status: 204 }));
		expect((await providerFetch(URL_OF_PROVIDER)).status).toBe(204);
	});

	test.each([
		["before its body", ""],
		["in the middle of its body", '{"a":'],
	])("that stalls %s is aborted at the deadline and its connection closed", async (_, start) => {
		const { answer, cancelled } = stalling(start);
		serve(async () => answer);
		const call = within(5_000, () => providerFetch(URL_OF_PROVIDER));
		const ended = expect(call).rejects.toThrow(DeadlineError);
		await pass(4_999);
		expect(cancelled).not.toHaveBeenCalled();
		await pass(1);
		await ended;
		expect(cancelled).toHaveBeenCalledOnce();
	});

	test("has a deadline even if the operation sets none", async () => {
		serve(async () => stalling().answer);
		const call = providerFetch(URL_OF_PROVIDER);
		const ended = expect(call).rejects.toThrow(DeadlineError);
		await pass();
		await ended;
	});

	test("that never begins is aborted too", async () => {
		serve(() => new Promise(() => {}));
		const call = within(5_000, () => providerFetch(URL_OF_PROVIDER));
		const ended = expect(call).rejects.toThrow(DeadlineError);
		await pass();
		await ended;
	});

	test("ends at the SDK's own timeout if its body stalls", async () => {
		serve(async () => stalling().answer);
		const sdk = new AbortController();
		const call = providerFetch(URL_OF_PROVIDER, { signal: sdk.signal });
		sdk.abort();
		await expect(call).rejects.toThrow(DeadlineError);
	});
});

describe("an operation", () => {
	test("returns its result or its own error", async () => {
		expect(await within(5_000, async () => 7)).toBe(7);
		await expect(within(5_000, () => Promise.reject(new Error("no such plan")))).rejects.toThrow("no such plan");
	});

	test("ends at its deadline even if something other than a call hangs", async () => {
		const work = within(5_000, () => new Promise(() => {}));
		const ended = expect(work).rejects.toThrow(DeadlineError);
		await pass();
		await ended;
	});

	test("sends nothing after its deadline, so that no retry follows an unknown outcome", async () => {
		const served = serve(() => new Promise(() => {}));
		let retried: Promise<unknown> | undefined;
		const work = within(5_000, async () => {
			await providerFetch(URL_OF_PROVIDER).catch(() => {});
			retried = providerFetch(URL_OF_PROVIDER);
			return retried;
		});
		const ended = expect(work).rejects.toThrow(DeadlineError);
		await pass();
		await ended;
		expect(retried).toBeDefined();
		await expect(retried).rejects.toThrow(DeadlineError);
		expect(served).toHaveBeenCalledOnce();
	});

	test("with its own deadline continues after its caller's and receives its answer", async () => {
		let answer = (_: Response) => {};
		serve(() => new Promise((resolve) => (answer = resolve)));
		let sent: Promise<Response> | undefined;
		const caller = within(1_000, () => (sent = withinOwn(60_000, () => providerFetch(URL_OF_PROVIDER))));
		const ended = expect(caller).rejects.toThrow(DeadlineError);
		await pass(30_000);
		await ended;
		answer(new Response("changed"));
		expect(await (await sent)?.text()).toBe("changed");
	});

	test("with its own deadline ends at that deadline", async () => {
		const ended = expect(within(1_000, () => withinOwn(60_000, () => new Promise(() => {})))).rejects.toThrow(DeadlineError);
		await pass(60_000);
		await ended;
	});

	test("leaves no timer running, which would keep a ledger in memory", async () => {
		serve(async () => new Response("{}"));
		await within(60_000, () => providerFetch(URL_OF_PROVIDER));
		await expect(within(60_000, () => Promise.reject(new Error("no such plan")))).rejects.toThrow("no such plan");
		expect(vi.getTimerCount()).toBe(0);
	});

	test("nested in another ends at the outer deadline", async () => {
		const outer = within(1_000, () => within(60_000, () => new Promise(() => {})));
		const ended = expect(outer).rejects.toThrow(DeadlineError);
		await pass();
		await ended;
	});
});
