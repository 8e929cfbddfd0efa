import { Flowglad } from "@flowglad/node";
import { FlowgladServerAdmin } from "@flowglad/server";
import { z } from "zod";
import type { PricingModel } from "../../../view/flowglad.ts";
import { flowglad } from "../../flowglad.ts";
import { getCustomerDetails } from "../customers.ts";
import { statusOf } from "../errors.ts";
import { VisitorCopy } from "../visitor-copy.ts";
import { clientOptions } from "./settings.ts";

const CHECKOUT_TIMEOUT_MS = 5_000;
const PRICING_TIMEOUT_MS = 5_000;

/** A client that tries once, within a deadline. */
export function adminClient(timeoutMs: number): FlowgladServerAdmin {
	return new FlowgladServerAdmin({ ...clientOptions(), timeout: timeoutMs, maxRetries: 0 });
}

/** Checkouts are requested once: a retry by the SDK opens a second one when only the answer was lost. */
export function checkoutSessions(): Flowglad["checkoutSessions"] {
	return new Flowglad({ ...clientOptions(), timeout: CHECKOUT_TIMEOUT_MS, maxRetries: 0 }).checkoutSessions;
}

/**
 * A customer's billing, live. Creates the customer; when two requests race to do so, the second reads what the first created.
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

/** A customer's billing within a deadline: one call, or three for a customer that does not exist yet. */
export async function customerBilling(client: FlowgladServerAdmin, externalId: string) {
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
