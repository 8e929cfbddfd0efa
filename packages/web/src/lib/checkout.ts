import { env } from "cloudflare:workers";
import { z } from "zod";
import { isDefaultPlanBySlug, type PricingModel } from "./billing-helpers.ts";
import { describe } from "./chat-request.ts";
import { flowglad, readPricingModel, sdkRoutes } from "./flowglad.ts";
import { ProblemError, readJson, refuse } from "./http.ts";
import type { Subject } from "./subject.ts";

type User = Extract<Subject, { kind: "user" }>;

const PROVIDER_TIMEOUT_MS = 5_000;

/**
 * The SDK's routes that a browser may call, and what each does here. Not among them: posting usage events (a browser would burn or invent its
 * own usage), the find-or-create that writes a customer without name and address, and resources, which we do not have.
 */
const ALLOWED: Record<string, "reads" | "buys" | "changes"> = {
	"customers/billing": "reads",
	"usage-meters/balances": "reads",
	"pricing-models/retrieve": "reads",
	"checkout-sessions/create": "buys",
	"checkout-sessions/create-add-payment-method": "buys",
	"checkout-sessions/create-activate-subscription": "buys",
	"subscriptions/cancel": "changes",
	"subscriptions/uncancel": "changes",
	"subscriptions/adjust": "changes",
};

/** `GET /api/flowglad/billing`: the customer's billing, live. */
export async function billingOf(request: Request, user: User): Promise<Response> {
	if (request.method !== "GET") refuse(405, "Method not allowed", "This address answers to GET.", { allow: "GET" });
	const billing = await asked(() => flowglad(user.userId)?.getBilling());
	return Response.json(billing);
}

const checkoutBody = z.object({
	priceSlug: z.string().min(1).max(128),
	successUrl: z.string().optional(),
	cancelUrl: z.string().optional(),
});

/** `POST /api/flowglad/checkout`: where to pay for a plan or top-up. */
export async function openCheckout(request: Request, user: User): Promise<Response> {
	if (request.method !== "POST") refuse(405, "Method not allowed", "This address answers to POST.", { allow: "POST" });
	const parsed = checkoutBody.safeParse(await readJson(request));
	if (!parsed.success) refuse(400, "Invalid request", describe(parsed.error));
	const { priceSlug, successUrl = "/", cancelUrl = "/pricing" } = parsed.data;
	assertVerified(user);
	const urls = { successUrl: ownUrl(request, successUrl), cancelUrl: ownUrl(request, cancelUrl) };
	const pricingModel = await asked(() => readPricingModel(PROVIDER_TIMEOUT_MS));
	assertForSale(pricingModel, priceSlug);
	const server = flowglad(user.userId);
	const session = await asked(async () => {
		// Creating a session does not create its customer, whatever the SDK's documentation says (flowglad.md, a).
		await server?.findOrCreateCustomer();
		return server?.createCheckoutSession({ priceSlug, ...urls, quantity: 1 });
	});
	await env.USAGE_LEDGER.getByName(user.key).noteCheckout(user.key);
	return Response.json({ url: session.url });
}

/** A call of `@flowglad/react`, handed to the SDK's own handler. */
export async function callSdk(request: Request, path: string, user: User): Promise<Response> {
	const effect = Object.hasOwn(ALLOWED, path) ? ALLOWED[path] : undefined;
	if (!effect) refuse(403, "Not allowed", "This call is not open to browsers.");
	if (request.method !== "POST") refuse(405, "Method not allowed", "This address answers to POST.", { allow: "POST" });
	const body = await readJson(request);
	const ledger = env.USAGE_LEDGER.getByName(user.key);
	if (effect === "buys") {
		assertVerified(user);
		const urls = z.looseObject({ successUrl: z.string(), cancelUrl: z.string() }).safeParse(body);
		if (!urls.success) refuse(400, "Invalid request", describe(urls.error));
		ownUrl(request, urls.data.successUrl);
		ownUrl(request, urls.data.cancelUrl);
		await asked(() => flowglad(user.userId)?.findOrCreateCustomer());
		await ledger.noteCheckout(user.key);
	}
	const response = await sdkRoutes(
		user.userId,
		new Request(request.url, { method: "POST", headers: request.headers, body: JSON.stringify(body) }),
	);
	if (effect === "changes" && response.ok) await ledger.refresh(user.key);
	if (response.ok || response.status === 404) return response;
	// The handler passes the provider's status and text on; a bad key of ours would look like a reader who is not signed in.
	console.error(`flowglad ${path} answered ${response.status}`, await response.text());
	unavailable();
}

function assertVerified(user: User): void {
	if (!user.emailVerified) refuse(403, "Email not verified", "Confirm your email address first: we have sent you a link.");
}

function assertForSale(pricingModel: PricingModel, priceSlug: string): void {
	const known = pricingModel.products?.some((product) =>
		product.prices?.some((price) => price.slug === priceSlug && price.type !== "usage"),
	);
	if (!known) refuse(400, "Unknown price", "There is no plan or top-up of this name.");
	if (isDefaultPlanBySlug(pricingModel, priceSlug)) refuse(400, "Nothing to buy", "Every account has this plan already.");
}

/** An address of ours, absolute: nobody is led elsewhere after paying. */
function ownUrl(request: Request, target: string): string {
	const { origin } = new URL(request.url);
	const url = URL.canParse(target, origin) ? new URL(target, origin) : null;
	if (url?.origin !== origin) refuse(400, "Invalid request", "successUrl and cancelUrl must be addresses of this site.");
	return url.href;
}

/** The provider's answer; its failures become problems that do not show its words. */
async function asked<T>(call: () => Promise<T> | undefined): Promise<NonNullable<T>> {
	let answer: T | undefined;
	try {
		answer = await call();
	} catch (error) {
		if (error instanceof ProblemError) throw error;
		console.error(`flowglad: ${error}`);
		const status = error instanceof Error && "status" in error ? error.status : null;
		if (status === 404) refuse(404, "Customer not found", "The billing provider does not know this account yet. Try again in a moment.");
		if (status === 409) refuse(409, "Already subscribed", "You already have a plan. Change or cancel it on your account page.");
		unavailable();
	}
	if (answer === undefined || answer === null) unavailable();
	return answer;
}

function unavailable(): never {
	refuse(
		502,
		"Billing unavailable",
		"The billing provider did not answer as expected. Nothing was changed or charged. Try again in a moment.",
	);
}
