import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readBrand } from "../build/brand.ts";
import { publicFilesIn } from "../build/public-files.ts";

// What browsers, launchers and crawlers read besides the pages: files in public/ and from the brand, which repeat some of the app's own values.

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
const manifest: {
	theme_color: string;
	background_color: string;
	icons: { src: string; sizes: string; type: string; purpose?: string }[];
} = JSON.parse(publicFilesIn("en").find(({ fileName }) => fileName === "manifest.webmanifest")?.source ?? "");
const { files: pictures } = readBrand();

const [, light = "", dark = ""] = /--color-paper: light-dark\((#\w{6}), (#\w{6})\)/.exec(read("src/styles.css")) ?? [];

/** Width and height of a PNG, from its header. */
function sizeOfPng(file: string): string {
	const bytes = readFileSync(pictures[file.slice(1)] ?? "");
	expect(bytes.subarray(1, 4).toString(), file).toBe("PNG");
	return `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`;
}

test("the browser's bars have the page's color, in both themes and in the app's window", () => {
	expect(light).toMatch(/^#/);
	for (const file of ["src/routes/__root.tsx", "public/offline.html"]) {
		const colors = [...read(file).matchAll(/name="theme-color" media="\(prefers-color-scheme: (\w+)\)" content="(#\w+)"/g)];
		expect(
			colors.map(([, theme, color]) => [theme, color]),
			file,
		).toEqual([
			["light", light],
			["dark", dark],
		]);
	}
	expect([manifest.theme_color, manifest.background_color]).toEqual([light, light]);
});

test("an installed app has its icons, in the sizes that the manifest states", () => {
	const drawn = manifest.icons.filter(({ type }) => type === "image/png");
	for (const { src, sizes } of drawn) expect(sizeOfPng(src), src).toBe(sizes);
	// What Chromium installs with, and what a launcher may crop.
	expect(drawn.map(({ sizes }) => sizes)).toEqual(expect.arrayContaining(["192x192", "512x512"]));
	expect(drawn.some(({ purpose }) => purpose === "maskable")).toBe(true);
	expect(sizeOfPng("/icons/apple-touch-icon.png")).toBe("180x180");
	expect(sizeOfPng("/icons/share.png")).toBe("1200x630");
});

test("every file named by a page's head or by the manifest exists", () => {
	const named = [...read("src/routes/__root.tsx").matchAll(/"(\/[\w/.-]+\.\w+)"/g)].map(([, path = ""]) => path);
	const files = [...named, ...manifest.icons.map(({ src }) => src)];
	expect(files.length).toBeGreaterThan(5);
	for (const file of files) expect(file.slice(1) in pictures || existsSync(new URL(`../public${file}`, import.meta.url)), file).toBe(true);
});

test("the logo is the same wherever it is drawn", () => {
	const [, mark = ""] = /<path d="([^"]+)"/.exec(read("../../brand/icons/icon.svg")) ?? [];
	expect(read("public/offline.html")).toContain(`<path d="${mark}"`);
	const strokes = [...read("src/components/tally/tally-icon.tsx").matchAll(/"(M[\d. v]+)"/g)].map(([, stroke]) => stroke);
	expect(strokes.join("")).toBe(mark);
});

test("crawlers are kept out of private pages, and may read that a shared chat must not be listed", () => {
	const robots = read("public/robots.txt");
	for (const path of ["/api/", "/c/", "/account"]) expect(robots).toContain(`Disallow: ${path}\n`);
	expect(robots).not.toMatch(/Disallow: \/(s\/)?$/m);
});
