import { expect, test } from "vitest";
import { type Inline, parseInline, parseMarkdown } from "./markdown-parse.ts";

const text = (text: string): Inline => ({ kind: "text", text });

test("headings, paragraphs and rules are told apart", () => {
	expect(parseMarkdown("# One\n\ntwo\nthree\n\n---\n")).toEqual([
		{ kind: "heading", level: 1, text: [text("One")] },
		{ kind: "paragraph", text: [text("two\nthree")] },
		{ kind: "rule" },
	]);
});

test("code that is still being written runs to the end, and nothing in it is markdown", () => {
	expect(parseMarkdown("```ts\nconst a = **1**;\n\n# no")).toEqual([{ kind: "code", language: "ts", text: "const a = **1**;\n\n# no" }]);
});

test("lists nest, keep their start, and hold several blocks an item", () => {
	expect(parseMarkdown("3. one\n   - inner\n4. two\n\n   more")).toEqual([
		{
			kind: "list",
			ordered: true,
			start: 3,
			items: [
				[
					{ kind: "paragraph", text: [text("one")] },
					{ kind: "list", ordered: false, start: 1, items: [[{ kind: "paragraph", text: [text("inner")] }]] },
				],
				[
					{ kind: "paragraph", text: [text("two")] },
					{ kind: "paragraph", text: [text("more")] },
				],
			],
		},
	]);
});

test("a table has as many cells in every row as in its head", () => {
	expect(parseMarkdown("| a | b |\n|---|:-:|\n| 1 |\n| 2 | 3 | 4 |")).toEqual([
		{
			kind: "table",
			head: [[text("a")], [text("b")]],
			rows: [
				[[text("1")], []],
				[[text("2")], [text("3")]],
			],
		},
	]);
});

test("emphasis, code and deletion nest; marks within words and numbers are text", () => {
	expect(parseInline("**a *b* `c*`** ~~d~~")).toEqual([
		{ kind: "strong", inner: [text("a "), { kind: "emphasis", inner: [text("b")] }, text(" "), { kind: "code", text: "c*" }] },
		text(" "),
		{ kind: "deleted", inner: [text("d")] },
	]);
	expect(parseInline("snake_case_name and 2 * 3 * 4")).toEqual([text("snake_case_name and 2 * 3 * 4")]);
});

test("only web and mail addresses become links", () => {
	expect(parseInline("[a](https://example.com/x_(y)) https://example.com.")).toEqual([
		{ kind: "link", href: "https://example.com/x_(y)", inner: [text("a")] },
		text(" "),
		{ kind: "link", href: "https://example.com", inner: [text("https://example.com")] },
		text("."),
	]);
	for (const hostile of ["[a](javascript:alert(1))", "[a](data:text/html,x)", "[a](JaVaScRiPt:alert)", "![a](//evil.example)"]) {
		expect(JSON.stringify(parseInline(hostile))).not.toContain('"href"');
	}
});

test("raw HTML is text", () => {
	expect(parseMarkdown("<script>alert(1)</script>")).toEqual([{ kind: "paragraph", text: [text("<script>alert(1)</script>")] }]);
});

test("a hostile text is parsed in no time, however deep or unclosed", () => {
	const begin = performance.now();
	for (const hostile of [
		"> ".repeat(5_000),
		"**a ".repeat(8_000),
		"[".repeat(20_000),
		"`".repeat(20_001),
		"- ".repeat(5_000),
		"_a".repeat(10_000),
	]) {
		expect(parseMarkdown(hostile).length).toBeGreaterThan(0);
	}
	expect(performance.now() - begin).toBeLessThan(2_000);
});
