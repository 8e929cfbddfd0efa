// `npm run gallery`: takes a picture of every page and state, on a phone and a desktop, in light and dark, and writes docs/gallery. Takes about ten
// minutes.
//
//   -- chat account   only the states whose names contain one of these

import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium, type Page } from "playwright-core";
import { Stage, startForGallery } from "./gallery/stage.ts";
import { STATES, type State } from "./gallery/states.ts";

const FOLDER = new URL("../../../docs/gallery/", import.meta.url).pathname;
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };
const THEMES = ["light", "dark"] as const;
/** Of 100. Text stays sharp, and a picture has about 20 KB. */
const QUALITY = 70;

const { positionals } = parseArgs({ allowPositionals: true });

const fileOf = ({ name }: State, size: string, theme: string) => `${name}-${size}-${theme}.webp`;

/** Pictures of what the page shows. It follows size and theme without a reload. */
async function takePictures(page: Page, state: State): Promise<void> {
	const devtools = await page.context().newCDPSession(page);
	for (const [size, viewport] of Object.entries(SIZES)) {
		await page.setViewportSize(viewport);
		for (const theme of THEMES) {
			await page.emulateMedia({ colorScheme: theme });
			await page.evaluate(async () => {
				await document.fonts.ready;
				await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
				await Promise.all(document.getAnimations().map(({ finished }) => finished.catch(() => {})));
			});
			const { data } = await devtools.send("Page.captureScreenshot", { format: "webp", quality: QUALITY });
			writeFileSync(join(FOLDER, fileOf(state, size, theme)), Buffer.from(data, "base64"));
		}
	}
}

function writeIndex(): void {
	const commit = execFileSync("git", ["rev-parse", "--short=10", "HEAD"], { encoding: "utf8" }).trim();
	const cells = (state: State) =>
		Object.entries(SIZES)
			.flatMap(([size, { width }]) =>
				THEMES.map((theme) => `<img src="${fileOf(state, size, theme)}" width="${Math.round(width / 3)}" alt="${size}, ${theme}">`),
			)
			.join(" ");
	const rows = STATES.map((state) => `## ${state.shows}\n\n${cells(state)}\n`);
	const made = `Made by \`npm run gallery\` from commit ${commit} on ${new Date().toISOString().slice(0, 10)}.`;
	const what = "Every page and state, on a phone and a desktop, in light and dark.";
	writeFileSync(join(FOLDER, "README.md"), `# Gallery\n\n${what} ${made}\n\n${rows.join("\n")}`);
}

mkdirSync(FOLDER, { recursive: true });
const product = await startForGallery();
const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
	args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const failed: string[] = [];
try {
	for (const state of STATES) {
		if (positionals.length > 0 && !positionals.some((part) => state.name.includes(part))) continue;
		const stage = await Stage.open(product, browser);
		try {
			await state.make(stage);
			await takePictures(stage.page, state);
			console.log(state.name);
		} catch (error) {
			failed.push(state.name);
			console.error(`${state.name}: ${error instanceof Error ? error.message : error}`);
		} finally {
			await stage.close();
		}
	}
	writeIndex();
} finally {
	await browser.close();
	await product.close();
}
if (failed.length > 0) throw new Error(`no pictures of ${failed.join(", ")}`);
