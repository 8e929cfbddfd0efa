/**
 * The long proofs: `npm run prove` plays the random games and the simulated worlds, `npm run mutation` breaks each line of the core and
 * expects the short tests to fail. Both print machine and seed, and take SEED, RUNS, SEEDS and STEPS: the same seed replays the same games.
 */
import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";

const PROOFS = {
	// One file after the other: both would share the processor, and the time of each is part of what is shown.
	games: { bin: "vitest/vitest.mjs", args: ["run", "proof", "--no-file-parallelism", "--reporter=verbose"], RUNS: "10000", SEEDS: "1000" },
	// Each mutant meets only a few games: the tests by hand are to find most.
	mutation: { bin: "@stryker-mutator/core/bin/stryker.js", args: ["run"], RUNS: "100", SEEDS: "4" },
};

const { bin, args, ...sizes } = PROOFS[process.argv[2] === "mutation" ? "mutation" : "games"];
const env = { SEED: String(Date.now() % 2 ** 31), STEPS: "2000", ...sizes, ...process.env };
const { SEED, RUNS, SEEDS, STEPS } = env;
console.log(
	`node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, SEED=${SEED} RUNS=${RUNS} SEEDS=${SEEDS} STEPS=${STEPS}`,
);
const { status } = spawnSync(process.execPath, [fileURLToPath(new URL(`../../../node_modules/${bin}`, import.meta.url)), ...args], {
	cwd: fileURLToPath(new URL("..", import.meta.url)),
	stdio: "inherit",
	env,
});
process.exitCode = status ?? 1;
