import { invariant } from "./invariant.ts";

/** How hard a model thinks before it answers. A model lists the levels that it has. */
export const EFFORTS = ["low", "medium", "high"] as const;
export type Effort = (typeof EFFORTS)[number];

/** What decides the price of a model's requests. */
export interface Tariff {
	/** Units of a request of one step, without an effort. */
	weight: number;
	/** By what each effort multiplies the price. */
	efforts: Readonly<Partial<Record<Effort, number>>>;
	/** Tokens of input that one step covers. */
	inputStep: number;
}

/** What a request costs, known before it is sent. */
export interface Price {
	/** Requests, a positive integer. */
	units: number;
	/** The steps of input that the units pay. The model is sent no more than they cover. */
	steps: number;
}

/** What a request was sold as, kept from its hold on (rule P6). Later changes of models.json never touch it. */
export interface Terms {
	model: string;
	effort: Effort | null;
	steps: number;
	/** The version of models.json. */
	version: string;
}

/** What the model calls of a request used, all attempts together (rule P7). It never changes what is charged. */
export interface Spent {
	/** Tokens. `cached` is a part of `input`, and `reasoning` of `output`. */
	input: number;
	cached: number;
	output: number;
	reasoning: number;
	/** Millionths of a dollar. */
	microDollars: number;
	/** Whether a number is our estimate, because the provider sent none. */
	estimated: boolean;
}

/** The price of a request that sends `inputTokens` (rule P1). Used by the server, which charges it, and by the page, which shows it. */
export function priceOf({ weight, efforts, inputStep }: Tariff, effort: Effort | null, inputTokens: number): Price {
	const factor = effort === null ? 1 : efforts[effort];
	invariant(factor !== undefined, "a price is asked for an effort that the model has");
	const steps = Math.max(1, Math.ceil(inputTokens / inputStep));
	return { units: weight * factor * steps, steps };
}

/** What a message counts beside its text: its role and the marks around it, which differ by model. */
export const MESSAGE_TOKENS = 8;

const encoder = new TextEncoder();

/** At least as many tokens as any tokenizer makes of a text (rule P2). */
export function tokensOf(text: string): number {
	return Math.ceil(encoder.encode(text).length / 3);
}
