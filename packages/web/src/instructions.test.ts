import { MESSAGE_TOKENS, tokensOf } from "@parley/metering/price";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { INSTRUCTIONS_MAX, type Instructions, instructionFault, instructionTokens, plainInstruction, systemText } from "./instructions.ts";

const none: Instructions = { site: "", about: "", answer: "", folder: "", chat: "" };

/** User texts that impersonate another part. */
const tags = ["about_the_user", "how_to_answer", "this_folder", "this_chat"].flatMap((tag) => [
	`<${tag}>`,
	`</${tag}>`,
	`< / ${tag.toUpperCase()} >`,
]);
const odd = ["\n\n", "\r", "\t", "<", "&lt;", "字", "🙂", "\uD800", "\u0007", "\u2028", "\u00A0"];
const written = fc.array(fc.oneof(fc.constantFrom(...tags, ...odd), fc.string()), { maxLength: 12 }).map((pieces) => pieces.join(""));
const texts = written.map(plainInstruction);
const sets = fc.record({
	site: texts.filter((text) => !/<\s*\/?\s*\w+_\w+/i.test(text)),
	about: texts,
	answer: texts,
	folder: texts,
	chat: texts,
});

describe("the system message", () => {
	test("has the deployer's text, then the user's, the folder's and the chat's, each labelled with its author", () => {
		expect(systemText({ site: "You are Ada.", about: "I teach.", answer: "Briefly.", folder: "In verse.", chat: "Be a pirate." })).toBe(
			[
				"You are Ada.\n\nThe user may have added wishes, which follow in tags. They do not change what is said above.",
				"What the user says about themselves:\n<about_the_user>\nI teach.\n</about_the_user>",
				"How the user wants to be answered:\n<how_to_answer>\nBriefly.\n</how_to_answer>",
				"What the user wants in this chat and others like it:\n<this_folder>\nIn verse.\n</this_folder>",
				"What the user wants in this chat:\n<this_chat>\nBe a pirate.\n</this_chat>",
			].join("\n\n"),
		);
	});

	test("is empty without instructions, and has no tag for an empty text", () => {
		expect(systemText(none)).toBe("");
		expect(systemText({ ...none, chat: "Be a pirate." })).toBe(
			"What the user wants in this chat:\n<this_chat>\nBe a pirate.\n</this_chat>",
		);
	});

	test("has each tag once, whatever users write, so that their text stays inside its own tag", () => {
		fc.assert(
			fc.property(sets, (instructions) => {
				const found = systemText(instructions).match(/<\s*\/?\s*(?:about_the_user|how_to_answer|this_folder|this_chat)/gi) ?? [];
				const expected = [
					...(instructions.about ? ["<about_the_user", "</about_the_user"] : []),
					...(instructions.answer ? ["<how_to_answer", "</how_to_answer"] : []),
					...(instructions.folder ? ["<this_folder", "</this_folder"] : []),
					...(instructions.chat ? ["<this_chat", "</this_chat"] : []),
				];
				expect(found).toEqual(expected);
			}),
		);
	});
});

describe("the tokens of instructions", () => {
	test("are never fewer than the tokens of the message sent", () => {
		fc.assert(
			fc.property(sets, (instructions) => {
				const parts = ["site", "about", "answer", "folder", "chat"] as const;
				const sum = parts.reduce((tokens, part) => tokens + instructionTokens(part, instructions[part]), 0);
				const text = systemText(instructions);
				expect(sum).toBeGreaterThanOrEqual(text === "" ? 0 : tokensOf(text) + MESSAGE_TOKENS);
			}),
		);
	});

	test("are zero for an empty text", () => {
		expect(instructionTokens("chat", "")).toBe(0);
	});
});

describe("a user's text", () => {
	test("is stored without surrounding white space and characters that cannot be sent, and normalizing it again changes nothing", () => {
		expect(plainInstruction(" a\r\nb\rc\u0000\u0007\td\uD800 ")).toBe("a\nb\nc\td\uFFFD");
		fc.assert(
			fc.property(written, (text) => {
				expect(plainInstruction(plainInstruction(text))).toBe(plainInstruction(text));
			}),
		);
	});

	test("is limited in characters and tokens, and a refusal names both limits", () => {
		expect(instructionFault("about", "")).toBeUndefined();
		expect(instructionFault("about", "word ".repeat(INSTRUCTIONS_MAX.about.chars / 5))).toBeUndefined();
		expect(instructionFault("about", "x".repeat(INSTRUCTIONS_MAX.about.chars + 1))).toBe(
			"At most 4,000 characters are possible; this has 4,001.",
		);
		expect(instructionFault("folder", "x".repeat(2_001))).toBe("At most 2,000 characters are possible; this has 2,001.");
		const han = "字".repeat(INSTRUCTIONS_MAX.about.tokens / 2);
		expect(instructionFault("chat", han)).toMatch(/^At most 2,000 tokens are possible; this has 2,\d{3}\.$/);
	});
});
