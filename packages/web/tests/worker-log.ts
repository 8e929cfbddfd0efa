import { format } from "node:util";
import { beforeEach } from "vitest";

// Collects what the Worker logs and prints it when a test fails. vitest's own interception hangs here: it sends a logged line with the runner's next
// message, so a line after the last message is never sent, and the file waits for its receipt forever.

declare global {
	var workerLog: { lines: string[]; print: (line: string) => void } | undefined;
}

/** Replaces the console once per isolate, beneath the guard that the Worker puts around it (src/log.ts). */
function install() {
	const lines: string[] = [];
	const print = console.error.bind(console);
	for (const level of ["debug", "log", "info", "warn", "error", "trace"] as const)
		console[level] = (...parts: unknown[]) => {
			lines.push(format(...parts));
		};
	return { lines, print };
}

globalThis.workerLog ??= install();
const { lines, print } = globalThis.workerLog;

/** The lines that the Worker has logged since the current test began. */
export const logLines: readonly string[] = lines;

beforeEach(({ onTestFailed }) => {
	lines.length = 0;
	onTestFailed(() => {
		if (lines.length > 0) print(`--- log of the Worker ---\n${lines.join("\n")}`);
	});
});
