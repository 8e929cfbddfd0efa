import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { replaceSection } from "./document.ts";
import { listOf, table } from "./report.ts";

const BEGIN = "<!-- begin -->";
const END = "<!-- end of results -->";
const prose = fc.string({ unit: "grapheme", maxLength: 60 }).filter((text) => !text.includes("<!--"));

describe("a section of a document", () => {
	test("is replaced without changing the text around it, any number of times", () => {
		fc.assert(
			fc.property(prose, prose, prose, prose, (before, old, section, after) => {
				const page = `${before}${BEGIN}\n${old}\n${END}${after}`;
				const written = replaceSection(page, BEGIN, section);
				expect(written).toBe(`${before}${BEGIN}\n${section}\n${END}${after}`);
				expect(replaceSection(written, BEGIN, section)).toBe(written);
			}),
		);
	});

	test("ends at the first end marker after its beginning, so that sections before and after it stay", () => {
		const page = `a ${BEGIN} x ${END} b <!-- other --> y ${END} c`;
		expect(replaceSection(page, "<!-- other -->", "new")).toBe(`a ${BEGIN} x ${END} b <!-- other -->\nnew\n${END} c`);
		expect(replaceSection(page, BEGIN, "new")).toBe(`a ${BEGIN}\nnew\n${END} b <!-- other --> y ${END} c`);
	});

	test.each([
		["no beginning", `text ${END}`],
		["no end", `text ${BEGIN}`],
		["an end before its beginning only", `${END} ${BEGIN} text`],
	])("with %s is an error, not a page without figures", (_, page) => {
		expect(() => replaceSection(page, BEGIN, "new")).toThrow(BEGIN);
	});
});

describe("a table", () => {
	const cell = fc.string({ maxLength: 12, unit: fc.constantFrom(..."ab |0-µ") });

	test("has one line per row, all equally wide and with the head's number of columns, for any cell content", () => {
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 6 }), fc.infiniteStream(cell), (columns, count, cells) => {
				const row = () => [...cells.take(columns)];
				const [head, rows] = [row(), Array.from({ length: count }, row)];
				const lines = table(head, rows).split("\n");
				expect(lines).toHaveLength(count + 2);
				expect(new Set(lines.map(({ length }) => length)).size).toBe(1);
				for (const line of lines) expect(line.split(/(?<!\\)\|/)).toHaveLength(columns + 2);
				const read = lines.slice(2).map((line) =>
					line
						.split(/(?<!\\)\|/)
						.slice(1, -1)
						.map((one) => one.trim().replaceAll("\\|", "|")),
				);
				expect(read).toEqual(rows.map((one) => one.map((text) => text.trim())));
			}),
		);
	});
});

test("a list has one item per line", () => {
	expect(listOf(["a", "b"])).toBe("- a\n- b");
	expect(listOf([])).toBe("");
});
