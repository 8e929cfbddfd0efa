import Stripe from "stripe";
import { config } from "../../../config.ts";
import type { BillingProvider, Checkout, CheckoutOrder, CustomerBilling, Offer } from "../../billing.ts";
import { externalIdOf } from "../../identity/subject-key.ts";
import { now } from "../../time/clock.ts";
import { getCustomerDetails, statusOf } from "../provider.ts";
import { createStripeCustomer as createStripeCustomerDb, getStripeCustomer, getStripeCustomerByCustomerId } from "./customers.ts";
import { sendMeterEvent, unitsOnMeter } from "./meter.ts";
import {
	byNewest,
	idOf,
	isCurrent,
	isOnSale,
	isOurs,
	priceOf,
	REQUESTS,
	type TopUp,
	toEntitlement,
	toInvoice,
	toOffer,
	toPaymentMethod,
	topUpsAmong,
	toStanding,
} from "./objects.ts";
import { cancelPlan, changePlan, keepPlan } from "./plan.ts";

const TIMEOUT_MS = 8_000;
const INVOICES_MAX = 24;
const LIST_MAX = 1_000;
/** A webhook is believed for so long after it was signed, by the machine's clock. */
const WEBHOOK_AGE_MAX_S = 300;
/** Stripe takes a meter event's identifier for a new one after "at least 24 hours". */
const IDENTIFIER_KEPT_MS = 24 * 3_600_000;
const OFFERS_KEPT_MS = 10_000;

function settings() {
	const { billing } = config();
	if (billing.kind !== "stripe") throw new Error("Stripe not configured");
	return billing;
}

/** Stripe's client for Workers. Its retries carry the idempotency key of the first try, so that nothing happens twice. */
function stripe(timeout = TIMEOUT_MS, maxNetworkRetries = 1): Stripe {
	const { secretKey, baseUrl } = settings();
	const { hostname, port, protocol } = new URL(baseUrl ?? "https://api.stripe.com");
	return new Stripe(secretKey, {
		httpClient: Stripe.createFetchHttpClient(),
		host: hostname,
		port: port || (protocol === "http:" ? 80 : 443),
		protocol: protocol === "http:" ? "http" : "https",
		timeout,
		maxNetworkRetries,
		telemetry: false,
	});
}

/**
 * Makes a customer at Stripe (seed 002): under the idempotency key of who it is, so that two at once make one.
 * @returns Stripe's id
 */
export async function createStripeCustomer({
	userId,
	email,
	name,
}: {
	userId: string;
	email: string;
	name?: string | null;
}): Promise<string> {
	const customer = await stripe().customers.create({ email, ...(name ? { name } : {}), metadata: { userId } }, { idempotencyKey: userId });
	return customer.id;
}

async function customerIdOf(externalId: string): Promise<string | null> {
	return (await getStripeCustomer(externalId))?.stripeCustomerId ?? null;
}

/** Whose usage a ledger's is: what is owed was used on a plan, so that there is a customer. */
async function payerOf(subjectKey: string): Promise<string> {
	const customer = await customerIdOf(externalIdOf(subjectKey));
	if (customer === null) throw new Error(`${subjectKey} has no customer at Stripe`);
	return customer;
}

/** A customer's subscriptions for our prices, ended ones included. */
async function subscriptionsOf(client: Stripe, customer: string): Promise<Stripe.Subscription[]> {
	const expand = ["data.latest_invoice", "data.schedule"];
	const all = await client.subscriptions.list({ customer, status: "all", limit: 100, expand }).autoPagingToArray({ limit: LIST_MAX });
	const { proPrice } = settings();
	return all.filter((one) => {
		const price = priceOf(one);
		return price !== undefined && isOurs(price, proPrice);
	});
}

async function topUpsOf(client: Stripe, customer: string): Promise<TopUp[]> {
	const charges = await client.charges.list({ customer, limit: 100 }).autoPagingToArray({ limit: LIST_MAX });
	const disputed = charges.filter(({ disputed, metadata }) => disputed && metadata[REQUESTS] !== undefined);
	const disputes = await Promise.all(disputed.map(({ id }) => client.disputes.list({ charge: id, limit: 10 })));
	const lost = disputes.flatMap(({ data }) => data.filter(({ status }) => status === "lost").flatMap(({ charge }) => idOf(charge) ?? []));
	return topUpsAmong(charges, new Set(lost));
}

let onSale: { readAtMs: number; prices: Stripe.Price[] } | null = null;

/** What is sold to a visitor, at most 10 s old: anyone may ask for it. What is kept is the answer: a read belongs to the request that began it. */
async function pricesForVisitors(timeoutMs: number): Promise<Stripe.Price[]> {
	if (!onSale || Date.now() - onSale.readAtMs >= OFFERS_KEPT_MS) {
		const prices = await readPrices(timeoutMs);
		onSale = { readAtMs: Date.now(), prices };
	}
	return onSale.prices;
}

