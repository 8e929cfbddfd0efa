import { MESSAGE_TOKENS, tokensOf } from "@parley/metering";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { modelOf } from "../../components/testing/views.ts";
import type { ChatMessage, ModelOption } from "../../view/chat.ts";
import { messageTokens, toModelMessages } from "./history.ts";
import { affordable, quoteOf } from "./price.ts";

const small = modelOf("small", { inputStep: 1_000, maxOutput: 500, contextWindow: 4_500 });
const dear = modelOf("dear", {
	weight: 5,
	efforts: { low: 1, medium: 2, high: 3 },
	inputStep: 1_000,
	maxOutput: 500,
	contextWindow: 8_500,
});
const asked = { model: small, effort: null, instructions: 0, question: 10, before: 0, whole: false };

describe("the price of a request", () => {
	test("depends on its message and does not grow with the chat", () => {
		expect(quoteOf({ ...asked, before: 1_000_000 })).toMatchObject({ units: 1, steps: 1, budget: 1_000 });
		expect(quoteOf({ ...asked, question: 1_001 })).toMatchObject({ units: 2, steps: 2, budget: 2_000 });
		expect(quoteOf({ ...asked, model: dear, effort: "high", question: 1_001 })).toMatchObject({ units: 30, steps: 2 });
	});

	test("covers the whole chat if all of it is sent, up to the model's window", () => {
		expect(quoteOf({ ...asked, before: 2_500, whole: true })).toMatchObject({ units: 3, budget: 3_000 });
		expect(quoteOf({ ...asked, before: 1_000_000, whole: true })).toMatchObject({ units: 4, budget: 4_000 });
	});

	test("includes the instructions, which leave less room for messages", () => {
		expect(quoteOf({ ...asked, instructions: 990 })).toMatchObject({ units: 1, budget: 10 });
		expect(quoteOf({ ...asked, instructions: 991 })).toMatchObject({ units: 2, budget: 1_009 });
		expect(quoteOf({ ...asked, instructions: 991, before: 1_000, whole: true })).toMatchObject({ units: 3, budget: 2_009 });
	});

	test("does not exist for a message that does not fit the model", () => {
		expect(quoteOf({ ...asked, question: 4_000 })).not.toBeNull();
		expect(quoteOf({ ...asked, question: 4_001 })).toBeNull();
		expect(quoteOf({ ...asked, instructions: 1, question: 4_000 })).toBeNull();
	});

	test("covers the tokens sent for it (rule P3), for every chat and model", () => {
		const texts = fc.string({ unit: "binary", maxLength: 600 });
		const models = fc.record({ inputStep: fc.integer({ min: 1, max: 900 }), maxOutput: fc.integer({ min: 1, max: 500 }) });
		fc.assert(
			fc.property(
				fc.array(texts, { minLength: 1, maxLength: 20 }),
				models,
				fc.nat(5_000),
				fc.nat(300),
				fc.boolean(),
				(said, bounds, more, instructions, whole) => {
					const model = modelOf("m", { ...bounds, contextWindow: bounds.inputStep + bounds.maxOutput + more });
					const chat = said.map((text, at): ChatMessage => {
						return { id: `m${at}`, role: (said.length - at) % 2 ? "user" : "assistant", parts: [{ type: "text", text }] };
					});
					const [question = 0, ...rest] = chat.map(messageTokens).reverse();
					const quote = quoteOf({ model, effort: null, instructions, question, before: rest.reduce((sum, one) => sum + one, 0), whole });
					if (!quote) {
						expect(instructions + question).toBeGreaterThan(model.contextWindow - model.maxOutput);
						return;
					}
					const { messages } = toModelMessages(chat.toReversed(), quote.budget, whole);
					const tokens = messages.reduce((sum, { content }) => sum + tokensOf(String(content)) + MESSAGE_TOKENS, instructions);
					expect(tokens).toBeLessThanOrEqual(quote.steps * model.inputStep);
					expect(tokens + model.maxOutput).toBeLessThanOrEqual(model.contextWindow);
				},
			),
		);
	});
});

describe("what is affordable at a limit", () => {
	const at = (left: number, more: object = {}) => affordable({ ...asked, ...more }, [small, dear], () => left);

	test("gives up as little as possible: effort, older messages or the model", () => {
		const whole = { model: dear, effort: "medium" as const, before: 1_500, whole: true };
		expect(at(19, whole)).toEqual([
			{ units: 10, model: "dear", effort: "low", whole: true },
			{ units: 10, model: "dear", effort: "medium", whole: false },
			{ units: 2, model: "small", effort: null, whole: true },
		]);
		expect(at(5, whole)).toEqual([
			{ units: 2, model: "small", effort: null, whole: true },
			{ units: 5, model: "dear", effort: "low", whole: false },
			{ units: 1, model: "small", effort: null, whole: false },
		]);
	});

	test("offers another model at the requested effort, or at its lowest as in the picker", () => {
		expect(at(10, { effort: null, before: 0 })).toEqual([
			{ units: 1, model: "small", effort: null, whole: false },
			{ units: 5, model: "dear", effort: "low", whole: false },
		]);
	});

	test("is empty if nothing is left, and never costs more than the remaining units", () => {
		expect(at(0, { model: dear })).toEqual([]);
		const models = fc.array(fc.record({ weight: fc.integer({ min: 1, max: 9 }), inputStep: fc.integer({ min: 1, max: 300 }) }), {
			minLength: 1,
		});
		fc.assert(
			fc.property(models, fc.nat(1_000), fc.nat(1_000), fc.nat(30), fc.boolean(), (options, question, before, left, whole) => {
				const on = options.map((one, n): ModelOption => modelOf(`m${n}`, one));
				const prices = affordable({ model: on[0] ?? small, effort: null, instructions: 0, question, before, whole }, on, () => left);
				expect(prices.length).toBeLessThanOrEqual(3);
				for (const { units } of prices) expect(units).toBeLessThanOrEqual(left);
			}),
		);
	});
});
