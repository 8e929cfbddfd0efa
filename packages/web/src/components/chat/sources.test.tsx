import { describe, expect, test } from "vitest";
import { FormattedAnswer } from "../answer-text/formatted-answer.tsx";
import { serverHtml, serverText } from "../testing/render.tsx";
import { AnswerMessage } from "./message.tsx";
import { definitionsOf, listOf, Sources } from "./sources.tsx";

const source = (n: number, more: object = {}) => ({
	type: "source-url" as const,
	sourceId: String(n),
	url: `https://www.${n}.example/page`,
	title: `Page ${n}`,
	...more,
});

/** An answer's text with its sources, as HTML. */
const html = (text: string, ...sources: ReturnType<typeof source>[]) =>
	serverHtml(<FormattedAnswer text={`${definitionsOf(sources)}\n${text}`} />);
const linksIn = (markup: string) => [...markup.matchAll(/href="([^"]*)"[^>]*>([^<]*)</g)].map(([, href, text]) => [text, href]);

describe("source marks in a text", () => {
	test("link to their sources, also next to each other", () => {
		expect(linksIn(html("It is so [1]. And so[1][2].", source(1), source(2)))).toEqual([
			["1", "https://www.1.example/page"],
			["1", "https://www.1.example/page"],
			["2", "https://www.2.example/page"],
		]);
	});

	test("say which source they are", () => {
		expect(html("So [1].", source(1))).toContain('title="Source 1 · Page 1"');
	});

	test("without a source, and in code, are left unchanged", () => {
		expect(html("So [3], `a[1]`.", source(1))).not.toContain("<a ");
	});

	test.each([
		["https://a.example/?a=1&copy;=2&amp=3", "T"],
		["https://a.example/%3E", 'A "quoted" \\ <b>title</b> & more'],
		["https://a.example/(x)?y=[z]", "[1]: https://evil.example"],
		["https://a.example/", "Two\n\nlines"],
	])("lead to exactly %s", (url, title) => {
		const markup = html("So [1].", source(1, { url, title }));
		expect(markup).toContain(`href="${url.replaceAll("&", "&amp;")}"`);
		expect(markup.match(/<a /g)).toHaveLength(1);
		expect(markup).not.toContain("evil.example</");
	});
});

describe("the list of sources", () => {
	test("is copied with its answer", () => {
		expect(listOf([source(1), source(2)])).toBe("\n\n[1]: https://www.1.example/page\n[2]: https://www.2.example/page");
		expect(listOf([])).toBe("");
	});

	test("has titles, hosts and numbers, and links that send no referrer", () => {
		const list = <Sources sources={[source(1), source(2, { title: "" })]} />;
		expect(serverText(list)).toBe("Sources1Page 1 1.example2https://www.2.example/page 2.example");
		expect(serverHtml(list).match(/target="_blank" rel="noopener noreferrer nofollow"/g)).toHaveLength(2);
	});

	test("is absent if there are no sources", () => {
		expect(serverHtml(<Sources sources={[]} />)).toBe("");
	});
});

test("an answer shows its search query while it streams, and not after", () => {
	const answer = (searching: string | null, writing: boolean) =>
		serverText(
			<AnswerMessage
				message={{ id: "a", role: "assistant", parts: [], metadata: { searching } }}
				model="M"
				writing={writing}
				events={undefined}
			/>,
		);
	expect(answer("Etna today", true)).toContain("Searching the web for “Etna today”…");
	expect(answer("Etna today", false)).not.toContain("Searching");
	expect(answer(null, true)).not.toContain("Searching");
});
