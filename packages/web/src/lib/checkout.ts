import { env } from "cloudflare:workers";
import { z } from "zod";
import { getBillingSummaryAfterCheckout } from "./billing.ts";
import { creditsBought, isDefaultPlanBySlug, type Price, paidSubscriptions } from "./billing-helpers.ts";
import { describe } from "./chat-request.ts";
import { readBilling, readPricingModel, sdkRoutes } from "./flowglad.ts";
import { readJson, refuse } from "./http.ts";
import { customerOf, type User } from "./subject.ts";

/** The SDK's own client tries for up to 3 × 60 s; nobody in front of a page waits so long. */
const PROVIDER_DEADLINE_MS = 10_000;

const url = z.string().max(2048);
const name = z.string().min(1).max(128);
const pages = { successUrl: url, cancelUrl: url };
const price = z.union([z.object({ priceSlug: name }), z.object({ priceId: name })]);
const quantity = z.literal(1).optional();
const timing = z.enum(["immediately", "at_end_of_current_billing_period"]);

/**
 * The SDK's routes that a browser may call, and what each takes. Not among them: posting usage events (a browser would burn or invent its
 * own usage), the find-or-create that writes a customer without name and address, and resources, which we do not have. `forMembers`: those of an
 * organization, too, who may not buy.
 */
const ALLOWED: Record<string, { effect: "reads" | "buys" | "changes"; forMembers?: true; body: z.ZodType<SdkBody> }> = {
	"customers/billing": { effect: "reads", body: z.object({}) },
	"usage-meters/balances": { effect: "reads", forMembers: true, body: z.strictObject({ subscriptionId: name.optional() }) },
	"pricing-models/retrieve": { effect: "reads", forMembers: true, body: z.object({}) },
	"checkout-sessions/create": { effect: "buys", body: price.and(z.object({ ...pages, quantity, type: z.literal("product").optional() })) },
	"checkout-sessions/create-add-payment-method": {
		effect: "buys",
		body: z.object({ ...pages, targetSubscriptionId: name.optional(), type: z.literal("add_payment_method").optional() }),
	},
	"checkout-sessions/create-activate-subscription": {
		effect: "buys",
		body: z.object({ ...pages, targetSubscriptionId: name, type: z.literal("activate_subscription").optional() }),
	},
	"subscriptions/cancel": { effect: "changes", body: z.object({ id: name, cancellation: z.object({ timing }) }) },
	"subscriptions/uncancel": { effect: "changes", body: z.object({ id: name }) },
	"subscriptions/adjust": {
		effect: "changes",
		body: price.and(
			z.object({
				subscriptionId: name.optional(),
				quantity,
				timing: timing.or(z.literal("auto")).optional(),
				prorate: z.boolean().optional(),
			}),
		),
	},
};

/** What of those bodies names something that must be ours, or for sale. */
interface SdkBody {
	id?: string;
	subscriptionId?: string;
	targetSubscriptionId?: string;
	priceSlug?: string;
	priceId?: string;
	successUrl?: string;
	cancelUrl?: string;
}

/** `GET /api/flowglad/billing`: the customer's billing, live. */
export async function billingOf(request: Request, user: User): Promise<Response> {
	if (request.method !== "GET") refuse(405, "Method not allowed", "This address answers to GET.", { allow: "GET" });
	assertMayManage(user);
	return Response.json(await asked(() => readBilling(customerOf(user).externalId)));
}

const checkoutBody = z.object({ priceSlug: name, successUrl: url.optional(), cancelUrl: url.optional() });

/** `POST /api/flowglad/checkout`: where to pay for a plan or top-up. */
export async function openCheckout(request: Request, user: User): Promise<Response> {
	assertPost(request);
	const parsed = checkoutBody.safeParse(await readJson(request));
	if (!parsed.success) refuse(400, "Invalid request", describe(parsed.error));
	const { url } = await checkoutOf(request, user, { successUrl: "/", cancelUrl: "/pricing", ...parsed.data });
	return Response.json({ url });
}

