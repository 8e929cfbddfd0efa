/** A half-open interval of time: `startMs` belongs to it, `endMs` does not. Epoch milliseconds, UTC; `endMs: null` never ends. */
export interface Window {
	startMs: number;
	endMs: number | null;
}

const DAY_MS = 86_400_000;

/** The whole of a guest's life: it never resets. */
export const LIFETIME: Window = { startMs: 0, endMs: null };

/** The UTC day that an instant lies in. UTC has no daylight saving, so that every day has the same length. */
export function utcDay(nowMs: number): Window {
	const startMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
	return { startMs, endMs: startMs + DAY_MS };
}

/** Whether an instant lies in a window: start <= instant < end. */
export function contains(window: Window, instantMs: number): boolean {
	return window.startMs <= instantMs && (window.endMs === null || instantMs < window.endMs);
}
