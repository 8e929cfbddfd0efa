import { type Browser, chromium } from "playwright-core";

/** Opens headless Chromium. `npm test` installs it, or explains how (scripts/test.mjs). */
export function openBrowser(): Promise<Browser> {
	return chromium.launch({
		executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
		args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
	});
}
