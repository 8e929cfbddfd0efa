import { Flowglad } from "@flowglad/node";
import type { CheckoutSessionCreateResponse, CheckoutSessionRetrieveResponse } from "@flowglad/node/resources/checkout-sessions";
import { FlowgladServer, FlowgladServerAdmin, verifyWebhook, WebhookVerificationError } from "@flowglad/server";
import { supabaseEdgeHandler } from "@flowglad/server/supabase";
import type { Entitlement, Report } from "@parley/metering";
import { and, asc, eq, like } from "drizzle-orm";
import { z } from "zod";
import { config } from "../config.ts";
import { db } from "../db/connection.ts";
import { members, organizations, users } from "../db/schema.ts";
import {
	AI_REQUESTS_METER,
	type Billing,
	creditsBought,
	findUsagePriceByMeterSlug,
	type PricingModel,
	paidSubscriptions,
	planWithoutGrant,
	toEntitlement,
} from "./billing-helpers.ts";
import { ledgerOf } from "./organization.ts";

/**
 * A Flowglad server for one customer, under our own user's or organization's id (seeds 000 and 001); null when no key is configured.
 * Its calls may take 3 × 60 s: what must not wait goes through the functions below.
 */
export function flowglad(customerExternalId: string): FlowgladServer | null {
	const { billing } = config();
	if (billing.kind !== "flowglad") return null;
	return new FlowgladServer({ apiKey: billing.secretKey, baseURL: billing.baseUrl, customerExternalId, getCustomerDetails });
}

/**
 * A customer's billing, live; null when no key is configured. Two first visits at once race to make the customer: the loser reads what the
 * winner made.
 * @throws the SDK's error
 */
export async function readBilling(customerExternalId: string) {
	const server = flowglad(customerExternalId);
	try {
		return (await server?.getBilling()) ?? null;
	} catch (error) {
		if (statusOf(error) !== 409) throw error;
		return (await server?.getBilling()) ?? null;
	}
}

/**
 * A user, or an organization under the address of the owner who has been there longest (seed 001: the same for both).
 * @throws when there is neither
 */
async function getCustomerDetails(externalId: string): Promise<{ email: string; name: string }> {
	const user = await db().query.users.findFirst({ where: eq(users.id, externalId), columns: { email: true, name: true } });
	if (user) return { email: user.email, name: user.name || user.email };
	const [owner] = await db()
		.select({ email: users.email, name: organizations.name })
		.from(members)
		.innerJoin(users, eq(users.id, members.userId))
		.innerJoin(organizations, eq(organizations.id, members.organizationId))
		.where(and(eq(members.organizationId, externalId), like(members.role, "%owner%")))
		.orderBy(asc(members.createdAt))
		.limit(1);
	if (!owner) throw new Error("Customer not found");
	return owner;
}

/** One attempt within a deadline. Null when no key is configured. */
function admin(timeoutMs: number): FlowgladServerAdmin | null {
	const { billing } = config();
	if (billing.kind !== "flowglad") return null;
	return new FlowgladServerAdmin({ apiKey: billing.secretKey, baseURL: billing.baseUrl, timeout: timeoutMs, maxRetries: 0 });
}

/** Whether Flowglad understood a report and will not take it. 401 is not among them: its rate limit answers so. */
export function isRefusal(error: unknown): boolean {
	const status = statusOf(error);
	return status !== null && status >= 400 && status < 500 && ![401, 408, 409, 429].includes(status);
}

/** Whether Flowglad does not take our key, or has had too much of it: it says the same to both. */
export function isUnauthorized(error: unknown): boolean {
	return statusOf(error) === 401;
}

/** The status that Flowglad answered with; null when it did not answer. */
export function statusOf(error: unknown): number | null {
	return error instanceof Error && "status" in error && typeof error.status === "number" ? error.status : null;
}

/** Makes the customer of a new account or organization. Never throws: no sign-up fails for it, and the next entitlement read makes up for it. */
export async function ensureCustomer({ id, email, name }: { id: string; email: string; name: string }): Promise<void> {
	try {
		await admin(5_000)?.createCustomer({ customer: { externalId: id, email, name: name || email } });
	} catch (error) {
		if (statusOf(error) !== 409) console.error(`customer of ${id} could not be created: ${error}`);
	}
}

/**
 * What a customer (a user's or organization's id) may have, and the credits that were ever bought beside a plan: one call to Flowglad, or three where the customer does not exist yet.
 * @param fetchedAtMs the ledger's instant of sending
 * @returns null when no key is configured
 * @throws the SDK's error when Flowglad does not answer within the deadline or refuses
 */
export async function readEntitlement(
	externalId: string,
	fetchedAtMs: number,
	timeoutMs: number,
): Promise<{ entitlement: Entitlement; creditsBought: number } | null> {
	const client = admin(timeoutMs);
	if (!client) return null;
	const billing = await customerBilling(client, externalId);
	if (!findUsagePriceByMeterSlug(AI_REQUESTS_METER, billing.pricingModel)) {
		console.error(`Usage price not found for meter ${AI_REQUESTS_METER}: usage cannot be reported until the pricing model has one`);
	}
	nameFallback(billing);
	return { entitlement: toEntitlement(billing, fetchedAtMs, config().limits.paid), creditsBought: creditsBought(billing) };
}

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

const usageEvent = (subjectKey: string, report: Report) => ({
	subscriptionId: report.subscriptionId,
	amount: report.units,
	// The subject's key in front: no one can claim another's request by naming its id.
	transactionId: `${subjectKey}:${report.id}`,
	usageMeterSlug: AI_REQUESTS_METER,
	usageDate: report.usedAtMs,
});

