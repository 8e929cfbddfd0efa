/**
 * The long form of the proofs: `npm run prove`. Prints the machine and the seed; SEED, RUNS, SEEDS and STEPS may be given. The same seed
 * replays the same games.
 */
import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";

const { SEED = String(Date.now() % 2 ** 31), RUNS = "10000", SEEDS = "1000", STEPS = "2000" } = process.env;
console.log(`node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, SEED=${SEED}`);
const vitest = fileURLToPath(import.meta.resolve("vitest/vitest.mjs"));
// One file after the other: both would share the processor, and the time of each is part of what is shown.
const args = [vitest, "run", "--no-file-parallelism", "--reporter=verbose"];
const { status } = spawnSync(process.execPath, args, {
	cwd: fileURLToPath(new URL("..", import.meta.url)),
	stdio: "inherit",
	env: { ...process.env, SEED, RUNS, SEEDS, STEPS },
});
process.exitCode = status ?? 1;
