import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openBrowser } from "./browser.ts";
import { freePort, Running, temporaryFolder } from "./process.ts";

const state = temporaryFolder();
let parley: Running;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let app: string;
let sandbox: string;

beforeAll(async () => {
	const [port, sandboxPort] = [await freePort(), await freePort()];
	app = `http://localhost:${port}`;
	sandbox = `http://localhost:${sandboxPort}`;
	// The sandbox's model: its pace and its failures can be set.
	const model = { AI_BASE_URL: `${sandbox}/model/v1`, AI_MODELS: "sandbox=Sandbox" };
	parley = new Running("npm", ["start"], {
		env: { PORT: String(port), SANDBOX_PORT: String(sandboxPort), PARLEY_STATE: state.path, ...model },
	});
	await parley.says(/Parley is ready/, 180_000);
	browser = await openBrowser();
});

afterAll(async () => {
	await browser?.close();
	await parley?.interrupt();
	state.remove();
});

beforeEach(async () => {
	await context?.close();
	context = await browser.newContext();
	page = await context.newPage();
	page.setDefaultTimeout(15_000);
	await model({});
});

async function model(faults: Record<string, unknown>): Promise<void> {
	await fetch(`${sandbox}/__sandbox/faults`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ model: faults }),
	});
}

const composer = () => page.getByRole("textbox", { name: "Message", exact: true });
const answer = () => page.getByRole("article", { name: "Answer" }).last();
const leftReads = (text: string | RegExp) => page.getByTestId("left").filter({ hasText: text }).waitFor();

async function send(text: string): Promise<void> {
	await composer().fill(text);
	await composer().press("Enter");
}