async function readPrices(timeoutMs: number): Promise<Stripe.Price[]> {
	const { proPrice } = settings();
	const list = { active: true, limit: 100, expand: ["data.product"] };
	const all = await stripe(timeoutMs).prices.list(list).autoPagingToArray({ limit: LIST_MAX });
	return all.filter((price) => isOnSale(price) && isOurs(price, proPrice));
}

function toOffers(prices: Stripe.Price[], currentPriceId?: string): Offer[] {
	return prices.map((price) => toOffer(price, config().limits.paid, currentPriceId)).sort((a, b) => a.amountCents - b.amountCents);
}

async function readBilling(externalId: string): Promise<CustomerBilling> {
	const client = stripe();
	const [prices, customer] = await Promise.all([readPrices(TIMEOUT_MS), customerIdOf(externalId)]);
	if (customer === null) {
		const nothing = { plans: [], waiting: null, paymentMethods: [], invoices: [], portalUrl: null, topUpsOutlivePlan: true };
		return { ...nothing, customerId: null, offers: toOffers(prices), creditsBought: 0 };
	}
	const [subscriptions, topUps, methods, invoices, account] = await Promise.all([
		subscriptionsOf(client, customer),
		topUpsOf(client, customer),
		client.paymentMethods.list({ customer, limit: 20 }),
		client.invoices.list({ customer, limit: INVOICES_MAX }),
		client.customers.retrieve(customer),
	]);
	const current = byNewest(subscriptions.filter(isCurrent));
	const [plan] = current;
	const sold = toOffers(prices, plan && priceOf(plan)?.id);
	const ofCustomer = account.deleted ? null : idOf(account.invoice_settings.default_payment_method);
	const defaultMethod = idOf(plan?.default_payment_method) ?? ofCustomer;
	return {
		customerId: customer,
		offers: subscriptions.length === 0 ? sold : sold.map(withoutTrial),
		creditsBought: topUps.reduce((units, { bought }) => units + bought, 0),
		plans: current.map((one) => toStanding(one, sold, now())),
		waiting: null,
		paymentMethods: methods.data.map((method) => toPaymentMethod(method, defaultMethod)),
		invoices: invoices.data.filter(({ status }) => status !== "draft").map((invoice) => toInvoice(invoice, subscriptions)),
		portalUrl: "/api/billing/portal",
		topUpsOutlivePlan: true,
	};
}

/** The first plan of a customer may begin with a trial, and no other. */
const withoutTrial = (offer: Offer): Offer => ({ ...offer, trialDays: 0 });

/** Makes the checkout of one price: a plan by subscription, a top-up by a payment that carries what it is worth. */
async function createCheckout({ customer, offer, successUrl, cancelUrl }: CheckoutOrder): Promise<Checkout> {
	const metadata = { userId: customer.externalId };
	const back = new URL("/api/stripe", successUrl).href;
	const ofPlan: Stripe.Checkout.SessionCreateParams = {
		mode: "subscription",
		subscription_data: { metadata, ...(offer.trialDays > 0 ? { trial_period_days: offer.trialDays } : {}) },
	};
	const ofTopUp: Stripe.Checkout.SessionCreateParams = {
		mode: "payment",
		payment_intent_data: { metadata: { ...metadata, [REQUESTS]: String(offer.requests ?? 0) } },
		invoice_creation: { enabled: true },
	};
	const session = await stripe().checkout.sessions.create({
		...(offer.kind === "top-up" ? ofTopUp : ofPlan),
		customer: customer.id,
		line_items: [{ price: offer.priceId, quantity: 1 }],
		success_url: `${back}?session_id={CHECKOUT_SESSION_ID}`,
		cancel_url: `${back}?${new URLSearchParams({ back: pathOf(cancelUrl) })}`,
		metadata: { ...metadata, successPath: pathOf(successUrl) },
	});
	return toCheckout(session);
}

function pathOf(url: string): string {
	const { pathname, search } = new URL(url);
	return pathname + search;
}

function toCheckout(session: Stripe.Checkout.Session): Checkout {
	return { id: session.id, url: session.url ?? "", customerId: idOf(session.customer), status: statusOfCheckout(session) };
}

/** Paid by bank debit a plan is there days later, and even by card a moment later: until then nothing else is to be paid. */
function statusOfCheckout({ status, mode, subscription, payment_status }: Stripe.Checkout.Session): Checkout["status"] {
	if (status !== "complete") return status === "open" ? "open" : "ended";
	if (mode !== "subscription") return payment_status === "unpaid" ? "pending" : "ended";
	if (subscription === null) return "pending";
	return typeof subscription === "object" && !isCurrent(subscription) ? "ended" : "pending";
}

