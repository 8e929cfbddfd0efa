import { vi } from "vitest";

/** Repeats a check until it passes, for at most 15 s. `vi.waitFor` allows one second by default, which a busy machine exceeds. */
export const eventually = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, { timeout: 15_000, interval: 20 });
