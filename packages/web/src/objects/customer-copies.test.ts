import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CustomerCopies } from "./customer-copies.ts";

beforeEach(() => {
	vi.useFakeTimers();
	vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

const AGE_MS = 3_000;

test("thirty readers at once share one read of the provider", async () => {
	const copies = new CustomerCopies();
	const load = vi.fn(async () => "plans");
	const answers = await Promise.all(Array.from({ length: 30 }, () => copies.read("billing", AGE_MS, load)));
	expect(load).toHaveBeenCalledOnce();
	expect(new Set(answers.map((one) => JSON.stringify(one)))).toEqual(new Set(['{"kind":"read","answer":"plans"}']));
});

test("the provider is read again once the answer is too old, counted from its request", async () => {
	const copies = new CustomerCopies();
	const load = vi.fn(async () => "plans");
	await copies.read("billing", AGE_MS, load);
	vi.advanceTimersByTime(AGE_MS - 1);
	await copies.read("billing", AGE_MS, load);
	expect(load).toHaveBeenCalledTimes(1);
	vi.advanceTimersByTime(1);
	await copies.read("billing", AGE_MS, load);
	expect(load).toHaveBeenCalledTimes(2);
});

test("a failing provider is read no more often than a working one", async () => {
	const copies = new CustomerCopies();
	const load = vi.fn(() => Promise.reject(Object.assign(new Error("rate limited"), { status: 401 })));
	for (let n = 0; n < 30; n += 1) expect(await copies.read("billing", AGE_MS, load)).toEqual({ kind: "failed", status: 401, late: false });
	expect(load).toHaveBeenCalledOnce();
});

test("a change causes a new read, even while an older one is in flight", async () => {
	const copies = new CustomerCopies();
	let finish = (_: string) => {};
	const before = copies.read("billing", AGE_MS, () => new Promise<string>((resolve) => (finish = resolve)));
	copies.clear();
	expect(await copies.read("billing", AGE_MS, async () => "new")).toEqual({ kind: "read", answer: "new" });
	finish("old");
	await before;
	expect(await copies.read("billing", AGE_MS, async () => "newest")).toEqual({ kind: "read", answer: "new" });
});

test("a read that never ends is abandoned, and the next call reads again", async () => {
	const copies = new CustomerCopies();
	const stalled = copies.read("billing", 0, () => new Promise(() => {}));
	await vi.advanceTimersByTimeAsync(8_000);
	expect(await stalled).toEqual({ kind: "failed", status: null, late: true });
	expect(await copies.read("billing", 0, async () => "plans")).toEqual({ kind: "read", answer: "plans" });
});
