import Stripe from "stripe";
import { providerFetch } from "../deadline.ts";
import { byNewest, idOf, isCurrent, isOurs, priceOf, REQUESTS, type TopUp, topUpsAmong } from "./objects.ts";
import { requiredSettings } from "./settings.ts";

const TIMEOUT_MS = 8_000;
const LIST_MAX = 1_000;

/** Stripe's client for Workers. Retries reuse the first attempt's idempotency key, so each call takes effect once. */
export function stripe(timeout = TIMEOUT_MS, maxNetworkRetries = 1): Stripe {
	const { secretKey, baseUrl } = requiredSettings();
	const { hostname, port, protocol } = new URL(baseUrl ?? "https://api.stripe.com");
	return new Stripe(secretKey, {
		httpClient: Stripe.createFetchHttpClient(providerFetch),
		host: hostname,
		port: port || (protocol === "http:" ? 80 : 443),
		protocol: protocol === "http:" ? "http" : "https",
		timeout,
		maxNetworkRetries,
		telemetry: false,
	});
}

/** A customer's subscriptions to our prices, including ended ones. */
export async function subscriptionsOf(client: Stripe, customer: string): Promise<Stripe.Subscription[]> {
	const expand = ["data.latest_invoice", "data.schedule"];
	const all = await client.subscriptions.list({ customer, status: "all", limit: 100, expand }).autoPagingToArray({ limit: LIST_MAX });
	const { proPrice } = requiredSettings();
	return all.filter((one) => {
		const price = priceOf(one);
		return price !== undefined && isOurs(price, proPrice);
	});
}

/** The current subscriptions, newest first. */
export const currentAmong = (subscriptions: Stripe.Subscription[]) => byNewest(subscriptions.filter(isCurrent));

/** A customer's paid top-ups, less what was refunded or lost in a dispute. */
export async function topUpsOf(client: Stripe, customer: string): Promise<TopUp[]> {
	const charges = await client.charges.list({ customer, limit: 100 }).autoPagingToArray({ limit: LIST_MAX });
	const disputed = charges.filter(({ disputed, metadata }) => disputed && metadata[REQUESTS] !== undefined);
	const disputes = await Promise.all(disputed.map(({ id }) => client.disputes.list({ charge: id, limit: 10 })));
	const lost = disputes.flatMap(({ data }) => data.filter(({ status }) => status === "lost").flatMap(({ charge }) => idOf(charge) ?? []));
	return topUpsAmong(charges, new Set(lost));
}

/** Requests of all top-ups ever bought. */
export const creditsBought = (topUps: TopUp[]) => topUps.reduce((units, { bought }) => units + bought, 0);
