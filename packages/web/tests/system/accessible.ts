import type { Page } from "playwright-core";
import { expect } from "vitest";
import { faultsOf } from "../../scripts/axe.ts";

export interface View {
	width: number;
	colorScheme: "light" | "dark";
}

/**
 * Checks the current page in each of these views: axe finds nothing, nothing overflows sideways, and at most one element is marked as the next
 * action. The page adapts to width and color scheme without a reload.
 */
export async function assertAccessible(page: Page, views: View[]): Promise<void> {
	for (const { width, colorScheme } of views) {
		await page.setViewportSize({ width, height: 900 });
		await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
		const where = `${page.url()} at ${width} in ${colorScheme}`;
		expect(await faultsOf(page), where).toEqual([]);
		expect(await page.locator(".button-next").count(), `things to do next: ${where}`).toBeLessThanOrEqual(1);
	}
}
