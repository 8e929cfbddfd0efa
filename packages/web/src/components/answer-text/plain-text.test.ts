import { expect, test } from "vitest";
import { parseAnswer } from "./answer.ts";
import type { Table } from "./nodes.ts";
import { csvOf, plainText } from "./plain-text.ts";

const tableIn = (markdown: string) => parseAnswer(markdown).sections[0]?.block as Table;

test("an answer as plain text reads like the page, without its marks", () => {
	expect(
		plainText(
			"# Title\n\nSome **bold** [link](https://example.com) &amp; $x^2$<br>end[^1]\n\n3. one\n   - two\n4. [x] three\n\n```js\na\n```\n\n| a | b |\n|--|--|\n| 1 | 2 |\n\n> said\n\n[^1]: Kant",
		),
	).toBe(
		"Title\n\nSome bold link (https://example.com) & x^2\nend[1]\n\n3. one\n   - two\n4. [x] three\n\na\n\na\tb\n1\t2\n\nsaid\n\n[1] Kant",
	);
});

test("a table as CSV has each cell in its column, quoted where needed", () => {
	expect(csvOf(tableIn('| a | b, c |\n|--|--|\n| **1** | say "x" |\n| 2 |'))).toBe('a,"b, c"\r\n1,"say ""x"""\r\n2,\r\n');
});

test("no cell of a table is a formula in a spreadsheet", () => {
	expect(csvOf(tableIn("| =HYPERLINK(1) | -5 | @a | +1.5% |\n|--|--|--|--|\n"))).toBe("'=HYPERLINK(1),-5,'@a,+1.5%\r\n");
});
