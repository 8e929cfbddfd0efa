import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Settings } from "./settings.ts";
import { emptyState, type State } from "./state.ts";

/** The stored state, or an empty one when the file does not exist. A broken file throws: better than losing it. */
export function readState(path: string, settings: Partial<Settings>): State {
	let text: string;
	try {
		text = readFileSync(path, "utf8");
	} catch (error) {
		if (error instanceof Error && "code" in error && error.code === "ENOENT") return emptyState(settings);
		throw error;
	}
	// Fields that a newer sandbox added are taken from the empty state, so an old file still loads.
	const stored: Partial<State> = JSON.parse(text);
	const empty = emptyState(settings);
	return { ...empty, ...stored, settings: { ...empty.settings, ...stored.settings }, stripe: { ...empty.stripe, ...stored.stripe } };
}

/**
 * Writes `state()` to `path`. Callers of the same turn of the event loop share one write; each may answer its
 * request when its promise resolves, so nothing that was answered is lost to SIGKILL.
 */
export function createCommit(path: string, state: () => State): () => Promise<void> {
	mkdirSync(dirname(path), { recursive: true });
	let written: string | undefined;
	let underway: Promise<void> | undefined;

	const write = () => {
		underway = undefined;
		const text = JSON.stringify(state());
		if (text === written) return;
		// A rename is atomic: a reader, or a restart, sees the old file or the new one, never half of one.
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
