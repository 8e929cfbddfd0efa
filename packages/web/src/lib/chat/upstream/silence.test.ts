import { expect, test, vi } from "vitest";
import { Silence, within } from "./silence.ts";

test("what comes in time is handed on, and leaves no timer behind", async () => {
	vi.useFakeTimers();
	expect(await within(100, Promise.resolve("life"))).toBe("life");
	await expect(within(100, Promise.reject(new Error("lost")))).rejects.toThrow("lost");
	expect(vi.getTimerCount()).toBe(0);
	vi.useRealTimers();
});

test("nothing for too long is silence", async () => {
	vi.useFakeTimers();
	const waiting = expect(within(100, new Promise(() => {}))).rejects.toThrow(Silence);
	vi.advanceTimersByTime(100);
	await waiting;
	vi.useRealTimers();
});
