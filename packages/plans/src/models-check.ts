// `npm run models:check [-- FILE]`: prints the cost and earnings of a unit of each model in models.json or another file. `--write` also writes the
// table of models.json into docs/operations.md.
//
// Exits with 0 if no paid unit can cost more than it earns, 1 if one can, 2 on an error.
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { marginsOf, renderMargins } from "./margin.ts";
import { parseModels } from "./model-file.ts";
import { readPlans } from "./plan-file.ts";

/** Where a command writes: the console, except in tests. */
type Output = Pick<Console, "log" | "error">;

const shipped = new URL("../models.json", import.meta.url);
const page = new URL("../../../docs/operations.md", import.meta.url);
const PLACE = /(?<=<!-- Written by `npm run models:check -- --write` -->\n\n)[\s\S]*?(?=\n\n<!-- End of the table -->)/;

/** The page with its table replaced. @throws Error if the page has no place for a table */
export function withTable(text: string, table: string): string {
	if (!PLACE.test(text)) throw new Error("docs/operations.md has no place for the table of models:check");
	return text.replace(PLACE, () => table);
}

/** Runs the command and returns its exit code. Never throws. */
export function main(args: string[], output: Output = console): number {
	try {
		const { values, positionals } = parseArgs({ args, options: { write: { type: "boolean" } }, allowPositionals: true });
		const [file = shipped, ...more] = positionals;
		if (more.length > 0) throw new Error("One file is checked at a time.");
		if (values.write && file !== shipped) throw new Error("--write is for models.json only, whose table docs/operations.md shows.");
		const margins = marginsOf(parseModels(JSON.parse(readFileSync(file, "utf8"))), readPlans());
		const table = renderMargins(margins);
		output.log(table);
		if (values.write) writeFileSync(page, withTable(readFileSync(page, "utf8"), table));
		const losing = margins.filter(({ canLose }) => canLose);
		for (const { id, worst, earns, weightNeeded } of losing) {
			output.error(
				`${id}: a unit can cost $${worst.toFixed(4)} and earns $${earns.toFixed(4)}. A weight of ${weightNeeded} is enough, or "allowLoss": true.`,
			);
		}
		return losing.length === 0 ? 0 : 1;
	} catch (error) {
		output.error(error instanceof Error ? error.message : error);
		return 2;
	}
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
