import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { alarmTime, now, setClock } from "./clock.ts";

const MACHINE_MS = Date.UTC(2026, 10, 21, 12);
const HOUR_MS = 3_600_000;
const REAL_TIME = { offsetMs: 0, frozenAtMs: null };

beforeEach(() => {
	vi.useFakeTimers({ now: MACHINE_MS });
});

afterEach(() => {
	setClock(REAL_TIME);
	vi.useRealTimers();
});

test("until it is set, the clock and its alarms follow the machine's clock", () => {
	expect(now()).toBe(MACHINE_MS);
	expect(alarmTime(MACHINE_MS + 5)).toBe(MACHINE_MS + 5);
	expect(alarmTime(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
});

test("with an offset it keeps running, and an alarm fires when the clock reaches it", () => {
	for (const offsetMs of [40 * 24 * HOUR_MS, -HOUR_MS]) {
		setClock({ offsetMs, frozenAtMs: null });
		vi.setSystemTime(MACHINE_MS + 500);
		expect(now()).toBe(MACHINE_MS + 500 + offsetMs);
		expect(alarmTime(MACHINE_MS + offsetMs + HOUR_MS)).toBe(MACHINE_MS + HOUR_MS);
		expect(alarmTime(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
	}
});

test("while it is frozen, due alarms fire at once and others check again after a minute at the earliest", () => {
	const frozenAtMs = MACHINE_MS - HOUR_MS;
	setClock({ offsetMs: -HOUR_MS, frozenAtMs });
	vi.setSystemTime(MACHINE_MS + 500);
	expect(now()).toBe(frozenAtMs);
	expect(alarmTime(frozenAtMs)).toBe(MACHINE_MS + 500);
	expect(alarmTime(frozenAtMs + 1)).toBe(MACHINE_MS + 500 + 60_000);
	expect(alarmTime(frozenAtMs + HOUR_MS)).toBe(MACHINE_MS + 500 + HOUR_MS);
});
