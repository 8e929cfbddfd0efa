import { EFFORTS, type Effort, priceOf } from "@parley/metering";
import type { ModelOption, Price, SearchOffer } from "../../view/chat.ts";

/** What decides the price of one request of a chat. Tokens are estimates (rule P2). */
export interface Asked {
	model: ModelOption;
	effort: Effort | null;
	/** Tokens of the instructions, which every request sends. */
	instructions: number;
	/** Tokens of the user's message. */
	question: number;
	/** Tokens of the messages before it. They decide nothing unless all of them are sent. */
	before: number;
	/** Whether these are sent as well, not only those that fit into the steps of the message. */
	whole: boolean;
	/** What searches cost, where the model may search the web. It decides nothing here: each is charged as it happens. */
	search?: SearchOffer | null;
}

/** A price, and what may be sent for it. */
export interface Quote extends Price {
	/** Steps of input that the units pay. */
	steps: number;
	/** Tokens of messages that may be sent beside the instructions. Together never more than the steps cover (rule P3). */
	budget: number;
}

/** Tokens that a model takes beside its answer. */
export const windowOf = ({ contextWindow, maxOutput }: Pick<ModelOption, "contextWindow" | "maxOutput">): number =>
	contextWindow - maxOutput;

/** The price of a request (rules P1 and P4); null where instructions and message alone do not fit into the model. */
export function quoteOf({ model, effort, instructions, question, before, whole }: Asked): Quote | null {
	const window = windowOf(model);
	const least = instructions + question;
	if (least > window) return null;
	const sent = whole ? Math.min(window, least + before) : least;
	const { units, steps } = priceOf(model, effort, sent);
	return { units, steps, model: model.id, effort, whole, budget: Math.min(window, steps * model.inputStep) - instructions };
}

/** A price as it is told. */
export function priceIn({ units, model, effort, whole }: Quote, search: SearchOffer | null = null): Price {
	return { units, model, effort, whole, ...(search && { search: true, upTo: units + search.max * search.units }) };
}

/** How many affordable requests a refusal names. */
const AFFORDABLE_MAX = 3;

/**
 * Requests that what is left pays for, the one most like the refused one first: each gives up as little as possible of the model, its effort and the
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
			// The efforts of another model are its own.
			const changes = Number(!isSame || effort !== asked.effort) + Number(whole !== asked.whole);
			const price = priceIn(quote, asked.search);
			return [{ price, isSame, changes }];
		});
	});
	const nearest = offers.sort((a, b) => a.changes - b.changes || Number(b.isSame) - Number(a.isSame) || b.price.units - a.price.units);
	return nearest.slice(0, AFFORDABLE_MAX).map(({ price }) => price);
}

/** The efforts of a model up to the asked one, or else its lowest, with which a picker begins; null for a model without any. */
function effortsLike({ model: asked, effort }: Asked, model: ModelOption): (Effort | null)[] {
	if (effort === null && model.id === asked.id) return [null];
	const levels = EFFORTS.filter((level) => model.efforts[level] !== undefined);
	const upTo = effort === null ? [] : levels.filter((level) => EFFORTS.indexOf(level) <= EFFORTS.indexOf(effort));
	return upTo.length > 0 ? upTo : [levels[0] ?? null];
}
