import { verifyWebhook, WebhookVerificationError } from "@flowglad/server";
import { z } from "zod";
import { config } from "../../../config.ts";
import { logFailure } from "../../../log.ts";
import { toOffers } from "../../billing-helpers.ts";
import { now } from "../../time/clock.ts";
import { isAnswered, statusOf } from "../errors.ts";
import type { Checkout, ShopPort } from "../port.ts";
import { adminClient, archiveCustomer, changingClient, checkoutSessions, getBilling, readPricingModel } from "./client.ts";
import { planStart } from "./plan-start.ts";

const WELCOME_TIMEOUT_MS = 5_000;
/** How long after signing a webhook is accepted, by the machine's clock. */
const WEBHOOK_AGE_MAX_S = 300;

export const flowgladShop: ShopPort = {
	/** Seed 003: every account has a customer, paying or not. If this fails, the next entitlement read creates it. */
	async welcome({ id, email, name }) {
		try {
			await adminClient(WELCOME_TIMEOUT_MS).createCustomer({ customer: { externalId: id, email, name: name || email } });
		} catch (error) {
			if (statusOf(error) !== 409) logFailure(`customer ${id} could not be created`, error);
		}
	},

	async changeDetails({ id, email, name }) {
		try {
			await changingClient(WELCOME_TIMEOUT_MS).customers.update(id, { customer: { email, name: name || email } });
		} catch (error) {
			if (statusOf(error) !== 404) logFailure(`customer ${id} keeps the old address at Flowglad`, error);
		}
	},

	async readOffers(timeoutMs) {
		return toOffers(await readPricingModel(timeoutMs), config().limits.paid);
	},

	async renewCustomer(externalId) {
		const { customer, ...billing } = await getBilling(externalId);
		if (planStart(billing, now()) !== "as-new-customer") return customer.id;
		await archiveCustomer(externalId);
		return (await getBilling(externalId)).customer.id;
	},

	async createCheckout({ customer, offer, successUrl, cancelUrl }) {
		// The customer must exist, despite the SDK's documentation (flowglad.md, a). Reading the billing creates it.
		if (customer.id === null) await getBilling(customer.externalId);
		const checkoutSession = {
			type: "product",
			customerExternalId: customer.externalId,
			quantity: 1,
			priceId: offer.priceId,
			successUrl,
			cancelUrl,
		} as const;
		return toCheckout(await checkoutSessions().create({ checkoutSession }));
	},

	async readCheckout(id) {
		try {
			return toCheckout(await checkoutSessions().retrieve(id));
		} catch (error) {
			// A session of another key or pricing model yields 500. Forgetting a session that could still be paid is harmless: see closeCheckout.
			if (!isAnswered(error)) throw error;
			return null;
		}
	},

	closeCheckout: null,

	async readWebhook(body, headers, secret) {
		try {
			const event = webhookBody.safeParse(verifyWebhook(body, Object.fromEntries(headers), secret, WEBHOOK_AGE_MAX_S));
			const customer = event.success ? event.data.customer.externalId : null;
			return { id: headers.get("svix-id") ?? "", customer, happenedAtMs: null, follow: null };
		} catch (error) {
			if (error instanceof WebhookVerificationError) return null;
			throw error;
		}
	},
};

const webhookBody = z.object({ customer: z.object({ externalId: z.string() }) });

interface CheckoutAnswer {
	checkoutSession: { id: string; status: string; customerId?: string | null };
	url: string;
}

function toCheckout({ checkoutSession: { id, status, customerId = null }, url }: CheckoutAnswer): Checkout {
	return { id, url, customerId, status: status === "open" || status === "pending" ? status : "ended" };
}
