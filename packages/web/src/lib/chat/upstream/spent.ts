import type { Spent } from "@parley/metering";
import type { ModelEntry } from "@parley/plans/models";
import type { Usage } from "./usage.ts";

/** The cost of a call in micro-dollars, rounded up. A price in dollars per million tokens equals micro-dollars per token. */
export function spentOf(usage: Usage, estimated: boolean, price: ModelEntry["price"] | undefined): Spent {
	const { input, cached, output, reasoning } = usage;
	const microDollars = price ? (input - cached) * price.input + cached * price.cachedInput + output * price.output : 0;
	return { input, cached, output, reasoning, microDollars: Math.ceil(microDollars), estimated };
}

/** The total cost of several calls. */
export function spentTogether(calls: readonly (Spent | null)[]): Spent | null {
	const made = calls.filter((one) => one !== null);
	if (made.length === 0) return null;
	const sum = (field: Exclude<keyof Spent, "estimated">) => made.reduce((total, one) => total + one[field], 0);
	return {
		input: sum("input"),
		cached: sum("cached"),
		output: sum("output"),
		reasoning: sum("reasoning"),
		microDollars: sum("microDollars"),
		estimated: made.some(({ estimated }) => estimated),
	};
}
