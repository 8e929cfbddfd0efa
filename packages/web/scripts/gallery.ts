// `npm run gallery`: takes a picture of every page and state, on a phone and a desktop, in light and dark, and writes docs/gallery. Then makes every state
// in every other language, too. axe looks at each of them, and what it finds fails the command. Takes about seven minutes.
//
//   -- chat account   only the states whose names contain one of these

import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium, type Page } from "playwright-core";
import { LANGUAGES, type Language } from "../src/text/languages.ts";
import { faultsOf } from "./axe.ts";
import { Stage, startForGallery } from "./gallery/stage.ts";
import { STATES, type State } from "./gallery/states.ts";

const FOLDER = new URL("../../../docs/gallery/", import.meta.url).pathname;
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };
const THEMES = ["light", "dark"] as const;
/** Of 100. Text stays sharp, and a picture has about 20 KB. */
const QUALITY = 70;

const { positionals } = parseArgs({ allowPositionals: true });

const fileOf = ({ name }: State, size: string, theme: string) => `${name}-${size}-${theme}.webp`;

/** Looks at what the page shows, in every size and theme. It follows them without a reload. @returns what is wrong */
async function look(page: Page, withPictureOf?: State): Promise<string[]> {
	const devtools = await page.context().newCDPSession(page);
	const faults: string[] = [];
	for (const [size, viewport] of Object.entries(SIZES)) {
		await page.setViewportSize(viewport);
		for (const theme of THEMES) {
			await page.emulateMedia({ colorScheme: theme });
			await page.evaluate(async () => {
				await document.fonts.ready;
				await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
				await Promise.all(document.getAnimations().map(({ finished }) => finished.catch(() => {})));
			});
			if (withPictureOf) {
				const { data } = await devtools.send("Page.captureScreenshot", { format: "webp", quality: QUALITY });
				writeFileSync(join(FOLDER, fileOf(withPictureOf, size, theme)), Buffer.from(data, "base64"));
			}
			faults.push(...(await faultsOf(page)).map((fault) => `${fault} (${size}, ${theme})`));
		}
	}
	return faults;
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
const [PICTURED, ...OTHERS] = Object.keys(LANGUAGES) as [Language, ...Language[]];
const isAsked = ({ name }: State) => positionals.length === 0 || positionals.some((part) => name.includes(part));
const states = STATES.filter(isAsked);
const faulty: string[] = [];

/** Makes a state for a reader of this language, and looks at it. */
async function show(state: State, language: Language): Promise<void> {
	const stage = await Stage.open(product, browser, language);
	const name = `${state.name} (${language})`;
	try {
		await state.make(stage);
		const faults = await look(stage.page, language === PICTURED ? state : undefined);
		if (faults.length > 0) faulty.push(`${name}: ${faults.join(", ")}`);
		console.log(name, ...faults);
	} catch (error) {
		faulty.push(name);
		console.error(`${name}: ${error instanceof Error ? error.message : error}`);
	} finally {
		await stage.close();
	}
}

try {
	for (const state of states) await show(state, PICTURED);
	writeIndex();
	for (const language of OTHERS) for (const state of states) await show(state, language);
} finally {
	await browser.close();
	await product.close();
}
if (faulty.length > 0) throw new Error(`not as it should be: ${faulty.join("; ")}`);
const views = Object.keys(SIZES).length * THEMES.length * Object.keys(LANGUAGES).length;
console.log(`axe found nothing in ${states.length} states, each in ${views} views`);
