// Makes a clone ready to run. Plain Node 18+ without dependencies, because it runs before anything is installed.
//
//   node scripts/setup.mjs install secrets migrations build   the named steps, in that order
//   node scripts/setup.mjs wrangler                           called by [build] in wrangler.toml
//
// Each step checks whether it has work to do, and prints one line if it did any.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { documentedNames, unreadFiles, unreadVariables } from "./environment.mjs";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, "node_modules", ".bin");
const migrations = join(root, "packages/web/src/db/migrations");

/** The folder with the local database and Durable Objects. `wrangler dev` and Vite share it. */
export const stateFolder = () => process.env.PARLEY_STATE ?? join(root, ".wrangler", "state");

/** The environment for the repository's tools: node_modules/.bin, which has Node 24, comes first in PATH. */
export const toolEnv = (extra = {}) => ({ ...process.env, PATH: bin + delimiter + process.env.PATH, ...extra });

const say = (line) => console.log(`setup: ${line}`);
const read = (path) => (existsSync(path) ? readFileSync(path, "utf8") : undefined);

function run(command, args, env = {}) {
	const done = spawnSync(command, args, {
		cwd: root,
		env: toolEnv(env),
		encoding: "utf8",
		stdio: ["ignore", "pipe", "pipe"],
		shell: process.platform === "win32",
	});
	if (done.status !== 0) {
		throw new Error(
			`${command} ${args.join(" ")} failed (${done.error?.message ?? `exit code ${done.status}`})\n${done.stdout ?? ""}${done.stderr ?? ""}`,
		);
	}
}

/** Whether node_modules matches the lockfile. npm stores the installed versions in a lockfile there. */
function installed() {
	const wanted = JSON.parse(read(join(root, "package-lock.json"))).packages;
	const found = JSON.parse(read(join(root, "node_modules", ".package-lock.json")) ?? "{}").packages;
	if (!found) return false;
	return Object.entries(wanted).every(([path, entry]) => {
		if (path === "" || !path.includes("node_modules/")) return true;
		const there = found[path];
		// The lockfile also lists other platforms' binaries, which are not installed here.
		return there ? there.version === entry.version : Boolean(entry.optional);
	});
}

function install() {
	if (installed()) return;
	say("installing packages (npm ci)");
	run("npm", ["ci", "--no-audit", "--no-fund"]);
}

function secrets() {
	const files = unreadFiles.map((path) => [path, read(join(root, path))]).filter(([, text]) => text !== undefined);
	const refusal = unreadVariables(documentedNames(read(join(root, ".dev.vars.example"))), Object.fromEntries(files));
	if (refusal) throw new Error(refusal);
	const path = join(root, ".dev.vars");
	if (existsSync(path)) return;
	const secret = () => randomBytes(32).toString("base64url");
	const lines = [
		"# Generated for local use. .dev.vars.example explains every variable.",
		`BETTER_AUTH_SECRET=${secret()}`,
		`GUEST_COOKIE_SECRET=${secret()}`,
	];
	try {
		writeFileSync(path, `${lines.join("\n")}\n`, { mode: 0o600, flag: "wx" });
	} catch (error) {
		// A concurrent start of this clone has written its secrets, which work as well.
		if (error.code === "EEXIST") return;
		throw error;
	}
	say("wrote .dev.vars with fresh secrets");
}

function applyMigrations() {
	const hash = createHash("sha256");
	for (const file of readdirSync(migrations)
		.filter((name) => name.endsWith(".sql"))
		.sort()) {
		hash.update(file).update(readFileSync(join(migrations, file)));
	}
	const wanted = hash.digest("hex");
	const marker = join(stateFolder(), "migrations.sha256");
	if (read(marker) === wanted) return;
	run("wrangler", ["d1", "migrations", "apply", "DB", "--local", "--persist-to", stateFolder()], {
		CI: "true",
		WRANGLER_SEND_METRICS: "false",
	});
	mkdirSync(stateFolder(), { recursive: true });
	writeFileSync(marker, wanted);
	say("applied the database migrations");
}

function commit() {
	try {
		return execFileSync("git", ["rev-parse", "HEAD"], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
	} catch {
		return "unknown"; // an unpacked archive has no git
	}
}

/** The build's stamp, which GET /api/health shows. turbo rebuilds when it changes. */
export const buildEnv = () => ({ PARLEY_BUILD: process.env.PARLEY_BUILD ?? commit(), TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" });

function build() {
	const before = read(join(root, "packages/web/dist/server/index.js"));
	run("turbo", ["run", "build", "--output-logs=errors-only"], buildEnv());
	if (before !== read(join(root, "packages/web/dist/server/index.js"))) say("built the app");
}

const steps = { install, secrets, migrations: applyMigrations, build };

/**
 * Runs the named steps in order.
 * @throws {Error} with the failed tool's output
 */
export function setup(...names) {
	for (const name of names) {
		const step = steps[name];
		if (!step) throw new Error(`setup has no step "${name}"; it has: ${Object.keys(steps).join(", ")}, wrangler`);
		step();
	}
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
	try {
		const names = process.argv.slice(2);
		if (names[0] === "wrangler") {
			// A deployment has its own secrets and database. Only a local start creates them.
			setup(...(process.env.WRANGLER_COMMAND === "dev" ? ["secrets", "migrations", "build"] : ["build"]));
		} else {
			setup(...names);
		}
	} catch (error) {
		console.error(error instanceof Error ? error.message : error);
		process.exit(1);
	}
}
