// `npm test`: Biome, knip, types, the production build and all tests, from a fresh clone. `npm run prove` runs the proofs.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { buildEnv, root, setup, toolEnv } from "./setup.mjs";

const places = [process.env.CHROMIUM_PATH, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const chromium = () => places.find((path) => path && existsSync(path));

function browser() {
	const found = chromium();
	if (found) return found;
	const canInstall = process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
	if (!canInstall) {
		throw new Error(
			"The browser tests need Chromium. Install it (Debian: `sudo apt-get install chromium`), or name its path in CHROMIUM_PATH.",
		);
	}
	console.log("test: installing Debian's chromium");
	for (const args of [
		["update", "-qq"],
		["install", "-y", "-qq", "--no-install-recommends", "chromium"],
	]) {
		spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
	}
	const fresh = chromium();
	if (!fresh) throw new Error("apt-get did not bring /usr/bin/chromium; install it by hand or name its path in CHROMIUM_PATH.");
	return fresh;
}

try {
	setup("install");
	const env = toolEnv({ ...buildEnv(), CHROMIUM_PATH: browser() });
	const done = spawnSync(
		"turbo",
		["run", "lint", "check", "build", "test", "test:worker", "test:system", "--output-logs=new-only", "--concurrency=2"],
		{
			cwd: root,
			env,
			stdio: "inherit",
		},
	);
	process.exit(done.status ?? 1);
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exit(1);
}
