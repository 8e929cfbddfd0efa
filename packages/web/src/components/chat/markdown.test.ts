import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { AnswerFormatter } from "./answer-blocks.ts";
import { Markdown } from "./markdown.tsx";

const blocksOf = (text: string) => new AnswerFormatter().format([text])[0] ?? [];
const html = (text: string) =>
	renderToStaticMarkup(createElement(Markdown, { blocks: blocksOf(text) })).replace(/^<div class="prose">|<\/div>$/g, "");

test("what models write is shown as what it means", () => {
	expect(html("# One\n\n**two** *three* ~~four~~ `five`\n\n---")).toBe(
		"<h2>One</h2><p><strong>two</strong> <em>three</em> <del>four</del> <code>five</code></p><hr/>",
	);
	expect(html("3. a\n   - b\n4. c")).toBe('<ol start="3"><li>a<ul><li>b</li></ul></li><li>c</li></ol>');
	expect(html("- [x] done").match(/type="checkbox"/g)).toHaveLength(1);
	expect(html("| a | b |\n|---|--:|\n| 1 | 2 |")).toContain(
		'<th>a</th><th data-align="right">b</th></tr></thead><tbody><tr><td>1</td><td data-align="right">2</td></tr>',
	);
});

test("code that is still being written runs to the end, and nothing in it is Markdown", () => {
	expect(html("```ts\nconst a = **1** < 2;")).toContain('<pre tabindex="0"><code>const a = **1** &lt; 2;</code></pre>');
	expect(html("```ts title=a\n1\n```")).toContain("<span>ts</span>");
});

test("characters are shown once escaped, not twice", () => {
	expect(html('AT&T `a < b` \\*no\\* "q"')).toBe("<p>AT&amp;T <code>a &lt; b</code> *no* &quot;q&quot;</p>");
});

test("raw HTML is text, in a block and in a line", () => {
	for (const hostile of ["<script>alert(1)</script>", "a <img src=x onerror=alert(1)> b", "<div onclick=x>\n\nhello\n\n</div>"]) {
		expect(html(hostile)).not.toMatch(/<(script|img|div)/);
	}
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
	]) {
		expect(html(hostile)).not.toContain("href");
	}
	expect(html("![a](https://example.com/x.png)")).not.toContain("<img");
});

test("blank lines keep a list, its code and its paragraphs together", () => {
	expect(html("1. one\n\n   ```js\n   a\n\n   b\n   ```\n\n2. two").match(/<ol|<li>|<pre/g)).toEqual(["<ol", "<li>", "<pre", "<li>"]);
	expect(html("- a\n\n- b\n\nText\n\n    code\n\n> one\n\n> two")).toBe(
		`<ul><li><p>a</p></li><li><p>b</p></li></ul><p>Text</p>${html("    code")}<blockquote><p>one</p></blockquote><blockquote><p>two</p></blockquote>`,
	);
});

test("a fence ends at a fence of its own kind and length", () => {
	expect(html("````md\n```js\na\n```\n\nb\n````\nafter")).toContain("<code>```js\na\n```\n\nb</code>");
	expect(html("````md\n```js\na\n```\n\nb\n````\nafter")).toMatch(/<p>after<\/p>$/);
	expect(html("~~~\n```\n~~~\nafter")).toContain("<code>```</code>");
	expect(html("  ```\n  a\n    b\n  ```")).toContain("<code>a\n  b</code>");
});

test("a link's address may be defined in another block", () => {
	expect(html("See [the docs][1] and [a].\n\n[1]: https://example.com/docs\n[a]: <https://example.com/a>")).toBe(
		html("See [the docs](https://example.com/docs) and [a](https://example.com/a)."),
	);
	expect(html("See [1].\n\n[1]: javascript:alert(1)")).not.toContain("href");
});

test("what is too expensive to parse is shown as it was written", () => {
	expect(html(">".repeat(3_000))).toBe(`<p class="whitespace-pre-wrap">${"&gt;".repeat(3_000)}</p>`);
	expect(html("<script>".repeat(4_000))).not.toContain("<script");
});
