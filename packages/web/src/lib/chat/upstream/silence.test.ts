import { expect, test, vi } from "vitest";
import { Silence, within } from "./silence.ts";

test("a value that arrives in time is passed on, and no timer is left running", async () => {
	vi.useFakeTimers();
	expect(await within(100, Promise.resolve("life"))).toBe("life");
	await expect(within(100, Promise.reject(new Error("lost")))).rejects.toThrow("lost");
	expect(vi.getTimerCount()).toBe(0);
	vi.useRealTimers();
});

test("waiting too long throws Silence", async () => {
	vi.useFakeTimers();
	const waiting = expect(within(100, new Promise(() => {}))).rejects.toThrow(Silence);
	vi.advanceTimersByTime(100);
	await waiting;
	vi.useRealTimers();
});
