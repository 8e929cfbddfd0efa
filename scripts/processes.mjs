// Starts and stops the processes of `npm start`. Plain Node 18+, no dependencies.
import { spawn } from "node:child_process";

const isWindows = process.platform === "win32";
const KILL_AFTER_MS = 5_000;
const WATCH_EVERY_MS = 250;

/** A set of child processes. If one ends, all end. */
export class Processes {
	#children = [];
	#isEnding = false;

	get isEnding() {
		return this.#isEnding;
	}

	/** Starts a command. When it ends, all processes end. `onLine` receives each line of its output. */
	launch(name, command, args, { cwd, env, onLine }) {
		// A process group per child, so that ending the child also ends its own children (workerd).
		const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: !isWindows });
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding("utf8").on("data", (text) => {
				for (const line of text.split("\n")) if (line.trim()) onLine(line);
			});
		}
		child.on("error", (error) => this.end(1, `${name} did not start: ${error.message}`));
		child.on("exit", (code) => this.end(code ?? 1, `${name} ended`));
		this.#children.push(child);
		if (child.pid && !isWindows) this.#guard(child.pid);
	}

	/** Kills a process group once this process has ended, even by SIGKILL, which closes the guard's stdin. */
	#guard(group) {
		const script = 'cat > /dev/null; kill -s KILL -- "-$1"';
		spawn("sh", ["-c", script, "guard", String(group)], { stdio: ["pipe", "ignore", "ignore"], detached: true }).unref();
	}

	/** Ends every child and then this process. Children that need more than 5 s get SIGKILL. */
	end(code, why) {
		if (this.#isEnding) return;
		this.#isEnding = true;
		if (why) console.error(why);
		this.#signal("SIGTERM");
		const startedAtMs = Date.now();
		const timer = setInterval(() => {
			if (this.#isAnyAlive() && Date.now() - startedAtMs < KILL_AFTER_MS) return;
			clearInterval(timer);
			// Also ends processes that a child left behind in its group.
			this.#signal("SIGKILL");
			process.exit(code);
		}, 50);
	}

	#signal(name) {
		for (const { pid } of this.#children) {
			try {
				if (pid) process.kill(isWindows ? pid : -pid, name);
			} catch {
				// already gone
			}
		}
	}

	#isAnyAlive() {
		return this.#children.some(({ pid, exitCode, signalCode }) => pid && exitCode === null && signalCode === null);
	}
}

/**
 * Calls back once the npm process that runs this script has ended. npm forwards SIGINT and SIGTERM but not SIGHUP; SIGKILL cannot be forwarded.
 * Without npm nothing is watched, so `node scripts/start.mjs &` outlives its shell.
 */
export function onNpmGone(environment, callback) {
	if (isWindows || !environment.npm_lifecycle_event) return;
	const npm = process.ppid;
	const timer = setInterval(() => {
		if (process.ppid === npm) return;
		clearInterval(timer);
		callback();
	}, WATCH_EVERY_MS);
	timer.unref();
}
