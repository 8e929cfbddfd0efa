import { describe, expect, test } from "vitest";
import { passageOf, searchable, trigramsOf, wordsIn } from "./passage.ts";

const shown = (text: string, query: string) =>
	passageOf(searchable(text), wordsIn(query))
		?.map((piece) => (piece.isFound ? `[${piece.text}]` : piece.text))
		.join("");

describe("a search passage", () => {
	test("marks every word, in upper and lower case, wherever it occurs", () => {
		expect(shown("The capital of Peru is Lima. lima is large.", "LIMA peru")).toBe("The capital of [Peru] is [Lima]. [lima] is large.");
	});

	test("of a long text starts at a word shortly before the first match, and has 160 characters", () => {
		const text = `${"before ".repeat(100)}needle ${"after ".repeat(100)}`;
		const passage = shown(text, "needle") ?? "";
		expect(passage).toMatch(/^…(before )+\[needle\] after /);
		expect(passage.replaceAll(/[[\]…]/g, "")).toHaveLength(160);
	});

	test("is found in scripts without spaces, and splits no character", () => {
		expect(shown(`${"😀".repeat(100)}東京都は日本の首都`, "日本")).toMatch(/^…[😀]*東京都は\[日本\]の首都$/u);
	});

	test("matches letters that only look different, and takes symbols literally", () => {
		expect(shown("Ｐｙｔｈｏｎ ﬁle", "python FILE")).toBe("[Python] [file]");
		expect(shown("costs $5 (net)", "$5 (NET)")).toBe("costs [$5] [(net)]");
		expect(shown("costs 5", ".")).toBe(undefined);
	});

	test("prefers the longer of two words with the same beginning", () => {
		expect(shown("Paris and a parka", "par paris")).toBe("[Paris] and a [par]ka");
	});
});

describe("the words of a search", () => {
	test("are distinct, at most eight of 60 characters", () => {
		expect(wordsIn("  a b  a ").map(({ text }) => text)).toEqual(["a", "b"]);
		expect(wordsIn("1 2 3 4 5 6 7 8 9")).toHaveLength(8);
		expect(wordsIn("x".repeat(100))[0]?.text).toHaveLength(60);
		expect(wordsIn("   ")).toEqual([]);
	});

	test("have trigrams if they have at least three code points", () => {
		expect(trigramsOf("Lima")).toEqual(["Lim", "ima"]);
		expect(trigramsOf("日本")).toEqual([]);
		expect(trigramsOf("😀😀😀")).toEqual(["😀😀😀"]);
	});
});
