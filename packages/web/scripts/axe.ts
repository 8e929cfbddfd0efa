import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds on the page as it is shown, and whether the page overflows sideways; nothing for a page that is as it should be. */
export async function faultsOf(page: Page): Promise<string[]> {
	if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axe);
	// Colors change with a transition, and axe must see the last ones. A transition whose element leaves the page is aborted.
	await page.evaluate("Promise.allSettled(document.getAnimations().map((animation) => animation.finished))");
	const found: string[] = await page.evaluate("axe.run().then(({ violations }) => violations.map(({ id, impact }) => impact + ' ' + id))");
	const isWide = await page.evaluate("document.documentElement.scrollWidth > innerWidth");
	return isWide ? [...found, "sideways overflow"] : found;
}
