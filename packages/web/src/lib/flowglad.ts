import { Flowglad } from "@flowglad/node";
import { FlowgladServer, FlowgladServerAdmin, verifyWebhook, WebhookVerificationError } from "@flowglad/server";
import type { Report } from "@parley/metering";
import { z } from "zod";
import { config } from "../config.ts";
import { toBillingView } from "../flowglad-view.ts";
import type { BillingProvider, Checkout } from "./billing.ts";
import {
	AI_REQUESTS_METER,
	type Billing,
	creditsBought,
	findUsagePriceByMeterSlug,
	type PricingModel,
	paidSubscriptions,
	planWithoutGrant,
	toEntitlement,
	toOffers,
} from "./billing-helpers.ts";
import { transactionIdOf } from "./identity/subject-key.ts";
import { getCustomerDetails, statusOf } from "./payments/provider.ts";

const WELCOME_TIMEOUT_MS = 5_000;
const CHECKOUT_TIMEOUT_MS = 5_000;
/** A webhook is believed for so long after it was signed, by the machine's clock. */
const WEBHOOK_AGE_MAX_S = 300;

function settings() {
	const { billing } = config();
	if (billing.kind !== "flowglad") throw new Error("Flowglad not configured");
	return { apiKey: billing.secretKey, baseURL: billing.baseUrl };
}

/**
 * A Flowglad server for one customer, under our own user's or organization's id (seeds 000 and 001). Its calls may take 3 × 60 s: what must not
 * wait goes through `admin`.
 * @throws when no key is configured
 */
export function flowglad(customerExternalId: string): FlowgladServer {
	return new FlowgladServer({ ...settings(), customerExternalId, getCustomerDetails });
}

/** One attempt within a deadline. */
function admin(timeoutMs: number): FlowgladServerAdmin {
	return new FlowgladServerAdmin({ ...settings(), timeout: timeoutMs, maxRetries: 0 });
}

/** One attempt: the SDK's own retries would open a second checkout where only the answer was lost. */
function checkouts(): Flowglad["checkoutSessions"] {
	return new Flowglad({ ...settings(), timeout: CHECKOUT_TIMEOUT_MS, maxRetries: 0 }).checkoutSessions;
}

/**
 * A customer's billing, live. Two first visits at once race to make the customer: the loser reads what the winner made.
 * @throws the SDK's error
 */
export async function getBilling(externalId: string) {
	const server = flowglad(externalId);
	try {
		return await server.getBilling();
	} catch (error) {
		if (statusOf(error) !== 409) throw error;
		return server.getBilling();
	}
}

/** The same within a deadline: one call, or three where the customer does not exist yet. */
async function customerBilling(client: FlowgladServerAdmin, externalId: string): Promise<Billing> {
	try {
		return await client.getCustomerBilling(externalId);
	} catch (error) {
		if (statusOf(error) !== 404) throw error;
		const customer = { externalId, ...(await getCustomerDetails(externalId)) };
		await client.createCustomer({ customer }).catch((conflict: unknown) => {
			// Another request made it in between: that one will do.
			if (statusOf(conflict) !== 409) throw conflict;
		});
		return client.getCustomerBilling(externalId);
	}
}

