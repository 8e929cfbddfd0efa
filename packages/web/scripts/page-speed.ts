// `npm run speed`: measures what the pages of this checkout cost a slow phone (a CPU four times slower, 1.6 Mbit/s, 150 ms), prints each figure
// beside its bound, and exits with 1 when a bound is missed. Takes about twenty minutes. A busy machine makes every figure worse.
//
//   -- --runs=5       figures are medians of so many runs
//   -- / stream       only the row of that name, or those whose names contain it
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { AT_LENGTH, startModel } from "./page-speed/model.ts";
import { interactiveMsOf, loadOf, longTasksOf, openSlow, send, showAll } from "./page-speed/visit.ts";
import { copyOf, makeChat, type SpeedChat, signUp } from "./page-speed/visitors.ts";
import { startProduct } from "./product.ts";

const SIZES = [40, 200, 500];
const LARGEST = 500;
const LOAD = ["LCP", "TBT", "CLS"];
/** Pages without a chat; those of the account need one. They have no bound for LCP. */
const PAGES = ["/pricing", "/what-counts", "/account/usage", "/account/plan", "/account/organization", "/account/keys", "/account/profile"];

/** The highest value of each figure: milliseconds, a score, a number, or percent. `again`: when a second visit can be used, of the first. */
const BOUNDS: Record<string, number> = { TBT: 150, CLS: 0.02, INP: 80, "long tasks": 5, longest: 100, again: 50 };
const lcpBound = (row: string) => (row === "/" ? 800 : row.startsWith("/c ") ? 1_200 : Number.POSITIVE_INFINITY);

/** One thing that is measured. Each run starts with a new page. */
interface Row {
	name: string;
	figures: string[];
	/** Whether its visitor has an account. */
	ofUser?: boolean;
	run: (page: (url: string, options?: { again: boolean }) => Promise<Page>) => Promise<number[]>;
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
		{
			name: "/, visited again",
			figures: ["again"],
			run: async (open) => {
				const first = await interactiveMsOf(await open(app));
				return [(100 * (await interactiveMsOf(await open(app, { again: true })))) / first];
			},
		},
		...PAGES.map((path) => ({ ...loading(path, async () => app + path), ofUser: path.startsWith("/account") })),
		...SIZES.map((size) => loading(`/c with ${size} messages`, async () => `${app}/c/${chats.get(size)?.id}`)),
		...SIZES.map((size) => sending(`send at ${size}`, size, async () => {})),
		sending(`send at ${LARGEST}, all shown`, LARGEST, showAll),
		streaming(`stream at ${LARGEST}`, async () => {}),
		streaming(`stream at ${LARGEST}, all shown`, showAll),
	];
}

const WITHOUT_LIMITS = { GUEST_FREE_REQUESTS: "1000000", NETWORK_FREE_REQUESTS_DAILY: "1000000" };

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };

/** The medians of a row's figures. Each run is another visit of the guest or the user, with nothing cached. */
async function measured(visitor: BrowserContext, { figures, run }: Row): Promise<number[]> {
	const results: number[][] = [];
	for (let left = Number(values.runs); left > 0; left -= 1) {
		const visit = await visitor.browser()?.newContext({ ...PHONE, storageState: await visitor.storageState() });
		if (!visit) throw new Error("the browser is closed");
		results.push(await run((url, options) => openSlow(visit, url, options)));
		await visit.close();
	}
	return figures.map((_, at) => medianOf(results.map((result) => result[at] ?? Number.NaN)));
}

/** The rows that the command names; all without a name. */
function wanted(rows: Row[]): Row[] {
	if (positionals.length === 0) return rows;
	const isNamed = (part: string) => rows.some(({ name }) => name === part);
	return rows.filter(({ name }) => positionals.some((part) => (isNamed(part) ? name === part : name.includes(part))));
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
	const product = await startProduct(() => ({ AI_BASE_URL: model.baseUrl, AI_MODELS: "speed=Speed", ...WITHOUT_LIMITS }));
	const browser = await chromium.launch({
		executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
		args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
	});
	try {
		const context = await browser.newContext();
		const user = await browser.newContext();
		await signUp(product.app, user.request);
		const chats = new Map<number, SpeedChat>();
		for (const size of SIZES) chats.set(size, await makeChat(product.app, context.request, size));
		console.log(`${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, medians of ${values.runs}`);
		console.log(["".padEnd(28), "".padEnd(11), "median", " bound"].join("  "));
		let areKept = true;
		for (const row of wanted(rowsFor(product.app, context, chats))) {
			areKept = print(row.name, row.figures, await measured(row.ofUser ? user : context, row)) && areKept;
		}
		return areKept;
	} finally {
		await browser.close();
		await product.close();
		model.close();
	}
}

process.exitCode = (await main()) ? 0 : 1;
