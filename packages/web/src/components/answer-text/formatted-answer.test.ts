import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { bareHtml, CASES, faultOf } from "./cases.ts";
import { FormattedAnswer } from "./formatted-answer.tsx";

const html = (text: string) => renderToStaticMarkup(createElement(FormattedAnswer, { text }));
const bare = (text: string) => bareHtml(html(text)).replace(/^<div>|<\/div>$/g, "");

test.each(CASES)("$name: renders the expected HTML", (one) => {
	expect(faultOf(one, html(one.markdown))).toBeUndefined();
});

test("headings of each level are distinct, below the page's h1", () => {
	expect(bare("# 1\n## 2\n### 3\n#### 4\n##### 5\n###### 6")).toBe("<h2>1</h2><h3>2</h3><h4>3</h4><h5>4</h5><h6>5</h6><h6>6</h6>");
});

test("heading levels are never skipped, whatever the first one is, and a heading keeps its own style", () => {
	expect(bare("### 3\n##### 5\n# 1\n### 3\n\n> #### quoted")).toBe(
		"<h2>3</h2><h3>5</h3><h2>1</h2><h3>3</h3><blockquote><h4>quoted</h4></blockquote>",
	);
	expect(html("### 3")).toContain('<h2 dir="auto" class="depth-3">');
});

test("raw HTML is text, in a block and in a line", () => {
	for (const hostile of [
		"<script>alert(1)</script>",
		"a <img src=x onerror=alert(1)> b",
		"<div onclick=x>\n\nhello\n\n</div>",
		"<sub onclick=alert(1)>x</sub>",
		"<details ontoggle=alert(1)>\nx\n</details>",
		"<br onload=x>",
	])
		expect(html(hostile)).not.toMatch(/<(script|img|div on|\w+ on)/);
});

test("only web and mail addresses become links, and no picture is loaded", () => {
	expect(html("[a](https://example.com/x) <b@example.com>")).toContain(
		'href="https://example.com/x" target="_blank" rel="noopener noreferrer nofollow"',
	);
	for (const hostile of [
		"[a](javascript:alert(1))",
		"[a](JaVaScRiPt:alert)",
		"[a](data:text/html,x)",
		"[a](//evil.example)",
		"[a](vbscript:x)",
		"[a](java&#x73;cript:x)",
		"<javascript:alert(1)>",
		"See [1].\n\n[1]: javascript:alert(1)",
	])
		expect(html(hostile)).not.toContain("href");
	expect(html("![a](https://example.com/x.png)")).not.toContain("<img");
});

test("code that is still streaming runs to the end, and contains no Markdown", () => {
	expect(html("```ts title=a\nconst a = **1** < 2;")).toContain("<pre><code>const a = **1** &lt; 2;</code></pre>");
	expect(html("```ts title=a\n1\n```")).toContain("ts</span>");
	expect(html("~~~\n```\n~~~\nafter")).toContain("<code>```</code>");
	expect(html("  ```\n  a\n    b\n  ```")).toContain("<code>a\n  b</code>");
	expect(html("```make\nall:\n\tcc\n```")).toContain("all:\n\tcc");
});

test("each block has its own direction, and a list that of its first letter", () => {
	expect(html("مرحبا\n\nHello\n\n- שלום\n- b\n\n> ‏1. مرحبا")).toMatch(
		/<p dir="auto">مرحبا.*<p dir="auto">Hello.*<ul dir="rtl"><li dir="auto">.*<blockquote dir="rtl">/,
	);
	expect(html("| שם | b |\n|--|--|\n| c | d |")).toContain('class="table-block" data-more="false" dir="rtl"');
	expect(html("```\nשלום\n```")).toContain('class="code-block" dir="ltr"');
});

test("footnotes are numbered by first mention, and unreferenced ones come last", () => {
	const text = bare("One[^b], two[^a], again[^b].\n\n[^x]: Lost\n[^a]: Kant\n[^b]: Hume\n    and *more*");
	expect(text.match(/<sup><a[^>]*>\d/g)?.map((link) => link.at(-1))).toEqual(["1", "2", "1"]);
	expect(text).toMatch(/<ol>.*Hume\nand <em>more<\/em>.*↩.*Kant.*↩.*Lost<\/p><\/li><\/ol>/s);
	expect(bare("No such[^1] note.")).toContain("No such[^1] note.");
});

test("the footnotes of two answers have different ids", () => {
	const text = "a[^1]\n\n[^1]: b";
	const page = renderToStaticMarkup(
		createElement("main", null, createElement(FormattedAnswer, { text }), createElement(FormattedAnswer, { text })),
	);
	const ids = [...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
	expect(ids).toHaveLength(4);
	expect(new Set(ids).size).toBe(4);
});

test("a formula is shown raw until KaTeX is loaded", () => {
	expect(html("a $x_1$ b")).toContain('<span dir="ltr" class="formula whitespace-pre-wrap">$x_1$</span>');
	expect(html("$$\n\\frac{1}{2")).toContain("$$\n\\frac{1}{2");
});

test("blank lines do not split a list, its code or its paragraphs", () => {
	expect(bare("- a\n\n- b\n\nText\n\n> one\n\n> two")).toBe(
		"<ul><li><p>a</p></li><li><p>b</p></li></ul><p>Text</p><blockquote><p>one</p></blockquote><blockquote><p>two</p></blockquote>",
	);
});
