import { expect, test } from "vitest";
import { type ExportedChat, type ExportedTurn, jsonOf, markdownOf, wordsOfExport } from "./chat-document.ts";

const chat: ExportedChat = { title: "On tallies", instructions: "Be brief", exportedAt: "2026-11-29T18:00:00.000Z", shown: 2 };
const turn = (over: Partial<ExportedTurn> = {}): ExportedTurn => ({
	turn: 1,
	parent: null,
	answersAgain: null,
	question: { text: "What is a tally?", files: [{ name: "notes.txt", mediaType: "text/plain", bytes: 3 }] },
	answer: {
		text: "A **mark** [1]",
		reasoning: "Hm",
		sources: [{ url: "https://example.com/a(b)", title: "A [page]" }],
		state: "complete",
		model: "sandbox",
		counted: true,
		units: 1,
		askedAt: "2026-11-29T17:00:00.000Z",
	},
	...over,
});

test("JSON has its format and version, the chat, and every turn unchanged", () => {
	const turns = [turn(), turn({ turn: 2, answersAgain: 1, question: null }), turn({ turn: 3, parent: 1, answer: null })];
	expect(JSON.parse([...jsonOf(chat, turns)].join(""))).toEqual({ format: "parley.chat", version: 1, ...chat, turns });
	expect(JSON.parse([...jsonOf({ ...chat, shown: null }, [])].join(""))).toMatchObject({ shown: null, turns: [] });
});

test("Markdown has the text of a path, file names and sources, and omits attempts without text", () => {
	const text = [
		...markdownOf(chat, [turn(), turn({ question: { text: "And then?", files: [] }, answer: null })], wordsOfExport(chat.exportedAt)),
	].join("");
	expect(text).toBe(
		"# On tallies\n\nExported from Parley on 2026-11-29.\n" +
			"\n## Question\n\nAttached: notes.txt\n\nWhat is a tally?\n" +
			"\n## Answer\n\nA **mark** [1]\n\nSources:\n\n1. [A \\[page\\]](<https://example.com/a(b)>)\n" +
			"\n## Question\n\nAnd then?\n",
	);
});
