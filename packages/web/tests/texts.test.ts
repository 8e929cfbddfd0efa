import { globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { inlined } from "../build/inline-texts.ts";
import { PROBLEMS } from "../src/lib/http/problem.ts";
import type { Message } from "../src/text/catalogue.ts";
import { de } from "../src/text/de.ts";
import { en } from "../src/text/en.ts";
import { readAtModuleLevel, sources, textsOutside } from "./texts.ts";

const src = new URL("../src/", import.meta.url).pathname;

const placesIn = (message: Message) =>
	[message]
		.flatMap((one) => (typeof one === "string" ? [one] : [one.one, one.other]))
		.map((text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));

describe("the catalogue", () => {
	test("contains every text of the app", () => {
		const outside = sources().flatMap((file) => textsOutside(file));
		expect(outside.map(({ file, line, text }) => `${file}:${line}: ${text}`)).toEqual([]);
	});

	test("has the same keys and parameters in each language, and no empty text", () => {
		expect(Object.keys(de).sort()).toEqual(Object.keys(en).sort());
		for (const [key, message] of Object.entries<Message>(en)) {
			const german: Message = de[key as keyof typeof de];
			expect(typeof german, key).toBe(typeof message);
			const names = (one: Message) =>
				[...new Set(placesIn(one).flat())].filter((name) => typeof one === "string" || name !== "count").sort();
			expect(names(german), key).toEqual(names(message));
			for (const text of [message, german].flatMap((one) => (typeof one === "string" ? [one] : [one.one, one.other])))
				expect(text.trim(), key).not.toBe("");
		}
	});

	test("contains no unused text", () => {
		const files = globSync("**/*.{ts,tsx}", { cwd: src }).filter((file) => !/^text\/(?:en|de)\.ts$/.test(file));
		const built = ["public-files.ts", "letter.tsx"].map((file) => new URL(`../build/${file}`, import.meta.url));
		const code = [...files.map((file) => src + file), ...built];
		const quoted = new Set(code.flatMap((file) => readFileSync(file, "utf8").match(/(?<=")\w+(?=")/g) ?? []));
		const titles = Object.keys(PROBLEMS).map((problem) => `title_${problem.replaceAll("-", "_")}`);
		expect(Object.keys(en).filter((key) => !quoted.has(key) && !titles.includes(key))).toEqual([]);
		expect(titles.filter((key) => !Object.hasOwn(en, key))).toEqual([]);
	});

	test("is read inside functions only: a module constant would be in the language of the first reader", () => {
		const files = globSync("**/*.{ts,tsx}", { cwd: src }).filter((file) => !file.startsWith("text/"));
		const early = files.flatMap((file) => readAtModuleLevel(file).map((line) => `${file}:${line}`));
		expect(early).toEqual([]);
	});
});

describe("the scripts of a page", () => {
	const TEXTS = Object.entries({ rich: "rich", t: "text" })
		.map(([name, file]) => `import { ${name} } from ${JSON.stringify(`../../text/${file}.ts`)};`)
		.join("\n");
	const written = (call: string, language: "en" | "de" = "en") => inlined(`${TEXTS}\n${call}`, "page.tsx", language).split("\n").at(-1);

	test("contain the text itself in place of a call, in their language", () => {
		expect(written('const a = <b title={t("frame_pricing")}>{t("frame_close")}</b>;')).toBe(
			'const a = <b title={"Pricing"}>{"Close"}</b>;',
		);
		expect(written('t("frame_close");', "de")).toBe('"Schließen";');
	});

	test("contain its parameters in place, evaluated once", () => {
		expect(written('t("list_delete_of", { title: chat.title });')).toBe(`\`Delete “\${chat.title}”\`;`);
		expect(written('t("tally_day_left", of);')).toBe(`\`\${of.left} of \${of.limit} left today\`;`);
		expect(written('t("frame_requests", { count: next() });')).toBe(
			`((count) => count === 1 ? \`\${numberInText(count)} request\` : \`\${numberInText(count)} requests\`)(next());`,
		);
		expect(written('rich("tally_resets", { time: <i>{t("frame_close")}</i> });')).toBe('(<>{"resets at "}{<i>{"Close"}</i>}</>);');
	});

	test("are not built with a key that cannot be resolved, or with a missing parameter", () => {
		expect(() => written("t(key);")).toThrow("No literal key");
		expect(() => written('t("list_delete_of", {});')).toThrow("parameter title is missing");
	});
});

describe("the search for texts outside the catalogue", () => {
	const found = (code: string) => textsOutside("page.tsx", code).map(({ text }) => text);

	test.each([
		["<p>Your plan</p>", "Your plan"],
		['<img alt="cat" />', "cat"],
		['<button aria-label={open ? "Close" : t("x")} />', "Close"],
		['const why = "The card was declined.";', "The card was declined."],
		[`const why = \`You have \${n} left\`;`, "You have "],
		['refuse("not-found", "There is nothing here.");', "There is nothing here."],
	])("finds it in %s", (code, text) => {
		expect(found(code)).toContain(text);
	});

	test.each([
		'<p className="mt-2 text-soft">{t("frame_close")}</p>',
		`throw new Error(\`a row of \${id} is missing\`);`,
		'if (state === "Not found") logNote("a note for the log");',
		'import { x } from "Some file.ts";',
		"<kbd>Enter</kbd>",
	])("finds nothing in %s", (code) => {
		expect(found(code)).toEqual([]);
	});
});
