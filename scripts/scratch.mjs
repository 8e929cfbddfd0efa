import { mkdirSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MEMORY = "/dev/shm";
const NEEDED_BYTES = 2 * 2 ** 30;

function hasRoom() {
	try {
		const { bavail, bsize } = statfsSync(MEMORY);
		return bavail * bsize >= NEEDED_BYTES;
	} catch {
		return false; // only Linux has it, and containers may have little of it
	}
}

function isRunning(pid) {
	try {
		return process.kill(pid, 0);
	} catch (error) {
		return error.code === "EPERM";
	}
}

/**
 * The folder for the tests' temporary files, removed when this process ends. It is in memory where there is room: the tests write thousands of
 * small databases, and on a disk that takes a fifth of their CPU time.
 */
export function scratch() {
	if (process.env.TMPDIR || !hasRoom()) return tmpdir();
	// A killed run leaves its folder behind.
	for (const name of readdirSync(MEMORY)) {
		const pid = /^parley-(\d+)$/.exec(name)?.[1];
		if (pid && !isRunning(Number(pid))) rmSync(join(MEMORY, name), { recursive: true, force: true });
	}
	const folder = join(MEMORY, `parley-${process.pid}`);
	mkdirSync(folder, { recursive: true });
	process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
	return folder;
}
