import { env } from "cloudflare:workers";
import { z } from "zod";
import { logNote } from "../../../log.ts";
import { t } from "../../../text/text.ts";
import { describe, readJson } from "../../http/api.ts";
import { refuse } from "../../http/problem.ts";
import { assertRecentProof } from "../../identity/recent-proof.ts";
import { customerOf, type User } from "../../identity/subject.ts";
import { activatePlan, addCard, assertMayManage, buy, cancel, changePlan, resume } from "../actions.ts";
import { refuseFailedRead, refuseStatus } from "../errors.ts";
import { takeAction } from "../limits.ts";
import type { HostedPage } from "../port.ts";
import { visitorPricing } from "./client.ts";
import { withComingPlans } from "./plan.ts";

const url = z.string().max(2048);
const name = z.string().min(1).max(128);
const pages = { successUrl: url, cancelUrl: url };
const price = z.union([z.object({ priceSlug: name }), z.object({ priceId: name })]);
const quantity = z.literal(1).optional();
const timing = z.enum(["immediately", "at_end_of_current_billing_period"]);

/** SDK reads a browser may call, answered by the SDK's own handler. `forMembers`: also for members who may not buy. */
const READS: Record<string, { forMembers: boolean; body: z.ZodType<{ subscriptionId?: string | undefined }> }> = {
	"customers/billing": { forMembers: false, body: z.object({}) },
	"usage-meters/balances": { forMembers: true, body: z.strictObject({ subscriptionId: name.optional() }) },
	"pricing-models/retrieve": { forMembers: true, body: z.object({}) },
};

/** The subscription fields needed to name the next plan; the rest passes through unchanged. */
const subscriptionOfAnswer = z.looseObject({
	id: z.string(),
	status: z.string(),
	createdAt: z.number(),
	isFreePlan: z.boolean().nullish(),
	priceId: z.string().nullish(),
	currentBillingPeriodEnd: z.number().nullish(),
	scheduledAdjustmentAt: z.number().nullish(),
});

type Action = (request: Request, user: User) => Promise<unknown>;

/**
 * SDK writes a browser may call, mapped to our own actions. Left out: posting usage events (a browser could burn or invent usage),
 * find-or-create (it writes a customer without name and address), and resources, which we do not have.
 */
const ACTIONS: Record<string, Action> = {
	checkout: action(z.object({ priceSlug: name, successUrl: url.optional(), cancelUrl: url.optional() }), async (request, user, body) => ({
		url: (await buy(request, user, body)).url,
	})),
	"checkout-sessions/create": action(
		price.and(z.object({ ...pages, quantity, type: z.literal("product").optional() })),
		async (request, user, body) => toSession(await buy(request, user, body)),
	),
	"checkout-sessions/create-add-payment-method": action(
		z.object({ ...pages, targetSubscriptionId: name.optional(), type: z.literal("add_payment_method").optional() }),
		async (request, user, { targetSubscriptionId, ...body }) => toSession(await addCard(request, user, targetSubscriptionId, body)),
	),
	"checkout-sessions/create-activate-subscription": action(
		z.object({ ...pages, targetSubscriptionId: name, type: z.literal("activate_subscription").optional() }),
		async (request, user, { targetSubscriptionId, ...body }) => toSession(await activatePlan(request, user, targetSubscriptionId, body)),
	),
	"subscriptions/cancel": action(z.object({ id: name, cancellation: z.object({ timing }) }), (_, user, { id, cancellation }) =>
		cancel(user, id, cancellation.timing === "immediately" ? "now" : "period-end"),
	),
	"subscriptions/uncancel": action(z.object({ id: name }), (_, user, { id }) => resume(user, id)),
	// The SDK also sends timing and proration. They are dropped, or a browser could take a more expensive plan without paying for it.
	"subscriptions/adjust": action(
		price.and(z.object({ subscriptionId: name.optional(), quantity })),
		async (request, user, { subscriptionId, ...body }) => (await changePlan(request, user, subscriptionId, body)).answer,
	),
};

/** Every call under `/api/flowglad/` that a browser may make with a body, for the test that none sets the amount paid. */
export const browserCalls = (): string[] => [...Object.keys(ACTIONS), ...Object.keys(READS)];

/** Answers a call under `/api/flowglad/` for a signed-in user. */
export async function answerCall(request: Request, path: string, user: User): Promise<Response> {
	if (path === "billing") return customerBillingOf(request, user);
	const act = Object.hasOwn(ACTIONS, path) ? ACTIONS[path] : undefined;
	if (!act && !Object.hasOwn(READS, path)) refuse("not-allowed", t("billing_not_open"));
	assertPost(request);
	if (!act) return readWithSdk(request, path, user);
	await assertRecentProof(request);
	const answer = await act(request, user);
	return Response.json(path === "checkout" ? answer : { data: answer });
}

