import fc from "fast-check";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, test, vi } from "vitest";
import { parseAnswer } from "./answer.ts";
import { FormattedAnswer } from "./formatted-answer.tsx";
import { ELEMENT_WORK, WORK_MAX } from "./work-limits.ts";

// Guarantees of the server for any text that a model may send: it renders a bounded number of elements, never throws and loses no text.

// A busy machine needs more than the default of 5 s.
vi.setConfig({ testTimeout: 60_000 });

const HUGE = 300_000;
const html = (text: string) => renderToStaticMarkup(createElement(FormattedAnswer, { text }));
const elementsIn = (page: string) => page.match(/<[a-z]/g)?.length ?? 0;
/** The frame around the content, and the elements of the last block. */
const ELEMENTS_MAX = WORK_MAX / ELEMENT_WORK + 50;

// biome-ignore format: one line per kind of block
const BLOCKS = [
	"a\n\n", "# a\n", "###### a\n", "a\n=\n", "***\n", "- a\n", "- ", "1. a\n\n", "1. ", "- [ ] a\n", "> a\n", "> ", ">\n\n", "    a\n\nb\n",
	"|a|b|\n|-|-|\n|c|d|\n\n", "|a|\n|-|\n", "|c|d|\n", "```\na\n```\n", "~~~\n", "$$\na\n$$\n", "\\[\na\n\\]\n", "[^a]: b\n", "[a]: b\n",
	"<details>\n<summary>a</summary>\nb\n</details>\n", "<details>\n", "<!-- a -->\n", "<div>\n", "\n", "\r\n",
];
// biome-ignore format: one line per kind of mark
const INLINES = [
	"*a* ", "**a** ", "_a_ __", "***a***", "*a **b ", "~~a~~ ", "`a` ", "``", "[a](b) ", "[a]", "![a](b)", "[^a] ", "](", "<sub>a</sub>", "<sub>", "</sub>",
	"<br>", "<kbd>", "&amp;", "\\*", "\\", "$x$ ", "\\(x\\) ", "$$x$$ ", "$5 ", "https://a.b ", "www.a.b ", "a@b.co ", "**「a」**", "中", "https://a.b。",
	"\u0301", "😀", "\u202e", "\0", "word ", "a",
];
const unit = fc.array(fc.constantFrom(...BLOCKS, ...INLINES), { minLength: 1, maxLength: 5 }).map((parts) => parts.join(""));
const repeated = fc
	.tuple(unit, unit, fc.integer({ min: 1, max: HUGE }))
	.map(([first, token, length]) => (first + token.repeat(Math.ceil(length / token.length))).slice(0, length));
/** Nested containers, deeper than any limit, with text at the bottom. */
const nested = fc
	.tuple(
		fc.array(fc.constantFrom("> ", ">", "- ", "1. ", "[", "![", "*", "**a ", "<sub>", "<details>", "(", "`", "$"), {
			minLength: 1,
			maxLength: 4,
		}),
		unit,
	)
	.chain(([open, inside]) => fc.integer({ min: 1, max: 5_000 }).map((depth) => open.join("").repeat(depth) + inside.repeat(20)));

test.each([...BLOCKS, ...INLINES])("%j over 300,000 characters renders a bounded number of elements", (token) => {
	expect(elementsIn(html(token.repeat(HUGE / token.length)))).toBeLessThan(ELEMENTS_MAX);
});

test("any text is drawn with a bounded number of elements", () => {
	const property = fc.property(fc.oneof(repeated, nested), (text) => {
		expect(elementsIn(html(text))).toBeLessThan(ELEMENTS_MAX);
	});
	fc.assert(property, { numRuns: 25 });
});

test("any text renders while it streams, too", () => {
	const property = fc.property(
		fc.oneof(repeated, nested),
		fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
		(text, ends) => {
			let answer = parseAnswer("");
			for (const end of [...ends].sort()) answer = parseAnswer(text.slice(0, end * text.length), answer);
			answer = parseAnswer(text, answer);
			expect(answer.sections.reduce((sum, { work }) => sum + work, 0)).toBeLessThanOrEqual(WORK_MAX);
			expect(answer).toEqual(parseAnswer(text));
		},
	);
	fc.assert(property, { numRuns: 20 });
});

describe("no word is lost", () => {
	/** What Markdown itself hides: comments, definitions, a fence's info string, and the attributes of rendered tags. */
	const HIDES = /<!--|\]:|```|~~~|<(br|sub|kbd|details|summary) /;
	// biome-ignore format: one line per kind of mark
	const PARTS = [
		"\n", "\n\n", " ", "# ", "- ", "1. ", "> ", "    ", "*", "**", "_", "~~", "`", "[", "](", "](a)", "<sub>", "</sub>", "<br>", "<i>", "<details>\n", "</details>\n",
		"<summary>", "</summary>\n", "$", "$$", "\\(", "\\)", "\\[", "\\]", "\\", "&amp;", "&", "https://a.b/", "@", "|", "\n|-|-|-|-|-|-|-|-|\n", "\n---\n", "\n===\n", "<", ">",
	];
	/** Distinguishable words, each between two marks. */
	const texts = fc
		.array(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 60 })
		.map((parts) => parts.map((part, at) => `${part}w${at}w`).join(""))
		.filter((text) => !HIDES.test(text));

	const lostIn = (text: string) => {
		const shown = new Set(html(text).match(/w\d+w/g));
		return text.match(/w\d+w/g)?.filter((word) => !shown.has(word)) ?? [];
	};

	test("from any mixture of marks", () => {
		fc.assert(
			fc.property(texts, (text) => {
				expect(lostIn(text)).toEqual([]);
			}),
			{ numRuns: 500 },
		);
	});

	test.each([
		["a list", (at: number) => `- w${at}w *b*\n`],
		["a table", (at: number) => `${at === 0 ? "|a|b|\n|-|-|\n" : ""}|w${at}w|*c*|\n`],
		["paragraphs", (at: number) => `w${at}w **b**\n\n`],
		["one paragraph", (at: number) => `w${at}w _b_ __ `],
		["quotes", (at: number) => `> > w${at}w\n\n`],
		["headings", (at: number) => `# w${at}w\n`],
		["code", (at: number) => `\`\`\`\nw${at}w\n\`\`\`\n`],
		["footnotes", (at: number) => `[^${at}] w${at}w\n\n[^${at}]: v${at}v\n\n`],
		["details", (at: number) => `<details>\n<summary>w${at}w</summary>\n\nb\n\n</details>\n\n`],
		["formulas", (at: number) => `$$\nw${at}w\n$$\n`],
	])("beyond the limit, in %s", (_, line) => {
		const text = Array.from({ length: 10_000 }, (_, at) => line(at)).join("");
		expect(parseAnswer(text).rest.length).toBeGreaterThan(1_000);
		expect(lostIn(text)).toEqual([]);
	});
});
