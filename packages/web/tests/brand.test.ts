import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { accentFaults, accentOf, contrast } from "../build/accent.ts";
import { readBrand, styled } from "../build/brand.ts";
import { inlined } from "../build/inline-texts.ts";

const folder = mkdtempSync(join(tmpdir(), "brand-"));
afterAll(() => rmSync(folder, { recursive: true }));

const own = readBrand();
mkdirSync(join(folder, "icons"));
for (const path of Object.values(own.files)) copyFileSync(path, join(folder, "icons", path.split("/").at(-1) ?? ""));
writeFileSync(join(folder, "imprint.md"), "# Imprint\nMain Street 1");
writeFileSync(join(folder, "imprint.de.md"), "Hauptstraße 1");
writeFileSync(join(folder, "logo.svg"), "<svg/>");

const valid = {
	name: "Café Nord & Söhne",
	icons: "icons",
	accent: { light: "#7a1f4f", dark: "#f2a8d0" },
	suggestedPrompts: { en: ["What is for lunch?"] },
	mailFrom: "Café Nord <mail@cafe.example>",
};

function brandOf(changes: object) {
	const path = join(folder, "brand.json");
	writeFileSync(path, JSON.stringify({ ...valid, ...changes }));
	return readBrand(path);
}

describe("a brand", () => {
	test("names the addresses of its legal pages, its support and its logo", () => {
		const brand = brandOf({
			logo: { light: "logo.svg", dark: "logo.svg" },
			support: "help@cafe.example",
			securityContact: "https://cafe.example/security",
			legal: { imprint: "imprint.md", terms: "https://cafe.example/terms" },
		});
		expect(brand.legal).toEqual({ imprint: "/imprint", privacy: null, terms: "https://cafe.example/terms" });
		expect(brand.legalTexts).toEqual({
			imprint: { en: { title: "Imprint", text: "Main Street 1" }, de: { title: null, text: "Hauptstraße 1" } },
		});
		expect([brand.support, brand.securityContact]).toEqual(["mailto:help@cafe.example", "https://cafe.example/security"]);
		expect(brand.logo).toEqual({ light: "/brand/logo-light.svg", dark: "/brand/logo-dark.svg" });
		expect(Object.keys(brand.files)).toEqual(expect.arrayContaining(["favicon.svg", "icons/share.png", "brand/logo-dark.svg"]));
	});

	test("has a file name, whatever letters its name contains", () => {
		expect(brandOf({}).slug).toBe("cafe-nord-sohne");
		expect(brandOf({ name: "語" }).slug).toBe("app");
	});

	test("without prompts in a language uses those of the first language; any other missing field stays unset", () => {
		const { prompts, logo, support, legal, systemText } = brandOf({});
		expect(prompts.de).toEqual([{ label: "What is for lunch?", text: "What is for lunch?" }]);
		expect({ logo, support, legal, systemText }).toEqual({
			logo: null,
			support: null,
			legal: { imprint: null, privacy: null, terms: null },
			systemText: "",
		});
	});

	test.each([
		[{ name: "" }, "name: is empty"],
		[{ name: "a {b}" }, "name: has a line break"],
		[{ name: "x".repeat(41) }, "name: is longer than 40 characters"],
		[{ colour: "red" }, 'Unrecognized key: "colour"'],
		[{ accent: { light: "blue", dark: "#f2a8d0" } }, "accent.light: is not a color like #23419f"],
		[{ accent: { light: "#ffd400", dark: "#f2a8d0" } }, /accent\.light: #ffd400 has a contrast of 1\.\d+ to .*; WCAG AA wants 4\.5/],
		[{ accent: { light: "#7a1f4f", dark: "#23419f" } }, /accent\.dark: #23419f has a contrast of \d\.\d+ to the dark said #272623/],
		[{ support: "help" }, "support: is neither an email address nor an https address"],
		[{ legal: { imprint: "http://cafe.example" } }, "legal.imprint: is neither an https address nor a Markdown file"],
		[{ legal: { imprint: "none.md" } }, "there is no file"],
		[{ icons: "nowhere" }, /there is no file .*icon-192\.png \(npm run icons/],
		[{ suggestedPrompts: { en: [""] } }, "suggestedPrompts.en: [0] is empty"],
		[{ mailFrom: "Café" }, 'mailFrom: is not "Name <address>"'],
	])("is refused with what is wrong: %j", (changes, message) => {
		expect(() => brandOf(changes)).toThrow(message);
		expect(() => brandOf(changes)).toThrow(`${folder}/brand.json is not a brand`);
	});

	test("that is missing or not JSON is refused by its path", () => {
		writeFileSync(join(folder, "broken.json"), "{");
		expect(() => readBrand(join(folder, "broken.json"))).toThrow("broken.json is not a brand (docs/brand.md):\n  is not JSON");
		expect(() => readBrand(join(folder, "none.json"))).toThrow("cannot be read");
	});
});

describe("the accent", () => {
	test("is measured as in WCAG, and its text color and stronger shade are derived from it", () => {
		expect(contrast("#000000", "#ffffff")).toBe(21);
		expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
		expect(accentFaults({ light: "#23419f", dark: "#a9bdff" })).toEqual([]);
		for (const shade of Object.values(accentOf({ light: "#7a1f4f", dark: "#f2a8d0" }))) {
			expect(contrast(shade.on, shade.accent)).toBeGreaterThanOrEqual(4.5);
			expect(contrast(shade.on, shade.strong)).toBeGreaterThanOrEqual(4.5);
		}
	});

	test("is checked against the colors used on the pages", () => {
		const css = readFileSync(new URL("../src/styles.css", import.meta.url), "utf8");
		const source = readFileSync(new URL("../build/accent.ts", import.meta.url), "utf8");
		for (const name of ["paper", "margin", "raised", "said"]) {
			const [, light, dark] = new RegExp(`--color-${name}: light-dark\\((#\\w+), (#\\w+)\\)`).exec(css) ?? [];
			expect(source, name).toMatch(new RegExp(`light: \\{.*${name}: "${light}"`));
			expect(source, name).toMatch(new RegExp(`dark: \\{.*${name}: "${dark}"`));
		}
		expect(styled(css, own.accent)).not.toContain("--brand-");
		expect(styled(css, own.accent)).toContain("--color-accent: light-dark(#23419f, #a9bdff)");
	});
});

test("a page's scripts contain the brand's name in place of the placeholder", () => {
	const page = `${["import { t } from", '"../../text/text.ts";'].join(" ")}\nt("share_go_to_app");`;
	expect(inlined(page, "page.tsx", "de").split("\n").at(-1)).toBe(`"Zu ${own.name}";`);
});
