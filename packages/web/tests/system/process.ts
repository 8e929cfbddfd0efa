import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { inject } from "vitest";

export const root = new URL("../../../../", import.meta.url).pathname;

/** A port that nobody listens on. */
export function freePort(): Promise<number> {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.on("error", reject);
		server.listen(0, () => {
			const address = server.address();
			const port = typeof address === "object" && address ? address.port : 0;
			server.close(() => resolve(port));
		});
	});
}

/** A folder that is gone after the test. */
export function temporaryFolder(): { path: string; remove(): void } {
	const path = mkdtempSync(join(tmpdir(), "parley-"));
	return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** A folder for the state of one start. Its database is made already (state-setup.ts), so that not each of a dozen starts waits for that. */
export function stateFolder(): ReturnType<typeof temporaryFolder> {
	const folder = temporaryFolder();
	cpSync(inject("migratedState"), folder.path, { recursive: true });
	return folder;
}

/** A command of the repository as a person runs it, in its own process group. */
export class Running {
	output = "";
	readonly #child: ChildProcess;
	readonly #exited: Promise<number | null>;

	constructor(command: string, args: string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
		const cwd = options.cwd ?? root;
		const path = join(cwd, "node_modules", ".bin") + delimiter + (process.env.PATH ?? "");
		// Vitest's and turbo's own variables would tell Vite and wrangler that they run in a test.
		const { VITEST: _, NODE_ENV: __, TURBO_HASH: ___, ...inherited } = process.env;
		this.#child = spawn(command, args, {
			cwd,
			env: { ...inherited, PATH: path, WRANGLER_SEND_METRICS: "false", ...options.env },
			detached: true,
		});
		for (const stream of [this.#child.stdout, this.#child.stderr]) {
			stream?.setEncoding("utf8").on("data", (text: string) => {
				this.output += text;
			});
		}
		this.#exited = new Promise((resolve) => this.#child.on("exit", (code) => resolve(code)));
	}

	/** Waits for a line of output. */
	async says(pattern: RegExp, withinMs: number): Promise<void> {
		const deadline = Date.now() + withinMs;
		while (!pattern.test(this.output)) {
			if (this.#child.exitCode !== null) throw new Error(`ended with ${this.#child.exitCode} before it said ${pattern}:\n${this.output}`);
			if (Date.now() > deadline) throw new Error(`did not say ${pattern} within ${withinMs} ms:\n${this.output}`);
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	}

	exit(): Promise<number | null> {
		return this.#exited;
	}

	/** SIGKILL to the whole group: no goodbye. */
	async kill(): Promise<void> {
		if (this.#child.pid && this.#child.exitCode === null && this.#child.signalCode === null) process.kill(-this.#child.pid, "SIGKILL");
		await this.#exited;
	}

	/** Ctrl-C: the terminal sends SIGINT to the whole group. */
	async interrupt(): Promise<number | null> {
		if (this.#child.pid && this.#child.exitCode === null) process.kill(-this.#child.pid, "SIGINT");
		const late = new Promise<"late">((resolve) => setTimeout(() => resolve("late"), 15_000));
		const code = await Promise.race([this.#exited, late]);
		if (code !== "late") return code;
		if (this.#child.pid) process.kill(-this.#child.pid, "SIGKILL");
		throw new Error(`did not end within 15 s of Ctrl-C:\n${this.output}`);
	}
}

export async function answers(url: string): Promise<number | null> {
	try {
		const response = await fetch(url);
		await response.text();
		return response.status;
	} catch {
		return null;
	}
}

/** Waits until an address answers with 200. */
export async function until(url: string, withinMs: number, log: () => string = () => ""): Promise<void> {
	const deadline = Date.now() + withinMs;
	while ((await answers(url)) !== 200) {
		if (Date.now() > deadline) throw new Error(`${url} did not answer within ${withinMs} ms:\n${log()}`);
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
}
