// Draws a brand's icons and the picture that shared links show, all from its icon.svg and its name, beside that file:
//   npm run icons -w @parley/web
// Needs Chromium (CHROMIUM_PATH). Run it after the icon or the name changes; its pictures are checked in, because a build has no browser.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { brandFile, readBrand } from "../build/brand.ts";
import { en } from "../src/text/en.ts";

const PAPER = "#fbfaf7";
const INK = "#1d1b17";
const { name, files } = readBrand(brandFile(), false);
const icon = files["favicon.svg"] ?? "";
const address = `data:image/svg+xml;base64,${readFileSync(icon).toString("base64")}`;

/** The icon. `share`: how much of the width it takes, so that a launcher's mask cuts nothing off. */
const mark = (size: number, share: number) => `<img src="${address}" style="width:${size * share}px;height:${size * share}px" alt="">`;

const centred = (content: string) =>
	`<body style="margin:0;display:grid;place-items:center;height:100vh;background:${PAPER};color:${INK}">${content}</body>`;

// A longer name is smaller, so that it stays on its line.
const nameSize = Math.min(104, Math.round(1_150 / Math.max(name.length, 1)));
const words =
	`<div style="display:flex;align-items:center;gap:72px;font-family:'Liberation Sans',Arial,sans-serif">${mark(300, 1)}<div>` +
	`<p style="margin:0;font-size:${nameSize}px;font-weight:700;letter-spacing:-3px">${name.replaceAll("&", "&amp;")}</p>` +
	`<p style="margin:16px 0 0;font-size:38px;line-height:1.4;color:#57534a;max-width:560px">${en.site_description}</p>` +
	"</div></div>";

async function draw(page: Page, picture: string, width: number, height: number, content: string): Promise<void> {
	await page.setViewportSize({ width, height });
	await page.setContent(centred(content));
	await page.screenshot({ path: join(dirname(icon), `${picture}.png`) });
}

const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
	args: ["--headless", "--no-sandbox", "--disable-gpu"],
});
const page = await browser.newPage();
await draw(page, "icon-192", 192, 192, mark(192, 0.72));
await draw(page, "icon-512", 512, 512, mark(512, 0.72));
// Launchers cut a maskable icon down to a circle of 80 % of its width.
await draw(page, "maskable-512", 512, 512, mark(512, 0.5));
await draw(page, "apple-touch-icon", 180, 180, mark(180, 0.66));
await draw(page, "share", 1200, 630, words);
await browser.close();
