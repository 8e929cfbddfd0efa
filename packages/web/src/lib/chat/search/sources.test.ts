import { RAISES_MAX, tokensOf } from "@parley/metering";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RESULT_TOKENS_MAX, RESULT_TOKENS_MIN, RESULTS_MAX, SEARCHES_MAX } from "./limits.ts";
import { plainText } from "./plain-text.ts";
import { readResults } from "./sources.ts";

/** Counting tokens of arbitrary characters is slow on a busy machine. */
const PATIENCE_MS = 60_000;

const page = (n: number, more: object = {}) => ({ url: `https://${n}.example/`, title: `Page ${n}`, snippet: `Words of ${n}.`, ...more });

describe("results", () => {
	test("continue the numbering, and a page keeps its number", () => {
		const first = readResults([page(1), page(2)], [], RESULT_TOKENS_MAX);
		expect(first?.sources).toEqual([
			{ url: "https://1.example/", title: "Page 1" },
			{ url: "https://2.example/", title: "Page 2" },
		]);
		const second = readResults([page(2), page(3)], first?.sources ?? [], RESULT_TOKENS_MAX);
		expect(second?.sources.map(({ title }) => title)).toEqual(["Page 1", "Page 2", "Page 3"]);
		expect(second?.text).toContain("[2] Page 2\nhttps://2.example/\nWords of 2.");
		expect(second?.text).toContain("[3] Page 3");
	});

	test.each([
		"javascript:alert(1)",
		"data:text/html,x",
		"ftp://a.example/",
		"//a.example",
		"not an address",
		`https://a.example/${"x".repeat(1_100)}`,
	])("leave out %s", (url) => {
		expect(readResults([page(1, { url })], [], RESULT_TOKENS_MAX)).toBeNull();
	});

	test("drop name and password from an address", () => {
		const url = "https://bank.example:secret@evil.example/";
		expect(readResults([page(1, { url })], [], RESULT_TOKENS_MAX)?.sources[0]?.url).toBe("https://evil.example/");
	});

	test("have a plain title, or the host instead", () => {
		const titles = [page(1, { title: "<b>R&amp;D</b>\n news" }), page(2, { title: " <br> " })];
		expect(readResults(titles, [], RESULT_TOKENS_MAX)?.sources.map(({ title }) => title)).toEqual(["R&D news", "2.example"]);
	});

	test(
		"fit the available tokens, have at most five pages, and cite every listed source",
		() => {
			// Repeats short pieces, because generating long random texts is slow.
			const piece = fc.string({ unit: "binary", maxLength: 20 });
			const snippet = fc.tuple(piece, fc.nat(60)).map(([text, times]) => text.repeat(times));
			const host = fc.nat(5).map((n) => `https://${n}.example/`);
			const found = fc.array(fc.record({ url: host, title: piece, snippet }), { maxLength: 8 });
			fc.assert(
				fc.property(found, fc.integer({ min: RESULT_TOKENS_MIN, max: RESULT_TOKENS_MAX }), (pages, room) => {
					const results = readResults(pages, [], room);
					if (!results) return;
					expect(tokensOf(results.text)).toBeLessThanOrEqual(room);
					expect(results.sources.length).toBeLessThanOrEqual(RESULTS_MAX);
					for (const [at, { url }] of results.sources.entries()) {
						expect(results.text).toContain(`\n[${at + 1}] `);
						expect(results.text).toContain(`\n${url}\n`);
					}
					expect(results.text.isWellFormed()).toBe(true);
				}),
				{ numRuns: 30 },
			);
		},
		PATIENCE_MS,
	);
});

describe("plain text", () => {
	test.each([
		["<strong>Etna</strong> is 3,357&nbsp;m &amp; grows", "Etna is 3,357 m & grows"],
		["It&#x27;s &#8212; new &quot;today&quot;", 'It\'s — new "today"'],
		["2 < 3 and a<b", "2 < 3 and a<b"],
		["&lt;script&gt;alert(1)&lt;/script&gt;", "<script>alert(1)</script>"],
		["<img src=x onerror=alert(1)>a\u0000b\u202ec", "a b c"],
		["&unknown; &#9999999;", "&unknown; &#9999999;"],
		["half \ud83d", "half \ufffd"],
	])("of %j", (html, text) => {
		expect(plainText(html)).toBe(text);
	});

	test("takes time in proportion to its length, whatever its content", () => {
		for (const piece of ["<a", "<a ", "&#", "&amp", "<", "\n "])
			expect(plainText(piece.repeat(1_000_000)).length).toBeLessThanOrEqual(8_000);
	});
});

test("every search of an answer can be charged", () => {
	expect(SEARCHES_MAX).toBeLessThanOrEqual(RAISES_MAX);
});
