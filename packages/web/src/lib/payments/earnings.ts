import planFile from "@parley/plans/plans.json" with { type: "json" };

/** Micro-dollars in a cent. */
const PER_CENT = 10_000;

/** A plan file's offers, as far as their earnings depend on them. */
interface Offers {
	currency: string;
	plans: { amountCents: number; requests: number }[];
	topUps: { amountCents: number; requests: number }[];
}

/**
 * What a subscriber's unit earns at least, in micro-dollars before the payment provider's fees: that of the offer with the lowest price per request.
 * Null where nothing is sold, or not in dollars.
 */
export function earnedPerUnit({ currency, plans, topUps }: Offers = planFile): number | null {
	const offers = [...plans, ...topUps];
	if (currency !== "USD" || offers.length === 0) return null;
	return Math.min(...offers.map(({ amountCents, requests }) => Math.floor((amountCents * PER_CENT) / requests)));
}