/** `POST /api/flowglad/refresh`: what is left, for a page that comes back from a checkout and waits for what was bought. */
export async function refreshUsage(request: Request, user: User): Promise<Response> {
	assertPost(request);
	return Response.json(await getBillingSummaryAfterCheckout(request, user));
}

/** A call of `@flowglad/react`, handed to the SDK's own handler; all but a checkout of a price, of which there is one at a time. */
export async function callSdk(request: Request, path: string, user: User): Promise<Response> {
	const call = Object.hasOwn(ALLOWED, path) ? ALLOWED[path] : undefined;
	if (!call) refuse(403, "Not allowed", "This call is not open to browsers.");
	assertPost(request);
	const parsed = call.body.safeParse(await readJson(request));
	if (!parsed.success) refuse(400, "Invalid request", describe(parsed.error));
	const body = parsed.data;
	if (path === "checkout-sessions/create") {
		const { url, session } = await checkoutOf(request, user, body);
		return Response.json({ data: { checkoutSession: session, url } });
	}
	const { externalId, key } = customerOf(user);
	const ledger = env.USAGE_LEDGER.getByName(key);
	if (!call.forMembers) assertMayManage(user);
	if (call.effect === "buys") {
		assertVerified(user);
		for (const page of [body.successUrl, body.cancelUrl]) ownUrl(request, page);
	}
	if (call.effect !== "reads") {
		assertOwn(await asked(() => readBilling(externalId)), body.id ?? body.subscriptionId ?? body.targetSubscriptionId);
	}
	const { method, headers } = request;
	const send = () => asked(() => sdkRoutes(externalId, new Request(request.url, { method, headers, body: JSON.stringify(body) })));
	let answer = await send();
	// Two first visits at once raced to make the customer: now there is one.
	if (call.effect === "reads" && (await statusSaid(answer)) === 409) answer = await send();
	if (!answer.ok) await refuseAs(path, answer);
	if (path === "checkout-sessions/create-activate-subscription") await ledger.noteActivation(key);
	if (call.effect === "changes") await ledger.refresh(key);
	return answer;
}

/** `POST /api/flowglad/pricing-models/retrieve` of who is not signed in: what is sold to anyone. */
export async function defaultPricingModel(request: Request): Promise<Response> {
	assertPost(request);
	const pricingModel = await asked(() => readPricingModel(PROVIDER_DEADLINE_MS));
	return Response.json({ data: { pricingModel, source: "default" } });
}

/** The one open checkout of a price: the one that is open already, or a new one. */
async function checkoutOf(request: Request, user: User, wanted: SdkBody): Promise<{ url: string; session: { id: string } }> {
	assertMayManage(user);
	assertVerified(user);
	const { externalId, key } = customerOf(user);
	const pages = { successUrl: ownUrl(request, wanted.successUrl), cancelUrl: ownUrl(request, wanted.cancelUrl) };
	// Creating a session does not create its customer, whatever the SDK's documentation says (flowglad.md, a); reading the billing does.
	const billing = await asked(() => readBilling(externalId));
	const price = assertMayBuy(billing, wanted);
	const opened = await env.USAGE_LEDGER.getByName(key).openCheckout(key, {
		customer: { id: billing.customer.id, externalId },
		priceId: price.id,
		buys: price.type === "subscription" ? "plan" : "top-up",
		creditsBought: creditsBought(billing),
		...pages,
	});
	switch (opened.kind) {
		case "open":
			return opened;
		case "under-way":
			refuse(409, "Payment under way", "You have paid for a plan already. It is being confirmed, which takes a few seconds.");
			break;
		case "failed":
			if (opened.status === 409) alreadySubscribed();
			unavailable();
	}
}

/** The SDK's handler passes the provider's status and words on; a bad key of ours would look like a reader who is not signed in. */
async function refuseAs(path: string, answer: Response): Promise<never> {
	const status = await statusSaid(answer);
	console.error(`flowglad ${path} answered ${answer.status}`, await answer.text());
	if (status === 409) refuse(409, "Plan has changed", "Your plan is no longer what it was when this page was loaded. Load it again.");
	return unavailable();
}

