import { gzipSync } from "node:zlib";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { assertAccessible } from "./accessible.ts";
import { Parley } from "./parley.ts";

// How answers are rendered, and what a reader can do with them.

let parley: Parley;
let context: BrowserContext;
let page: Page;
/** The scripts that the page has loaded, by path. */
let scripts: Set<string>;

beforeAll(async () => {
	parley = await Parley.start();
});
afterAll(() => parley?.close());

beforeEach(async () => {
	await context?.close();
	context = await parley.browser.newContext();
	context.setDefaultTimeout(45_000);
	await context.grantPermissions(["clipboard-read", "clipboard-write"]);
	page = await context.newPage();
	scripts = new Set();
	page.on("response", (response) => {
		const { pathname } = new URL(response.url());
		if (pathname.endsWith(".js")) scripts.add(pathname);
	});
});

const answer = () => page.getByRole("article", { name: "Answer" }).last();
const clipboard = () => page.evaluate(() => navigator.clipboard.readText());

/** Sets the text of the model's next answers, which arrives in a few pieces. */
async function modelSays(markdown: string): Promise<void> {
	const size = Math.max(20, Math.ceil(markdown.length / 8));
	const event = (delta: object, finish: string | null = null) =>
		`data: ${JSON.stringify({ id: "a", object: "chat.completion.chunk", created: 1, model: "sandbox", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
	const pieces = Array.from({ length: Math.ceil(markdown.length / size) }, (_, at) => markdown.slice(at * size, (at + 1) * size));
	const parts = [...pieces.map((content) => event({ content })), `${event({}, "stop")}data: [DONE]\n\n`];
	await parley.control("faults", { model: { wires: { sandbox: { parts } } } });
}

/** Asks for an answer with this text in a new chat, and waits for its end. */
async function answerWith(markdown: string): Promise<void> {
	await modelSays(markdown);
	await page.goto(parley.app);
	await page.locator("button[type=submit]").waitFor();
	await page.getByRole("textbox", { name: "Message", exact: true }).fill("Go on");
	await page.keyboard.press("Enter");
	await answer().getByRole("button", { name: "Copy the answer", exact: true }).waitFor();
}

const LONG_LINE = `const total = ${Array.from({ length: 40 }, (_, at) => `price${at}`).join(" + ")};`;
const WHOLE = `# Title

It costs $5 or $10, and **US$6**. Where $x^2 + y_1$ and \\(\\alpha\\):

$$
\\{x_i\\} = \\frac{1}{2}
$$

\`\`\`js
// A comment
const a = "one";
${LONG_LINE}
\`\`\`

| item, or so | price |
|---|--:|
| *tea* | 2 |
| "milk" | 1 |

<details><summary>More</summary>

Hidden **text**.

</details>

מחיר: 5 שקלים

- שלום
- עולם

Let \`x\` be 1.[^1]

[^1]: A note.
`;

describe("an answer", () => {
	test("loads KaTeX and the grammar of its code on demand, renders formulas, leaves prices alone, and stays within 380 KiB", async () => {
		await answerWith("Plain **text**, for $5 or $10.");
		await answer().locator("strong").waitFor();
		expect(await answer().locator(".prose").innerText()).toBe("Plain text, for $5 or $10.");
		const before = new Set(scripts);
		expect([...before].filter((path) => /katex|typeset|highlight|javascript/.test(path))).toEqual([]);

		await answerWith(WHOLE);
		await answer().locator(".katex").nth(2).waitFor();
		await answer().locator("pre span[style*=color]", { hasText: '"one"' }).waitFor();
		await answer().getByText("It costs $5 or $10, and US$6.").waitFor();
		expect(await answer().locator(".katex-display").count()).toBe(1);
		expect(await answer().locator("pre").innerText()).toContain(`const a = "one";\n${LONG_LINE}`);
		let bytes = 0;
		for (const path of scripts) bytes += gzipSync(Buffer.from(await (await fetch(parley.app + path)).arrayBuffer()), { level: 9 }).length;
		console.log(`JavaScript of / after an answer with code and formulas: ${(bytes / 1024).toFixed(1)} KiB gzip`);
		expect(scripts.size).toBeGreaterThan(before.size);
		expect(bytes / 1024).toBeLessThan(380);

		// The server renders it, too.
		await page.reload();
		await answer().locator(".katex").nth(2).waitFor();
		await answer().locator("pre span[style*=color]", { hasText: '"one"' }).waitFor();
	});

	test("shows that long lines of code continue, scrolls them with the keyboard, and wraps them on request", async () => {
		await page.setViewportSize({ width: 390, height: 844 });
		await answerWith(WHOLE);
		const block = answer().locator(".code-block");
		const scrolledTo = () => block.locator("pre").evaluate((pre) => pre.scrollLeft);
		await expect.poll(() => block.getAttribute("data-more")).toBe("true");
		expect(await block.locator("pre").evaluate((pre) => getComputedStyle(pre).maskImage)).toContain("linear-gradient");
		await block.locator("pre").focus();
		await page.keyboard.press("ArrowRight");
		await expect.poll(scrolledTo).toBeGreaterThan(0);
		await block.locator("pre").evaluate((pre) => pre.scrollTo({ left: pre.scrollWidth }));
		await expect.poll(() => block.getAttribute("data-more")).toBe("false");
		await block.getByRole("button", { name: "Wrap lines" }).click();
		await expect.poll(() => block.locator("pre").evaluate((pre) => pre.scrollWidth - pre.clientWidth)).toBe(0);
		await block.getByRole("button", { name: "Wrap lines", pressed: true }).click();
		await expect.poll(() => block.locator("pre").evaluate((pre) => pre.scrollWidth > pre.clientWidth)).toBe(true);
		expect(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)).toBe(false);
	});

	test("can be copied as Markdown, as text, block by block, and a table as CSV", async () => {
		await answerWith(WHOLE);
		const copied = async (name: string) => {
			await page.evaluate(() => navigator.clipboard.writeText(""));
			await answer().hover();
			await answer().getByRole("button", { name, exact: true }).click();
			await expect.poll(clipboard).not.toBe("");
			return clipboard();
		};
		expect(await copied("Copy the answer")).toBe(WHOLE);
		const text = await copied("Copy as text the answer");
		expect(text).toContain("Title\n\nIt costs $5 or $10, and US$6. Where x^2 + y_1 and \\alpha:");
		expect(text).toContain("item, or so\tprice\ntea\t2\n");
		expect(await copied("Copy the code")).toBe(`// A comment\nconst a = "one";\n${LONG_LINE}`);
		expect(await copied("Copy the table")).toBe('| item, or so | price |\n|---|--:|\n| *tea* | 2 |\n| "milk" | 1 |');
		expect(await copied("Copy CSV of the table")).toBe('"item, or so",price\r\ntea,2\r\n"""milk""",1\r\n');
	});

	test("sets the direction of each block, and is accessible in both themes", async () => {
		await answerWith(WHOLE);
		await answer().locator(".katex").nth(2).waitFor();
		const directions = await answer()
			.locator(".prose > *")
			.evaluateAll((blocks) => blocks.map((block) => `${block.tagName} ${getComputedStyle(block).direction}`));
		expect(directions).toEqual(["H2 ltr", "P ltr", "DIV ltr", "DIV ltr", "DIV ltr", "DETAILS ltr", "P rtl", "UL rtl", "P ltr", "OL ltr"]);
		await answer().getByText("More", { exact: true }).click();
		expect(await answer().locator("details strong").innerText()).toBe("text");
		const views = [1280, 390].flatMap((width) => (["light", "dark"] as const).map((colorScheme) => ({ width, colorScheme })));
		await assertAccessible(page, views);
	});

	test.each([
		["3,000 quotes", ">".repeat(3_000)],
		["3,000 lists", "- ".repeat(3_000)],
		["much emphasis", "*a **b ".repeat(2_000)],
		["12,000 characters without a space", "_a_ __".repeat(2_000)],
	])("with %s opens, opens again, and its chat continues", async (_, hostile) => {
		await answerWith(`${hostile}the end`);
		const response = await page.reload();
		expect(response?.status()).toBe(200);
		expect(await page.locator(".prose").innerText()).toContain("the end");
		await modelSays("It **goes** on");
		await page.locator("button[type=submit]").waitFor();
		await page.getByRole("textbox", { name: "Message", exact: true }).fill("And now?");
		await page.keyboard.press("Enter");
		await answer().locator("strong", { hasText: "goes" }).waitFor();
	});

	test("is shown as plain text when its formatter cannot be loaded", async () => {
		await page.route(/\/formatted-answer-[^/]*\.js$/, (route) => route.abort());
		await answerWith("Some **bold** text.");
		await answer().getByText("Some **bold** text.").waitFor();
		expect(await page.getByRole("textbox", { name: "Message", exact: true }).isEnabled()).toBe(true);
	});
});
