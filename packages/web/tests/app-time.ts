import { onTestFinished, vi } from "vitest";

// The app under test runs in the isolate of its tests, so its clock and its waits can be replaced here. Both are restored when the test ends.

/** Takes over the app's `Date.now()`: it stands still until `advance` moves it on. */
export function stopAppClock(): { advance(ms: number): void } {
	let nowMs = Date.now();
	const clock = vi.spyOn(Date, "now").mockImplementation(() => nowMs);
	onTestFinished(() => clock.mockRestore());
	return {
		advance: (ms) => {
			nowMs += ms;
		},
	};
}

/** Cuts the app's waits to a moment: all, or only those of `onlyMs`. @returns how long each would have been, in milliseconds, in order */
export function cutAppWaits(onlyMs?: number): number[] {
	const waits: number[] = [];
	const wait = scheduler.wait.bind(scheduler);
	const cut = vi.spyOn(scheduler, "wait").mockImplementation((ms, options) => {
		if (onlyMs !== undefined && ms !== onlyMs) return wait(ms, options);
		waits.push(ms);
		return wait(Math.min(ms, 5), options);
	});
	onTestFinished(() => cut.mockRestore());
	return waits;
}

/** Holds the app's waits of at least `fromMs` until they are released. `pending` is how long each would have been, in milliseconds. */
export function holdAppWaits(fromMs: number): { readonly pending: number[]; release(): void } {
	const wait = scheduler.wait.bind(scheduler);
	let pending: number[] = [];
	const held = vi.spyOn(scheduler, "wait").mockImplementation(async (ms, options) => {
		if (ms < fromMs) return wait(ms, options);
		const own = pending;
		own.push(ms);
		// Polls: a promise of one request cannot be settled by another.
		while (own === pending) await wait(5, options);
	});
	const release = () => {
		pending = [];
	};
	onTestFinished(() => {
		release();
		held.mockRestore();
	});
	return {
		get pending() {
			return pending;
		},
		release,
	};
}

// The platform's own: inside a test that replaces deadlines twice, `AbortSignal.timeout` is the first replacement.
const timeout = AbortSignal.timeout.bind(AbortSignal);
const timer = globalThis.setTimeout;
/** Shorter timers are no deadlines of requests. */
const DEADLINE_MIN_MS = 1_000;

/**
 * Replaces the deadlines of the app's requests (`AbortSignal.timeout`, and timers of a second or more) by `ms`. A busy machine needs longer ones, a hanging
 * server shorter ones.
 * @param upToMs longer deadlines stay as they are: a request that relies on one does not end
 * @returns how long each would have been, in milliseconds, in order
 */
export function setAppTimeouts(ms: number, upToMs = Number.POSITIVE_INFINITY): number[] {
	const asked: number[] = [];
	const replaced = vi.spyOn(AbortSignal, "timeout").mockImplementation((own) => {
		if (own > upToMs) return timeout(own);
		asked.push(own);
		return timeout(ms);
	});
	const shorten = (run: () => void, own = 0, ...given: []) => {
		if (own < DEADLINE_MIN_MS || own > upToMs) return timer(run, own, ...given);
		asked.push(own);
		return timer(run, ms, ...given);
	};
	globalThis.setTimeout = Object.assign(shorten, timer);
	onTestFinished(() => {
		replaced.mockRestore();
		globalThis.setTimeout = timer;
	});
	return asked;
}
