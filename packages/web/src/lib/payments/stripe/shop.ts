import type Stripe from "stripe";
import { logFailure } from "../../../log.ts";
import { statusOf } from "../errors.ts";
import type { Checkout, CheckoutOrder, ShopPort } from "../port.ts";
import { stripe } from "./client.ts";
import { getStripeCustomerByCustomerId } from "./customers.ts";
import { idOf, isCurrent, REQUESTS } from "./objects.ts";
import { withCustomer, withEnsuredCustomer } from "./own-customer.ts";
import { adoptNewCard } from "./portal.ts";
import { offersTo, readPrices } from "./prices.ts";
import { isSigned, readEvent } from "./webhook.ts";

export const stripeShop: ShopPort = {
	// The customer is created at the first checkout (seed 002), so Stripe knows only buyers.
	welcome: async () => {},

	async changeDetails({ id, email, name }) {
		try {
			const change = (customer: string) => stripe().customers.update(customer, { email, name: name || email });
			await withCustomer(id, change, () => null);
		} catch (error) {
			logFailure(`customer ${id} keeps the old address at Stripe`, error);
		}
	},

	async readOffers(timeoutMs) {
		return offersTo([], await readPrices(timeoutMs));
	},

	renewCustomer: null,

	async createCheckout(order) {
		const open = (customer: string) => stripe().checkout.sessions.create(sessionFor(order, customer));
		return toCheckout(await withEnsuredCustomer(order.customer.externalId, open));
	},

	async readCheckout(id) {
		try {
			const session = await stripe().checkout.sessions.retrieve(id, { expand: ["subscription", "customer"] });
			// A deleted customer can no longer pay.
			return typeof session.customer === "object" && session.customer?.deleted ? null : toCheckout(session);
		} catch (error) {
			if (statusOf(error) !== 404) throw error;
			return null;
		}
	},

	async closeCheckout(id) {
		await stripe().checkout.sessions.expire(id);
	},

	async readWebhook(body, headers, secret) {
		if (!(await isSigned(body, headers, secret))) return null;
		const { id, customer, happenedAtMs, cardBefore } = await readEvent(body);
		const known = customer === null ? null : await getStripeCustomerByCustomerId(customer);
		const follow = known && cardBefore !== null ? () => adoptNewCard(known.userId, cardBefore) : null;
		return { id, customer: known?.userId ?? null, happenedAtMs, follow };
	},
};

/**
 * The page on this site that a buyer returns to from Stripe (`GET /api/stripe`).
 * @returns a path, or null for another customer's session
 */
export async function readReturn(sessionId: string, externalId: string): Promise<string | null> {
	const { metadata } = await stripe().checkout.sessions.retrieve(sessionId);
	return metadata?.userId === externalId ? (metadata.successPath ?? "/") : null;
}

/** The checkout session for one price: a subscription for a plan, or a payment that carries the top-up's requests. */
function sessionFor(
	{ customer: { externalId }, offer, successUrl, cancelUrl }: CheckoutOrder,
	customer: string,
): Stripe.Checkout.SessionCreateParams {
	const metadata = { userId: externalId };
	const back = new URL("/api/stripe", successUrl).href;
	const forPlan: Stripe.Checkout.SessionCreateParams = {
		mode: "subscription",
		subscription_data: { metadata, ...(offer.trialDays > 0 ? { trial_period_days: offer.trialDays } : {}) },
	};
	const forTopUp: Stripe.Checkout.SessionCreateParams = {
		mode: "payment",
		payment_intent_data: { metadata: { ...metadata, [REQUESTS]: String(offer.requests ?? 0) } },
		invoice_creation: { enabled: true },
	};
	return {
		...(offer.kind === "top-up" ? forTopUp : forPlan),
		customer,
		line_items: [{ price: offer.priceId, quantity: 1 }],
		success_url: `${back}?session_id={CHECKOUT_SESSION_ID}`,
		cancel_url: `${back}?${new URLSearchParams({ back: pathOf(cancelUrl) })}`,
		metadata: { ...metadata, successPath: pathOf(successUrl) },
	};
}

function pathOf(url: string): string {
	const { pathname, search } = new URL(url);
	return pathname + search;
}

function toCheckout(session: Stripe.Checkout.Session): Checkout {
	return { id: session.id, url: session.url ?? "", customerId: idOf(session.customer), status: statusOfCheckout(session) };
}

/** A paid plan appears a moment later, or days later with a bank debit. Until then it is `pending`, which blocks buying another plan. */
function statusOfCheckout({ status, mode, subscription, payment_status }: Stripe.Checkout.Session): Checkout["status"] {
	if (status !== "complete") return status === "open" ? "open" : "ended";
	if (mode !== "subscription") return payment_status === "unpaid" ? "pending" : "ended";
	if (subscription === null) return "pending";
	return typeof subscription === "object" && !isCurrent(subscription) ? "ended" : "pending";
}
