import { format } from "node:util";
import { beforeEach } from "vitest";

// Keeps what the Worker logs and prints it when a test fails. vitest's own interception hangs here: it sends a line that a request logged
// with the runner's next message, so a line after the last message is never sent, and the file waits for its receipt for ever.

const print = console.error;
const lines: string[] = [];
for (const level of ["debug", "log", "info", "warn", "error"] as const)
	console[level] = (...parts: unknown[]) => {
		lines.push(format(...parts));
	};

beforeEach(({ onTestFailed }) => {
	lines.length = 0;
	onTestFailed(() => {
		if (lines.length > 0) print(`--- log of the Worker ---\n${lines.join("\n")}`);
	});
});
