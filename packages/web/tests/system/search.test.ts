import { mkdirSync } from "node:fs";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { assertAccessible } from "./accessible.ts";
import { Parley } from "./parley.ts";

// Web search: its switch, its price, its progress, and the sources.

/** A phone and a desktop, in both themes. */
const VIEWS = [390, 1200].flatMap((width) => (["light", "dark"] as const).map((colorScheme) => ({ width, colorScheme })));

let parley: Parley;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
	parley = await Parley.start();
});
afterAll(() => parley?.close());

beforeEach(async () => {
	await context?.close();
	context = await parley.browser.newContext();
	context.setDefaultTimeout(45_000);
	page = await context.newPage();
	await parley.control("faults", { model: { firstTokenMs: 5, chunkMs: 1 } });
	await parley.openAccount(context.request);
	await page.goto(parley.app);
	await page.locator("button[type=submit]").waitFor();
});

const composer = () => page.getByRole("textbox", { name: "Message", exact: true });
const search = () => page.getByRole("switch", { name: /^Web search/ });
const answer = () => page.getByRole("article", { name: "Answer" }).last();
const sources = () => answer().getByRole("region", { name: "Sources" });
const used = () => page.evaluate<number>('fetch("/api/usage").then((response) => response.json()).then(({ used }) => used)');

async function send(text: string): Promise<void> {
	await composer().fill(text);
	await composer().press("Enter");
}

/** Takes screenshots of a state in both themes and sizes, if SCREENSHOTS names a folder. */
async function picture(name: string): Promise<void> {
	const folder = process.env.SCREENSHOTS;
	if (!folder) return;
	mkdirSync(folder, { recursive: true });
	for (const [size, viewport] of Object.entries({ desktop: { width: 1200, height: 800 }, phone: { width: 390, height: 844 } })) {
		await page.setViewportSize(viewport);
		for (const colorScheme of ["light", "dark"] as const) {
			await page.emulateMedia({ colorScheme });
			await page.screenshot({ path: `${folder}/search-${name}-${size}-${colorScheme}.png` });
		}
	}
	await page.setViewportSize({ width: 1200, height: 800 });
	await page.emulateMedia({ colorScheme: "light" });
}

test("search is switched on with its price, reports that it is searching, and ends with numbered sources", async () => {
	expect(await search().getAttribute("aria-checked")).toBe("false");
	expect(await search().innerText()).toContain("+1 request each");
	await picture("off");
	await search().click();
	await send("What is the latest about Etna?");
	await sources().waitFor();
	await page.getByRole("button", { name: "Send", exact: true }).waitFor();
	expect(await page.getByText(/Searching the web for/).count()).toBe(0);
	const first = sources().getByRole("link").first();
	expect(await first.getAttribute("rel")).toBe("noopener noreferrer nofollow");
	expect(await first.innerText()).toContain("Etna");
	const mark = answer().locator('.prose a[title^="Source 1"]').first();
	expect(await mark.getAttribute("href")).toBe(await first.getAttribute("href"));
	expect(await used()).toBe(2);
	await assertAccessible(page, VIEWS);

	await answer().getByRole("button", { name: "Why" }).click();
	await answer().getByText("Web searches").waitFor();
	expect(await answer().locator("dl").innerText()).toMatch(/Counted\s+2 requests[\s\S]*Web searches\s+1/);
	await assertAccessible(page, VIEWS);
	await picture("answer");

	// The switch belongs to the chat, and the sources are in the first paint.
	await page.reload();
	await sources().waitFor();
	await expect.poll(() => search().getAttribute("aria-checked")).toBe("true");
	await page.goto(parley.app);
	await expect.poll(() => search().isEnabled()).toBe(true);
	expect(await search().getAttribute("aria-checked")).toBe("false");
});

test("search shows its query while running, and can be stopped", async () => {
	// Long enough for all the checks.
	await parley.control("faults", { model: { firstTokenMs: 5 }, api: [{ path: "/search/searxng", delayMs: 4_000 }] });
	await search().click();
	await send("The latest about Etna? Search 8 times");
	await answer().getByText("Searching the web for “The latest about Etna? Search 8 times”…").waitFor();
	await picture("searching");
	await assertAccessible(page, VIEWS.slice(0, 1));
	await page.getByRole("button", { name: "Stop", exact: true }).click();
	await page.getByRole("button", { name: "Send", exact: true }).waitFor();
	await expect.poll(() => page.getByText(/Searching the web for/).count()).toBe(0);
	expect(await used()).toBe(0);
});

test("a failed search costs nothing, and the answer continues", async () => {
	await parley.control("faults", { model: { firstTokenMs: 5, chunkMs: 1 }, api: [{ path: "/search/searxng", status: 429 }] });
	await search().click();
	await send("What is the latest about Etna?");
	await answer().getByText("I could not search").waitFor();
	await page.getByRole("button", { name: "Send", exact: true }).waitFor();
	expect(await sources().count()).toBe(0);
	expect(await used()).toBe(1);
});

test("a search is announced once", async () => {
	await page.evaluate(`
		window.announced = [];
		new MutationObserver(() => {
			const text = document.querySelector("main > [aria-live=polite].sr-only")?.textContent;
			if (text && window.announced.at(-1) !== text) window.announced.push(text);
		}).observe(document.body, { childList: true, characterData: true, subtree: true });
	`);
	await search().click();
	await send("The latest about Etna? Search 3 times");
	await sources().waitFor();
	const announced = () => page.evaluate<string[]>("window.announced");
	await expect.poll(async () => (await announced()).at(-1) ?? "").toContain("Answer complete.");
	expect((await announced()).filter((text) => text === "Searching the web.")).toHaveLength(1);
	expect((await announced()).length).toBeLessThanOrEqual(3);
});
