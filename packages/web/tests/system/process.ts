import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { beforeEach, inject } from "vitest";

export const root = new URL("../../../../", import.meta.url).pathname;

const LOG_CHARS_MAX = 20_000;

/** Prints the log of the file's processes when a test fails. */
beforeEach(({ onTestFailed }) => {
	const before = new Map([...Running.all].map((running) => [running, running.output.length]));
	onTestFailed(() => {
		for (const running of Running.all) {
			const log = running.output.slice(before.get(running) ?? 0).slice(-LOG_CHARS_MAX);
			if (log.trim()) console.error(`--- log of ${running.command} ---\n${log}`);
		}
	});
});

/** Below the kernel's range for outgoing connections and `listen(0)`, so none of them takes a port between the check and its use. */
const [PORT_MIN, PORT_MAX] = [11_000, 32_000];
/** Each vitest worker draws other ports, and none twice. */
const WORKERS_MAX = 8;
const drawn = new Set<number>();

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
	for (;;) {
		const port =
			randomInt(PORT_MIN / WORKERS_MAX, PORT_MAX / WORKERS_MAX) * WORKERS_MAX + (Number(process.env.VITEST_POOL_ID) % WORKERS_MAX);
		if (drawn.has(port) || !(await isFree(port))) continue;
		drawn.add(port);
		return port;
	}
}

function isFree(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const server = createServer();
		server.once("error", () => resolve(false));
		server.listen(port, () => server.close(() => resolve(true)));
	});
}

/** A folder that the test removes at its end. */
export function temporaryFolder(): { path: string; remove(): void } {
	const path = mkdtempSync(join(tmpdir(), "parley-"));
	return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** A state folder for one start, with the migrated database (state-setup.ts), so that a dozen starts do not migrate a dozen times. */
export function stateFolder(): ReturnType<typeof temporaryFolder> {
	const folder = temporaryFolder();
	cpSync(inject("migratedState"), folder.path, { recursive: true });
	return folder;
}

interface ProcessRow {
	pid: number;
	parent: number;
	command: string;
}

/** All processes on this machine except zombies. */
function listProcesses(): ProcessRow[] {
	const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat=,args="], { encoding: "utf8" }).split("\n");
	return rows.flatMap((row) => {
		const [, pid, parent, state = "Z", command = ""] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(row) ?? [];
		return state.startsWith("Z") ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
	});
}

/** A process with all its descendants. */
function processTree(root: number): ProcessRow[] {
	const all = listProcesses();
	const tree = all.filter(({ pid }) => pid === root);
	for (const one of tree) tree.push(...all.filter(({ parent }) => parent === one.pid));
	return tree;
}

/** A command of the repository, run like a person would, in its own process group. */
export class Running {
	/** All commands that this test file has started. */
	static readonly all = new Set<Running>();
	readonly command: string;
	output = "";
	readonly #child: ChildProcess;
	readonly #exited: Promise<number | null>;

	constructor(command: string, args: string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
		this.command = [command, ...args].join(" ");
		Running.all.add(this);
		const cwd = options.cwd ?? root;
		const path = join(cwd, "node_modules", ".bin") + delimiter + (process.env.PATH ?? "");
		// Vitest's and turbo's own variables would put Vite and wrangler into test mode.
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
			if (this.#child.exitCode !== null)
				throw new Error(`ended with ${this.#child.exitCode} before it printed ${pattern}:\n${this.output}`);
			if (Date.now() > deadline) throw new Error(`did not print ${pattern} within ${withinMs} ms:\n${this.output}`);
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	}

	exit(): Promise<number | null> {
		return this.#exited;
	}

	/**
	 * Signals one process only, npm itself or the script that npm runs, and waits until everything that was running has exited.
	 * @throws with the processes that remain after 15 s, which it kills
	 */
	async signalOnly(target: "npm" | "script", signal: NodeJS.Signals): Promise<void> {
		const tree = processTree(this.#child.pid ?? 0);
		const receiver = target === "npm" ? tree[0] : tree.find(({ command }) => /^node scripts\//.test(command));
		if (!receiver) throw new Error(`${this.command} has no ${target}:\n${this.output}`);
		process.kill(receiver.pid, signal);
		const left = () => {
			const alive = new Set(listProcesses().map(({ pid, command }) => `${pid} ${command}`));
			return tree.filter(({ pid, command }) => alive.has(`${pid} ${command}`));
		};
		for (const deadline = Date.now() + 15_000; left().length > 0 && Date.now() < deadline; )
			await new Promise((resolve) => setTimeout(resolve, 100));
		const survivors = left();
		for (const { pid } of survivors) process.kill(pid, "SIGKILL");
		if (survivors.length > 0)
			throw new Error(`${signal} to ${target} left running:\n${survivors.map(({ pid, command }) => `${pid} ${command}`).join("\n")}`);
	}

	/** SIGKILL to the whole group, so that no process can clean up. */
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

/** Sends "Hello" to a chat. */
export function ask(app: string): Promise<Response> {
	const chat = { id: "c", messages: [{ id: "m", role: "user", parts: [{ type: "text", text: "Hello" }] }] };
	return fetch(`${app}/api/chat/ai`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(chat) });
}
