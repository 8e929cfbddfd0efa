// `npm run bench`: measures what metering costs (docs/benchmark.md).
//
//   --quick          a smoke run of about 5 minutes; only its counts are valid results
//   --seed=<number>  determines side order and question lengths; default: the current time
//   --no-pin         does not pin processes to cores
//   --render         only writes the checked-in results into docs/benchmark.md
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { RESULTS_FOLDER, readResults } from "./checked-in.ts";
import { withResults } from "./document.ts";
import { FULL, QUICK } from "./plan.ts";
import { report } from "./report.ts";
import { run } from "./run.ts";

const { values } = parseArgs({
	options: {
		quick: { type: "boolean", default: false },
		seed: { type: "string" },
		"no-pin": { type: "boolean", default: false },
		render: { type: "boolean", default: false },
	},
});

async function measure(): Promise<void> {
	const startedMs = Date.now();
	const log = (line: string) => console.error(`bench: ${((Date.now() - startedMs) / 1000).toFixed(0)} s, ${line}`);
	const seed = Number(values.seed ?? Math.floor(startedMs / 1000));
	const result = await run({ plan: values.quick ? QUICK : FULL, seed, pin: !values["no-pin"], log });
	console.log(report(result));
	mkdirSync(RESULTS_FOLDER, { recursive: true });
	const suffix = values.quick ? "-quick" : "";
	const path = join(RESULTS_FOLDER, `${result.date.slice(0, 10)}-${result.circumstances.commit}${suffix}.json`);
	writeFileSync(path, `${JSON.stringify(result, null, "\t")}\n`);
	log(`wrote ${path}`);
}

function render(): void {
	const path = new URL("../../../docs/benchmark.md", import.meta.url).pathname;
	writeFileSync(path, withResults(readFileSync(path, "utf8"), readResults()));
	console.error(`bench: wrote the results into ${path}`);
}

try {
	if (values.render) render();
	else await measure();
} catch (error) {
	console.error(error);
	process.exitCode = 1;
}
