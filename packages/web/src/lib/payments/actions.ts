import { env } from "cloudflare:workers";
import type { BillingView } from "../../view/billing.ts";
import { refuse } from "../http/problem.ts";
import { customerOf, type User } from "../identity/subject.ts";
import { assertMayBuy, assertMayChangeTo, assertOwnPlan, ownUrl, type PriceName, refuseSecondPlan } from "./checkout.ts";
import { callProvider, refuseUnavailable } from "./errors.ts";
import type { AccountPort, CustomerBilling, HostedPage, PlanChange, ReturnPages } from "./port.ts";
import { billingPort } from "./provider.ts";

// Everything that a browser may do about a plan. Each route (`/api/billing/*`, `/api/flowglad/*`, a server function) ends here, whoever the provider is.

/** What to buy, by default the Pro plan, and the pages to return to. */
export type Purchase = PriceName & Partial<ReturnPages>;

/** Where to pay for a plan or top-up. A price has one open checkout: a second press leads to the first one's page. */
export async function buy(request: Request, user: User, purchase: Purchase): Promise<HostedPage> {
	assertMayManage(user);
	assertVerified(user);
	const { externalId, key } = customerOf(user);
	const { successUrl = "/", cancelUrl = "/pricing" } = purchase;
	const pages = ownPages(request, { successUrl, cancelUrl });
	const billing = await readFresh(user);
	const offer = assertMayBuy(billing, purchase);
	const startsPlan = offer.kind === "subscription";
	if (startsPlan && billing.planStart === "impossible") refusePlanStart();
	const opened = await env.USAGE_LEDGER.getByName(key).openCheckout(key, {
		customer: { id: billing.customerId, externalId },
		offer,
		creditsBought: billing.creditsBought,
		renewsCustomer: startsPlan && billing.planStart === "as-new-customer",
		...pages,
	});
	switch (opened.kind) {
		case "open":
			return { id: opened.id, url: opened.url };
		case "under-way":
			return refuse("payment-under-way", "You have paid for a plan already. It is being confirmed, which can take a while.");
		case "failed":
			return opened.status === 409 ? refuseSecondPlan() : refuseUnavailable();
	}
}

/** @throws ProblemError 409 always, before a card is asked for */
function refusePlanStart(): never {
	refuse(
		"plan-cannot-start",
		"Your account at the billing provider cannot start a plan: your card would be stored and no plan would begin. No card was asked for. Write to us, and we put it right.",
	);
}

/** Where to enter a card, for one plan or for future payments. */
export async function addCard(request: Request, user: User, planId: string | undefined, pages: ReturnPages): Promise<HostedPage> {
	assertMayManage(user);
	assertVerified(user);
	const own = ownPages(request, pages);
	if (planId !== undefined) assertOwnPlan(await readFresh(user), planId);
	const account = await billingPort("account");
	return callProvider(() => account.addCard(customerOf(user).externalId, planId, own));
}

/** Where to enter the card that a waiting plan begins with. The ledger then waits for the plan as after a purchase. */
export async function activatePlan(request: Request, user: User, planId: string, pages: ReturnPages): Promise<HostedPage> {
	assertMayManage(user);
	assertVerified(user);
	const own = ownPages(request, pages);
	assertOwnPlan(await readFresh(user), planId);
	const { activatePlan: activate } = await billingPort("account");
	if (!activate) refuse("subscription-not-found", "You have no plan that waits for a card.");
	const { externalId, key } = customerOf(user);
	const page = await callProvider(() => activate(externalId, planId, own));
	await env.USAGE_LEDGER.getByName(key).noteActivation(key);
	return page;
}

/** Cancels a plan, now or at the end of its period. Returns the provider's own answer. */
export async function cancel(user: User, planId: string, when: "now" | "period-end"): Promise<unknown> {
	const { account, externalId, billing } = await accountOf(user);
	assertOwnPlan(billing, planId);
	return change(user, () => account.cancelPlan(externalId, planId, when));
}

/** Undoes a cancellation. Returns the provider's own answer. */
export async function resume(user: User, planId: string): Promise<unknown> {
	const { account, externalId, billing } = await accountOf(user);
	assertOwnPlan(billing, planId);
	return change(user, () => account.resumePlan(externalId, planId));
}

/** Changes a plan (the customer's only one by default) to another that is for sale. The server alone decides on timing and proration. */
export async function changePlan(user: User, planId: string | undefined, price: PriceName): Promise<PlanChange> {
	const { account, externalId, billing } = await accountOf(user);
	const own = assertOwnPlan(billing, planId);
	const offer = assertMayChangeTo(billing.offers, price);
	return change(user, () => account.changePlan(externalId, own, offer));
}

/** Plans, cards and invoices of the customer that the user acts for. */
export async function readBilling(user: User): Promise<BillingView> {
	assertMayManage(user);
	const { plans, waiting, paymentMethods, invoices, portalUrl, topUpsOutlivePlan } = await readFresh(user);
	return { plans, waiting, paymentMethods, invoices, portalUrl, topUpsOutlivePlan };
}

/** The URL of the provider's own page for cards and invoices. */
export async function openPortal(request: Request, user: User): Promise<string> {
	assertMayManage(user);
	const account = await billingPort("account");
	const url = await callProvider(() => account.openPortal(customerOf(user).externalId, ownUrl(request, "/account")));
	return url ?? refuse("no-billing-portal", "There is nothing to see at the billing provider yet.");
}

/** @throws ProblemError 403 for a member of an organization who is neither owner nor admin */
export function assertMayManage(user: User): void {
	if (customerOf(user).mayBuy) return;
	refuse("only-for-owners", "The plan and the payments of your organization are up to its owners and admins. Ask one of them.");
}

function assertVerified({ emailVerified }: User): void {
	if (!emailVerified) refuse("email-not-verified", "Confirm your email address first: we have sent you a link.");
}

const ownPages = (request: Request, { successUrl, cancelUrl }: ReturnPages): ReturnPages => ({
	successUrl: ownUrl(request, successUrl),
	cancelUrl: ownUrl(request, cancelUrl),
});

async function readFresh(user: User): Promise<CustomerBilling> {
	const account = await billingPort("account");
	return callProvider(() => account.readBilling(customerOf(user).externalId));
}

async function accountOf(user: User): Promise<{ account: AccountPort; externalId: string; billing: CustomerBilling }> {
	assertMayManage(user);
	return { account: await billingPort("account"), externalId: customerOf(user).externalId, billing: await readFresh(user) };
}

/** Changes something at the provider. The ledger reads the result before we answer, so that the next page shows it. */
async function change<T>(user: User, call: () => Promise<T>): Promise<T> {
	const answer = await callProvider(call);
	const { key } = customerOf(user);
	await env.USAGE_LEDGER.getByName(key).refresh(key);
	return answer;
}
