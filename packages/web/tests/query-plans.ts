import { env } from "cloudflare:workers";
import { afterAll, expect } from "vitest";

// Collects the D1 statements that the Worker runs in a test file, and rejects those that read a whole table or index.

/** Whether the Worker's bundle is among the callers: statements of the tests themselves may scan. A stack as text would be mapped to its sources first. */
function isWorkers(): boolean {
	const { prepareStackTrace } = Error;
	Error.prepareStackTrace = (_, sites) => sites.some((site) => site.getFileName()?.includes("/dist/server/"));
	const found = new Error().stack as unknown as boolean;
	Error.prepareStackTrace = prepareStackTrace;
	return found;
}

/** Only a local start has this table (src/lib/time/dev-clock.ts). */
const DEVELOPMENT = /\bdev_clock_ledgers\b/;

declare global {
	var workerStatements: Set<string> | undefined;
	/** Statements that read no whole table, so that each is looked at once for all files. */
	var indexedStatements: Set<string> | undefined;
}

/** Wraps D1 once for each isolate. */
function collect(): Set<string> {
	const found = new Set<string>();
	const prototype = Object.getPrototypeOf(env.DB);
	const { prepare } = prototype;
	prototype.prepare = function (this: D1Database, sql: string) {
		if (!found.has(sql) && isWorkers()) found.add(sql);
		return prepare.call(this, sql);
	};
	return found;
}

globalThis.workerStatements ??= collect();
globalThis.indexedStatements ??= new Set();
const statements = globalThis.workerStatements;
const indexed = globalThis.indexedStatements;

/** One step of a plan, below the step `parent`. */
interface Step {
	parent: number;
	detail: string;
}

/** The steps of a statement's plan that read a whole table or index. */
export async function scansOf(sql: string): Promise<string[]> {
	const parameters = Array<null>(sql.split("?").length - 1).fill(null);
	const { results: steps } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
		.bind(...parameters)
		.all<Step>();
	// A subquery beside its scan has its own steps, which tell how its rows are found.
	const isSubquery = ({ parent, detail }: Step) =>
		steps.some(
			(step) => step.parent === parent && /^(?:CO-ROUTINE|MATERIALIZE) /.test(step.detail) && step.detail.endsWith(detail.slice(4)),
		);
	return steps
		.filter((step) => /^SCAN (?!CONSTANT ROW|\d+-ROW VALUES CLAUSE)/.test(step.detail) && !isSubquery(step))
		.map(({ detail }) => detail);
}

/** The Worker's statements since the test file began. */
export const collected = (): string[] => [...statements].filter((sql) => !DEVELOPMENT.test(sql));

afterAll(async () => {
	const scanning: Record<string, string[]> = {};
	for (const sql of collected().filter((one) => !indexed.has(one))) {
		const scans = await scansOf(sql);
		if (scans.length > 0) scanning[sql] = scans;
		else indexed.add(sql);
	}
	statements.clear();
	expect(scanning, "statements of the Worker without an index").toEqual({});
});
