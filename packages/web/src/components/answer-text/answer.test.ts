import fc from "fast-check";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, test, vi } from "vitest";
import { parseAnswer } from "./answer.ts";
import * as blocks from "./blocks.ts";
import { FormattedAnswer } from "./formatted-answer.tsx";
import type { Block, Inline } from "./nodes.ts";
import { unformattedCount, WORK_MAX } from "./work-limits.ts";

// A busy machine needs more than the default of 5 s.
vi.setConfig({ testTimeout: 60_000 });

const HUGE = 300_000;

/**
 * Counts the characters that string methods and regular expressions examine. Counted outside the parser, so that no step of it can be missed. An
 * expression that does not match is charged for as much as its limits allow.
 */
function charactersRead(run: () => void): number {
	let characters = 0;
	const spies = [
		vi.spyOn(RegExp.prototype, "exec").mockImplementation(function (this: RegExp, text: string) {
			const from = this.lastIndex;
			const match = exec.call(this, text);
			characters += match ? match[0].length + (this.sticky ? 0 : match.index - from) : this.sticky ? 8 : text.length - from;
			return match;
		}),
		vi.spyOn(String.prototype, "indexOf").mockImplementation(function (this: string, text: string, from = 0) {
			const found = indexOf.call(this, text, from);
			characters += (found === -1 ? this.length : found) - from;
			return found;
		}),
		vi.spyOn(String.prototype, "charAt").mockImplementation(function (this: string, at: number) {
			characters += 1;
			return charAt.call(this, at);
		}),
		vi.spyOn(String.prototype, "charCodeAt").mockImplementation(function (this: string, at: number) {
			characters += 1;
			return charCodeAt.call(this, at);
		}),
	];
	try {
		run();
	} finally {
		for (const spy of spies) spy.mockRestore();
	}
	return characters;
}
const { exec } = RegExp.prototype;
const { indexOf, charAt, charCodeAt } = String.prototype;

// biome-ignore format: one line per kind of mark
const MARKS = [
	"_a_ __", "_a", "__", "*", "**", "***a", "**a*b", "~~a", "~", "\\", "`", "``a", "[", "]", "](", "[a](b", "[](\\(", "[](<", "[](a \"", "[a][b]", "[a]: b\n", "!", "![", "(", ")",
	"<", "<a b=", "<!--", "-->", "<div>", "<?", "<br ", "<sub>", "</sub>", "<details>", "</details>", "<summary>", "</summary>", "a@b.c", "a.", "@", "www.", "http://a", "http://a)", ":", "&#1;", "&amp", "\"", "'",
	"$", "$$", "$$\n", "$a", "$5 ", "\\(", "\\)", "\\[", "\\]", "[^a]", "[^a]: b\n", "|", "|-", "|a|\n|-|\n", "> ", ">", "- ", "- a\n", "1. a\n", "- [ ] ",
	"# a\n", "===\n", "---\n", "```", "~~~\n", "\n", "\n\n", "  \n", "    ", "\t", " ", "a", "w", "中", "「", "😀", "\u00a0",
];
const repeated = fc
	.tuple(fc.array(fc.constantFrom(...MARKS), { minLength: 1, maxLength: 4 }), fc.constantFrom(...MARKS), fc.integer({ min: 1, max: HUGE }))
	.map(([unit, end, length]) => unit.join("").repeat(length).slice(0, length) + end);
/** Counting is slow, and super-linear growth already shows at a tenth of the length. */
const SHORT = HUGE / 10;
const mixed = fc.array(fc.constantFrom(...MARKS, "word ", "text\n", "\n\n", "```ts\n", "[a]", "1. one\n"), { maxLength: 40 });

describe("the work for an answer", () => {
	test("is in proportion to its length for any marks, repeated up to 300,000 characters", () => {
		const property = fc.property(repeated, (text) => {
			const short = text.slice(0, SHORT);
			expect(charactersRead(() => parseAnswer(short))).toBeLessThan(40 * short.length + 10_000);
		});
		const examples = [...MARKS, "_a_ __", "> - ", "\\( a", "[](x", "[[a]", "*a **b "].map((mark): [string] => [
			mark.repeat(SHORT / mark.length),
		]);
		fc.assert(property, { numRuns: 40, examples });
	});

	test("is bounded: no more is formatted than the budget allows, and the rest is shown as it was written", () => {
		const property = fc.property(repeated, (text) => {
			const { sections, rest } = parseAnswer(text);
			expect(sections.reduce((sum, { work }) => sum + work, 0)).toBeLessThanOrEqual(WORK_MAX);
			expect(text.replace(/\r\n?/g, "\n").endsWith(rest)).toBe(true);
		});
		fc.assert(property, { numRuns: 40 });
	});

	test("is bounded for all answers of a page together: the oldest are shown as they were written", () => {
		const hostile = Array.from({ length: 25 }, () => "_a_ __".repeat(50_000));
		expect(unformattedCount(hostile)).toBe(hostile.length - Math.floor(200_000 / WORK_MAX));
		expect(unformattedCount(Array.from({ length: 25 }, () => "An ordinary answer. ".repeat(1_000)))).toBe(0);
		expect(unformattedCount([])).toBe(0);
	});

	test("is done once per block of a growing answer", () => {
		const parse = vi.spyOn(blocks, "parseBlocks");
		const paragraph = "A *paragraph* of some length, with a [link](https://example.com).\n\n";
		let answer = parseAnswer("");
		for (let n = 1; n <= 100; n += 1) answer = parseAnswer(paragraph.repeat(n), answer);
		expect(answer.sections).toHaveLength(100);
		expect(parse.mock.calls.reduce((sum, [text]) => sum + text.length, 0)).toBeLessThan(300 * paragraph.length);
		parse.mockRestore();
	});
});

