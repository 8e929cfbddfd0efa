/**
 * The time by which usage is counted. On a deployment it is the platform's own; under `npm start` it follows the sandbox's clock (dev-clock.ts),
 * so that tomorrow is a click away.
 *
 * By it go holds, windows, the outbox, the age of what the provider said, a guest's days, and when something resets. By `Date.now()` go
 * sessions, timeouts, heartbeats and how often the provider may be asked: whoever waits there waits in real time, even while this clock stands.
 */

/** Where the clock stands: so far ahead of the machine's, or still at an instant. Milliseconds. */
export interface ClockReading {
	offsetMs: number;
	frozenAtMs: number | null;
}

/** While the clock stands still nothing becomes due; whoever waits for it looks again this seldom, should a word of the move be lost. */
const LOOK_AGAIN_MS = 60_000;

// Of the isolate, as the platform's own clock is. Null for the platform's.
let clock: ClockReading | null = null;

/** The present instant, epoch milliseconds. */
export function now(): number {
	return clock === null ? Date.now() : (clock.frozenAtMs ?? Date.now() + clock.offsetMs);
}

/** The platform's instant at which to be woken for one of this clock, epoch milliseconds. Infinity stays infinity. */
export function alarmTime(atMs: number): number {
	const inMs = atMs - now();
	const isStill = clock !== null && clock.frozenAtMs !== null;
	return Date.now() + (isStill && inMs > 0 ? Math.max(inMs, LOOK_AGAIN_MS) : inMs);
}

/** Sets the clock of this isolate; only development does. */
export function setClock(reading: ClockReading): void {
	clock = reading;
}

export function isClockSet(): boolean {
	return clock !== null;
}
