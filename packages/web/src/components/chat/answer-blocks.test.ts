import fc from "fast-check";
import { Lexer } from "marked";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ANSWER_WORK_MAX, AnswerFormatter, type Block, PAGE_WORK_MAX, splitAnswer } from "./answer-blocks.ts";

// A busy machine needs more than the default of 5 s.
vi.setConfig({ testTimeout: 60_000 });
afterEach(() => vi.restoreAllMocks());

const format = (...texts: string[]) => new AnswerFormatter().format(texts);
const kinds = (blocks: Block[] = []) => blocks.map(({ kind }) => kind);
const isPlain = (blocks: Block[] = []) => blocks.length > 0 && kinds(blocks).every((kind) => kind === "plain");

/** The characters that regular expressions are given: measured from outside, so that no step of the parser can forget to count itself. */
function charactersMatched(run: () => void): number {
	let characters = 0;
	const exec = RegExp.prototype.exec;
	vi.spyOn(RegExp.prototype, "exec").mockImplementation(function (this: RegExp, text: string) {
		const from = this.lastIndex;
		const match = exec.call(this, text);
		characters += (match && this.global ? this.lastIndex : text.length) - from;
		return match;
	});
	run();
	vi.restoreAllMocks();
	return characters;
}

/** Some 30 rules look at each step, some of them twice, of which the budget counts one. Without a budget the first example has 1,400 million. */
const charactersOf = (work: number) => 50 * work;

// biome-ignore format: one line for each kind of mark
const MARKS = [
	"_a_ __", "_a", "__", "*", "**", "***a", "**a*b", "~~a", "~", "\\", "`", "``a", "[", "]", "](", "[a](b", "[a][b]", "[a]: b\n", "!", "![", "(", ")",
	"<", "<a b=", "<!--", "<div>", "<?", "a@b.c", "a.", "www.", "http://a", "&#1;", "\"", "'", "|", "|-", "|a|\n|-|\n", "> ", ">", "- ", "- a\n", "1. a\n", "- [ ] ",
	"# a\n", "===\n", "---\n", "```", "~~~\n", "\n", "\n\n", "  \n", "    ", "\t", " ", "a", "中", "😀", "\u00a0",
];
const repeated = fc
	.tuple(
		fc.array(fc.constantFrom(...MARKS), { minLength: 1, maxLength: 4 }),
		fc.constantFrom(...MARKS),
		fc.integer({ min: 10, max: 40_000 }),
	)
	.map(([unit, end, length]) => unit.join("").repeat(length).slice(0, length) + end);

const HOSTILE = [
	"_a_ __".repeat(6_000),
	"***a".repeat(10_000),
	">".repeat(40_000),
	`${"* ".repeat(7_500)}|a|\n|-|\n`,
	`${"1. ".repeat(5_000)}a\nb\n`,
];

