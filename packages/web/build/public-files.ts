import { readFileSync } from "node:fs";
import type { Catalogue, Key } from "../src/text/catalogue.ts";
import { de } from "../src/text/de.ts";
import { en } from "../src/text/en.ts";
import type { Language } from "../src/text/languages.ts";
import { readBrand, styled } from "./brand.ts";

const catalogues: Record<Language, Catalogue> = { en, de };

/** Files in public/ with text for readers, by name, with their text keys. */
const FILES: Record<string, readonly Key[]> = {
	"offline.html": ["offline_title", "offline_text", "frame_try_again"],
	"manifest.webmanifest": ["site_description"],
};

/** The same files with the brand, in one language: "offline.html", "offline.de.html". @throws {Error} if a file lacks the English text */
export function publicFilesIn(language: Language): { fileName: string; source: string }[] {
	const { name, accent } = readBrand();
	return Object.entries(FILES).map(([file, keys]) => {
		let source = readFileSync(new URL(`../public/${file}`, import.meta.url), "utf8").replace('lang="en"', `lang="${language}"`);
		for (const key of keys) {
			if (!source.includes(String(en[key]))) throw new Error(`public/${file} does not say "${en[key]}"`);
			source = source.replaceAll(String(en[key]), String(catalogues[language][key]));
		}
		const written = file.endsWith(".html") ? name.replaceAll("&", "&amp;") : JSON.stringify(name).slice(1, -1);
		source = styled(
			source.replaceAll("%name%", () => written),
			accent,
		);
		return { fileName: language === "en" ? file : file.replace(".", `.${language}.`), source };
	});
}
