// `npm test`: Biome, knip, types, the production build, the tests in Node and workerd, and the stories in a browser, from a fresh clone.
// `npm run prove -- --short` tests every other page and command, and runs the proofs.
import { spawn } from "node:child_process";
import { browser } from "./browser.mjs";
import { scratch } from "./scratch.mjs";
import { buildEnv, root, setup, toolEnv } from "./setup.mjs";

// Two runs of turbo, which does not know which tasks are long: in one run, the web's tests waited for lint and types, and ended on an idle machine.
const RUNS = [
	["check", "test", "test:unit", "test:worker", "test:worker-2", "test:story", "--filter=@parley/web", "--concurrency=3"],
	["lint", "check", "test", "--filter=!@parley/web", "--concurrency=1"],
];

try {
	// Build first with the whole machine, because the longest tests wait for the build.
	setup("install", "build");
	const env = toolEnv({ ...buildEnv(), CHROMIUM_PATH: browser(), TMPDIR: scratch() });
	const run = (args) =>
		new Promise((resolve, reject) => {
			const child = spawn("turbo", ["run", ...args, "--output-logs=new-only"], { cwd: root, env, stdio: "inherit" });
			child.on("error", reject);
			child.on("close", (code) => resolve(code ?? 1));
		});
	process.exit(Math.max(...(await Promise.all(RUNS.map(run)))));
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exit(1);
}
