import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { VisitorCopy } from "./visitor-copy.ts";

// Tests the copy that all visitor prices come from, with a fake D1 and a manual clock.

const { behind, stored } = vi.hoisted(() => ({ behind: [] as Promise<unknown>[], stored: { copy: null as unknown } }));
vi.mock("cloudflare:workers", () => ({ waitUntil: (work: Promise<unknown>) => behind.push(work) }));
vi.mock("../../db/provider-copies.ts", () => ({
	storedCopy: async () => stored.copy,
	storeCopy: async (_: string, copy: unknown) => {
		stored.copy = copy;
	},
}));

const HOUR_MS = 3_600_000;
const waits: number[] = [];
const copyOf = (load: () => Promise<string>) => new VisitorCopy("prices", z.string(), load);
const never = () => new Promise<string>(() => {});
const settled = () => Promise.all(behind);

beforeEach(() => {
	vi.useFakeTimers();
	vi.spyOn(console, "error").mockImplementation(() => {});
	behind.length = 0;
	waits.length = 0;
	stored.copy = null;
	vi.stubGlobal("scheduler", {
		wait: async (ms: number) => {
			waits.push(ms);
			await vi.advanceTimersByTimeAsync(ms);
		},
	});
});
afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
	vi.unstubAllGlobals();
});

test("only the very first visitor waits for the provider", async () => {
	const load = vi.fn(async () => "7.99");
	const copy = copyOf(load);
	expect(await copy.read()).toBe("7.99");
	waits.length = 0;
	expect(await copy.read()).toBe("7.99");
	expect([waits, load.mock.calls.length]).toEqual([[], 1]);
});

test("an old copy is shown at once and replaced in the background", async () => {
	let price = "7.99";
	const copy = copyOf(async () => price);
	await copy.read();
	price = "8.99";
	vi.advanceTimersByTime(HOUR_MS);
	waits.length = 0;
	expect(await copy.read()).toBe("7.99");
	expect(waits).toEqual([]);
	await settled();
	expect(await copy.read()).toBe("8.99");
});

test("a new isolate starts from the stored copy without waiting for a stalled provider", async () => {
	await copyOf(async () => "7.99").read();
	await settled();
	vi.advanceTimersByTime(HOUR_MS);
	waits.length = 0;
	expect(await copyOf(never).read()).toBe("7.99");
	expect(waits).toEqual([]);
});

test("a stalled provider delays one visitor by at most a second and is then not called for a while", async () => {
	const load = vi.fn(never);
	const copy = copyOf(load);
	expect(await copy.read()).toBe(null);
	expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(1_000);
	vi.advanceTimersByTime(6_000);
	waits.length = 0;
	for (let n = 0; n < 100; n += 1) expect(await copy.read()).toBe(null);
	expect([waits, load.mock.calls.length]).toEqual([[], 1]);
});

test("a failing provider is not called by every visitor", async () => {
	const load = vi.fn(() => Promise.reject(new Error("down")));
	const copy = copyOf(load);
	for (let n = 0; n < 100; n += 1) expect(await copy.read()).toBe(null);
	expect(load).toHaveBeenCalledOnce();
	vi.advanceTimersByTime(10_000);
	await copy.read();
	expect(load).toHaveBeenCalledTimes(2);
});

test("a copy is not shown if it is more than a day old or stored in another shape", async () => {
	stored.copy = { answer: "7.99", readAtMs: Date.now() - 24 * HOUR_MS };
	expect(await copyOf(() => Promise.reject(new Error("down"))).read()).toBe(null);
	stored.copy = { answer: { price: 7.99 }, readAtMs: Date.now() };
	expect(await copyOf(() => Promise.reject(new Error("down"))).read()).toBe(null);
});
