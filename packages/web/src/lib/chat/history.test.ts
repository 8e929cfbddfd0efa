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

/** What the model is sent for a chat, given its messages oldest first. */
const sent = (history: ChatMessage[], budget = 1_000_000, whole = false) => toModelMessages(history.toReversed(), budget, whole);
const contents = (history: ChatMessage[], budget?: number, whole?: boolean) =>
	sent(history, budget, whole).messages.map(({ content }) => content);

describe("the history sent to a model", () => {
	test("contains the text of messages, without reasoning", () => {
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
		const [hello, goOn] = [message("user", "Hello"), message("user", "Go on")];
		expect(sent([hello, answer, goOn])).toEqual({
			messages: [
				{ role: "user", content: "Hello" },
				{ role: "assistant", content: "One\nTwo" },
				{ role: "user", content: "Go on" },
			],
			readFrom: null,
			tokens: [hello, answer, goOn].reduce((sum, one) => sum + messageTokens(one), 0),
		});
	});

	test("drops reasoning that a model wrote into its answer, closed or not", () => {
		const said = (text: string) => contents([message("user", "A"), message("assistant", text), message("user", "B")]);
		expect(said("<think>Hm.\nHm.</think>\nYes.")).toEqual(["A", "\nYes.", "B"]);
		expect(said("<THINKING>Hm.")).toEqual(["B"]);
		expect(said("Write <think> first.")).toEqual(["A", "Write <think> first.", "B"]);
	});

	test("skips a question without an answer, so that roles alternate and a failed question is not sent again", () => {
		const failed: ChatMessage = { ...message("assistant"), parts: [{ type: "reasoning", text: "Hm" }] };
		const chat = [
			message("user", "A"),
			message("assistant", "a"),
			message("user", "B"),
			failed,
			message("assistant", " \n"),
			message("user", "C"),
		];
		expect(contents(chat)).toEqual(["A", "a", "C"]);
		expect(contents([message("user", "A"), message("user", "B"), message("user", "C")])).toEqual(["C"]);
		expect(sent(chat).readFrom).toBeNull();
	});

	test("has at most the newest 60 messages and starts with a whole turn, unless the whole chat is sent", () => {
		const history = Array.from({ length: 63 }, (_, n) => message(n % 2 ? "assistant" : "user", `${n}`));
		const { messages, readFrom } = sent(history);
		expect([messages.length, messages[0]?.content, messages.at(-1)?.content]).toEqual([59, "4", "62"]);
		expect(readFrom).toBe(history[4]?.id);
		expect(sent(history, undefined, true)).toMatchObject({ messages: { length: 63 }, readFrom: null });
	});

	test("ends before the first message that does not fit, even if older ones would", () => {
		const history = [message("user", "small"), message("assistant", "x".repeat(3_000)), message("user", "y"), message("assistant", "z")];
		const question = message("user", "q");
		const budget = [...history.slice(2), question].reduce((sum, one) => sum + messageTokens(one), 0);
		expect(contents([...history, question], budget)).toEqual(["y", "z", "q"]);
		expect(contents([...history, question], budget - 1)).toEqual(["q"]);
		expect(sent([...history, question], budget - 1).readFrom).toBe(question.id);
	});

	describe("if the exchange before the question does not fit", () => {
		const asked = message("user", `Write about this: ${"lorem ipsum ".repeat(400)}`);
		const answer = message("assistant", `It begins. ${"dolor sit amet ".repeat(400)}It stops in the mid`);
		const goOn = message("user", "Continue.");

		test("keeps the end of the answer and the beginning of its question, so that the model can continue", () => {
			for (const budget of [200, 1_000, 2_000, 3_000]) {
				const { messages, readFrom } = sent([message("user", "old"), message("assistant", "old"), asked, answer, goOn], budget);
				expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
				const [first, cut, last] = messages.map(({ content }) => String(content));
				expect(first).toMatch(/^Write about this:/);
				expect(cut).toMatch(/It stops in the mid$/);
				expect(last).toBe("Continue.");
				expect(readFrom).toBe(asked.id);
			}
		});

		test("keeps all of the shorter one", () => {
			const short = message("user", "Tell me everything.");
			expect(contents([short, answer, goOn], 500)[0]).toBe("Tell me everything.");
			const brief = message("assistant", "No.");
			expect(contents([asked, brief, goOn], 500)[1]).toBe("No.");
		});

		test("is the question alone if almost nothing of the exchange would fit", () => {
			expect(contents([asked, answer, goOn], 60)).toEqual(["Continue."]);
			expect(sent([asked, answer, goOn], 60).readFrom).toBe(goOn.id);
		});

		test("never cuts an emoji in two", () => {
			for (let budget = 150; budget < 170; budget += 1) {
				const cut = contents([message("user", "q".repeat(2_000)), message("assistant", "\u{1f600}".repeat(500)), goOn], budget);
				expect(cut).toHaveLength(3);
				for (const content of cut) expect(String(content).isWellFormed()).toBe(true);
			}
		});
	});

	test("reads at most two messages beyond its limits", () => {
		let read = 0;
		function* chat(text: string) {
			for (;;) {
				read += 1;
				yield message(read % 2 ? "user" : "assistant", text);
			}
		}
		for (const [text, most] of [
			["x", 62],
			["word ".repeat(1_000), 4],
			["word ".repeat(100_000), 3],
		] as const) {
			read = 0;
			toModelMessages(chat(text), 4_000, false);
			expect(read).toBeLessThanOrEqual(most);
		}
	});

	test("always includes the question", () => {
		expect(contents([message("assistant", "before"), message("user", "x".repeat(1_000))], 1)).toEqual(["x".repeat(1_000)]);
	});

	test("is well-formed: an unpaired surrogate becomes the replacement character", () => {
		expect(contents([message("user", "a\ud83d"), message("assistant", "\ude00b"), message("user", "c")])).toEqual([
			"a\ufffd",
			"\ufffdb",
			"c",
		]);
	});

	test("alternates, begins and ends with the user and fits the budget, whatever happened in the chat", () => {
		const short = fc.oneof(fc.constantFrom("", " ", "<think>x</think>"), fc.string({ unit: "binary", maxLength: 40 }));
		const long = fc
			.tuple(fc.string({ unit: "binary", minLength: 1, maxLength: 20 }), fc.nat(60))
			.map(([text, times]) => text.repeat(times));
		const texts = fc.oneof({ weight: 4, arbitrary: short }, { weight: 1, arbitrary: long });
		const turns = fc.array(fc.record({ question: fc.option(texts), answer: fc.option(texts) }), { maxLength: 15 });
		fc.assert(
			fc.property(turns, fc.nat(1_000), fc.boolean(), (history, budget, whole) => {
				const messages = history.flatMap(({ question, answer }) => [
					...(question === null ? [] : [message("user", question)]),
					...(answer === null ? [] : [message("assistant", answer)]),
				]);
				const question = message("user", "the question");
				const { messages: out, readFrom, tokens } = sent([...messages, question], budget, whole);
				expect(out.map(({ role }) => role)).toEqual(out.map((_, at) => (at % 2 ? "assistant" : "user")));
				expect(out.length % 2).toBe(1);
				expect(out.at(-1)?.content).toBe("the question");
				expect(out.every(({ content }) => String(content).isWellFormed())).toBe(true);
				expect(tokens).toBe(out.reduce((sum, { content }) => sum + tokensOf(String(content)) + MESSAGE_TOKENS, 0));
				expect(tokens).toBeLessThanOrEqual(Math.max(budget, messageTokens(question)));
				const all = [...messages, question].filter((one) => messageTokens(one) > 0);
				const isAllSent = all.reduce((sum, one) => sum + messageTokens(one), 0) <= budget && (whole || messages.length < 60);
				// An answer that lost its question cannot come first.
				if (isAllSent && all[0]?.role === "user") expect(readFrom).toBeNull();
				if (readFrom === null && all.length > 0) expect(all[0]?.role).toBe("user");
			}),
		);
	});
});
