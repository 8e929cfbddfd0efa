import type { TestContext } from "vitest";

declare module "vitest" {
	interface TaskMeta {
		/** What a proof measured. `npm run prove` writes it into docs/proof.md. */
		proof?: { result: string; seed: number | null };
	}
}

/** Records a proof's result in the test's metadata, where Vitest's JSON reporter finds it. */
export function record({ task }: TestContext, result: string, seed: number | null = null): void {
	task.meta.proof = { result, seed };
}
