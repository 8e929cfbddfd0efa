import { MESSAGE_TOKENS, tokensOf } from "@parley/metering";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ChatMessage } from "../../view/chat.ts";
import { messageTokens, textOf, toModelMessages } from "./history.ts";

let count = 0;
function message(role: ChatMessage["role"], ...texts: string[]): ChatMessage {
	count += 1;
	return { id: `m${count}`, role, parts: texts.map((text) => ({ type: "text", text })) };
}

/** What the model is sent of a chat whose messages are given oldest first. */
const sent = (history: ChatMessage[], budget = 1_000_000, whole = false) => toModelMessages(history.toReversed(), budget, whole);
const contents = (history: ChatMessage[], budget?: number, whole?: boolean) =>
	sent(history, budget, whole).messages.map(({ content }) => content);

describe("what a model is sent of a chat", () => {
	test("is the text of its messages, without reasoning", () => {
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
		expect(sent([message("user", "Hello"), answer, message("user", "Go on")])).toEqual({
			messages: [
				{ role: "user", content: "Hello" },
				{ role: "assistant", content: "One\nTwo" },
				{ role: "user", content: "Go on" },
			],
			readFrom: null,
		});
	});

	test("has no reasoning that a model wrote into its answer, closed or not", () => {
		const said = (text: string) => contents([message("user", "A"), message("assistant", text), message("user", "B")]);
		expect(said("<think>Hm.\nHm.</think>\nYes.")).toEqual(["A", "\nYes.", "B"]);
		expect(said("<THINKING>Hm.")).toEqual(["A\n\nB"]);
		expect(said("Write <think> first.")).toEqual(["A", "Write <think> first.", "B"]);
	});

	test("joins a question without an answer to the next one, so that roles alternate", () => {
		const failed: ChatMessage = { ...message("assistant"), parts: [{ type: "reasoning", text: "Hm" }] };
		expect(sent([message("user", "A"), failed, message("assistant", " \n"), message("user", "B")]).messages).toEqual([
			{ role: "user", content: "A\n\nB" },
		]);
	});

	test("is at most the newest 60 messages, from a whole turn on, unless the whole chat is sent", () => {
		const history = Array.from({ length: 63 }, (_, n) => message(n % 2 ? "assistant" : "user", `${n}`));
		const { messages, readFrom } = sent(history);
		expect([messages.length, messages[0]?.content, messages.at(-1)?.content]).toEqual([59, "4", "62"]);
		expect(readFrom).toBe(history[4]?.id);
		expect(sent(history, undefined, true)).toMatchObject({ messages: { length: 63 }, readFrom: null });
	});

	test("ends before the first message that is too much, however short the ones before it are", () => {
		const history = [message("user", "small"), message("assistant", "x".repeat(3_000)), message("user", "y"), message("assistant", "z")];
		const question = message("user", "q");
		const budget = [...history.slice(2), question].reduce((sum, one) => sum + messageTokens(one), 0);
		expect(contents([...history, question], budget)).toEqual(["y", "z", "q"]);
		expect(contents([...history, question], budget - 1)).toEqual(["q"]);
		expect(sent([...history, question], budget - 1).readFrom).toBe(question.id);
	});

	test("always has the question", () => {
		expect(contents([message("user", "before"), message("user", "x".repeat(1_000))], 1)).toEqual(["x".repeat(1_000)]);
	});

	test("is well-formed: half a surrogate pair becomes the replacement character", () => {
		expect(contents([message("user", "a\ud83d"), message("assistant", "\ude00b"), message("user", "c")])).toEqual([
			"a\ufffd",
			"\ufffdb",
			"c",
		]);
	});

	test("alternates, begins and ends with the user, and fits into the budget, whatever happened in the chat", () => {
		const texts = fc.oneof(fc.constantFrom("", " ", "<think>x</think>"), fc.string({ unit: "binary", maxLength: 40 }));
		const turns = fc.array(fc.record({ question: fc.option(texts), answer: fc.option(texts) }), { maxLength: 90 });
		fc.assert(
			fc.property(turns, fc.nat(2_000), fc.boolean(), (history, budget, whole) => {
				const messages = history.flatMap(({ question, answer }) => [
					...(question === null ? [] : [message("user", question)]),
					...(answer === null ? [] : [message("assistant", answer)]),
				]);
				const question = message("user", "the question");
				const { messages: out, readFrom } = sent([...messages, question], budget, whole);
				expect(out.map(({ role }) => role)).toEqual(out.map((_, at) => (at % 2 ? "assistant" : "user")));
				expect(out.length % 2).toBe(1);
				expect(String(out.at(-1)?.content)).toMatch(/the question$/);
				const tokens = out.reduce((sum, { content }) => sum + tokensOf(String(content)) + MESSAGE_TOKENS, 0);
				expect(tokens).toBeLessThanOrEqual(Math.max(budget, messageTokens(question)));
				const hasText = (one: ChatMessage) => messageTokens(one) > 0;
				const all = [...messages, question].filter(hasText);
				const isWhole =
					out.map(({ content }) => content).join("\n\n").length >= all.reduce((sum, one) => sum + textOf(one).length, 0) - 100;
				if (readFrom === null && all[0]?.role === "user") expect(isWhole).toBe(true);
			}),
		);
	});
});
