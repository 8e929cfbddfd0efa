import { expect, test } from "vitest";
import { Simulator, type Tally } from "./simulator.ts";
import { LEAST_COMPARED, PROOF_MAX_MS } from "./subject.ts";

declare module "vitest" {
	interface TaskMeta {
		/** A proof's measurements, which `npm run prove` renders into docs/proof.md. */
		proof?: { result: string; seed: number | null };
	}
}

const first = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const seeds = Number(process.env.SEEDS ?? 40);
const steps = Number(process.env.STEPS ?? 2000);

test(
	`counts every unit exactly once and within limits, through loss, duplication, reordering, crashes, clock jumps and outages (SEED=${first} SEEDS=${seeds} STEPS=${steps})`,
	({ task }) => {
		const all = new Map<string, number>();
		for (let seed = first; seed < first + seeds; seed += 1) {
			let tally: Tally;
			try {
				tally = new Simulator(seed).play(steps);
			} catch (error) {
				throw new Error(`SEED=${seed} SEEDS=1 STEPS=${steps}: ${error instanceof Error ? error.message : error}`, { cause: error });
			}
			for (const [what, times] of Object.entries(tally)) all.set(what, (all.get(what) ?? 0) + times);
		}
		const compared = all.get("compared") ?? 0;
		all.delete("compared");
		const tally = [...all].map(([what, times]) => `${times} ${what}`).join(", ");
		task.meta.proof = {
			result: `${seeds} worlds of ${steps} steps: ${compared} commands decided as by the oracle, none over- or under-admitted; ${tally}`,
			seed: first,
		};
		expect(compared).toBeGreaterThanOrEqual(LEAST_COMPARED);
		// A handful of worlds may lack rare events.
		const least = seeds < 20 ? 0 : 1;
		for (const [what, times] of all) expect(times, `worlds without ${what} prove nothing`).toBeGreaterThanOrEqual(least);
	},
	PROOF_MAX_MS,
);
