import { describe, expect, test } from "vitest";
import { fromChatGpt } from "./chatgpt.ts";

interface Message {
	role?: string;
	text?: string;
	content?: object;
	more?: object;
	metadata?: object;
	at?: number;
}

const message = ({ role = "user", text = "", content, more, metadata, at }: Message) => ({
	author: { role },
	content: content ?? { content_type: "text", parts: [text] },
	create_time: at,
	metadata: metadata ?? {},
	...more,
});

/** A chat with a linear sequence of nodes. */
function chain(messages: (Message | null)[], over: object = {}) {
	const mapping = Object.fromEntries(
		messages.map((one, at) => [
			`n${at}`,
			{
				id: `n${at}`,
				parent: at === 0 ? null : `n${at - 1}`,
				children: at + 1 < messages.length ? [`n${at + 1}`] : [],
				message: one && message(one),
			},
		]),
	);
	return {
		conversation_id: "c1",
		title: "On tallies",
		create_time: 1_700_000_000.5,
		update_time: 1_700_000_100,
		mapping,
		current_node: `n${messages.length - 1}`,
		...over,
	};
}

const wordsOf = (chat: Record<string, unknown>) => fromChatGpt(chat)?.turns.map(({ question, answer }) => [question?.text, answer?.text]);

describe("a ChatGPT chat", () => {
	test("has its title, its times, its model, and questions with their answers", () => {
		const chat = chain([
			null,
			{ role: "user", text: "What is a tally?", at: 1_700_000_001 },
			{ role: "assistant", text: "A mark.", at: 1_700_000_002, metadata: { model_slug: "gpt-4o" } },
			{ role: "user", text: "And then?" },
			{ role: "assistant", text: "Another." },
		]);
		expect(fromChatGpt(chat)).toMatchObject({
			format: "parley.chat",
			version: 1,
			id: "chatgpt-c1",
			title: "On tallies",
			shown: 2,
			turns: [
				{
					turn: 1,
					parent: null,
					question: { text: "What is a tally?", files: [] },
					answer: { text: "A mark.", model: "gpt-4o", state: "complete", counted: null, units: null, askedAt: "2023-11-14T22:13:22.000Z" },
				},
				{ turn: 2, parent: 1, question: { text: "And then?" }, answer: { text: "Another.", askedAt: "2023-11-14T22:15:00.000Z" } },
			],
		});
	});

	test("has the path to its current node, without edited or regenerated versions", () => {
		const chat = chain([
			{ text: "First" },
			{ role: "assistant", text: "One" },
			{ text: "Old words" },
			{ role: "assistant", text: "Old answer" },
		]);
		Object.assign(chat.mapping, {
			edited: { id: "edited", parent: "n1", children: ["again"], message: message({ text: "New words" }) },
			again: { id: "again", parent: "edited", children: [], message: message({ role: "assistant", text: "New answer", at: 9 }) },
		});
		expect(wordsOf({ ...chat, current_node: "again" })).toEqual([
			["First", "One"],
			["New words", "New answer"],
		]);
		// Without a current node: the newest leaf.
		expect(wordsOf({ ...chat, current_node: null })?.at(-1)).toEqual(["New words", "New answer"]);
		expect(wordsOf({ ...chat, current_node: "no such node" })?.at(-1)).toEqual(["New words", "New answer"]);
	});

	test.each<[string, Message]>([
		["of the system", { role: "system", text: "You are" }],
		["of a tool", { role: "tool", text: "42" }],
		["to a tool", { role: "assistant", text: "search(…)", more: { recipient: "browser" } }],
		["that is hidden", { role: "user", text: "About me", metadata: { is_visually_hidden_from_conversation: true } }],
		["without weight", { role: "assistant", text: "Taken back", more: { weight: 0 } }],
		["of code", { role: "assistant", content: { content_type: "code", text: "print()" } }],
		["of thoughts", { role: "assistant", content: { content_type: "thoughts", thoughts: [] } }],
		["that is empty", { role: "assistant", text: " " }],
	])("leaves out a message %s", (_, left) => {
		expect(
			wordsOf(chain([{ text: "Question" }, left, { role: "assistant", text: "Answer", more: { weight: 1, recipient: "all" } }])),
		).toEqual([["Question", "Answer"]]);
	});

	test("names images and attachments, and has the transcript of speech", () => {
		const parts = [
			{ content_type: "image_asset_pointer", asset_pointer: "file-service://x", size_bytes: 12 },
			{ content_type: "audio_transcription", text: "Spoken" },
			"Written",
		];
		const attachments = [{ name: "notes.pdf", mime_type: "application/pdf", size: 3 }];
		const said = { content: { content_type: "multimodal_text", parts }, metadata: { attachments } };
		expect(fromChatGpt(chain([said]))?.turns).toMatchObject([
			{
				question: {
					text: "Spoken\n\nWritten",
					files: [
						{ name: "notes.pdf", mediaType: "application/pdf", bytes: 3 },
						{ name: "image", mediaType: "image/*", bytes: 12 },
					],
				},
				answer: null,
			},
		]);
	});

	test("joins an answer of several messages, and keeps a question without an answer", () => {
		const chat = chain([
			{ role: "assistant", text: "Welcome" },
			{ text: "A" },
			{ text: "B" },
			{ role: "assistant", text: "1" },
			{ role: "assistant", text: "2" },
		]);
		expect(wordsOf(chat)).toEqual([
			[undefined, "Welcome"],
			["A", undefined],
			["B", "1\n\n2"],
		]);
	});

	test("without a title is named after its first question", () => {
		expect(fromChatGpt(chain([{ text: "**What** is a tally?" }], { title: null }))?.title).toBe("What is a tally?");
	});

	test.each([
		["no mapping", { mapping: null }],
		["no messages", { mapping: { a: { parent: null, children: [] } }, current_node: "a" }],
		["a mapping of something else", { mapping: [1, "x"] }],
	])("with %s is not converted", (_, over) => {
		expect(fromChatGpt({ ...chain([{ text: "x" }]), ...over })).toBe(null);
	});

	test("with a cycle of nodes terminates", () => {
		const chat = chain([{ text: "A" }, { role: "assistant", text: "B" }]);
		Object.assign(chat.mapping.n0 ?? {}, { parent: "n1" });
		expect(wordsOf(chat)).toEqual([["A", "B"]]);
	});
});