function depthOf(node: Block | Inline): number {
	if (typeof node === "string") return 1;
	const nested = "items" in node ? node.items.flatMap(({ children }) => children) : "children" in node ? node.children : [];
	const inlines = "inlines" in node ? node.inlines : [];
	return 1 + Math.max(0, ...nested.map(depthOf), ...inlines.map(depthOf));
}

describe("an answer", () => {
	test.each([
		["quotes", ">".repeat(3_000)],
		["lists", "- + ".repeat(1_500)],
		["quotes and lists", "> - ".repeat(2_000)],
		["details", "<details>".repeat(1_000)],
		["emphasis", `${"*a **b ".repeat(800)}${"**c *d".repeat(800)}`],
		["pictures", "![".repeat(2_000) + "](a)".repeat(2_000)],
		["tags", "<sub>".repeat(2_000) + "</sub>".repeat(2_000)],
	])("with %s nested thousands deep is drawn to a limit", (_, text) => {
		const { sections } = parseAnswer(text);
		for (const { block } of sections) expect(depthOf(block)).toBeLessThan(40);
		renderToStaticMarkup(createElement(FormattedAnswer, { text }));
	});

	test("looks the same streamed or loaded", () => {
		const property = fc.property(fc.array(mixed, { minLength: 2, maxLength: 5 }), (parts) => {
			let text = "";
			let answer = parseAnswer("");
			for (const part of parts) {
				text += part.join("");
				answer = parseAnswer(text, answer);
			}
			expect(answer).toEqual(parseAnswer(text));
		});
		const examples = [
			["_a_ __\n\n", "<!--", "$$\n-->_a_ __"],
			["<summary>\n\n- ", "<details></details>$$\n"],
			["[a]: b\n1. one\n\n<!--", "$$\n"],
			["[a]: b\n- \n\n", "<!--", ""],
		].map((parts): [string[][]] => [parts.map((part) => [part])]);
		fc.assert(property, { numRuns: 300, examples });
	});

	test("looks the same streamed character by character or loaded", () => {
		const property = fc.property(mixed, (parts) => {
			const text = parts.join("");
			let answer = parseAnswer("");
			for (let end = 1; end <= text.length; end += 1) answer = parseAnswer(text.slice(0, end), answer);
			expect(answer).toEqual(parseAnswer(text));
		});
		fc.assert(property, { numRuns: 100 });
	});

	test("keeps the objects of unchanged sections, so that React skips them", () => {
		const before = parseAnswer("# One\n\nTwo *three*\n\nFour");
		const after = parseAnswer("# One\n\nTwo *three*\n\nFour and five\n\nSix", before);
		expect(after.sections[0]).toBe(before.sections[0]);
		expect(after.sections[1]).toBe(before.sections[1]);
		expect(after.sections[2]).not.toBe(before.sections[2]);
	});

	test("shows a link once its definition has arrived", () => {
		const before = parseAnswer("See [1].\n\nText\n\n");
		expect(parseAnswer("See [1].\n\nText\n\n[1]: https://example.com", before)).toEqual(
			parseAnswer("See [1].\n\nText\n\n[1]: https://example.com"),
		);
	});

	test("of ordinary length and form is formatted completely", () => {
		const section =
			"## Title\n\nSome **bold** and `code`, with a [link](https://example.com) and $x^2$.\n\n1. one\n\n   ```js\n   a\n\n   b\n   ```\n\n2. two\n\n";
		const prose = "A sentence of ordinary prose with some *emphasis*, and others without it that go on for a while. ".repeat(8);
		const row = "| **one thing** | `two` words | 3.50 | a longer cell of words |\n";
		const code = `Text and \`code\`.\n\n\`\`\`js\n${"const a = [1, 2, 3];\n".repeat(20)}\`\`\`\n\n`;
		for (const [kind, text] of Object.entries({
			mixture: `${section}${prose}\n\n`.repeat(68),
			list: "- **Term**: a description of this that is about eighty characters long, more or less.\n".repeat(720),
			code: code.repeat(140),
			table: `| name | what | price | note |\n|---|--:|---|---|\n${row.repeat(500)}`,
		})) {
			expect(text.length, kind).toBeGreaterThan(kind === "table" ? 30_000 : 61_440);
			expect(parseAnswer(text).rest, kind).toBe("");
		}
	});

	test("beyond the limit is formatted up to a whole item or row", () => {
		const list = parseAnswer("- **one**\n".repeat(10_000));
		expect(list.sections[0]?.block).toMatchObject({ kind: "list" });
		const shown = list.sections[0]?.block.kind === "list" ? list.sections[0].block.items.length : 0;
		expect(shown).toBeGreaterThan(500);
		expect(list.rest).toBe("- **one**\n".repeat(10_000 - shown));
		const table = parseAnswer(`|a|b|\n|-|-|\n${"|**c**|d|\n".repeat(10_000)}after`);
		const rows = table.sections[0]?.block.kind === "table" ? table.sections[0].block.rows.length : 0;
		expect(rows).toBeGreaterThan(500);
		expect(table.rest).toBe(`${"|**c**|d|\n".repeat(10_000 - rows)}after`);
	});
});
