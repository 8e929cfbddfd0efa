import { EFFORTS, type Effort, priceOf } from "@parley/metering";
import type { ModelOption, Price, SearchOffer } from "../../view/chat.ts";

/** The inputs that determine the price of one chat request. Token counts are estimates (rule P2). */
export interface Asked {
	model: ModelOption;
	effort: Effort | null;
	/** Tokens of the instructions, which are part of every request. */
	instructions: number;
	/** Tokens of the user's message. */
	question: number;
	/** Tokens of the messages before it. They affect the price only if all of them are sent. */
	before: number;
	/** Whether all earlier messages are sent, not only those that fit into the message's steps. */
	whole: boolean;
	/** Search prices, if the model may search the web. They do not affect this price: each search is charged when it happens. */
	search?: SearchOffer | null;
}

/** A price and the input it covers. */
export interface Quote extends Price {
	/** Input steps paid by the units. */
	steps: number;
	/** Tokens of messages that may be sent besides the instructions. Together they fit into the steps (rule P3). */
	budget: number;
}

/** Tokens a model accepts as input, after reserving its output limit. */
export const windowOf = ({ contextWindow, maxOutput }: Pick<ModelOption, "contextWindow" | "maxOutput">): number =>
	contextWindow - maxOutput;

/** The price of a request (rules P1 and P4); null if instructions and message alone exceed the model's window. */
export function quoteOf({ model, effort, instructions, question, before, whole }: Asked): Quote | null {
	const window = windowOf(model);
	const least = instructions + question;
	if (least > window) return null;
	const sent = whole ? Math.min(window, least + before) : least;
	const { units, steps } = priceOf(model, effort, sent);
	return { units, steps, model: model.id, effort, whole, budget: Math.min(window, steps * model.inputStep) - instructions };
}

/** A price as reported to clients. */
export function priceIn({ units, model, effort, whole }: Quote, search: SearchOffer | null = null): Price {
	return { units, model, effort, whole, ...(search && { search: true, upTo: units + search.max * search.units }) };
}

/** How many affordable requests a refusal names. */
const AFFORDABLE_MAX = 3;

/**
 * Requests that the remaining units can pay, closest to the refused one first: each gives up as little as possible of the model, its effort and the
 * older messages.
 */
export function affordable(asked: Asked, models: readonly ModelOption[], leftFor: (model: ModelOption) => number): Price[] {
	const offers = models.flatMap((model) => {
		const isSame = model.id === asked.model.id;
		const variants = effortsLike(asked, model).flatMap((effort) =>
			(asked.whole ? [true, false] : [false]).map((whole) => ({ effort, whole })),
		);
		return variants.flatMap(({ effort, whole }) => {
			const quote = quoteOf({ ...asked, model, effort, whole });
			if (!quote || quote.units > leftFor(model)) return [];
			// Another model has its own efforts.
			const changes = Number(!isSame || effort !== asked.effort) + Number(whole !== asked.whole);
			const price = priceIn(quote, asked.search);
			return [{ price, isSame, changes }];
		});
	});
	const nearest = offers.sort((a, b) => a.changes - b.changes || Number(b.isSame) - Number(a.isSame) || b.price.units - a.price.units);
	return nearest.slice(0, AFFORDABLE_MAX).map(({ price }) => price);
}

/** A model's efforts up to the requested one, or its lowest, which is the picker's default. `[null]` for a model without efforts. */
function effortsLike({ model: asked, effort }: Asked, model: ModelOption): (Effort | null)[] {
	if (effort === null && model.id === asked.id) return [null];
	const levels = EFFORTS.filter((level) => model.efforts[level] !== undefined);
	const upTo = effort === null ? [] : levels.filter((level) => EFFORTS.indexOf(level) <= EFFORTS.indexOf(effort));
	return upTo.length > 0 ? upTo : [levels[0] ?? null];
}
