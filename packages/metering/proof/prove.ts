/**
 * The long proofs. `npm run prove` plays the random games and the simulated worlds. `npm run mutation` changes each line of the core and expects
 * the short tests to fail. Both print machine and seed, and take SEED, RUNS, SEEDS and STEPS; further arguments go to the tool.
 */
import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";

const PROOFS = {
	// One file at a time: the page shows the duration of each.
	games: { bin: "vitest/vitest.mjs", args: ["run", "proof", "--no-file-parallelism", "--reporter=verbose"], RUNS: "10000", SEEDS: "1000" },
	// Each mutant meets only a few games: the handwritten tests should find most.
	mutation: { bin: "@stryker-mutator/core/bin/stryker.js", args: ["run"], RUNS: "100", SEEDS: "4" },
};

const [proof, ...more] = process.argv[2] === "mutation" ? process.argv.slice(2) : ["games", ...process.argv.slice(2)];
const { bin, args, ...sizes } = PROOFS[proof === "mutation" ? "mutation" : "games"];
const env = { SEED: String(Date.now() % 2 ** 31), STEPS: "2000", ...sizes, ...process.env };
const { SEED, RUNS, SEEDS, STEPS } = env;
console.log(
	`node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, SEED=${SEED} RUNS=${RUNS} SEEDS=${SEEDS} STEPS=${STEPS}`,
);
const { status } = spawnSync(
	process.execPath,
	[fileURLToPath(new URL(`../../../node_modules/${bin}`, import.meta.url)), ...args, ...more],
	{
		cwd: fileURLToPath(new URL("..", import.meta.url)),
		stdio: "inherit",
		env,
	},
);
process.exitCode = status ?? 1;
