import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Log, LogLevel, Miniflare } from "miniflare";
import { root, type WorkerModules } from "./build.ts";

export interface RunningWorker {
	/** The Worker's own socket, without an entry Worker or proxy in front. */
	url: string;
	pid: number;
	/** The address of workerd's inspector, if the Worker was started with it. */
	inspector: URL | null;
	/** Errors that the Worker has logged so far. A run with errors is invalid. */
	errors: string[];
	/** The size of the D1 database. */
	databaseBytes(): Promise<number>;
	close(): Promise<void>;
}

const RAM_DISK = "/dev/shm";

/** The objects that the compared Workers have. */
const OBJECTS: Record<string, string> = { USAGE_LEDGER: "UsageLedger", CONVERSATION: "Conversation", CHAT_LIST: "ChatList" };

/**
 * Starts one Worker in its own workerd process, with its database and objects in a fresh folder.
 * @param options `inspected`: with V8's inspector, which distorts time and process memory. `inMemory`: the folder is on a RAM disk, where a
 * flush is free (Linux only; elsewhere it stays on disk). `objects`: the Worker's classes by binding name. `files`: with a bucket for chat
 * files
 */
export async function startWorker(
	worker: WorkerModules,
	variables: Record<string, string>,
	{ inspected = false, inMemory = false, objects = OBJECTS, files = false } = {},
): Promise<RunningWorker> {
	const errors: string[] = [];
	const folder = mkdtempSync(join(inMemory && existsSync(RAM_DISK) ? RAM_DISK : tmpdir(), "parley-bench-"));
	const removeFolder = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
	// On an interrupt, Miniflare's own hook stops workerd and then this process.
	process.once("exit", removeFolder);
	const before = new Set(children());
	const bindings = Object.entries(objects).map(([name, exportName]) => [
		name,
		{ type: "durable-object" as const, worker: "parley", exportName },
	]);
	const texts = Object.entries(variables).map(([name, value]) => [name, { type: "text" as const, value }]);
	const classes = Object.values(objects).map((name) => [name, { type: "durable-object" as const, storage: "sqlite" as const }]);
	const runtime = new Miniflare({
		host: "127.0.0.1",
		port: 0,
		log: new Log(LogLevel.ERROR),
		...(inspected ? { inspectorPort: 0 } : {}),
		handleStructuredLogs: ({ level, message }) => {
			if (level === "error") errors.push(message);
			if (level === "error" || level === "warn") console.error(`worker: ${message}`);
		},
		telemetry: { enabled: false },
		resourcePersistencePath: folder,
		workers: [
			{
				config: {
					name: "parley",
					...compatibility(),
					manifest: { mainModule: worker.main, modulesRoot: worker.root, modules: worker.modules },
					env: {
						DB: { type: "d1", id: "parley" },
						...(files && { FILES: { type: "r2" as const, name: "parley-files" } }),
						...Object.fromEntries(bindings),
						...Object.fromEntries(texts),
					},
					exports: Object.fromEntries(classes),
				},
				dev: { rootPath: root, unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }], stripCfConnectingIp: false },
			},
		],
	});
	await runtime.ready;
	const pid = children().find((one) => !before.has(one) && commandOf(one) === "workerd");
	if (pid === undefined) throw new Error("no new workerd process was found");
	const database = await runtime.getD1Database("DB");
	for (const statement of migrations()) await database.prepare(statement).run();
	const { origin } = await runtime.unsafeGetDirectURL();
	return {
		url: origin,
		pid,
		inspector: inspected ? await runtime.getInspectorURL() : null,
		errors,
		databaseBytes: async () => (await database.prepare("SELECT 1").run()).meta.size_after,
		close: async () => {
			await runtime.dispose();
			process.off("exit", removeFolder);
			removeFolder();
		},
	};
}

/** The production settings from wrangler.toml. */
function compatibility() {
	const toml = readFileSync(join(root, "wrangler.toml"), "utf8");
	const compatibilityDate = /^compatibility_date = "(.+)"/m.exec(toml)?.[1];
	const flags = /^compatibility_flags = (\[.*\])/m.exec(toml)?.[1];
	if (!compatibilityDate || !flags) throw new Error("wrangler.toml names no compatibility date or flags");
	return { compatibilityDate, compatibilityFlags: JSON.parse(flags) as string[] };
}

function migrations(): string[] {
	const folder = join(root, "packages/web/src/db/migrations");
	const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
	return files.sort().flatMap((name) => readFileSync(join(folder, name), "utf8").split("--> statement-breakpoint"));
}

function children(): number[] {
	const tasks = readdirSync("/proc/self/task");
	const ids = tasks.flatMap((task) => readFileSync(`/proc/self/task/${task}/children`, "utf8").split(" "));
	return ids.filter(Boolean).map(Number);
}

function commandOf(pid: number): string {
	return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
}

/** Resident memory of a process, in MiB. */
export function residentMiB(pid: number): number {
	return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/** CPU time used by a process, in ms, at the kernel's resolution of 10 ms. */
export function cpuMs(pid: number): number {
	const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return (Number(fields[11]) + Number(fields[12])) * 10;
}

/**
 * Pins servers to core 0, and this process (client, fake model and fake provider) to core 1, so that they do not compete for one core.
 * @returns whether the process was pinned
 */
export function pin(server: number): boolean {
	try {
		execFileSync("taskset", ["-acp", "0", String(server)], { stdio: "ignore" });
		execFileSync("taskset", ["-acp", "1", String(process.pid)], { stdio: "ignore" });
		return true;
	} catch {
		return false; // a single core, or no taskset
	}
}
