import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Settings } from "./settings.ts";
import { emptyState, type State } from "./state.ts";

/**
 * The stored state, or an empty one if the file does not exist.
 * @throws for a broken file, rather than overwriting it
 */
export function readState(path: string, settings: Partial<Settings>): State {
	let text: string;
	try {
		text = readFileSync(path, "utf8");
	} catch (error) {
		if (error instanceof Error && "code" in error && error.code === "ENOENT") return emptyState(settings);
		throw error;
	}
	// An old file lacks fields that were added since; they come from the empty state.
	const stored: Partial<State> = JSON.parse(text);
	const empty = emptyState(settings);
	return { ...empty, ...stored, settings: { ...empty.settings, ...stored.settings }, stripe: { ...empty.stripe, ...stored.stripe } };
}

/**
 * Returns a function that writes `state()` to `path`. Calls in the same turn of the event loop share one write. A request is answered
 * after its promise resolves, so SIGKILL loses nothing that was answered.
 */
export function createCommit(path: string, state: () => State): () => Promise<void> {
	mkdirSync(dirname(path), { recursive: true });
	let written: string | undefined;
	let underway: Promise<void> | undefined;

	const write = () => {
		underway = undefined;
		const text = JSON.stringify(state());
		if (text === written) return;
		// A rename is atomic: readers see the old file or the new one, never half of one.
		writeFileSync(`${path}.tmp`, text);
		renameSync(`${path}.tmp`, path);
		written = text;
	};
	return () => {
		underway ??= new Promise((resolve, reject) => {
			setImmediate(() => {
				try {
					write();
					resolve();
				} catch (error) {
					reject(error);
				}
			});
		});
		return underway;
	};
}
