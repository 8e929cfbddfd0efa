import { expect, test, vi } from "vitest";
import { chatTitle } from "./chat-title.ts";

test("a title has no Markdown and is one line", () => {
	expect(chatTitle("# Plan\n\n> **Write** a `haiku`, *please*,\n- for __my__ ~~cat~~ dog")).toBe(
		"Plan Write a haiku, please, for my cat dog",
	);
	expect(chatTitle("```ts\nconst a = 1;\n```")).toBe("const a = 1;");
});

test("a title keeps what only looks like Markdown", () => {
	for (const text of ["What is C#?", "Is a > b and 2 * 3 * 4 < 30?", "rename snake_case_name", "issue #12", "a_b_c", "5 - 3"])
		expect(chatTitle(text)).toBe(text);
});

test("a title has at most 60 characters, and is empty for an empty message", () => {
	expect(chatTitle("word ".repeat(30))).toBe(`${"word ".repeat(12).slice(0, 59)}…`);
	expect(chatTitle("x".repeat(60))).toBe("x".repeat(60));
	expect(chatTitle(" \n# \n")).toBe("");
});

test("a title is cut between characters, never within an emoji or before an accent", () => {
	const family = "👩‍👩‍👧‍👦";
	expect(chatTitle(family.repeat(10))).toBe(family.repeat(10));
	expect(chatTitle(`${"x".repeat(58)}${family}${family}${family}`)).toBe(`${"x".repeat(58)}${family}…`);
	expect(chatTitle(family.repeat(70))).toBe(`${family.repeat(21)}…`);
	expect(chatTitle("e\u0301".repeat(70))).toBe(`${"e\u0301".repeat(59)}…`);
	expect(chatTitle("half \ud83d")).toBe("half \ufffd");
});

test("only the first 240 characters are parsed, so a hostile text takes no time", () => {
	const replace = vi.spyOn(String.prototype, "replace");
	for (const piece of ["*", "_a", "* ", "`", "#", "> ", "**a "]) chatTitle(piece.repeat(32_768));
	const lengths = replace.mock.contexts.map((text) => String(text).length);
	replace.mockRestore();
	expect(Math.max(...lengths)).toBe(240);
});
