import { Flowglad } from "@flowglad/node";
import { FlowgladServer, FlowgladServerAdmin } from "@flowglad/server";
import { z } from "zod";
import type { PricingModel } from "../../../view/flowglad.ts";
import { getCustomerDetails } from "../customers.ts";
import { statusOf } from "../errors.ts";
import { VisitorCopy } from "../visitor-copy.ts";
import { clientOptions } from "./settings.ts";

const CHECKOUT_TIMEOUT_MS = 5_000;
const PRICING_TIMEOUT_MS = 5_000;

/**
 * A server for one customer. Each call ends after 10 s, or at its operation's deadline.
 * @throws Error when Flowglad is not the configured provider
 */
export function flowgladServer(customerExternalId: string): FlowgladServer {
	const server = new FlowgladServer({ ...clientOptions(), customerExternalId, getCustomerDetails });
	// The SDK has no option for its fetch and would wait for a stalled body forever (deadline.test.ts). Its retries multiply calls during a failure.
	Reflect.set(server, "flowgladNode", new Flowglad({ ...clientOptions(), maxRetries: 0 }));
	return server;
}

/** A client that tries once, within a deadline. */
export function adminClient(timeoutMs: number): FlowgladServerAdmin {
	return new FlowgladServerAdmin({ ...clientOptions(), timeout: timeoutMs, maxRetries: 0 });
}

/** Flowglad's API without the SDK's rules, for changes. It tries once, because a repeat may open a second checkout or charge twice. */
export function changingClient(timeoutMs: number): Flowglad {
	return new Flowglad({ ...clientOptions(), timeout: timeoutMs, maxRetries: 0 });
}

/** Checkouts are requested once: an SDK retry would open a second one if only the answer was lost. */
export const checkoutSessions = (): Flowglad["checkoutSessions"] => changingClient(CHECKOUT_TIMEOUT_MS).checkoutSessions;

/** Archives a customer: its plans end and its external id becomes free. Invoices stay with the archived customer. */
export async function archiveCustomer(externalId: string): Promise<void> {
	await changingClient(CHECKOUT_TIMEOUT_MS).post(`/api/v1/customers/${encodeURIComponent(externalId)}/archive`, { body: {} });
}

/**
 * A customer's live billing. Creates the customer if needed; if two requests race to do so, the second reads what the first created.
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

/** A customer's billing within a deadline: one call, or three if the customer does not exist yet. */
export async function customerBilling(client: FlowgladServerAdmin, externalId: string) {
	try {
		return await client.getCustomerBilling(externalId);
	} catch (error) {
		if (statusOf(error) !== 404) throw error;
		const customer = { externalId, ...(await getCustomerDetails(externalId)) };
		await client.createCustomer({ customer }).catch((conflict: unknown) => {
			// Another request created it meanwhile.
			if (statusOf(conflict) !== 409) throw conflict;
		});
		return client.getCustomerBilling(externalId);
	}
}

/** The pricing model for a visitor without an account, from a copy. */
export const visitorPricing = new VisitorCopy<PricingModel>("flowglad pricing model", z.custom<PricingModel>(isObject), () =>
	readPricingModel(PRICING_TIMEOUT_MS),
);

/**
 * The pricing model for a visitor, live.
 * @throws the SDK's error
 */
export async function readPricingModel(timeoutMs: number): Promise<PricingModel> {
	return (await adminClient(timeoutMs).getDefaultPricingModel()).pricingModel;
}

function isObject(answer: unknown): boolean {
	return typeof answer === "object" && answer !== null;
}