/** The provider's own status in an answer of the SDK's handler, which turns most of them into a 500 with a code. */
async function statusSaid(answer: Response): Promise<number> {
	if (answer.status !== 500) return answer.status;
	const code = /"code":"(\d{3})"/.exec(await answer.clone().text())?.[1];
	return code ? Number(code) : answer.status;
}

function assertPost(request: Request): void {
	if (request.method !== "POST") refuse(405, "Method not allowed", "This address answers to POST.", { allow: "POST" });
}

/** What an organization pays, and with which card, is for those who decide on it. */
function assertMayManage(user: User): void {
	if (customerOf(user).mayBuy) return;
	refuse(403, "Only for owners", "The plan and the payments of your organization are up to its owners and admins. Ask one of them.");
}

function assertVerified(user: User): void {
	if (!user.emailVerified) refuse(403, "Email not verified", "Confirm your email address first: we have sent you a link.");
}

type Billing = NonNullable<Awaited<ReturnType<typeof readBilling>>>;

/**
 * The price that is named, if it may be bought now. A plan is bought once, a top-up only beside a plan that goes on: the provider would take the
 * money and grant nothing (flowglad.md, e). It grants a top-up to the newest plan.
 */
function assertMayBuy(billing: Billing, { priceSlug, priceId }: SdkBody): Price {
	const { pricingModel } = billing;
	const prices: Price[] = pricingModel.products.flatMap((product) => product.prices);
	const price = prices.find((one) => (priceSlug === undefined ? one.id === priceId : one.slug === priceSlug));
	if (!price?.slug || price.type === "usage") refuse(400, "Unknown price", "There is no plan or top-up of this name.");
	if (isDefaultPlanBySlug(pricingModel, price.slug)) refuse(400, "Nothing to buy", "Every account has this plan already.");
	const [plan] = paidSubscriptions(billing);
	if (price.type === "subscription" && plan) alreadySubscribed();
	if (price.type !== "single_payment") return price;
	if (!plan) refuse(409, "No active subscription found", "A top-up belongs to a paid plan. Subscribe to one first.");
	if (plan.status === "cancellation_scheduled") {
		refuse(409, "Plan is ending", "A top-up would end with your plan. Keep the plan first, on your account page.");
	}
	return price;
}

/** Another customer's subscription does not exist, as far as anyone can tell. */
function assertOwn({ subscriptions = [] }: Billing, subscriptionId: string | undefined): void {
	if (subscriptionId === undefined || subscriptions.some((one) => one.id === subscriptionId)) return;
	refuse(404, "Subscription not found", "You have no such subscription.");
}

function alreadySubscribed(): never {
	refuse(409, "Already subscribed", "You already have a plan. Change or cancel it on your account page.");
}

/** An address of ours, absolute: nobody is led elsewhere after paying. */
function ownUrl(request: Request, target: string | undefined): string {
	const { origin } = new URL(request.url);
	const url = target !== undefined && URL.canParse(target, origin) ? new URL(target, origin) : null;
	if (url?.origin !== origin) refuse(400, "Invalid request", "successUrl and cancelUrl must be addresses of this site.");
	return url.href;
}

/** The provider's answer, within a deadline; its failures become problems that do not show its words. */
async function asked<T>(call: () => Promise<T>): Promise<NonNullable<T>> {
	let answer: T | undefined | "late";
	try {
		answer = await Promise.race([call(), scheduler.wait(PROVIDER_DEADLINE_MS).then(() => "late" as const)]);
	} catch (error) {
		console.error(`flowglad: ${error}`);
		const status = error instanceof Error && "status" in error ? error.status : null;
		if (status === 404) refuse(404, "Customer not found", "The billing provider does not know this account yet. Try again in a moment.");
		unavailable();
	}
	if (answer === "late") {
		const detail = "The billing provider has not answered in time. Look at your account before you try again.";
		refuse(504, "Billing unavailable", detail);
	}
	if (answer === undefined || answer === null) unavailable();
	return answer;
}

function unavailable(): never {
	refuse(502, "Billing unavailable", "The billing provider did not answer as expected. You were not charged. Try again in a moment.");
}
