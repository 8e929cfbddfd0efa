/** Typical model output and the HTML it must produce, for the tests and for the renderer comparison (scripts/compare-renderers.mjs). */
interface Case {
	name: string;
	markdown: string;
	/** Expected parts, in the order of the HTML. Only the attributes `href`, `start`, `title` and `type` are compared. */
	shows?: (string | RegExp)[];
	hides?: (string | RegExp)[];
}

export const CASES: Case[] = [
	{
		name: "marks",
		markdown: "**two** *three* ~~four~~ `five` ***six***\n\n---",
		shows: ["<strong>two</strong> <em>three</em> <del>four</del> <code>five</code> ", /<(em|strong)><(em|strong)>six/, "<hr"],
	},
	{ name: "a list that begins with 3", markdown: "3. a\n   - b\n4. c", shows: ['<ol start="3">', "<ul>", "b", "c"] },
	{ name: "a list that begins with 0", markdown: "0. zero\n1. one", shows: ['<ol start="0">'] },
	{
		name: "a task list",
		markdown: "- [x] done\n- [ ] open",
		shows: ['type="checkbox"', "done", 'type="checkbox"', "open"],
		hides: ["[x]", "[ ]"],
	},
	{
		name: "a table",
		markdown: "| a | b |\n|---|--:|\n| 1 | `x \\| y` |",
		shows: ["<th>a</th><th>b</th>", "<td>1</td>", "<code>x | y</code>"],
	},
	{ name: "a table without outer pipes", markdown: "a | b\n--|--\n1 | 2", shows: ["<th>a</th>", "<td>2</td>"] },
	{ name: "a line break in a cell", markdown: "| day | do |\n|---|---|\n| 1 | see<br>eat |", shows: [/see<br\/?>eat/] },
	{
		name: "harmless tags",
		markdown: "H<sub>2</sub>O E=mc<sup>2</sup> <kbd>Esc</kbd> <mark>m</mark>",
		shows: ["H<sub>2</sub>O", "<sup>2</sup>", "<kbd>Esc</kbd>", "<mark>m</mark>"],
	},
	{ name: "marks inside of tags", markdown: "<mark>a **b** c</mark>", shows: ["<mark>a <strong>b</strong> c</mark>"] },
	{ name: "a tag without its end", markdown: "a <sub>b **c** d", shows: ["<strong>c</strong> d"], hides: ["&lt;sub", "<script"] },
	{
		name: "details",
		markdown: "<details>\n<summary>More **here**</summary>\n\n- one\n\n</details>\n\nafter",
		shows: ["<details>", "<summary>", "<strong>here</strong>", "</summary>", "one", "</details>", "after"],
		hides: ["&lt;"],
	},
	{ name: "comments", markdown: "a <!-- no --> b\n\n<!-- no\n\nno -->\n\nc", shows: ["a ", " b", "c"], hides: ["no"] },
	{
		name: "other HTML is text",
		markdown: "a <img src=x onerror=alert(1)> b\n\n<script>alert(1)</script>\n\n<div onclick=x>hi</div>",
		shows: ["&lt;img", "&lt;script", "&lt;div"],
		hides: [/<(script|img|div onclick)/],
	},
	{
		name: "character references",
		markdown: "AT&amp;T 5 &lt; 6 &mdash; caf&eacute; &#8364; &notareference;",
		shows: ["AT&amp;T 5 &lt; 6 — café € &amp;notareference;"],
	},
	{
		name: "references in addresses",
		markdown: "[q](https://example.com/?a=1&amp;b=2)",
		shows: ['href="https://example.com/?a=1&amp;b=2"'],
	},
	{ name: "references in code stay", markdown: "`&amp;`", shows: ["<code>&amp;amp;</code>"] },
	{
		name: "links by reference",
		markdown: 'See [the docs][1].\n\n[1]: https://example.com/docs "Docs"',
		shows: ['href="https://example.com/docs"', "the docs"],
		hides: ["[1]"],
	},
	{ name: "footnotes", markdown: "A claim[^1].\n\n[^1]: Kant", shows: ["A claim", "Kant"], hides: ["[^1]"] },
	{
		name: "hostile links",
		markdown: "[a](javascript:alert(1)) [b](JaVaScRiPt:x) [c](data:text/html,x) [d](vbscript:x)",
		hides: [/href="(javascript|data|vbscript)/i],
	},
	{ name: "no picture is loaded", markdown: "![a](https://example.com/x.png)", hides: ["<img"] },
	{
		name: "addresses in text",
		markdown: "See https://example.com/a_b_c. (www.example.com) or a_b@example.com",
		shows: ['href="https://example.com/a_b_c"', 'href="http://www.example.com"', 'href="mailto:a_b@example.com"'],
	},
	{
		name: "addresses before Chinese punctuation",
		markdown: "访问 https://example.com/docs（中文说明）了解更多。",
		shows: ['href="https://example.com/docs"', "（中文说明）"],
	},
	{
		name: "bold beside Chinese punctuation",
		markdown: "**重要：**请注意。他说**「好」**的事。",
		shows: ["<strong>重要：</strong>请注意。他说<strong>「好」</strong>的事。"],
	},
	{
		name: "bold beside Japanese and Korean",
		markdown: "これは**「重要」**です。**강조(emphasis)**는",
		shows: ["<strong>「重要」</strong>です", "<strong>강조(emphasis)</strong>는"],
	},
	{ name: "code with a fence in it", markdown: "````md\n```js\na\n```\n````\nafter", shows: ["```js\na\n```", "after"] },
	{ name: "formulas in dollars", markdown: "Where $x^2$ and $\\alpha_i$:\n\n$$\n\\{x_i\\}\n$$", shows: [/x\^2|<math/], hides: ["<em>"] },
	{
		name: "formulas in brackets",
		markdown: "Euler: \\(e^{i\\pi} + 1 = 0\\)\n\n\\[\n\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}\n\\]",
		shows: [/\\pi|<math/, /b \\\\ c|<math/],
	},
	{
		name: "prices",
		markdown: "It costs $5 or $10, and US$6. From $3/month to 20$ for **all**.",
		shows: ["It costs $5 or $10, and US$6. From $3/month to 20$ for <strong>all</strong>."],
	},
	{ name: "escaped brackets", markdown: "\\[not a link\\](x) \\(an aside\\) \\*no\\*", shows: ["[not a link](x) (an aside) *no*"] },
	{
		name: "blank lines in a list",
		markdown: "1. one\n\n   ```js\n   a\n\n   b\n   ```\n\n2. two",
		shows: ["<ol>", "<li>", "a\n\nb", "<li>", "two"],
	},
	{ name: "a range", markdown: "10~20元，30~40元", hides: ["<del>"] },
];

/** HTML reduced to the attributes that `Case` compares. */
export const bareHtml = (html: string): string =>
	html.replace(/<([a-z][a-z0-9]*)([^<>]*?)(\/?)>/g, (_, tag: string, attributes: string, slash: string) => {
		const kept = [...attributes.matchAll(/\s(href|start|title|type)="[^"]*"/g)].map(([attribute]) => attribute).join("");
		return `<${tag}${kept}${slash}>`;
	});

/** What fails a case. Undefined if it passes. */
export function faultOf({ shows = [], hides = [] }: Case, html: string): string | undefined {
	const bare = bareHtml(html);
	let from = 0;
	for (const part of shows) {
		const rest = bare.slice(from);
		const found = typeof part === "string" ? rest.indexOf(part) : rest.search(part);
		if (found === -1) return `lacks ${part} in ${bare}`;
		from += found + (typeof part === "string" ? part.length : 1);
	}
	const shown = hides.find((part) => (typeof part === "string" ? bare.includes(part) : part.test(bare)));
	return shown === undefined ? undefined : `shows ${shown} in ${bare}`;
}
