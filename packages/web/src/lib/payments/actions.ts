import { env } from "cloudflare:workers";
import { z } from "zod";
import type { BillingView } from "../../view/billing.ts";
import { type BillingProvider, type CustomerBilling, getBillingSummary } from "../billing.ts";
import { describe, readJson } from "../http/api.ts";
import { refuse } from "../http/problem.ts";
import { customerOf, type User } from "../identity/subject.ts";
import { asked, assertMayManage, assertVerified, checkoutOf, ownUrl } from "./checkout.ts";
import { billingProvider } from "./provider.ts";

const name = z.string().min(1).max(128);
const path = z.string().max(2048);
const plan = { planId: name };

/** `GET /api/billing`: plans, cards and invoices of who pays for the reader. */
export async function readBilling(user: User): Promise<Response> {
	assertMayManage(user);
	const { plans, waiting, paymentMethods, invoices, portalUrl, topUpsOutlivePlan } = await billingOf(user);
	return Response.json({ plans, waiting, paymentMethods, invoices, portalUrl, topUpsOutlivePlan } satisfies BillingView);
}

/** `POST /api/billing/refresh`: what is left, for a page that comes back from a checkout and waits for what was bought. */
export async function refreshUsage(request: Request, user: User): Promise<Response> {
	return Response.json(await getBillingSummary(request, { subject: user, afterCheckout: true }));
}

/** `GET /api/billing/portal`: leads to the provider's own page for cards and invoices. */
export async function leadToPortal(request: Request, user: User): Promise<Response> {
	assertMayManage(user);
	const provider = await billingProvider();
	const url = await asked(() => provider.openPortal(customerOf(user).externalId, ownUrl(request, "/account")));
	if (url === null) refuse("no-billing-portal", "There is nothing to see at the billing provider yet.");
	return new Response(null, { status: 303, headers: { location: url } });
}

type Action = (request: Request, user: User) => Promise<Response>;

/** What a reader may do about their plan, under `POST /api/billing/…`, whoever the provider is. */
export const ACTIONS: Record<string, Action> = {
	checkout: action(
		z.object({ priceSlug: name.optional(), successUrl: path.default("/"), cancelUrl: path.default("/pricing") }),
		async (wanted) => {
			const { url } = await checkoutOf(wanted.request, wanted.user, wanted);
			return { url };
		},
	),
	"payment-method": action(z.object({ planId: name.optional(), returnUrl: path.default("/account") }), async (wanted) => {
		const { request, user, planId, returnUrl } = wanted;
		assertMayManage(user);
		assertVerified(user);
		const back = ownUrl(request, returnUrl);
		if (planId !== undefined) await ownBilling(user, planId);
		const provider = await billingProvider();
		return { url: await asked(() => provider.addPaymentMethod(customerOf(user).externalId, planId, back)) };
	}),
	cancel: action(z.object({ ...plan, when: z.enum(["now", "period-end"]) }), async ({ user, planId, when }) => {
		await ownBilling(user, planId);
		await change(user, (provider, externalId) => provider.cancel(externalId, planId, when));
		return {};
	}),
	uncancel: action(z.object(plan), async ({ user, planId }) => {
		await ownBilling(user, planId);
		await change(user, (provider, externalId) => provider.uncancel(externalId, planId));
		return {};
	}),
	change: action(z.object({ ...plan, priceSlug: name }), async ({ user, planId, priceSlug }) => {
		const { offers } = await ownBilling(user, planId);
		const offer = offers.find((one) => one.kind === "subscription" && one.priceSlug === priceSlug);
		if (!offer) refuse("unknown-price", "There is no plan of this name.");
		const takesEffect = await change(user, (provider, externalId) => provider.change(externalId, planId, offer));
		if (takesEffect === "declined") refuse("payment-declined", "The payment did not go through, so nothing has changed.");
		return { takesEffect };
	}),
};

async function billingOf(user: User): Promise<CustomerBilling> {
	const provider = await billingProvider();
	return asked(() => provider.readBilling(customerOf(user).externalId));
}

/** The billing of who has the plan that is named. Another customer's does not exist, as far as anyone can tell. */
async function ownBilling(user: User, planId: string): Promise<CustomerBilling> {
	assertMayManage(user);
	const billing = await billingOf(user);
	if (billing.plans.some(({ id }) => id === planId) || billing.waiting?.id === planId) return billing;
	return refuse("subscription-not-found", "You have no such plan.");
}

/** Changes something at the provider, and has the ledger read what came of it. */
async function change<T>(user: User, call: (provider: BillingProvider, externalId: string) => Promise<T>): Promise<T> {
	const { externalId, key } = customerOf(user);
	const provider = await billingProvider();
	const answer = await asked(() => call(provider, externalId));
	await env.USAGE_LEDGER.getByName(key).refresh(key);
	return answer;
}

/** A call with its body checked. */
function action<T extends object>(schema: z.ZodType<T>, run: (wanted: T & { request: Request; user: User }) => Promise<object>): Action {
	return async (request, user) => {
		const parsed = schema.safeParse(await readJson(request));
		if (!parsed.success) refuse("invalid-request", describe(parsed.error));
		return Response.json(await run({ ...parsed.data, request, user }));
	};
}