/**
 * Where a reader goes who comes back from Stripe's page (`GET /api/stripe`).
 * @returns a path of ours, or null for a session that is not theirs
 */
export async function readReturn(sessionId: string, externalId: string): Promise<string | null> {
	const { metadata } = await stripe().checkout.sessions.retrieve(sessionId);
	return metadata?.userId === externalId ? (metadata.successPath ?? "/") : null;
}

/** The customer that an event is about: named by its object, by the payment that was disputed, or it is the object. */
async function customerOfEvent({ data: { object } }: Stripe.Event): Promise<string | null> {
	if (object.object === "customer") return object.id;
	if (object.object === "dispute") {
		const charge = idOf(object.charge);
		return charge === null ? null : idOf((await stripe().charges.retrieve(charge)).customer);
	}
	return "customer" in object ? idOf(object.customer as string | { id: string } | null) : null;
}

/** Stripe behind the port: it knows the plan and the payments, and the ledger counts what is used of them. */
export const stripeProvider: BillingProvider = {
	forgetsReportsAfterMs: IDENTIFIER_KEPT_MS,

	// A customer is made with the first checkout (seed 002): who never buys is none of Stripe's.
	welcome: async () => {},

	async ensureCustomer(externalId) {
		const known = await customerIdOf(externalId);
		if (known !== null) return known;
		const stripeCustomerId = await createStripeCustomer({ userId: externalId, ...(await getCustomerDetails(externalId)) });
		return (await createStripeCustomerDb(externalId, { stripeCustomerId })).stripeCustomerId;
	},

	async readEntitlement(externalId, fetchedAtMs, timeoutMs) {
		const customer = await customerIdOf(externalId);
		// Who never bought is none of Stripe's, which is not asked then.
		if (customer === null) return { entitlement: { kind: "none", fetchedAtMs }, creditsBought: 0 };
		const client = stripe(timeoutMs, 0);
		const [subscriptions, topUps] = await Promise.all([subscriptionsOf(client, customer), topUpsOf(client, customer)]);
		const terms = { fetchedAtMs, nowMs: now(), fallbackAllowance: config().limits.paid };
		return {
			entitlement: toEntitlement(subscriptions.filter(isCurrent), topUps, terms),
			creditsBought: topUps.reduce((units, { bought }) => units + bought, 0),
		};
	},

	async readOffer(externalId, timeoutMs) {
		const customer = externalId === null ? null : await customerIdOf(externalId);
		const [prices, subscriptions] = await Promise.all([
			externalId === null ? pricesForVisitors(timeoutMs) : readPrices(timeoutMs),
			customer === null ? [] : subscriptionsOf(stripe(timeoutMs), customer),
		]);
		const [plan] = byNewest(subscriptions.filter(isCurrent));
		const sold = toOffers(prices, plan && priceOf(plan)?.id);
		return subscriptions.length === 0 ? sold : sold.map(withoutTrial);
	},

	readBilling,
	createCheckout,

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

	async addPaymentMethod(externalId, _planId, returnUrl) {
		const customer = await this.ensureCustomer(externalId);
		const after_completion = { type: "redirect", redirect: { return_url: returnUrl } } as const;
		const flow_data = { type: "payment_method_update", after_completion } as const;
		return (await stripe().billingPortal.sessions.create({ customer, return_url: returnUrl, flow_data })).url;
	},

	async openPortal(externalId, returnUrl) {
		const customer = await customerIdOf(externalId);
		return customer === null ? null : (await stripe().billingPortal.sessions.create({ customer, return_url: returnUrl })).url;
	},

	cancel: (_externalId, planId, when) => cancelPlan(stripe(), planId, when),
	uncancel: (_externalId, planId) => keepPlan(stripe(), planId),
	change: (_externalId, planId, offer) => changePlan(stripe(), planId, offer),

	// One event a call, one call at a time for a customer and meter: more is refused.
	async reportUsage(subjectKey, reports, timeoutMs, onReported) {
		const client = stripe(timeoutMs, 0);
		const customer = await payerOf(subjectKey);
		for (const report of reports) {
			await sendMeterEvent(client, customer, subjectKey, report);
			onReported(report);
		}
	},

	async reportOne(subjectKey, report, timeoutMs) {
		return sendMeterEvent(stripe(timeoutMs, 0), await payerOf(subjectKey), subjectKey, report);
	},

	async unitsReported(externalId, fromMs, toMs, timeoutMs) {
		const customer = await customerIdOf(externalId);
		return customer === null ? 0 : unitsOnMeter(stripe(timeoutMs, 0), customer, fromMs, toMs);
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
