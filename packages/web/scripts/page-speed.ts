// `npm run speed`: measures what the pages of this checkout cost a slow phone (a CPU four times slower, 1.6 Mbit/s, 150 ms), prints each figure
// beside its bound, and exits with 1 when a bound is missed. Takes about twenty minutes. A busy machine makes every figure worse.
//
//   -- --runs=5       figures are medians of so many runs
//   -- stream         only the rows whose names contain this
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { AT_LENGTH, startModel } from "./page-speed/model.ts";
import { copyOf, makeChat, type SpeedChat, startProduct } from "./page-speed/product.ts";
import { loadOf, longTasksOf, openSlow, send, showAll } from "./page-speed/visit.ts";

const SIZES = [40, 200, 500];
const LARGEST = 500;
const LOAD = ["LCP", "TBT", "CLS"];

/** The highest value of each figure: milliseconds, a score or a number. */
const BOUNDS: Record<string, number> = { TBT: 150, CLS: 0.02, INP: 80, "long tasks": 5, longest: 100 };
const lcpBound = (row: string) => (row === "/" ? 800 : 1_200);

/** One thing that is measured. Each run starts with a new page. */
interface Row {
	name: string;
	figures: string[];
	run: (page: (url: string) => Promise<Page>) => Promise<number[]>;
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { runs: { type: "string", default: "5" } } });

function rowsFor(app: string, context: BrowserContext, chats: Map<number, SpeedChat>): Row[] {
	const copy = (size: number) => copyOf(app, context.request, chats.get(size) as SpeedChat);
	const loading = (name: string, url: () => Promise<string>): Row => ({
		name,
		figures: LOAD,
		run: async (open) => {
			const { lcpMs, tbtMs, cls } = await loadOf(await open(await url()));
			return [lcpMs, tbtMs, cls];
		},
	});
	const sending = (name: string, size: number, prepare: (page: Page) => Promise<void>): Row => ({
		name,
		figures: ["INP"],
		run: async (open) => {
			const page = await open(await copy(size));
			await prepare(page);
			return [await send(page, "Hello")];
		},
	});
	const streaming = (name: string, prepare: (page: Page) => Promise<void>): Row => ({
		name,
		figures: ["long tasks", "longest"],
		run: async (open) => {
			const page = await open(await copy(LARGEST));
			await prepare(page);
			const tasks = await longTasksOf(page, `Tell me ${AT_LENGTH}`);
			return [tasks.length, Math.max(0, ...tasks)];
		},
	});
	return [
		loading("/", async () => app),
		...SIZES.map((size) => loading(`/c with ${size} messages`, async () => `${app}/c/${chats.get(size)?.id}`)),
		...SIZES.map((size) => sending(`send at ${size}`, size, async () => {})),
		sending(`send at ${LARGEST}, all shown`, LARGEST, showAll),
		streaming(`stream at ${LARGEST}`, async () => {}),
		streaming(`stream at ${LARGEST}, all shown`, showAll),
	];
}

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };

/** The medians of a row's figures. Each run is another visit of the guest, with nothing cached. */
async function measured(guest: BrowserContext, { figures, run }: Row): Promise<number[]> {
	const results: number[][] = [];
	for (let left = Number(values.runs); left > 0; left -= 1) {
		const visit = await guest.browser()?.newContext({ ...PHONE, storageState: await guest.storageState() });
		if (!visit) throw new Error("the browser is closed");
		results.push(await run((url) => openSlow(visit, url)));
		await visit.close();
	}
	return figures.map((_, at) => medianOf(results.map((result) => result[at] ?? Number.NaN)));
}

const medianOf = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

/** Prints a row's figures. @returns whether all are within their bounds */
function print(row: string, figures: string[], medians: number[]): boolean {
	return figures
		.map((figure, at) => {
			const value = medians[at] ?? Number.NaN;
			const bound = figure === "LCP" ? lcpBound(row) : (BOUNDS[figure] ?? 0);
			const isKept = value <= bound;
			const shown = figure === "CLS" ? value.toFixed(3) : value.toFixed(0);
			console.log([row.padEnd(28), figure.padEnd(11), shown.padStart(6), String(bound).padStart(6), isKept ? "" : "MISSED"].join("  "));
			return isKept;
		})
		.every(Boolean);
}

async function main(): Promise<boolean> {
	const model = await startModel();
	const product = await startProduct(model.baseUrl);
	const browser = await chromium.launch({
		executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
		args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
	});
	try {
		const context = await browser.newContext();
		const chats = new Map<number, SpeedChat>();
		for (const size of SIZES) chats.set(size, await makeChat(product.app, context.request, size));
		console.log(`${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, medians of ${values.runs}`);
		console.log(["".padEnd(28), "".padEnd(11), "median", " bound"].join("  "));
		let areKept = true;
		for (const row of rowsFor(product.app, context, chats)) {
			if (positionals.length > 0 && !positionals.some((part) => row.name.includes(part))) continue;
			areKept = print(row.name, row.figures, await measured(context, row)) && areKept;
		}
		return areKept;
	} finally {
		await browser.close();
		await product.close();
		model.close();
	}
}

process.exitCode = (await main()) ? 0 : 1;