/** What is owed stays owed while the key is away. */
function reporter(timeoutMs: number): FlowgladServerAdmin {
	const client = admin(timeoutMs);
	if (!client) throw new Error("Flowglad not configured");
	return client;
}

/**
 * Reports counted requests. Sent twice it counts once: Flowglad keeps the first event of a transactionId (flowglad.md, e).
 * @throws the SDK's error; which of the reports then arrived is unknown
 */
export async function reportUsage(subjectKey: string, reports: Report[], timeoutMs: number): Promise<void> {
	await reporter(timeoutMs).bulkCreateUsageEvents({ usageEvents: reports.map((report) => usageEvent(subjectKey, report)) });
}

/** Reports one counted request and answers the provider's event. */
export async function reportOne(subjectKey: string, report: Report, timeoutMs: number) {
	return (await reporter(timeoutMs).createUsageEvent({ usageEvent: usageEvent(subjectKey, report) })).usageEvent;
}

const CHECKOUT_TIMEOUT_MS = 5_000;

/** One attempt: the SDK's own retries would open a second checkout where only the answer was lost. */
function checkouts(): Flowglad["checkoutSessions"] {
	const { billing } = config();
	if (billing.kind !== "flowglad") throw new Error("Flowglad not configured");
	return new Flowglad({ apiKey: billing.secretKey, baseURL: billing.baseUrl, timeout: CHECKOUT_TIMEOUT_MS, maxRetries: 0 })
		.checkoutSessions;
}

/**
 * Opens a checkout for one of a price. Its customer must exist, whatever the SDK's documentation says (flowglad.md, a).
 * @throws the SDK's error; whether there is a checkout then is unknown, but nobody has its address
 */
export function createCheckout(
	customerExternalId: string,
	wanted: { priceId: string; successUrl: string; cancelUrl: string },
): Promise<CheckoutSessionCreateResponse> {
	return checkouts().create({ checkoutSession: { type: "product", customerExternalId, quantity: 1, ...wanted } });
}

/**
 * A checkout as it is now; null when there is none of this id any more.
 * @throws the SDK's error when Flowglad does not answer
 */
export async function readCheckout(id: string): Promise<CheckoutSessionRetrieveResponse | null> {
	try {
		return await checkouts().retrieve(id);
	} catch (error) {
		if (statusOf(error) !== 404) throw error;
		return null;
	}
}

const PRICING_KEPT_MS = 10_000;
let pricing: { readAtMs: number; model: PricingModel | null } | null = null;

/**
 * The pricing model of a visitor without an account, at most 10 s old: anyone may ask for it, and the provider is not to be asked by anyone as
 * often as they like. Null when no key is configured.
 * @throws the SDK's error; the next call asks again
 */
export async function readPricingModel(timeoutMs: number): Promise<PricingModel | null> {
	if (!pricing || Date.now() - pricing.readAtMs >= PRICING_KEPT_MS) {
		const model = (await admin(timeoutMs)?.getDefaultPricingModel())?.pricingModel ?? null;
		pricing = { readAtMs: Date.now(), model };
	}
	return pricing.model;
}

/**
 * What is sold to a customer, and the price of the paid plan that they have: their own pricing model may be another than a visitor's.
 * @throws the SDK's error
 */
export async function readOffer(
	externalId: string,
	timeoutMs: number,
): Promise<{ pricingModel: PricingModel; currentPriceId?: string } | null> {
	const client = admin(timeoutMs);
	if (!client) return null;
	const billing = await customerBilling(client, externalId);
	const priceId = paidSubscriptions(billing)[0]?.priceId;
	return { pricingModel: billing.pricingModel, ...(priceId ? { currentPriceId: priceId } : {}) };
}

/** A webhook is believed for so long after it was signed, by the machine's clock. */
const WEBHOOK_AGE_MAX_S = 300;
const webhookBody = z.object({ customer: z.object({ externalId: z.string() }) });

/**
 * The customer that a webhook is about, by our id for it: `customer` is null for an event without one.
 * @param body as it was received, to the byte
 * @returns null where the signature is missing, wrong or too old
 */
export function customerOfWebhook(body: string, headers: Headers, secret: string): { customer: string | null } | null {
	try {
		const parsed = webhookBody.safeParse(verifyWebhook(body, Object.fromEntries(headers), secret, WEBHOOK_AGE_MAX_S));
		return { customer: parsed.success ? parsed.data.customer.externalId : null };
	} catch (error) {
		if (error instanceof WebhookVerificationError) return null;
		throw error;
	}
}

/** The key of the ledger that a customer's usage is counted in; null for a customer who is none of ours. */
export async function ledgerOfCustomer(externalId: string): Promise<string | null> {
	const user = await db().query.users.findFirst({ where: eq(users.id, externalId), columns: { id: true } });
	if (user) return `user:${user.id}`;
	const organization = await db().query.organizations.findFirst({ where: eq(organizations.id, externalId), columns: { id: true } });
	return organization ? ledgerOf(organization.id) : null;
}

/** The SDK's own routes under /api/flowglad, for a customer who is known already. */
export function sdkRoutes(externalId: string, request: Request): Promise<Response> {
	const { billing } = config();
	if (billing.kind !== "flowglad") throw new Error("Flowglad not configured");
	return supabaseEdgeHandler({
		basePath: "/api/flowglad",
		apiKey: billing.secretKey,
		baseURL: billing.baseUrl,
		getCustomerExternalId: async () => externalId,
		flowglad: (customerExternalId) => {
			const server = flowglad(customerExternalId);
			if (!server) throw new Error("Flowglad not configured");
			return server;
		},
		onError: (error) => console.error(`flowglad route: ${error}`),
	})(request);
}