describe("the work for an answer", () => {
	test("is bounded for any marks, repeated up to 40,000 characters", () => {
		const property = fc.property(repeated, (text) => {
			expect(charactersMatched(() => format(text))).toBeLessThan(charactersOf(ANSWER_WORK_MAX));
		});
		fc.assert(property, { numRuns: 30, examples: HOSTILE.map((text) => [text]) });
	});

	test("is in proportion to the length of a run of spaces", () => {
		// Quadratic time would be ten minutes: the test would time out.
		for (const text of [`[a]:${" ".repeat(290_000)}\n\n x`, `[a]:${"\t".repeat(290_000)}\n\n x`, `x${" ".repeat(290_000)}\n y`])
			expect(format(text)[0]).not.toEqual([]);
	});

	test("counts an answer's definitions", () => {
		const definitions = Array.from({ length: 64 }, (_, at) => `[${at}]: https://example.com/${"x".repeat(80)}`).join("\n\n");
		const pages = format(...Array.from({ length: 30 }, () => definitions));
		expect(isPlain(pages[0])).toBe(true);
		expect(isPlain(pages.at(-1))).toBe(false);
	});

	test("is bounded for a table that a short text makes wide and long", () => {
		const table = `${"|a".repeat(3_000)}|\n${"|-".repeat(3_000)}|\n${"|\n".repeat(3_000)}`;
		expect(kinds(format(table)[0])).toEqual(["plain"]);
	});

	test("is bounded for all answers of a page together: the oldest are plain text", () => {
		const texts = Array.from({ length: 60 }, (_, at) => `# Answer ${at}\n\n${`${"_a_ __ ".repeat(300)}\n\n`.repeat(20)}`);
		let pages: Block[][] = [];
		expect(charactersMatched(() => (pages = format(...texts)))).toBeLessThan(charactersOf(PAGE_WORK_MAX + ANSWER_WORK_MAX));
		expect(isPlain(pages[0])).toBe(true);
		expect(kinds(pages.at(-1))[0]).toBe("markdown");
	});

	test("is spent once for each block of a growing answer", () => {
		const lex = vi.spyOn(Lexer.prototype, "lex");
		const formatter = new AnswerFormatter();
		for (let n = 1; n <= 100; n += 1) formatter.format(["# Earlier", "A paragraph.\n\n".repeat(n)]);
		// The earlier answer, its absent definitions, and those of each state of the growing one.
		expect(lex.mock.contexts.length).toBeLessThan(10);
	});
});

describe("an answer", () => {
	test.each([
		["quotes", ">".repeat(3_000)],
		["lists", "- + ".repeat(1_500)],
		["quotes and lists", "> - ".repeat(2_000)],
		["emphasis", "*a **b ".repeat(800)],
		["brackets", "![".repeat(2_000) + "](a)".repeat(2_000)],
	])("with %s nested thousands deep is plain text, whole", (_, text) => {
		expect(format(text)[0]).toEqual([{ kind: "plain", text: text.trimEnd() }]);
	});

	test("keeps every character, whatever is plain", () => {
		const without = (text: string) => text.replace(/\s/g, "");
		const property = fc.property(repeated, (text) => {
			expect(without(splitAnswer(text).reduce((sum, piece) => sum + piece.text, ""))).toBe(without(text));
		});
		fc.assert(property, { numRuns: 30 });
	});

	test("looks the same whether it was streamed or loaded", () => {
		const lines = fc.array(fc.constantFrom(...MARKS, "word ", "text\n", "\n\n", "```ts\n", "[a]", "1. one\n"), { maxLength: 40 });
		const property = fc.property(lines, lines, (begin, rest) => {
			const formatter = new AnswerFormatter();
			formatter.format([begin.join("")]);
			const text = [...begin, ...rest].join("");
			expect(formatter.format([text])).toEqual(format(text));
		});
		fc.assert(property, { numRuns: 100 });
	});

	test("beside one that is too expensive is formatted", () => {
		const [first, hostile, last] = format("# One", "_a_ __".repeat(10_000), "**Two**");
		expect([kinds(first), kinds(hostile), kinds(last)]).toEqual([["markdown"], ["plain"], ["markdown"]]);
	});

	test("has formatted blocks around a hostile one", () => {
		expect(kinds(format(`Before.\n\n${"_a_ __".repeat(2_000)}\n\n## After\n\n- it`)[0])).toEqual([
			"markdown",
			"plain",
			"markdown",
			"markdown",
		]);
	});

	test("of ordinary length and form has no plain block", () => {
		const section =
			"## Title\n\nSome **bold** and `code`, with a [link](https://example.com).\n\n1. one\n\n   ```js\n   a\n\n   b\n   ```\n\n2. two\n\n";
		const table = `| a | b |\n|---|--:|\n${"| **one** | `two` |\n".repeat(100)}\n`;
		const blocks = format((section + table).repeat(15))[0] ?? [];
		expect(new Set(kinds(blocks))).toEqual(new Set(["markdown"]));
	});
});
