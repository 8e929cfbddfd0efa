import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CallWindow } from "./call-window.ts";

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

test("admits a limited number of calls in any window, and reports how long to wait for the next", () => {
	const window = new CallWindow(3, 60_000);
	expect([window.take(), window.take()]).toEqual([0, 0]);
	vi.advanceTimersByTime(20_000);
	expect([window.take(), window.take()]).toEqual([0, 40_000]);
	vi.advanceTimersByTime(39_999);
	expect(window.take()).toBe(1);
	vi.advanceTimersByTime(1);
	expect([window.take(), window.take(), window.take()]).toEqual([0, 0, 20_000]);
});

test("a refused call uses no slot", () => {
	const window = new CallWindow(1, 1_000);
	window.take();
	for (let n = 0; n < 5; n += 1) expect(window.take()).toBe(1_000);
	vi.advanceTimersByTime(1_000);
	expect(window.take()).toBe(0);
});
