import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export interface View {
	width: number;
	colorScheme: "light" | "dark";
}

/**
 * Checks the page that is shown, in each of these views: axe finds nothing, nothing overflows sideways, and at most one thing is marked as the next
 * to do. The page follows width and color scheme without a reload.
 */
export async function assertAccessible(page: Page, views: View[]): Promise<void> {
	await page.evaluate(axe);
	for (const { width, colorScheme } of views) {
		await page.setViewportSize({ width, height: 900 });
		await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
		// Colors change with a transition, and axe must see the last ones. A transition whose element leaves the page is aborted.
		await page.evaluate("Promise.allSettled(document.getAnimations().map((animation) => animation.finished))");
		const found: string[] = await page.evaluate(
			"axe.run().then(({ violations }) => violations.map(({ id, impact }) => impact + ' ' + id))",
		);
		const where = `${page.url()} at ${width} in ${colorScheme}`;
		expect(found, where).toEqual([]);
		expect(await page.evaluate("document.documentElement.scrollWidth > innerWidth"), `sideways overflow: ${where}`).toBe(false);
		expect(await page.locator(".button-next").count(), `things to do next: ${where}`).toBeLessThanOrEqual(1);
	}
}
