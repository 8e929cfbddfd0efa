// Draws the app's icons and the picture that shared links show, all from public/favicon.svg, into public/icons:
//   npm run icons -w @parley/web
// Needs Chromium (CHROMIUM_PATH). Run it after the mark changes; its pictures are checked in, because a build has no browser.
import { readFileSync } from "node:fs";
import { chromium, type Page } from "playwright-core";

const PAPER = "#fbfaf7";
const INK = "#1d1b17";
const publicFolder = new URL("../public/", import.meta.url).pathname;

const strokes = /\sd="([^"]+)"/.exec(readFileSync(`${publicFolder}favicon.svg`, "utf8"))?.[1];
if (!strokes) throw new Error("public/favicon.svg has no path");

/** The mark on paper. `share`: how much of the width it takes, so that a launcher's mask cuts nothing off. */
const markSvg = (size: number, share: number) =>
	`<svg xmlns="http://www.w3.org/2000/svg" width="${size * share}" height="${size * share}" viewBox="0 0 32 32">` +
	`<path d="${strokes}" fill="none" stroke="${INK}" stroke-width="3.2" stroke-linecap="round"/></svg>`;

const centred = (content: string) =>
	`<body style="margin:0;display:grid;place-items:center;height:100vh;background:${PAPER};color:${INK}">${content}</body>`;

const words =
	`<div style="display:flex;align-items:center;gap:72px;font-family:'Liberation Sans',Arial,sans-serif">${markSvg(300, 1)}<div>` +
	'<p style="margin:0;font-size:104px;font-weight:700;letter-spacing:-3px">Parley</p>' +
	'<p style="margin:16px 0 0;font-size:38px;line-height:1.4;color:#57534a">A quiet place to talk to AI.<br>You always see how many<br>requests you have left.</p>' +
	"</div></div>";

async function draw(page: Page, name: string, width: number, height: number, content: string): Promise<void> {
	await page.setViewportSize({ width, height });
	await page.setContent(centred(content));
	await page.screenshot({ path: `${publicFolder}icons/${name}.png` });
}

const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
	args: ["--headless", "--no-sandbox", "--disable-gpu"],
});
const page = await browser.newPage();
await draw(page, "icon-192", 192, 192, markSvg(192, 0.72));
await draw(page, "icon-512", 512, 512, markSvg(512, 0.72));
// Launchers cut a maskable icon down to a circle of 80 % of its width.
await draw(page, "maskable-512", 512, 512, markSvg(512, 0.5));
await draw(page, "apple-touch-icon", 180, 180, markSvg(180, 0.66));
await draw(page, "share", 1200, 630, words);
await browser.close();
