import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Markdown } from "./markdown.tsx";

const html = (text: string) => renderToStaticMarkup(createElement(Markdown, { text })).replace(/^<div class="prose">|<\/div>$/g, "");

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

test("a hostile text is parsed in bounded time, however deep or unclosed", () => {
	const hostile = ["> ".repeat(500), "**a ".repeat(8_000), "[".repeat(20_000), "`".repeat(20_001), "_a".repeat(10_000)];
	for (const text of hostile) expect(html(text).length).toBeGreaterThan(0);
});
