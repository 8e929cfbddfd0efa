import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, test } from "vitest";
import { bareHtml } from "./cases.ts";
import { FormattedAnswer } from "./formatted-answer.tsx";

// Corner cases of Markdown that models produce, each with its expected HTML. Only the attributes href, start, title and type are compared.

const html = (text: string) => renderToStaticMarkup(createElement(FormattedAnswer, { text }));
const bare = (text: string) => bareHtml(html(text)).replace(/^<div>|<\/div>$/g, "");
/** The part of a block with buttons that holds its text. */
const core = (text: string) => bare(text).replace(/<div>|<\/div>|<button.*?<\/button>|<span>[\w+#`-]*<\/span>/g, "");
const link = (href: string, text: string, title = "") => `<a href="${href}"${title && ` title="${title}"`}>${text}</a>`;
const BOX = '<input type="checkbox"/>';

const table = (name: string, rows: [markdown: string, expected: string][]) =>
	describe(name, () => {
		test.each(rows)("%j", (markdown, expected) => {
			expect(core(markdown)).toBe(expected);
		});
	});

table("lists", [
	["- [ ] a\n  - [X] b", `<ul><li>${BOX}a<ul><li>${BOX}b</li></ul></li></ul>`],
	["1. [ ] a", `<ol><li>${BOX}a</li></ol>`],
	["- [x]no space", "<ul><li>[x]no space</li></ul>"],
	["1. a\n   1. b\n   2. c\n2. d", "<ol><li>a<ol><li>b</li><li>c</li></ol></li><li>d</li></ol>"],
	["- a\n\n  5. b\n  6. c", '<ul><li><p>a</p><ol start="5"><li>b</li><li>c</li></ol></li></ul>'],
	["1. a\n    - b\n        - c\n2. d", "<ol><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li><li>d</li></ol>"],
	["2) a\n3) b", '<ol start="2"><li>a</li><li>b</li></ol>'],
	["* a\n+ b", "<ul><li>a</li></ul><ul><li>b</li></ul>"],
	["- a\n\n  b\n- c", "<ul><li><p>a</p><p>b</p></li><li><p>c</p></li></ul>"],
	["- a\nlazy", "<ul><li>a\nlazy</li></ul>"],
	["In the year\n1986. Great", "<p>In the year\n1986. Great</p>"],
	["Text\n- a\n- b", "<p>Text</p><ul><li>a</li><li>b</li></ul>"],
	["1\\. no", "<p>1. no</p>"],
	["-no\n\n* * *", "<p>-no</p><hr/>"],
	["- ```js\n  a\n  ```\n- b", "<ul><li><pre><code>a</code></pre></li><li>b</li></ul>"],
	["1. a\n\n       code\n2. b", "<ol><li><p>a</p><pre><code>code</code></pre></li><li><p>b</p></li></ol>"],
	["- > a\n  > b", "<ul><li><blockquote><p>a\nb</p></blockquote></li></ul>"],
]);

table("headings and breaks", [
	["Title\n===\n\nSub\n---", "<h2>Title</h2><h3>Sub</h3>"],
	["a\nb\n===", "<h2>a\nb</h2>"],
	["# a #\n## b \\#", "<h2>a</h2><h3>b #</h3>"],
	["#no\n\n####### no", "<p>#no</p><p>####### no</p>"],
	["a  \nb\\\nc\nd", "<p>a<br/>b<br/>c\nd</p>"],
	["a<br>b<br/>c<BR />d", "<p>a<br/>b<br/>c<br/>d</p>"],
]);

table("code", [
	["    a\n    b\n\n    c\n\nd", "<pre><code>a\nb\n\nc</code></pre><p>d</p>"],
	['```js title="a b"\nx\n```', "<pre><code>x</code></pre>"],
	["``` c++\nx\n````\nafter", "<pre><code>x</code></pre><p>after</p>"],
	["`````\n````\n```\n`````", "<pre><code>````\n```</code></pre>"],
	["~~~ `b`\n```\n~~~", "<pre><code>```</code></pre>"],
	["```\n**a** <b> &amp;", "<pre><code>**a** &lt;b&gt; &amp;amp;</code></pre>"],
	["`` a`b `` and `\\*`", "<p><code>a`b</code> and <code>\\*</code></p>"],
	["`a` `b", "<p><code>a</code> `b</p>"],
]);

table("links", [
	['[a](https://b.co "t")', `<p>${link("https://b.co", "a", "t")}</p>`],
	["[a](https://b.co 'say \"q\"')", `<p>${link("https://b.co", "a", "say &quot;q&quot;")}</p>`],
	['[a](https://b.co "&quot;&amp;&quot;")', `<p>${link("https://b.co", "a", "&quot;&amp;&quot;")}</p>`],
	["[a](<https://b.co/x y>)", `<p>${link("https://b.co/x y", "a")}</p>`],
	["[a](https://b.co/x_(y))", `<p>${link("https://b.co/x_(y)", "a")}</p>`],
	["[**a** `b`](https://b.co)", `<p>${link("https://b.co", "<strong>a</strong> <code>b</code>")}</p>`],
	["[a [b]](https://b.co)", `<p>${link("https://b.co", "a [b]")}</p>`],
	[
		"[foo][Bar] [bar][] [bar]\n\n[bAR]: https://b.co 'T'",
		`<p>${["foo", "bar", "bar"].map((text) => link("https://b.co", text, "T")).join(" ")}</p>`,
	],
	["[a][no] [no]", "<p>[a][no] [no]</p>"],
	["> [a]: https://b.co\n\n[a]", `<blockquote></blockquote><p>${link("https://b.co", "a")}</p>`],
	["[a b](tel:1) [c d](x.html)", "<p><span>a b</span> <span>c d</span></p>"],
	[
		"[mail](mailto:a@b.co) <a@b.co> <https://b.co>",
		`<p>${link("mailto:a@b.co", "mail")} ${link("mailto:a@b.co", "a@b.co")} ${link("https://b.co", "https://b.co")}</p>`,
	],
]);

table("addresses in text", [
	["www.b.co/help.", `<p>${link("http://www.b.co/help", "www.b.co/help")}.</p>`],
	["(see https://b.co/a(b))", `<p>(see ${link("https://b.co/a(b)", "https://b.co/a(b)")})</p>`],
	["https://b.co/?a=1&b=2, and", `<p>${link("https://b.co/?a=1&amp;b=2", "https://b.co/?a=1&amp;b=2")}, and</p>`],
	["https://b.co/a&lt;", `<p>${link("https://b.co/a", "https://b.co/a")}&lt;</p>`],
	["https://b.co/a<br>c", `<p>${link("https://b.co/a", "https://b.co/a")}<br/>c</p>`],
	["**https://b.co/a** b", `<p><strong>${link("https://b.co/a", "https://b.co/a")}</strong> b</p>`],
	["*https://b.co/a*", `<p><em>${link("https://b.co/a", "https://b.co/a")}</em></p>`],
	["~~https://b.co/a~~", `<p><del>${link("https://b.co/a", "https://b.co/a")}</del></p>`],
	["`https://b.co` https://b.co/`x`", `<p><code>https://b.co</code> ${link("https://b.co/", "https://b.co/")}<code>x</code></p>`],
	["http://localhost:3000/x!", `<p>${link("http://localhost:3000/x", "http://localhost:3000/x")}!</p>`],
	['"https://b.co/a"', `<p>&quot;${link("https://b.co/a", "https://b.co/a")}&quot;</p>`],
	["[https://b.co](https://c.co)", `<p>${link("https://c.co", "https://b.co")}</p>`],
	["a@b.co. a.b@c.co, a@b", `<p>${link("mailto:a@b.co", "a@b.co")}. ${link("mailto:a.b@c.co", "a.b@c.co")}, a@b</p>`],
	["请看https://b.co/a。谢谢", `<p>请看${link("https://b.co/a", "https://b.co/a")}。谢谢</p>`],
	["https://b.co是网站", `<p>${link("https://b.co", "https://b.co")}是网站</p>`],
	[
		"「https://b.co/a」、（www.b.co）",
		`<p>「${link("https://b.co/a", "https://b.co/a")}」、（${link("http://www.b.co", "www.b.co")}）</p>`,
	],
	["https://b.co/a？b！", `<p>${link("https://b.co/a", "https://b.co/a")}？b！</p>`],
	["**https://b.co/a**。", `<p><strong>${link("https://b.co/a", "https://b.co/a")}</strong>。</p>`],
	["a@b.co。", `<p>${link("mailto:a@b.co", "a@b.co")}。</p>`],
]);

table("emphasis", [
	["a~~b~~c ~d~", "<p>a<del>b</del>c <del>d</del></p>"],
	["snake_case_name __init__ 2*3*4", "<p>snake_case_name <strong>init</strong> 2<em>3</em>4</p>"],
	["**a*b*c** *a**b**c* ***a** b*", "<p><strong>a<em>b</em>c</strong> <em>a<strong>b</strong>c</em> <em><strong>a</strong> b</em></p>"],
	["**a** **b", "<p><strong>a</strong> **b</p>"],
	["2 * 3 * 4 ** 5", "<p>2 * 3 * 4 ** 5</p>"],
	["这是**重点**内容", "<p>这是<strong>重点</strong>内容</p>"],
	["**テスト。**テスト", "<p><strong>テスト。</strong>テスト</p>"],
	["これは**（重要）**です", "<p>これは<strong>（重要）</strong>です</p>"],
	["**［注］**を*「強調」*する", "<p><strong>［注］</strong>を<em>「強調」</em>する</p>"],
	["**한국어(韓國語)**입니다", "<p><strong>한국어(韓國語)</strong>입니다</p>"],
	["これは**`code`**です", "<p>これは<strong><code>code</code></strong>です</p>"],
	["请**[看](https://b.co)**吧", `<p>请<strong>${link("https://b.co", "看")}</strong>吧</p>`],
	["价格**$5**元，**50%**的", "<p>价格<strong>$5</strong>元，<strong>50%</strong>的</p>"],
	["**⚠️注意**：**完了✅**です", "<p><strong>⚠️注意</strong>：<strong>完了✅</strong>です</p>"],
	["~~（削除）~~です", "<p><del>（削除）</del>です</p>"],
	["**“引号”**和***粗斜***字", "<p><strong>“引号”</strong>和<em><strong>粗斜</strong></em>字</p>"],
	["中_文_字", "<p>中_文_字</p>"],
]);

table("tables", [
	["|a|b|\n|-|-|\n|1|", "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td></td></tr></tbody></table>"],
	["|a|\n|-|\n|1|2|", "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>"],
	["|a|\n|-|", "<table><thead><tr><th>a</th></tr></thead><tbody></tbody></table>"],
	[
		"a | b\n:-: | -:\nc \\| d | `e \\| f`\n\ng",
		"<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>c | d</td><td><code>e | f</code></td></tr></tbody></table><p>g</p>",
	],
	[
		"intro\n|a|\n|-|\n|b|\n> q",
		"<p>intro</p><table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table><blockquote><p>q</p></blockquote>",
	],
	[
		"- x\n\n  |a|\n  |-|\n  |b|",
		"<ul><li><p>x</p><table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table></li></ul>",
	],
	[
		"> |a|\n> |-|\n> |**b**|",
		"<blockquote><table><thead><tr><th>a</th></tr></thead><tbody><tr><td><strong>b</strong></td></tr></tbody></table></blockquote>",
	],
	["a | b", "<p>a | b</p>"],
	["|a|b|\n|-|", "<p>|a|b|\n|-|</p>"],
	["|\\(x\\)|$y$|\n|-|-|", "<table><thead><tr><th><span>\\(x\\)</span></th><th><span>$y$</span></th></tr></thead><tbody></tbody></table>"],
]);

const f = (tex: string) => `<span>${tex}</span>`;
table("formulas and prices", [
	["$5 and $10, US$3.50, 5$ or 6$", "<p>$5 and $10, US$3.50, 5$ or 6$</p>"],
	["$5-$10, $1,000/$2,000, ($5)($6)", "<p>$5-$10, $1,000/$2,000, ($5)($6)</p>"],
	["the $x$-axis and the $n$th", `<p>the ${f("$x$")}-axis and the ${f("$n$")}th</p>`],
	["It costs $5, where $x$ is 5 and $y = 2$.", `<p>It costs $5, where ${f("$x$")} is 5 and ${f("$y = 2$")}.</p>`],
	["\\$5 and \\$x\\$, $\\$5 + x$", `<p>$5 and $x$, ${f("$\\$5 + x$")}</p>`],
	["$a_1 * b_2$ and *c* and $d*e$", `<p>${f("$a_1 * b_2$")} and <em>c</em> and ${f("$d*e$")}</p>`],
	["**$x$** [$y$](https://b.co)", `<p><strong>${f("$x$")}</strong> ${link("https://b.co", f("$y$"))}</p>`],
	["`$x$` $a$, $ x $", `<p><code>$x$</code> ${f("$a$")}, $ x $</p>`],
	["$HOME and $PATH, $x is", "<p>$HOME and $PATH, $x is</p>"],
	["\\(x and \\[y and $$z", "<p>(x and [y and $$z</p>"],
	["a $$x$$ b", `<p>a ${f("$$x$$")} b</p>`],
	["$$x\n= 1$$ b", `${f("$$\nx\n= 1\n$$")}<p>b</p>`],
	["- \\(x\\)\n- \\[y = 1\\]\n- $z$", `<ul><li>${f("\\(x\\)")}</li><li>${f("\\[y = 1\\]")}</li><li>${f("$z$")}</li></ul>`],
	["1. a\n   \\[\n   x\n   \\]\n2. $$\n   y\n   $$", `<ol><li>a${f("\\[\nx\n\\]")}</li><li>${f("$$\ny\n$$")}</li></ol>`],
	["> \\[\n> x\n> \\]", `<blockquote>${f("\\[\nx\n\\]")}</blockquote>`],
	["设$x$为**$y$**。", `<p>设${f("$x$")}为<strong>${f("$y$")}</strong>。</p>`],
	["\\[1\\] and \\(see above\\)", "<p>[1] and (see above)</p>"],
	["\\(a < b\\) and \\(c_1 < d_1\\)", `<p>${f("\\(a &lt; b\\)")} and ${f("\\(c_1 &lt; d_1\\)")}</p>`],
]);

table("HTML", [
	["a <!-- x\ny --> b", "<p>a  b</p>"],
	["a <!-- b", "<p>a &lt;!-- b</p>"],
	["<!-- a\n\nb -->\nc", "<p>c</p>"],
	["H<sub class=x onclick=y>2</sub> <KBD>a</KBD>", "<p>H<sub>2</sub> <kbd>a</kbd></p>"],
	[
		"<details open>\n<summary>a <b>*b*</b></summary>\n\n- c\n\n```js\nd\n```\n</details>\ne",
		"<details><summary>a &lt;b&gt;<em>b</em>&lt;/b&gt;</summary><ul><li>c</li></ul><pre><code>d</code></pre></details><p>e</p>",
	],
	["<details><summary>a</summary>b</details>", "<details><summary>a</summary><p>b</p></details>"],
	[
		"<details>\n<summary>a</summary>\n<details>\n<summary>b</summary>\n\nc\n\n</details>\n</details>\n\nd",
		"<details><summary>a</summary><details><summary>b</summary><p>c</p></details></details><p>d</p>",
	],
	[
		"- a\n\n  <details>\n  <summary>b</summary>\n\n  c\n\n  </details>\n- d",
		"<ul><li><p>a</p><details><summary>b</summary><p>c</p></details></li><li><p>d</p></li></ul>",
	],
	["<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"],
	["a <img src=x onerror=alert(1)> <svg/onload=x>", "<p>a &lt;img src=x onerror=alert(1)&gt; &lt;svg/onload=x&gt;</p>"],
	['<a href="javascript:alert(1)">x</a>', "<p>&lt;a href=&quot;javascript:alert(1)&quot;&gt;x&lt;/a&gt;</p>"],
	['<div class="a*b*c">d*e*</div>', "<p>&lt;div class=&quot;a*b*c&quot;&gt;d<em>e</em>&lt;/div&gt;</p>"],
	["Map<String, List<T>> a < b > c", "<p>Map&lt;String, List&lt;T&gt;&gt; a &lt; b &gt; c</p>"],
	["<foo>*a*</foo>", "<p>&lt;foo&gt;<em>a</em>&lt;/foo&gt;</p>"],
	["**a<br>b**", "<p><strong>a<br/>b</strong></p>"],
	["<sub>a</sup> b</sub>", "<p><sub>a b</sub></p>"],
]);

test.each([
	"[a](&#106;avascript:alert(1))",
	"[a](&#x6A;avascript&colon;alert(1))",
	"[a](javascript&#58;alert(1))",
	"[a](java\\script:x)",
	"[a]( javascript:x)",
	"[a](<javascript:x>)",
	"[a](\u0001javascript:x)",
	"[a](data:text/html;base64,x)",
	"![a](javascript:x)",
	"[![a](javascript:x)](javascript:y)",
	"<javascript:x>",
	"<data:text/html,x>",
	"[a]: javascript:x\n\n[a]",
	"[a](file:///etc/passwd) [b](blob:x) [c](//b.co) [d](\\\\b.co)",
])("%j links nowhere", (markdown) => {
	expect(html(markdown)).not.toContain("href");
});

test("text in the other direction does not reverse its code, formulas and addresses", () => {
	const page = html("استخدم `--save` أو $x$ أو https://b.co/a/");
	expect(page).toContain('<p dir="auto">استخدم <code dir="ltr">--save</code>');
	expect(page).toMatch(/<span dir="ltr" class="formula[^>]*>\$x\$/);
	expect(page).toMatch(/<a dir="ltr"[^>]*>https:\/\/b\.co\/a\/<\/a>/);
	// Parts with a direction of their own do not affect the direction of the surrounding text.
	expect(html("- `npm` هو\n- b")).toContain('<ul dir="rtl">');
	expect(html("1. שלום\n2. world")).toContain('<ol dir="rtl"><li dir="auto">');
});

test("a cell has the alignment of its column", () => {
	expect(html("|a|b|c|d|\n|:-|:-:|-:|-|\n|1|2|3|4|").match(/data-align="\w+"/g)).toEqual(
		["left", "center", "right", "left", "center", "right"].map((align) => `data-align="${align}"`),
	);
});
