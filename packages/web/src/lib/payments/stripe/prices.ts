import type Stripe from "stripe";
import { config } from "../../../config.ts";
import type { Offer } from "../port.ts";
import { currentAmong, stripe } from "./client.ts";
import { isOnSale, isOurs, priceOf, toOffer } from "./objects.ts";
import { requiredSettings } from "./settings.ts";

const LIST_MAX = 1_000;

/** The prices for sale now. Without `timeoutMs`, the Stripe client's default applies. */
export async function readPrices(timeoutMs?: number): Promise<Stripe.Price[]> {
	const { proPrice } = requiredSettings();
	const list = { active: true, limit: 100, expand: ["data.product"] };
	const all = await stripe(timeoutMs).prices.list(list).autoPagingToArray({ limit: LIST_MAX });
	return all.filter((price) => isOnSale(price) && isOurs(price, proPrice));
}

/** Offers for a customer with these subscriptions, cheapest first. Only a customer's first plan has a trial. */
export function offersTo(subscriptions: Stripe.Subscription[], prices: Stripe.Price[]): Offer[] {
	const [plan] = currentAmong(subscriptions);
	const currentPriceId = plan && priceOf(plan)?.id;
	const offers = prices.map((price) => toOffer(price, config().limits.paid, currentPriceId));
	offers.sort((a, b) => a.amountCents - b.amountCents);
	return subscriptions.length === 0 ? offers : offers.map((offer) => ({ ...offer, trialDays: 0 }));
}

/** The configured Pro plan among the offers, matched by lookup key first. */
export function proPriceId(offers: Offer[]): string | null {
	const { proPrice } = requiredSettings();
	const plans = offers.filter(({ kind }) => kind === "subscription");
	const pro = plans.find(({ priceSlug }) => priceSlug === proPrice) ?? plans.find(({ priceId }) => priceId === proPrice);
	return pro?.priceId ?? null;
}
