import { vi } from "vitest";

/** Repeats a check until it passes, for at most 15 s: the default of `vi.waitFor`, one second, is a bound on the machine's speed. */
export const eventually = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, { timeout: 15_000, interval: 20 });
