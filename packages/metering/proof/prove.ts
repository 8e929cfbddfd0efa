/**
 * The long proofs. `npm run prove -w @parley/metering` plays random games and simulated worlds; `npm run mutation` mutates the core and
 * expects the short tests to fail, and installs Stryker the first time. Both print and read SEED, RUNS, SEEDS and STEPS; a seed replays its games.
 * Other arguments pass through.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const PROOFS = {
	// Sequential, so that the printed times do not depend on each other.
	games: {
		bin: path("../../../node_modules/vitest/vitest.mjs"),
		args: ["run", "proof", "--no-file-parallelism", "--reporter=verbose"],
		...{ RUNS: "10000", SEEDS: "1000" },
	},
	// A few games per mutant suffice, because the example tests find most mutants.
	mutation: {
		bin: path("../mutation/node_modules/@stryker-mutator/core/bin/stryker.js"),
		args: ["run", path("../mutation/stryker.config.mjs")],
		...{ RUNS: "100", SEEDS: "4" },
	},
};

const [proof, ...more] = process.argv[2] === "mutation" ? process.argv.slice(2) : ["games", ...process.argv.slice(2)];
const { bin, args, ...sizes } = PROOFS[proof === "mutation" ? "mutation" : "games"];
if (!existsSync(bin)) spawnSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: path("../mutation"), stdio: "inherit" });
const env = { SEED: String(Date.now() % 2 ** 31), STEPS: "2000", ...sizes, ...process.env };
const { SEED, RUNS, SEEDS, STEPS } = env;
console.log(
	`node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, SEED=${SEED} RUNS=${RUNS} SEEDS=${SEEDS} STEPS=${STEPS}`,
);
const { status } = spawnSync(process.execPath, [bin, ...args, ...more], { cwd: path(".."), stdio: "inherit", env });
process.exitCode = status ?? 1;
