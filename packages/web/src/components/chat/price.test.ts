import { MESSAGE_TOKENS, tokensOf } from "@parley/metering/price";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { messageTokens } from "../../lib/chat/history.ts";
import { quoteOf } from "../../lib/chat/price.ts";
import type { Effort, ModelOption } from "../../view/chat.ts";
import { modelOf } from "../testing/views.ts";
import type { LiveMessage } from "./live-chat.tsx";
import { priceOfSend, tokensIn, tokensUpTo } from "./price.ts";
import { choiceOf, levelsOf } from "./use-choice.ts";

const plain = { model: modelOf("m", { inputStep: 100, contextWindow: 1_000, maxOutput: 400 }), effort: null, instructions: 0 };
const thinker = modelOf("t", { weight: 3, efforts: { low: 1, high: 4 }, tiers: ["free", "paid"] });

describe("the price of a message", () => {
	test("is the model's weight for one step, times its effort", () => {
		expect(priceOfSend(plain, false, 0, "Hello")).toEqual({ units: 1, model: "m", effort: null, whole: false });
		expect(priceOfSend({ model: thinker, effort: "high", instructions: 0 }, false, 0, "Hello").units).toBe(12);
	});

	test("grows with the text, by its estimated tokens", () => {
		for (const text of ["x".repeat(500), "字".repeat(93), "word ".repeat(200)]) {
			const steps = Math.ceil((MESSAGE_TOKENS + tokensOf(text)) / 100);
			expect(steps).toBeGreaterThan(1);
			expect(priceOfSend(plain, false, 0, text).units).toBe(steps);
		}
	});

	test("does not depend on the messages before it, unless the whole chat is sent", () => {
		expect(priceOfSend(plain, false, 500, "Hello").units).toBe(1);
		expect(priceOfSend(plain, true, 500, "Hello")).toMatchObject({ units: 6, whole: true });
	});

	test("is the server's, for every model, chat, message and size of instructions", () => {
		const sizes = { instructions: fc.nat(3_000), before: fc.nat(5_000), whole: fc.boolean() };
		const bounds = { inputStep: fc.integer({ min: 1, max: 900 }), maxOutput: fc.integer({ min: 1, max: 500 }) };
		const pieces = fc.array(fc.oneof(fc.constantFrom("字", "🙂", "\n\n", "é"), fc.string()), { minLength: 1 });
		const texts = pieces.map((list) => list.join("")).filter((text) => text.trim() !== "");
		fc.assert(
			fc.property(fc.record(sizes), fc.record(bounds), fc.nat(5_000), texts, ({ instructions, before, whole }, bound, more, text) => {
				const model = modelOf("m", { ...bound, contextWindow: bound.inputStep + bound.maxOutput + more });
				const question = messageTokens({ id: "q", role: "user", parts: [{ type: "text", text }] });
				const quote = quoteOf({ model, effort: null, instructions, question, before, whole });
				fc.pre(quote !== null);
				const shown = priceOfSend({ model, effort: null, instructions }, whole, before, text);
				expect(shown).toEqual({ units: quote?.units, model: "m", effort: null, whole });
			}),
		);
	});

	test("is at most that of the model's full context", () => {
		fc.assert(
			fc.property(fc.nat(100_000), fc.string({ maxLength: 300 }), (before, text) => {
				expect(priceOfSend(plain, true, before, text).units).toBeLessThanOrEqual(6);
			}),
		);
	});
});

test("messages are measured without their reasoning, which is not sent back", () => {
	const message: LiveMessage = {
		id: "a",
		role: "assistant",
		parts: [
			{ type: "reasoning", text: "x".repeat(300) },
			{ type: "text", text: "x".repeat(30) },
		],
	};
	expect(tokensIn([message, message])).toBe(2 * (MESSAGE_TOKENS + tokensOf("x".repeat(30))));
});

test("tokens are the server's own count plus the messages after it", () => {
	const said = (text: string, tokens?: number): LiveMessage => ({
		id: text,
		role: "user",
		parts: [{ type: "text", text }],
		metadata: { ...(tokens !== undefined && { tokens }) },
	});
	expect(tokensUpTo([said("x"), said("y")], () => 500)).toBe(500 + 9 + 9);
	expect(tokensUpTo([said("x", 100), said("y", 200), said("z"), said("")], () => 500)).toBe(200 + 9);
	expect(tokensUpTo([], () => 500)).toBe(500);
});

describe("the choice", () => {
	const models: ModelOption[] = [thinker, plain.model];
	const chosen = (tier: "guest" | "paid", wanted: { model?: string; effort?: string }) => {
		const { model, effort } = choiceOf(models, tier, wanted);
		return [model.id, effort];
	};

	test("is what the viewer wants, if the tier and the model have it", () => {
		expect(chosen("paid", { model: "t", effort: "high" })).toEqual(["t", "high"]);
		expect(chosen("paid", { model: "m", effort: "high" })).toEqual(["m", null]);
	});

	test("otherwise is the first model that the tier includes, at its lowest effort", () => {
		expect(chosen("paid", {})).toEqual(["t", "low"]);
		expect(chosen("paid", { model: "gone", effort: "medium" })).toEqual(["t", "low"]);
		expect(chosen("guest", { model: "t", effort: "high" })).toEqual(["m", null]);
	});

	test("contains only the model's levels, lowest first", () => {
		fc.assert(
			fc.property(fc.uniqueArray(fc.constantFrom<Effort>("low", "medium", "high")), (levels) => {
				const model = modelOf("m", { efforts: Object.fromEntries(levels.map((level) => [level, 1])) });
				const { effort } = choiceOf([model], "guest", { effort: "high" });
				expect(levelsOf(model).toSorted()).toEqual(levels.toSorted());
				expect(effort).toBe(levels.includes("high") ? "high" : (levelsOf(model)[0] ?? null));
			}),
		);
	});
});
