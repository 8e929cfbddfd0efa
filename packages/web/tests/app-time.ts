import { onTestFinished, vi } from "vitest";

// The app under test runs in the isolate of its tests, so tests can replace its clock and waits. Both are restored when the test ends.

/** Takes over the app's `Date.now()`: time stands still until `advance` moves it. */
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

/** Shortens the app's waits to a few milliseconds: all, or only those of `onlyMs`. @returns the original waits in order, milliseconds */
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

/** Blocks the app's waits of at least `fromMs` until they are released. `pending` lists the original waits, milliseconds. */
export function holdAppWaits(fromMs: number): { readonly pending: number[]; release(): void } {
	const wait = scheduler.wait.bind(scheduler);
	let pending: number[] = [];
	const held = vi.spyOn(scheduler, "wait").mockImplementation(async (ms, options) => {
		if (ms < fromMs) return wait(ms, options);
		const own = pending;
		own.push(ms);
		// Polls, because a promise of one request cannot be settled by another.
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

// The platform's own: when a test replaces deadlines twice, `AbortSignal.timeout` is already the first replacement.
const timeout = AbortSignal.timeout.bind(AbortSignal);
const timer = globalThis.setTimeout;
/** Shorter timers are not request deadlines. */
const DEADLINE_MIN_MS = 1_000;

/**
 * Replaces the app's request deadlines (`AbortSignal.timeout`, and timers of a second or more) with `ms`: longer for a busy machine, shorter for a
 * hanging server.
 * @param upToMs longer deadlines stay unchanged: a request that relies on one does not end
 * @returns the original deadlines in order, milliseconds
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
