import { describe, expect, test } from "vitest";
import type { ChatMessage } from "../../view/chat.ts";
import { textOf, toModelMessages } from "./history.ts";

let count = 0;
function message(role: ChatMessage["role"], ...texts: string[]): ChatMessage {
	count += 1;
	return { id: `m${count}`, role, parts: texts.map((text) => ({ type: "text", text })) };
}

/** What the model receives of a chat whose messages are given oldest first. */
const newest = (history: ChatMessage[]) => toModelMessages(history.toReversed());

describe("the history that a model receives", () => {
	test("is the chat's text in order, without reasoning or metadata", () => {
		const answer: ChatMessage = {
			...message("assistant"),
			parts: [
				{ type: "reasoning", text: "Secret thoughts" },
				{ type: "text", text: "One" },
				{ type: "text", text: "Two" },
			],
			metadata: { state: "complete", counted: true },
		};
		expect(textOf(answer)).toBe("One\nTwo");
		expect(newest([message("user", "Hello"), answer, message("user", "Go on")])).toEqual([
			{ role: "user", content: "Hello" },
			{ role: "assistant", content: "One\nTwo" },
			{ role: "user", content: "Go on" },
		]);
	});

	test("skips answers that have no text", () => {
		const failed: ChatMessage = { ...message("assistant"), parts: [{ type: "reasoning", text: "Hm" }] };
		expect(newest([message("user", "A"), failed, message("assistant"), message("user", "B")])).toEqual([
			{ role: "user", content: "A" },
			{ role: "user", content: "B" },
		]);
	});

	test("is at most the 60 newest messages", () => {
		const history = Array.from({ length: 61 }, (_, n) => message(n % 2 ? "assistant" : "user", `${n}`));
		const sent = newest(history);
		expect(sent).toHaveLength(60);
		expect([sent[0]?.content, sent.at(-1)?.content]).toEqual(["1", "60"]);
	});

	test("is at most 200,000 characters: the first message that does not fit ends it", () => {
		const history = [
			message("user", "small"),
			message("user", "x".repeat(100_001)),
			message("assistant", "y".repeat(50_000)),
			message("user", "z".repeat(50_000)),
		];
		expect(newest(history).map(({ content }) => content.length)).toEqual([50_000, 50_000]);
		expect(newest([message("user", "x".repeat(200_000))])).toHaveLength(1);
	});
});
