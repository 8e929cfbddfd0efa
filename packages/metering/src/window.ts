/** The half-open interval [startMs, endMs) in epoch milliseconds; `endMs: null` never ends. */
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

/** The day that was named last. Each decision asks for today several times, and a date takes as long to write as all of its sums. */
let latest: { day: number; name: string } | null = null;

/** Names the UTC day of an instant: `YYYY-MM-DD`. Names sort like their days. */
export function dayOf(atMs: number): string {
	const day = Math.floor(atMs / DAY_MS);
	if (latest?.day !== day) latest = { day, name: new Date(atMs).toISOString().slice(0, 10) };
	return latest.name;
}

/** Whether an instant lies in a window: start <= instant < end. */
export function contains(window: Window, instantMs: number): boolean {
	return window.startMs <= instantMs && (window.endMs === null || instantMs < window.endMs);
}
