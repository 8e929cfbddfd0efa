// `npm test`: Biome, knip, types, the production build, the tests in Node and workerd, and the stories in a browser, from a fresh clone.
// `npm run prove -- --short` tests every other page and command, and runs the proofs.
import { spawnSync } from "node:child_process";
import { browser } from "./browser.mjs";
import { scratch } from "./scratch.mjs";
import { buildEnv, root, setup, toolEnv } from "./setup.mjs";

try {
	// Build first with the whole machine, because the longest tests wait for the build.
	setup("install", "build");
	const env = toolEnv({ ...buildEnv(), CHROMIUM_PATH: browser(), TMPDIR: scratch() });
	const done = spawnSync(
		"turbo",
		[
			"run",
			"lint",
			"check",
			"build",
			"test",
			"test:unit",
			"test:worker",
			"test:worker-2",
			"test:story",
			"--output-logs=new-only",
			"--concurrency=6",
		],
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
