import { type Effort, priceOf } from "@parley/metering";
import type { ModelOption, Price } from "../../view/chat.ts";

/** What decides the price of one request of a chat. Tokens are estimates (rule P2). */
export interface Asked {
	model: ModelOption;
	effort: Effort | null;
	/** Tokens of the user's message. */
	question: number;
	/** Tokens of the messages before it; null where they are not known and not sent as a whole. */
	before: number | null;
	/** Whether these are sent as well, not only those that fit into the steps of the message. */
	whole: boolean;
}

/** A price, and what may be sent for it. */
export interface Quote extends Price {
	/** Steps of input that the units pay. */
	steps: number;
	/** Tokens of messages that may be sent. Never more than the steps cover (rule P3). */
	budget: number;
}

/** The price of a request (rules P1 and P4); null where the message alone does not fit into the model. */
export function quoteOf({ model, effort, question, before, whole }: Asked): Quote | null {
	const window = model.contextWindow - model.maxOutput;
	if (question > window) return null;
	const sent = whole ? Math.min(window, question + (before ?? 0)) : question;
	const { units, steps } = priceOf(model, effort, sent);
	return { units, steps, model: model.id, effort, whole, budget: Math.min(window, steps * model.inputStep) };
}

/** How many affordable requests a refusal names. */
const AFFORDABLE_MAX = 3;

/** Requests that what is left pays for, the one most like the refused one first: the same model, then others, the dearest first. */
export function affordable(asked: Asked, models: readonly ModelOption[], leftFor: (model: ModelOption) => number): Price[] {
	const variants = models.flatMap((model) => {
		const efforts: (Effort | null)[] = model.id === asked.model.id ? [asked.effort, ...effortsOf(model), null] : [null];
		return [asked.whole, false].flatMap((whole) => efforts.map((effort) => ({ ...asked, model, effort, whole })));
	});
	const seen = new Set<string>();
	const prices = variants.flatMap((variant) => {
		const quote = quoteOf(variant);
		if (!quote || quote.units > leftFor(variant.model)) return [];
		const { units, model, effort, whole } = quote;
		const price: Price = { units, model, effort, whole };
		const name = JSON.stringify(price);
		if (seen.has(name)) return [];
		seen.add(name);
		return [price];
	});
	const isSame = (price: Price) => Number(price.model === asked.model.id);
	return prices.sort((a, b) => isSame(b) - isSame(a) || b.units - a.units).slice(0, AFFORDABLE_MAX);
}

const effortsOf = ({ efforts }: ModelOption): Effort[] =>
	(["high", "medium", "low"] as const).filter((level) => efforts[level] !== undefined);
