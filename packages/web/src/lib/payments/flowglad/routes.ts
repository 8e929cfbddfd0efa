import { env } from "cloudflare:workers";
import { supabaseEdgeHandler } from "@flowglad/server/supabase";
import { z } from "zod";
import { config } from "../../../config.ts";
import { flowglad, getBilling, readPricingModel } from "../../flowglad.ts";
import { describe, readJson } from "../../http/api.ts";
import { refuse } from "../../http/problem.ts";
import { customerOf, type User } from "../../identity/subject.ts";
import { asked, assertMayManage, assertVerified, checkoutOf, ownUrl, unavailable, type Wanted } from "../checkout.ts";

const PRICING_TIMEOUT_MS = 5_000;

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
interface SdkBody extends Wanted {
	id?: string;
	subscriptionId?: string;
	targetSubscriptionId?: string;
}

/** `GET /api/flowglad/billing`: the customer's billing, live, in Flowglad's own words. */
export async function billingOf(request: Request, user: User): Promise<Response> {
	if (request.method !== "GET") refuse("method-not-allowed", "This address answers to GET.", { allow: "GET" });
	assertMayManage(user);
	return Response.json(await readOwn(user));
}

const checkoutBody = z.object({ priceSlug: name, successUrl: url.optional(), cancelUrl: url.optional() });

/** `POST /api/flowglad/checkout`: where to pay for a plan or top-up. */
export async function openCheckout(request: Request, user: User): Promise<Response> {
	assertPost(request);
	const parsed = checkoutBody.safeParse(await readJson(request));
	if (!parsed.success) refuse("invalid-request", describe(parsed.error));
	const { url } = await checkoutOf(request, user, { successUrl: "/", cancelUrl: "/pricing", ...parsed.data });
	return Response.json({ url });
}

/** A call of `@flowglad/react`, handed to the SDK's own handler; all but a checkout of a price, of which there is one at a time. */
export async function callSdk(request: Request, path: string, user: User): Promise<Response> {
	const call = Object.hasOwn(ALLOWED, path) ? ALLOWED[path] : undefined;
	if (!call) refuse("not-allowed", "This call is not open to browsers.");
	assertPost(request);
	const parsed = call.body.safeParse(await readJson(request));
	if (!parsed.success) refuse("invalid-request", describe(parsed.error));
	const body = parsed.data;
	if (path === "checkout-sessions/create") {
		const { url, id } = await checkoutOf(request, user, body);
		return Response.json({ data: { checkoutSession: { id }, url } });
	}
	const { externalId, key } = customerOf(user);
	const ledger = env.USAGE_LEDGER.getByName(key);
	if (!call.forMembers) assertMayManage(user);
	if (call.effect === "buys") {
		assertVerified(user);
		for (const page of [body.successUrl, body.cancelUrl]) ownUrl(request, page);
	}
	if (call.effect !== "reads") await assertOwn(user, body.id ?? body.subscriptionId ?? body.targetSubscriptionId);
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
	const pricingModel = await asked(() => readPricingModel(PRICING_TIMEOUT_MS));
	return Response.json({ data: { pricingModel, source: "default" } });
}

function sdkRoutes(externalId: string, request: Request): Promise<Response> {
	const { billing } = config();
	if (billing.kind !== "flowglad") throw new Error("Flowglad not configured");
	return supabaseEdgeHandler({
		basePath: "/api/flowglad",
		apiKey: billing.secretKey,
		baseURL: billing.baseUrl,
		getCustomerExternalId: async () => externalId,
		flowglad,
		onError: (error) => console.error(`flowglad route: ${error}`),
	})(request);
}

/** The SDK's handler passes the provider's status and words on; a bad key of ours would look like a reader who is not signed in. */
async function refuseAs(path: string, answer: Response): Promise<never> {
	const status = await statusSaid(answer);
	console.error(`flowglad ${path} answered ${answer.status}`, await answer.text());
	if (status === 409) refuse("plan-has-changed", "Your plan is no longer what it was when this page was loaded. Load it again.");
	return unavailable();
}

/** The provider's own status in an answer of the SDK's handler, which turns most of them into a 500 with a code. */
async function statusSaid(answer: Response): Promise<number> {
	if (answer.status !== 500) return answer.status;
	const code = /"code":"(\d{3})"/.exec(await answer.clone().text())?.[1];
	return code ? Number(code) : answer.status;
}

function assertPost(request: Request): void {
	if (request.method !== "POST") refuse("method-not-allowed", "This address answers to POST.", { allow: "POST" });
}

function readOwn(user: User) {
	return asked(() => getBilling(customerOf(user).externalId));
}

/** Another customer's subscription does not exist, as far as anyone can tell. */
async function assertOwn(user: User, subscriptionId: string | undefined): Promise<void> {
	const { subscriptions = [] } = await readOwn(user);
	if (subscriptionId === undefined || subscriptions.some((one) => one.id === subscriptionId)) return;
	refuse("subscription-not-found", "You have no such subscription.");
}