/** `POST /api/flowglad/pricing-models/retrieve` for a visitor: what is for sale to anyone, from a copy. */
export async function defaultPricingModel(request: Request): Promise<Response> {
	assertPost(request);
	const pricingModel = await visitorPricing.read();
	if (!pricingModel) refuse("billing-not-read", t("billing_prices_unread"));
	return Response.json({ data: { pricingModel, source: "default" } });
}

/** `GET /api/flowglad/billing` (seed 001): the customer's billing in Flowglad's format, at most a few seconds old. */
async function customerBillingOf(request: Request, user: User): Promise<Response> {
	if (request.method !== "GET") refuse("method-not-allowed", t("problem_answers_to", { allow: "GET" }), { allow: "GET" });
	assertMayManage(user);
	const { data } = JSON.parse(await readCopy(user, "customers/billing", "{}"));
	return Response.json(data);
}

async function readWithSdk(request: Request, path: string, user: User): Promise<Response> {
	const read = READS[path];
	if (!read) refuse("not-allowed", t("billing_not_open"));
	const params = await bodyOf(request, read.body);
	if (!read.forMembers) assertMayManage(user);
	const body = JSON.stringify(params);
	// Each subscription named by a browser has its own copy, so naming many would cause as many calls.
	if (body !== "{}") await takeAction(user);
	if (params.subscriptionId !== undefined) await assertOwnSubscription(user, params.subscriptionId);
	const answer = await readCopy(user, path, body);
	const sent = path === "customers/billing" ? await withNames(user, answer) : answer;
	return new Response(sent, { headers: { "content-type": "application/json" } });
}

/** The SDK handler's answer, from the copy in the customer's ledger. @throws ProblemError for any failure */
async function readCopy(user: User, path: string, body: string): Promise<string> {
	const { key } = customerOf(user);
	const copy = await env.USAGE_LEDGER.getByName(key).sdkRead(key, path, body);
	if (copy.kind === "failed") return refuseFailedRead(copy);
	if (!copy.answer) refuse("not-allowed", t("billing_not_open"));
	const { status, body: answer } = copy.answer;
	if (status < 300) return answer;
	// The handler forwards the provider's status and message. A 401 about our key would look as if the user were signed out.
	logNote(`flowglad ${path} answered ${status}`);
	return refuseStatus(status === 409 ? status : null);
}

const billingAnswer = z.looseObject({
	data: z.looseObject({ subscriptions: z.array(subscriptionOfAnswer), currentSubscriptions: z.array(subscriptionOfAnswer).optional() }),
});

/**
 * Checked here because Flowglad answers a foreign or unknown id with a 500, which looks like an outage.
 * @throws ProblemError 404 for a subscription that is not the customer's
 */
async function assertOwnSubscription(user: User, subscriptionId: string): Promise<void> {
	const parsed = billingAnswer.safeParse(JSON.parse(await readCopy(user, "customers/billing", "{}")));
	const subscriptions = parsed.data?.data.subscriptions ?? [];
	if (!subscriptions.some(({ id }) => id === subscriptionId)) refuse("subscription-not-found", t("billing_no_such_plan"));
}

/** The billing from the SDK's handler, with the names of scheduled plans added. */
async function withNames(user: User, answer: string): Promise<string> {
	const parsed = billingAnswer.safeParse(JSON.parse(answer));
	if (!parsed.success) return answer;
	const { data } = parsed.data;
	const subscriptions = await withComingPlans(customerOf(user).externalId, data.subscriptions);
	const named = (id: string) => subscriptions.find((one) => one.id === id);
	const currentSubscriptions = data.currentSubscriptions?.map((one) => named(one.id) ?? one);
	return JSON.stringify({ ...parsed.data, data: { ...data, subscriptions, currentSubscriptions } });
}

/** An action with a validated body. @throws ProblemError 400 or 413 for a rejected body */
function action<T extends object>(schema: z.ZodType<T>, run: (request: Request, user: User, body: T) => Promise<unknown>): Action {
	return async (request, user) => run(request, user, await bodyOf(request, schema));
}

async function bodyOf<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
	const parsed = schema.safeParse(await readJson(request));
	return parsed.success ? parsed.data : refuse("invalid-request", describe(parsed.error));
}

/** The SDK's answer for a page of the provider. */
const toSession = ({ id, url }: HostedPage) => ({ checkoutSession: { id }, url });

function assertPost(request: Request): void {
	if (request.method !== "POST") refuse("method-not-allowed", t("problem_answers_to", { allow: "POST" }), { allow: "POST" });
}
