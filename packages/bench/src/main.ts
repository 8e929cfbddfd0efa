// `npm run bench`: measures what metering costs (docs/benchmark.md).
//
//   --quick          a smoke run of about 8 minutes; only its counts are valid results
//   --seed=<number>  determines side order and question lengths; default: the current time
//   --no-pin         does not pin processes to cores
//   --growth         only measures and prints what must not grow with history; with --quick, in a small form
//   scale            simulates up to 100,000,000 accounts with the newest result's figures, and writes docs/scale.md
//   --render         only writes the checked-in results into docs/benchmark.md
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { RESULTS_FOLDER, readResults, SCALE_FILE } from "./checked-in.ts";
import { withResults } from "./document.ts";
import { FULL, QUICK } from "./plan.ts";
import { growthReport, report } from "./report.ts";
import { run, runGrowth, runScale } from "./run.ts";
import { withFigures } from "./scale/document.ts";

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		quick: { type: "boolean", default: false },
		seed: { type: "string" },
		"no-pin": { type: "boolean", default: false },
		growth: { type: "boolean", default: false },
		render: { type: "boolean", default: false },
	},
});

const startedMs = Date.now();
const log = (line: string) => console.error(`bench: ${((Date.now() - startedMs) / 1000).toFixed(0)} s, ${line}`);
const plan = values.quick ? QUICK : FULL;
/** A simulation without a seed of its own is the same each time. */
const DEFAULT_SEED = 1;

async function measure(): Promise<void> {
	const seed = Number(values.seed ?? Math.floor(startedMs / 1000));
	const result = await run({ plan, seed, pin: !values["no-pin"], log });
	console.log(report(result));
	mkdirSync(RESULTS_FOLDER, { recursive: true });
	const suffix = values.quick ? "-quick" : "";
	const path = join(RESULTS_FOLDER, `${result.date.slice(0, 10)}-${result.circumstances.commit}${suffix}.json`);
	writeFileSync(path, `${JSON.stringify(result, null, "\t")}\n`);
	log(`wrote ${path}`);
}

function rewrite(page: string, change: (text: string) => string): void {
	const path = new URL(`../../../docs/${page}`, import.meta.url).pathname;
	writeFileSync(path, change(readFileSync(path, "utf8")));
	log(`wrote ${path}`);
}

async function simulate(): Promise<void> {
	const newest = readResults().at(-1);
	if (!newest) throw new Error("no result is checked in");
	const result = await runScale({ newest, seed: Number(values.seed ?? DEFAULT_SEED), pin: !values["no-pin"], log });
	writeFileSync(SCALE_FILE, `${JSON.stringify(result, null, "\t")}\n`);
	rewrite("scale.md", (page) => withFigures(page, result));
}

try {
	if (positionals[0] === "scale") await simulate();
	else if (positionals.length > 0) throw new Error(`unknown command: ${positionals.join(" ")}`);
	else if (values.render) rewrite("benchmark.md", (page) => withResults(page, readResults()));
	else if (values.growth) console.log(growthReport(await runGrowth({ plan, pin: !values["no-pin"], log })));
	else await measure();
} catch (error) {
	console.error(error);
	process.exitCode = 1;
}
