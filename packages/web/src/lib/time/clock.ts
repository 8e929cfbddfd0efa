/**
 * The clock used for counting usage. In production it is the platform's clock; under `npm start` it follows the sandbox's (dev-clock.ts), so that
 * a developer can move to the next day.
 * It times holds, windows, the outbox, the age of entitlements, guest cookies and resets. Sessions, timeouts, heartbeats and the rate of provider
 * calls use `Date.now()`, because they wait in real time even while this clock is frozen.
 */

/** The clock's setting: its offset from the machine's clock, or the instant it is frozen at. Milliseconds. */
export interface ClockReading {
	offsetMs: number;
	frozenAtMs: number | null;
}

/** While the clock is frozen nothing becomes due. Alarms check it at this interval, in case a clock change is lost. */
const CHECK_AGAIN_MS = 60_000;

// One clock per isolate, like the platform's. Null means the platform's.
let clock: ClockReading | null = null;

/** The current time, epoch milliseconds. */
export function now(): number {
	return clock === null ? Date.now() : (clock.frozenAtMs ?? Date.now() + clock.offsetMs);
}

/** Converts an instant of this clock to the platform's time for an alarm. Both in epoch milliseconds; infinity stays infinity. */
export function alarmTime(atMs: number): number {
	const inMs = atMs - now();
	const isStill = clock !== null && clock.frozenAtMs !== null;
	return Date.now() + (isStill && inMs > 0 ? Math.max(inMs, CHECK_AGAIN_MS) : inMs);
}

/** Sets this isolate's clock. Only used in development. */
export function setClock(reading: ClockReading): void {
	clock = reading;
}

/** Whether this isolate has a development clock. */
export function isClockSet(): boolean {
	return clock !== null;
}
