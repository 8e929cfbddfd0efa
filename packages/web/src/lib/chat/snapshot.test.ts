import { expect, test } from "vitest";
import type { ChatMessage, FilePart } from "../../view/chat.ts";
import { snapshotOf } from "./snapshot.ts";

const file: FilePart = {
	type: "file",
	url: "/api/chat/c/files/f",
	mediaType: "text/plain",
	filename: "salary.txt",
	providerMetadata: { parley: { bytes: 1, tokens: 1 } },
};
const says = (text: string): ChatMessage => ({ id: "secret-id", role: "user", parts: [{ type: "text", text }] });
const refuse = () => null;

test("contains the text and sources of messages and nothing else", () => {
	const answer: ChatMessage = {
		id: "answer-id",
		role: "assistant",
		parts: [
			{ type: "reasoning", text: "a thought" },
			{ type: "text", text: "An answer [1]" },
			{ type: "source-url", sourceId: "1", url: "https://example.com/", title: "Example" },
		],
		metadata: { model: "dear", units: 5, reference: "r", instructions: 9, state: "stopped", versions: { turns: [1, 2], at: 0 } },
	};
	expect(snapshotOf([answer, says("A question")], refuse)).toEqual({
		messages: [
			{ id: "1", role: "user", parts: [{ type: "text", text: "A question" }] },
			{ id: "2", role: "assistant", parts: answer.parts.slice(1), metadata: { state: "stopped" } },
		],
		isCut: false,
	});
});

test("contains shareable files, and hides even the names of others", () => {
	const withFile: ChatMessage = { ...says("Look"), parts: [file, { type: "text", text: "Look" }] };
	expect(snapshotOf([withFile], (one) => ({ ...one, url: "/s/x/files/y" })).messages[0]?.parts[0]).toEqual({
		...file,
		url: "/s/x/files/y",
	});
	expect(JSON.stringify(snapshotOf([withFile], refuse))).not.toContain("salary");
});

test("has the newest 200 messages or 500,000 characters, at least one message, and reads no more than that", () => {
	let read = 0;
	function* endless(text: string) {
		for (;;) {
			read += 1;
			yield says(text);
		}
	}
	expect(snapshotOf(endless("x"), refuse)).toMatchObject({ isCut: true, messages: { length: 200 } });
	expect(snapshotOf(endless("x".repeat(200_000)), refuse)).toMatchObject({ isCut: true, messages: { length: 2 } });
	expect(snapshotOf([says("x".repeat(600_000))], refuse)).toMatchObject({ isCut: false, messages: { length: 1 } });
	expect(read).toBe(201 + 3);
});