describe("the JavaScript of /", () => {
	test("that its HTML names stays within 160 KiB gzip, and what is loaded before the first answer within 210", async () => {
		const html = await (await fetch(app)).text();
		const named = new Set([...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map((match) => match[1] ?? ""));
		const loaded = new Set<string>();
		page.on("response", (response) => {
			const { pathname } = new URL(response.url());
			if (pathname.endsWith(".js")) loaded.add(pathname);
		});
		await page.goto(app);
		await send("Hello");
		await leftReads("4 of 5 free requests left, no reset.");
		const weigh = async (paths: Iterable<string>) => {
			let bytes = 0;
			for (const path of paths) bytes += gzipSync(Buffer.from(await (await fetch(app + path)).arrayBuffer()), { level: 9 }).length;
			return bytes / 1024;
		};
		const [initial, first] = [await weigh(named), await weigh(loaded)];
		console.log(`JavaScript of /: ${initial.toFixed(1)} KiB gzip named in the HTML, ${first.toFixed(1)} KiB before the first answer`);
		expect(named.size).toBeGreaterThan(0);
		expect(initial).toBeLessThan(160);
		expect(first).toBeLessThan(210);
	});
});

describe("a running answer", () => {
	test("is there whole after a reload in its middle, in a second tab, and was counted once", async () => {
		await model({ chunks: 60, chunkMs: 50 });
		await page.goto(app);
		await send("A long one, please");
		await page.getByRole("button", { name: "Stop", exact: true }).waitFor();
		await page.waitForURL(/\/c\//);
		const other = await context.newPage();
		await Promise.all([page.reload(), other.goto(page.url())]);
		for (const tab of [page, other]) {
			await tab.getByTestId("left").filter({ hasText: "4 of 5 free requests left, no reset." }).waitFor();
			await tab.getByRole("button", { name: "Stop", exact: true }).waitFor({ state: "detached" });
		}
		const texts = await Promise.all([page, other].map((tab) => tab.getByRole("article", { name: "Answer" }).last().innerText()));
		expect(texts[0]).toBe(texts[1]);
		await page.reload();
		await leftReads("4 of 5 free requests left, no reset.");
	});

	test("is stopped by the button, and says whether it was counted", async () => {
		await model({ chunks: 400, chunkMs: 30 });
		await page.goto(app);
		await send("Too long");
		await answer()
			.filter({ hasText: /\w+ \w+/ })
			.waitFor();
		await page.getByRole("button", { name: "Stop", exact: true }).click();
		await answer().getByText("You stopped this answer.").waitFor();
		await leftReads("4 of 5 free requests left, no reset.");
	});

	test("that fails costs nothing, says so, and can be tried again", async () => {
		await model({ failAfterChunks: 3, chunks: 9 });
		await page.goto(app);
		await send("Will break");
		await answer().getByText("That answer failed, so it was not counted.").waitFor();
		await leftReads("5 of 5 free requests left, no reset.");
		await model({});
		await page.getByRole("button", { name: "Try again" }).click();
		await leftReads("4 of 5 free requests left, no reset.");
		await page.getByText("That answer failed").waitFor({ state: "detached" });
	});
});

describe("a message", () => {
	test("that does not get through is kept, and sent again counts once", async () => {
		await page.goto(app);
		await page.waitForLoadState("networkidle");
		await context.setOffline(true);
		// The first time not even the part of the page that sends is there yet.
		await send("Into the tunnel");
		await page.getByText("Your message did not get through.").waitFor();
		await context.setOffline(false);
		await composer().blur();
		await Promise.all([page.waitForResponse(/live-chat.*\.js$/), composer().focus()]);
		await context.setOffline(true);
		await composer().press("Enter");
		await page.getByText("Your message did not get through.").waitFor();
		await context.setOffline(false);
		await page.getByRole("status").getByRole("button", { name: "Try again" }).click();
		await leftReads("4 of 5 free requests left, no reset.");
		expect(await page.getByRole("article", { name: "You" }).count()).toBe(1);
	});

	test("half written is there again after a reload", async () => {
		await page.goto(app);
		await page.waitForLoadState("networkidle");
		await composer().fill("Not yet sent");
		await page.reload();
		await expect.poll(() => composer().inputValue()).toBe("Not yet sent");
	});

	test("is written, sent, and its chat deleted with the keyboard alone", async () => {
		await page.goto(app);
		for (let tabs = 0; tabs < 30 && !(await composer().evaluate((element) => element === document.activeElement)); tabs += 1)
			await page.keyboard.press("Tab");
		await page.keyboard.type("By hand");
		await page.keyboard.press("Enter");
		await leftReads("4 of 5 free requests left, no reset.");
		await page.getByRole("button", { name: /^Delete “By hand”/ }).focus();
		await page.keyboard.press("Enter");
		await page.getByRole("dialog").getByRole("button", { name: "Delete" }).focus();
		await page.keyboard.press("Enter");
		await page.waitForURL(`${app}/`);
		await leftReads("4 of 5 free requests left, no reset.");
	});
});

describe("every page", () => {
	const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

	test.each(["/", "/pricing", "/sign-in", "/sign-up", "/nowhere"])(
		"%s has nothing that axe finds serious, in light and dark, on desktop and phone",
		async (path) => {
			for (const colorScheme of ["light", "dark"] as const) {
				for (const viewport of [
					{ width: 1440, height: 900 },
					{ width: 390, height: 844 },
				]) {
					await page.emulateMedia({ colorScheme });
					await page.setViewportSize(viewport);
					await page.goto(app + path);
					await page.evaluate(axe);
					const found = await page.evaluate("axe.run().then(({ violations }) => violations.map(({ id, impact }) => impact + ' ' + id))");
					expect((found as string[]).filter((line) => /^(serious|critical)/.test(line))).toEqual([]);
					expect(await page.evaluate("document.documentElement.scrollWidth > innerWidth"), "sideways overflow").toBe(false);
				}
			}
		},
	);

	test("is there without JavaScript", async () => {
		const plain = await browser.newContext({ javaScriptEnabled: false });
		const bare = await plain.newPage();
		await bare.goto(app);
		await bare.getByText("5 of 5 free requests left, no reset.").waitFor();
		await bare.goto(`${app}/pricing`);
		await bare.getByText("$7.99").first().waitFor();
		await plain.close();
	});
});
