import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

/** Migrates one local database with the repository's own command. Each start in these tests copies it (process.ts). */
export default function setup(project: TestProject) {
	const path = mkdtempSync(join(tmpdir(), "parley-migrated-"));
	const root = new URL("../../../../", import.meta.url).pathname;
	execFileSync("node", ["scripts/setup.mjs", "migrations"], { cwd: root, env: { ...process.env, PARLEY_STATE: path } });
	project.provide("migratedState", path);
	return () => rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}

declare module "vitest" {
	interface ProvidedContext {
		migratedState: string;
	}
}
