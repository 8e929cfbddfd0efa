/** The half-open interval [startMs, endMs) in epoch milliseconds. `endMs: null` never ends. */
export interface Window {
	startMs: number;
	endMs: number | null;
}

const DAY_MS = 86_400_000;

/** A guest's window, which never resets. */
export const LIFETIME: Window = { startMs: 0, endMs: null };

/** The UTC day of an instant. UTC has no daylight saving time, so every day is 24 hours. */
export function utcDay(nowMs: number): Window {
	const startMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
	return { startMs, endMs: startMs + DAY_MS };
}

/** The last day formatted. A decision needs today several times, and formatting a date takes as long as computing all sums. */
let latest: { day: number; name: string } | null = null;

/** Formats the UTC day of an instant as `YYYY-MM-DD`, which sorts chronologically. */
export function dayOf(atMs: number): string {
	const day = Math.floor(atMs / DAY_MS);
	if (latest?.day !== day) latest = { day, name: new Date(atMs).toISOString().slice(0, 10) };
	return latest.name;
}

/** Whether an instant lies in a window: start <= instant < end. */
export function contains(window: Window, instantMs: number): boolean {
	return window.startMs <= instantMs && (window.endMs === null || instantMs < window.endMs);
}
