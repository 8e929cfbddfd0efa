import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { IsolateCache } from "./isolate-cache.ts";

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

test("loads once while the answer is fresh, then again", async () => {
	const cache = new IsolateCache<number>(10_000);
	let loads = 0;
	const load = async () => ++loads;
	expect([await cache.read(load), await cache.read(load)]).toEqual([1, 1]);
	vi.advanceTimersByTime(9_999);
	expect(await cache.read(load)).toBe(1);
	vi.advanceTimersByTime(1);
	expect(await cache.read(load)).toBe(2);
});

test("measures the age from the answer, not from the call", async () => {
	const cache = new IsolateCache<string>(10_000);
	await cache.read(async () => {
		vi.advanceTimersByTime(60_000);
		return "slow";
	});
	expect(await cache.read(async () => "again")).toBe("slow");
});

test("does not cache a failure: the next read loads again", async () => {
	const cache = new IsolateCache<string>(10_000);
	await expect(cache.read(() => Promise.reject(new Error("down")))).rejects.toThrow("down");
	expect(await cache.read(async () => "up")).toBe("up");
});

test("shares no promise between requests: two simultaneous reads both load", async () => {
	const cache = new IsolateCache<string>(10_000);
	const load = vi.fn(async () => "answer");
	await Promise.all([cache.read(load), cache.read(load)]);
	expect(load).toHaveBeenCalledTimes(2);
});
