import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DeltaBuffer } from "./delta-buffer.ts";

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

function buffer() {
	const sent: string[] = [];
	return { sent, deltas: new DeltaBuffer((type, delta) => sent.push(`${type} ${delta}`)) };
}

test("sends the first delta at once, and joins those that follow", () => {
	const { sent, deltas } = buffer();
	deltas.add("text", "a");
	expect(sent).toEqual(["text a"]);
	for (const letter of "bcd") deltas.add("text", letter);
	expect(sent).toEqual(["text a"]);
	vi.advanceTimersByTime(25);
	expect(sent).toEqual(["text a", "text bcd"]);
});

test("sends at once after a pause, and leaves no timer running", () => {
	const { sent, deltas } = buffer();
	deltas.add("text", "a");
	vi.advanceTimersByTime(25);
	expect(vi.getTimerCount()).toBe(0);
	deltas.add("text", "b");
	expect(sent).toEqual(["text a", "text b"]);
	deltas.end();
	expect(vi.getTimerCount()).toBe(0);
});

test("keeps text and reasoning apart, reasoning first", () => {
	const { sent, deltas } = buffer();
	deltas.add("reasoning", "hm");
	for (const word of ["a ", "b "]) {
		deltas.add("text", word);
		deltas.add("reasoning", " hm");
	}
	deltas.end();
	expect(sent).toEqual(["reasoning hm", "reasoning  hm hm", "text a b "]);
});

test("joins ten thousand deltas into few chunks", () => {
	const { sent, deltas } = buffer();
	for (let at = 0; at < 10_000; at += 1) {
		deltas.add("text", "a");
		if (at % 10 === 9) vi.advanceTimersByTime(1);
	}
	deltas.end();
	expect(sent.length).toBeLessThanOrEqual(1_000 / 25 + 2);
	expect(sent.map((one) => one.slice("text ".length)).join("")).toHaveLength(10_000);
});
