import { env } from "cloudflare:workers";
import type { Problem } from "../../src/view/problem.ts";
import { Client, sandboxState } from "../client.ts";

// Everything in which the providers differ, so that one set of tests covers both.

export const provider = env.BILLING_PROVIDER as "flowglad" | "stripe" | "none";

/** Status and title of a problem. */
export async function problem(response: Response): Promise<[number, string]> {
	return [response.status, (await response.json<Problem>()).title];
}

export const id = () => crypto.randomUUID();

/** A user with a confirmed address, who may buy. */
export async function confirmed(): Promise<{ user: Client; userId: string }> {
	const user = new Client();
	const { id: userId, email } = await user.signUp();
	await user.confirm(email);
	return { user, userId };
}

/** A user on Pro whose ledger has read the purchase. Otherwise the first request might not see the plan yet. */
export async function subscribed(): Promise<{ user: Client; userId: string; planId: string }> {
	const { user, userId } = await confirmed();
	await user.buy("pro_monthly");
	await user.usage();
	const planId = (await user.billing()).plans[0]?.id ?? "";
	return { user, userId, planId };
}

/** A subject's usage at the provider: units by request id. */
export async function reported(subjectKey: string): Promise<Record<string, number>> {
	const { usageEvents, stripe } = await sandboxState();
	const customer = await customerIdOf(subjectKey.slice(subjectKey.indexOf(":") + 1));
	const events =
		provider === "stripe"
			? stripe.meterEvents
					.filter(({ payload }) => payload.stripe_customer_id === customer)
					.map(({ identifier, payload }) => [identifier, Number(payload.value)] as const)
			: usageEvents
					.filter(({ transactionId }) => transactionId.startsWith(subjectKey))
					.map(({ transactionId, amount }) => [transactionId, amount] as const);
	return Object.fromEntries(events.map(([name, units]) => [name.replace(`${subjectKey}:`, ""), units]));
}

/** A fault path that matches the provider's whole API. */
export const apiPath = provider === "stripe" ? "/v1/*" : "/api/v1/*";
/** A fault path that matches opening a checkout. */
export const checkoutPath = provider === "stripe" ? "/v1/checkout/sessions" : "/api/v1/checkout-sessions";

/** A webhook about a customer, signed as the provider signs. */
export async function webhook(
	about: { userId: string; customerId: string | null },
	options: { secret?: string; messageId?: string; ageS?: number; type?: string; object?: object; created?: number; body?: string } = {},
): Promise<{ body: string; headers: Record<string, string> }> {
	const { secret = "the webhook secret of the tests", messageId = `evt_${id()}`, ageS = 0, type = "invoice.paid" } = options;
	const timestamp = Math.floor(Date.now() / 1000) - ageS;
	if (provider === "stripe") {
		const object = options.object ?? { id: "in_1", object: "invoice", customer: about.customerId };
		const body =
			options.body ?? JSON.stringify({ id: messageId, object: "event", type, created: options.created ?? timestamp, data: { object } });
		const signature = [...new Uint8Array(await hmac(`whsec_${secret}`, `${timestamp}.${body}`))];
		const hex = signature.map((byte) => byte.toString(16).padStart(2, "0")).join("");
		return { body, headers: { "stripe-signature": `t=${timestamp},v1=${hex}` } };
	}
	const customer = { id: "cus_1", externalId: about.userId };
	const body = JSON.stringify({ id: "sub_1", object: "subscription", customer, pricingModelId: "pm_1" });
	const signature = btoa(String.fromCharCode(...new Uint8Array(await hmac(secret, `${messageId}.${timestamp}.${body}`))));
	return { body, headers: { "svix-id": messageId, "svix-timestamp": String(timestamp), "svix-signature": `v1,${signature}` } };
}

async function hmac(secret: string, text: string): Promise<ArrayBuffer> {
	const bytes = new TextEncoder();
	const key = await crypto.subtle.importKey("raw", bytes.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
	return crypto.subtle.sign("HMAC", key, bytes.encode(text));
}

/** The provider's id for a customer. */
export async function customerIdOf(userId: string): Promise<string | null> {
	const { customers, stripe } = await sandboxState();
	if (provider === "stripe") return stripe.customers.find(({ metadata }) => metadata.userId === userId)?.id ?? null;
	return customers.find(({ externalId }) => externalId === userId)?.id ?? null;
}
