import { Flowglad } from "@flowglad/node";
import { FlowgladServer, FlowgladServerAdmin } from "@flowglad/server";
import type { FlowgladBilling, PricingModel } from "../../../view/flowglad.ts";
import { getCustomerDetails } from "../customers.ts";
import { statusOf } from "../errors.ts";
import { IsolateCache } from "../isolate-cache.ts";
import { clientOptions } from "./settings.ts";

const CHECKOUT_TIMEOUT_MS = 5_000;
const PRICING_KEPT_MS = 10_000;

/**
 * A server for one customer, whose calls may take 3 × 60 s.
 * @throws Error when Flowglad is not the configured provider
 */
export function flowgladServer(customerExternalId: string): FlowgladServer {
	return new FlowgladServer({ ...clientOptions(), customerExternalId, getCustomerDetails });
}

/** A client that tries once, within a deadline. */
export function adminClient(timeoutMs: number): FlowgladServerAdmin {
	return new FlowgladServerAdmin({ ...clientOptions(), timeout: timeoutMs, maxRetries: 0 });
}

/** Checkouts are requested once: a retry by the SDK opens a second one when only the answer was lost. */
export function checkoutSessions(): Flowglad["checkoutSessions"] {
	return new Flowglad({ ...clientOptions(), timeout: CHECKOUT_TIMEOUT_MS, maxRetries: 0 }).checkoutSessions;
}

/** Archives a customer: its plans end, and its external id is free for a new one. Invoices stay with the archived customer. */
export async function archiveCustomer(externalId: string): Promise<void> {
	const client = new Flowglad({ ...clientOptions(), timeout: CHECKOUT_TIMEOUT_MS, maxRetries: 0 });
	await client.post(`/api/v1/customers/${encodeURIComponent(externalId)}/archive`, { body: {} });
}

/**
 * A customer's billing, live. Creates the customer; when two requests race to do so, the second reads what the first created.
 * @throws the SDK's error
 */
export async function getBilling(externalId: string) {
	const server = flowgladServer(externalId);
	try {
		return await server.getBilling();
	} catch (error) {
		if (statusOf(error) !== 409) throw error;
		return server.getBilling();
	}
}

/** A customer's billing within a deadline: one call, or three for a customer that does not exist yet. */
export async function customerBilling(client: FlowgladServerAdmin, externalId: string): Promise<FlowgladBilling> {
	try {
		return await client.getCustomerBilling(externalId);
	} catch (error) {
		if (statusOf(error) !== 404) throw error;
		const customer = { externalId, ...(await getCustomerDetails(externalId)) };
		await client.createCustomer({ customer }).catch((conflict: unknown) => {
			// Another request created it in between.
			if (statusOf(conflict) !== 409) throw conflict;
		});
		return client.getCustomerBilling(externalId);
	}
}

const visitorPricing = new IsolateCache<PricingModel>(PRICING_KEPT_MS);

/**
 * The pricing model for a visitor without an account, at most 10 s old: visitors must not cause calls to Flowglad at will.
 * @throws the SDK's error; the next call tries again
 */
export function readPricingModel(timeoutMs: number): Promise<PricingModel> {
	return visitorPricing.read(async () => (await adminClient(timeoutMs).getDefaultPricingModel()).pricingModel);
}
