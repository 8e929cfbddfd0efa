/** The worst-case and average cost of a unit of each model, against what a unit earns. Pure. Money in US dollars. */
import type { ModelEntry } from "./model-file.ts";
import type { PlanFile } from "./plan-file.ts";
import { SEARCH_BOUNDS } from "./search-bounds.ts";

/** The payment provider's fee for a card payment: Stripe's list price in the United States (stripe.com/pricing). */
const FEE_SHARE = 0.029;
const FEE_CENTS = 30;
/** The average request: half a step of input, and a quarter of the longest answer. */
const AVERAGE_INPUT = 1 / 2;
const AVERAGE_OUTPUT = 1 / 4;
/** Units of people without a plan: the defaults of GUEST_FREE_REQUESTS and AUTH_FREE_REQUESTS_DAILY. */
const FREE_UNITS = { guest: 5, free: 20 };

export interface Margin {
	id: string;
	/** The cost of a unit: for the most expensive one-step request, and for an average one. */
	worst: number;
	average: number;
	/** The least that a unit earns, after fees: by the offer that sells it cheapest. */
	earns: number;
	/** The most that a guest can cost in total, and a free user per day. Null if the tier lacks the model. */
	guest: number | null;
	freeDay: number | null;
	/** The smallest weight that loses nothing in the worst case. */
	weightNeeded: number;
	/** The smallest SEARCH_UNITS that loses nothing in the worst case of a one-step request's searches, without the search endpoint's price. */
	searchUnits: number;
	/** Whether a paid unit can cost more than it earns and the entry does not allow that. */
	canLose: boolean;
}

/** The least that a unit earns, after fees: by the plan or top-up that sells it cheapest. */
export function earningsOf({ plans, topUps }: Record<"plans" | "topUps", readonly { amountCents: number; requests: number }[]>): number {
	return Math.min(
		...[...plans, ...topUps].map(({ amountCents, requests }) => (amountCents * (1 - FEE_SHARE) - FEE_CENTS) / 100 / requests),
	);
}

/** The margins of all chat models. More steps or a higher effort never raise the cost per unit above that of one step without an effort. */
export function marginsOf(models: readonly ModelEntry[], plans: PlanFile): Margin[] {
	const earns = earningsOf(plans);
	return models
		.filter(({ purpose }) => purpose === "chat")
		.map((model) => {
			const { id, weight, inputStep, maxOutput, price, tiers, allowLoss } = model;
			const cost = (input: number, output: number) => (input * inputStep * price.input + output * maxOutput * price.output) / 1e6 / weight;
			const worst = cost(1, 1);
			const unitsOf = (tier: "guest" | "free") => (tiers.includes(tier) ? Math.floor(FREE_UNITS[tier] / weight) * weight : null);
			const total = (units: number | null) => (units === null ? null : units * worst);
			return {
				id,
				worst,
				average: cost(AVERAGE_INPUT, AVERAGE_OUTPUT),
				earns,
				guest: total(unitsOf("guest")),
				freeDay: total(unitsOf("free")),
				weightNeeded: Math.ceil((worst * weight) / earns),
				searchUnits: searchUnitsOf(model, earns),
				canLose: tiers.includes("paid") && worst > earns && !allowLoss,
			};
		});
}

/** Each search makes the model read its input, its output and all results so far once more. */
function searchUnitsOf({ weight, inputStep, maxOutput, price }: ModelEntry, earns: number): number {
	let needed = 1;
	for (let paid = 1; paid <= SEARCH_BOUNDS.searches; paid += 1) {
		const again = Math.min(SEARCH_BOUNDS.searches, paid + SEARCH_BOUNDS.unpaid);
		const read = (again + 1) * inputStep + again * maxOutput + ((again * (again + 1)) / 2) * SEARCH_BOUNDS.resultTokens;
		const cost = (read * price.input + maxOutput * price.output) / 1e6;
		needed = Math.max(needed, Math.ceil((cost - earns * weight) / (earns * paid)));
	}
	return needed;
}

const dollars = (value: number | null) => (value === null ? "–" : `$${value.toFixed(4)}`);

/** The margins as a Markdown table. */
export function renderMargins(margins: readonly Margin[]): string {
	const rows = margins.map(({ id, average, worst, earns, guest, freeDay, searchUnits }) => {
		const left = `${Math.round(100 * (1 - worst / earns))} %`;
		return `| ${[id, dollars(average), dollars(worst), dollars(earns), left, dollars(guest), dollars(freeDay), searchUnits].join(" | ")} |`;
	});
	return [
		"| model | a unit costs on average | at most | it earns at least | left of it at worst | a guest costs at most | a free user, a day | a search costs at least, units |",
		"|---|---:|---:|---:|---:|---:|---:|---:|",
		...rows,
	].join("\n");
}
