import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createBuilder, type Plugin, transformWithOxc } from "vite";

export const root = new URL("../../../", import.meta.url).pathname;
const web = join(root, "packages/web");
const workers = join(root, "packages/bench/src/workers");
const builds = join(root, "packages/bench/dist");

/** A Worker for the runtime: its modules by name, and the entry module. */
export interface WorkerModules {
	root: string;
	main: string;
	modules: Record<string, { type: "esm"; contents: string }>;
}

export interface Builds {
	product: WorkerModules;
	/** Side A: the product without metering. */
	bare: WorkerModules;
	/** Side C: the product with the reference design instead of its metering. */
	reference: WorkerModules;
	/** Side D: the product with one D1 row per subject instead of its metering, and the same with counters. */
	row: WorkerModules;
	countingRow: WorkerModules;
	/** The product with counters. */
	counting: WorkerModules;
	/** The product with counters, and with ledgers and chats that can be given a history. */
	growing: WorkerModules;
	/** Only the product's ledger. */
	ledger: WorkerModules;
	/** An empty object without any of the product's code. */
	emptyObject: WorkerModules;
}

/**
 * Builds all compared Workers with the product's production config. A, C and D differ from the product only in lib/billing.ts;
 * the counting, growing and ledger Workers are a build with one or two modules in front.
 */
export async function build(): Promise<Builds> {
	rmSync(builds, { recursive: true, force: true });
	const product = await buildWith("product", null);
	const row = await buildWith("row", join(workers, "row-billing.ts"));
	const nothing = { ...product, modules: {} };
	return {
		product,
		bare: await buildWith("bare", join(workers, "no-metering.ts")),
		reference: await buildWith("reference", join(workers, "reference-billing.ts")),
		row,
		countingRow: await inFront(row, "counting.ts"),
		counting: await inFront(product, "counting.ts"),
		growing: await inFront(await inFront(product, "counting.ts"), "growing.ts"),
		ledger: await inFront(product, "ledger-rate.ts"),
		emptyObject: await inFront(nothing, "empty-object.ts"),
	};
}

async function buildWith(name: string, billing: string | null): Promise<WorkerModules> {
	const outDir = join(builds, name);
	const builder = await createBuilder({
		root: web,
		configFile: join(web, "vite.config.ts"),
		mode: "production",
		logLevel: "error",
		build: { outDir, emptyOutDir: true },
		plugins: billing === null ? [] : [inPlaceOf(join(web, "src/lib/billing.ts"), billing)],
	});
	await builder.buildApp();
	return read(join(outDir, "server"));
}

/** The product as `npm run build` left it. */
export const readBuild = (): WorkerModules => read(join(web, "dist/server"));

/** A Vite plugin that replaces one module with another. */
function inPlaceOf(module: string, replacement: string): Plugin {
	return {
		name: "bench:in-place-of",
		enforce: "pre",
		async resolveId(source, importer, options) {
			if (!source.endsWith("/billing.ts") || importer === replacement) return null;
			const resolved = await this.resolve(source, importer, { ...options, skipSelf: true });
			return resolved?.id === module ? replacement : null;
		},
	};
}

function read(folder: string): WorkerModules {
	const modules: WorkerModules["modules"] = {};
	for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
		if (file.endsWith(".js")) modules[file] = { type: "esm", contents: readFileSync(join(folder, file), "utf8") };
	}
	return { root: folder, main: "index.js", modules };
}

/** Makes a module of src/workers the new entry. It wraps the previous one. */
async function inFront(product: WorkerModules, file: string): Promise<WorkerModules> {
	const path = join(workers, file);
	const main = file.replace(/\.ts$/, ".js");
	const { code } = await transformWithOxc(readFileSync(path, "utf8"), path);
	const contents = code.replaceAll(/"[^"]*web\/src\/server\.ts"/g, '"./index.js"').replaceAll(/"\.\/([\w-]+)\.ts"/g, '"./$1.js"');
	return { ...product, main, modules: { ...product.modules, [main]: { type: "esm", contents } } };
}