/** Flowglad behind the port: it burns its own credits, and answers one balance. */
export const flowgladProvider: BillingProvider = {
	forgetsReportsAfterMs: null,

	/** Seed 003: every account has a customer, paying or not. The next entitlement read makes up for a failure. */
	async welcome({ id, email, name }) {
		try {
			await admin(WELCOME_TIMEOUT_MS).createCustomer({ customer: { externalId: id, email, name: name || email } });
		} catch (error) {
			if (statusOf(error) !== 409) console.error(`customer of ${id} could not be created: ${error}`);
		}
	},

	async ensureCustomer(externalId) {
		return (await getBilling(externalId)).customer.id;
	},

	async readEntitlement(externalId, fetchedAtMs, timeoutMs) {
		const billing = await customerBilling(admin(timeoutMs), externalId);
		if (!findUsagePriceByMeterSlug(AI_REQUESTS_METER, billing.pricingModel)) {
			console.error(`Usage price not found for meter ${AI_REQUESTS_METER}: usage cannot be reported until the pricing model has one`);
		}
		nameFallback(billing);
		return { entitlement: toEntitlement(billing, fetchedAtMs, config().limits.paid), creditsBought: creditsBought(billing) };
	},

	async readOffer(externalId, timeoutMs) {
		if (externalId === null) return toOffers(await readPricingModel(timeoutMs), config().limits.paid);
		// A customer's own pricing model may be another than a visitor's.
		const billing = await customerBilling(admin(timeoutMs), externalId);
		return toOffers(billing.pricingModel, config().limits.paid, paidSubscriptions(billing)[0]?.priceId ?? undefined);
	},

	async readBilling(externalId) {
		const billing = await getBilling(externalId);
		return {
			...toBillingView(billing),
			customerId: billing.customer.id,
			offers: toOffers(billing.pricingModel, config().limits.paid, paidSubscriptions(billing)[0]?.priceId ?? undefined),
			creditsBought: creditsBought(billing),
		};
	},

	async createCheckout({ customer, offer, successUrl, cancelUrl }) {
		// Its customer must exist, whatever the SDK's documentation says (flowglad.md, a).
		const checkoutSession = {
			type: "product",
			customerExternalId: customer.externalId,
			quantity: 1,
			priceId: offer.priceId,
			successUrl,
			cancelUrl,
		} as const;
		return toCheckout(await checkouts().create({ checkoutSession }));
	},

	async readCheckout(id) {
		try {
			return toCheckout(await checkouts().retrieve(id));
		} catch (error) {
			if (statusOf(error) !== 404) throw error;
			return null;
		}
	},

	// It ends by itself, after a day.
	closeCheckout: async () => {},

	async addPaymentMethod(externalId, planId, returnUrl) {
		const pages = { successUrl: returnUrl, cancelUrl: returnUrl };
		const { url } = await flowglad(externalId).createAddPaymentMethodCheckoutSession({
			...pages,
			...(planId === undefined ? {} : { targetSubscriptionId: planId }),
		});
		return url;
	},

	async openPortal(externalId) {
		return (await getBilling(externalId)).billingPortalUrl ?? null;
	},

	async cancel(externalId, id, when) {
		const timing = when === "now" ? "immediately" : "at_end_of_current_billing_period";
		await flowglad(externalId).cancelSubscription({ id, cancellation: { timing } });
	},

	async uncancel(externalId, id) {
		await flowglad(externalId).uncancelSubscription({ id });
	},

	async change(externalId, subscriptionId, { priceId }) {
		const { subscription, resolvedTiming } = await flowglad(externalId).adjustSubscription({ subscriptionId, priceId, timing: "auto" });
		if (resolvedTiming !== "immediately") return "period-end";
		// A declined card is no error there: the plan is what it was.
		return subscription.priceId === priceId ? "now" : "declined";
	},

	// Sent twice it counts once: Flowglad keeps the first event of a transactionId (flowglad.md, e).
	async reportUsage(subjectKey, reports, timeoutMs, onReported) {
		await admin(timeoutMs).bulkCreateUsageEvents({ usageEvents: reports.map((report) => usageEvent(subjectKey, report)) });
		for (const report of reports) onReported(report);
	},

	async reportOne(subjectKey, report, timeoutMs) {
		return (await admin(timeoutMs).createUsageEvent({ usageEvent: usageEvent(subjectKey, report) })).usageEvent;
	},

	unitsReported: () => Promise.reject(new Error("Flowglad forgets no report")),

	/** What exactly happened is not in the event, and is never taken from it. */
	async readWebhook(body, headers, secret) {
		try {
			const event = webhookBody.safeParse(verifyWebhook(body, Object.fromEntries(headers), secret, WEBHOOK_AGE_MAX_S));
			const customer = event.success ? event.data.customer.externalId : null;
			return { id: headers.get("svix-id") ?? "", customer, happenedAtMs: null };
		} catch (error) {
			if (error instanceof WebhookVerificationError) return null;
			throw error;
		}
	},
};

const webhookBody = z.object({ customer: z.object({ externalId: z.string() }) });

let fallbackIsNamed = false;

/** Once in the life of this isolate: a plan without credits is how the pricing model is, not news with each read. */
function nameFallback(billing: Billing): void {
	const plan = fallbackIsNamed ? undefined : planWithoutGrant(billing);
	if (!plan) return;
	fallbackIsNamed = true;
	console.warn(
		`plan without credits: price ${plan.priceId} grants no ${AI_REQUESTS_METER}; PAID_PLAN_REQUESTS (${config().limits.paid}) stands in`,
	);
}

const usageEvent = (subjectKey: string, report: Report) => ({
	subscriptionId: report.subscriptionId,
	amount: report.units,
	transactionId: transactionIdOf(subjectKey, report.id),
	usageMeterSlug: AI_REQUESTS_METER,
	usageDate: report.usedAtMs,
});

const PRICING_KEPT_MS = 10_000;
let pricing: { readAtMs: number; model: PricingModel } | null = null;

/**
 * The pricing model of a visitor without an account, at most 10 s old: anyone may ask for it, and the provider is not to be asked by anyone as
 * often as they like.
 * @throws the SDK's error; the next call asks again
 */
export async function readPricingModel(timeoutMs: number): Promise<PricingModel> {
	if (!pricing || Date.now() - pricing.readAtMs >= PRICING_KEPT_MS) {
		pricing = { readAtMs: Date.now(), model: (await admin(timeoutMs).getDefaultPricingModel()).pricingModel };
	}
	return pricing.model;
}

interface CheckoutAnswer {
	checkoutSession: { id: string; status: string; customerId?: string | null };
	url: string;
}

function toCheckout({ checkoutSession: { id, status, customerId = null }, url }: CheckoutAnswer): Checkout {
	return { id, url, customerId, status: status === "open" || status === "pending" ? status : "ended" };
}
