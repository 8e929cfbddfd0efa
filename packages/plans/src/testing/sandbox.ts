import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSandbox } from "@parley/sandbox";
import { onTestFinished } from "vitest";
import { type PlanFile, parsePlans, readPlans } from "../plan-file.ts";
import { type Provider, printDifferences, push } from "../reconcile.ts";

export const secretKey = "sk_test_sandbox";
type Settings = NonNullable<Parameters<typeof startSandbox>[0]["settings"]>;

/** Starts an empty sandbox that stops with the test. Endpoint notes go to a separate folder. */
export async function runSandbox(settings: Settings) {
	const sandbox = await startSandbox({ port: 0, secretKey, settings });
	const folder = mkdtempSync(join(tmpdir(), "parley-plans-"));
	const before = process.env.PARLEY_STATE;
	process.env.PARLEY_STATE = folder;
	onTestFinished(async () => {
		if (before === undefined) delete process.env.PARLEY_STATE;
		else process.env.PARLEY_STATE = before;
		rmSync(folder, { recursive: true, force: true });
		await sandbox.close();
	});
	const post = async (path: string, body: object) => {
		const headers = { "content-type": "application/json" };
		const response = await fetch(`${sandbox.url}/__sandbox/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
		if (!response.ok) throw new Error(await response.text());
	};
	return {
		url: sandbox.url,
		/** The sandbox's state, for changes that no call can make. */
		world: sandbox.world,
		access: { key: secretKey, baseUrl: sandbox.url },
		faults: (faults: object) => post("faults", faults),
		/** Number of mutating calls so far, including those dropped by a fault. */
		writes: async () => {
			const state = (await (await fetch(`${sandbox.url}/__sandbox/state`)).json()) as { calls: Record<string, number> };
			return Object.entries(state.calls).reduce((sum, [name, count]) => (name.startsWith("GET ") ? sum : sum + count), 0);
		},
	};
}

export const plans = readPlans();

/** The plan file with changes, validated as usual. */
export function changed(change: (plans: PlanFile) => void): PlanFile {
	const copy = structuredClone(plans);
	change(copy);
	return parsePlans(copy);
}

/** Runs a push. Returns its output, and whether nothing remains to be done. */
export async function pushed<Step>(provider: Provider<Step>): Promise<{ isRight: boolean; lines: string[] }> {
	const lines: string[] = [];
	return { isRight: await push(provider, (line) => lines.push(line)), lines };
}

/** Runs a diff. Returns the lines about differences. */
export async function differences<Step>(provider: Provider<Step>): Promise<string[]> {
	const lines: string[] = [];
	return (await printDifferences(provider, (line) => lines.push(line))) ? [] : lines;
}
