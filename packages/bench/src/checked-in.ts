import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseResult, type Result } from "./result.ts";

export const RESULTS_FOLDER = new URL("../results/", import.meta.url).pathname;

/** The latest output of `npm run bench -- scale`. */
export const SCALE_FILE = new URL("../scale.json", import.meta.url).pathname;

/** A checked-in result file. */
export interface CheckedIn {
	/** The file's name in packages/bench/results. */
	file: string;
	result: Result;
}

/** All results in packages/bench/results, oldest first. @throws if a file is not a result */
export function readResults(): CheckedIn[] {
	const files = readdirSync(RESULTS_FOLDER).filter((file) => file.endsWith(".json"));
	const results = files.map((file) => ({ file, result: parseResult(readFileSync(join(RESULTS_FOLDER, file), "utf8")) }));
	return results.sort((a, b) => a.result.date.localeCompare(b.result.date));
}
