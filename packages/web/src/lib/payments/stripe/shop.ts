import Stripe from "stripe";
import { statusOf } from "../errors.ts";
import type { Checkout, CheckoutOrder, ShopPort } from "../port.ts";
import { ensureCustomer, stripe } from "./client.ts";
import { getStripeCustomerByCustomerId } from "./customers.ts";
import { idOf, isCurrent, REQUESTS } from "./objects.ts";
import { offersTo, readPrices } from "./prices.ts";

/** Webhooks are accepted for this long after signing, by the machine's clock. */
const WEBHOOK_AGE_MAX_S = 300;

export const stripeShop: ShopPort = {
	// The first checkout creates the customer (seed 002), so Stripe knows only buyers.
	welcome: async () => {},

	async readOffers(timeoutMs) {
		return offersTo([], await readPrices(timeoutMs));
	},

	async createCheckout(order) {
		return toCheckout(await stripe().checkout.sessions.create(await sessionFor(order)));
	},

	async readCheckout(id) {
		try {
			return toCheckout(await stripe().checkout.sessions.retrieve(id, { expand: ["subscription"] }));
		} catch (error) {
			if (statusOf(error) !== 404) throw error;
			return null;
		}
	},

	async closeCheckout(id) {
		await stripe().checkout.sessions.expire(id);
	},

	async readWebhook(body, headers, secret) {
		const crypto = Stripe.createSubtleCryptoProvider();
		const signature = headers.get("stripe-signature") ?? "";
		let event: Stripe.Event;
		try {
			event = await stripe().webhooks.constructEventAsync(body, signature, secret, WEBHOOK_AGE_MAX_S, crypto);
		} catch (error) {
			if (error instanceof Stripe.errors.StripeSignatureVerificationError) return null;
			throw error;
		}
		const customer = await customerOfEvent(event);
		const known = customer === null ? null : await getStripeCustomerByCustomerId(customer);
		return { id: event.id, customer: known?.userId ?? null, happenedAtMs: event.created * 1000 };
	},
};

/**
 * The page of ours that a buyer returns to from Stripe's page (`GET /api/stripe`).
 * @returns a path, or null for another customer's session
 */
export async function readReturn(sessionId: string, externalId: string): Promise<string | null> {
	const { metadata } = await stripe().checkout.sessions.retrieve(sessionId);
	return metadata?.userId === externalId ? (metadata.successPath ?? "/") : null;
}

/** The session for one price: a plan by subscription, or a top-up by a payment that carries the requests it is worth. */
async function sessionFor({ customer, offer, successUrl, cancelUrl }: CheckoutOrder): Promise<Stripe.Checkout.SessionCreateParams> {
	const metadata = { userId: customer.externalId };
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
		customer: customer.id ?? (await ensureCustomer(customer.externalId)),
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

/** A paid plan appears a moment later, or days later with a bank debit. Until then it is `pending` and no other plan may be bought. */
function statusOfCheckout({ status, mode, subscription, payment_status }: Stripe.Checkout.Session): Checkout["status"] {
	if (status !== "complete") return status === "open" ? "open" : "ended";
	if (mode !== "subscription") return payment_status === "unpaid" ? "pending" : "ended";
	if (subscription === null) return "pending";
	return typeof subscription === "object" && !isCurrent(subscription) ? "ended" : "pending";
}

/** The customer of an event: its object, the customer that the object names, or that of a disputed payment. */
async function customerOfEvent({ data: { object } }: Stripe.Event): Promise<string | null> {
	if (object.object === "customer") return object.id;
	if (object.object === "dispute") {
		const charge = idOf(object.charge);
		return charge === null ? null : idOf((await stripe().charges.retrieve(charge)).customer);
	}
	return "customer" in object ? idOf(object.customer as string | { id: string } | null) : null;
}
