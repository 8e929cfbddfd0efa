import { env } from "cloudflare:workers";
import { type BillingAction, sentenceOf } from "../../billing-sentences.ts";
import { logFailure } from "../../log.ts";
import { t } from "../../text/text.ts";
import { readerNow } from "../../text/writing-for.ts";
import type { BillingView } from "../../view/billing.ts";
import { type ProblemCode, ProblemError, refuse, refuseAction } from "../http/problem.ts";
import { customerOf, type User } from "../identity/subject.ts";
import { assertMayChangeTo, assertOwnPlan, type PriceName, refuseSecondPlan, returnUrl } from "./checkout.ts";
import { within } from "./deadline.ts";
import { callProvider, isNotDone, PROVIDER_DEADLINE_MS, refuseFailedRead, refuseUnavailable, statusOf } from "./errors.ts";
import { refuseTooManyActions, takeAction } from "./limits.ts";
import type { AccountPort, CustomerBilling, HostedPage, Offer, PlanChange, ReturnPages } from "./port.ts";
import { billingPort } from "./provider.ts";

// Every billing action available to a browser. Each route (`/api/billing/*`, `/api/flowglad/*`, a server function) ends here, for every provider.

/** What to buy, by default the Pro plan, and the pages to return to. */
export type Purchase = PriceName & Partial<ReturnPages>;

/** Stands in for a provider's answer that was lost. */
const ANSWER_LOST = {};
/** Time limit for the read that checks the outcome of a failed change. */
const CHECKED_WITHIN_MS = 4_000;

/** Returns the page where a plan or top-up is paid. Each price has one open checkout, so a second click returns the same page. */
export function buy(request: Request, user: User, purchase: Purchase): Promise<HostedPage> {
	return unsent("buy", async () => {
		assertMayManage(user);
		assertVerified(user);
		const { key } = customerOf(user);
		const { successUrl = "/", cancelUrl = "/pricing", priceSlug, priceId } = purchase;
		const pages = ownPages(request, { successUrl, cancelUrl });
		const opened = await env.USAGE_LEDGER.getByName(key).press(key, { reader: readerNow(), price: { priceSlug, priceId }, pages });
		switch (opened.kind) {
			case "open":
				return { id: opened.id, url: opened.url };
			case "refused":
				return refuse(opened.code, opened.detail);
			case "unread":
				return refuseFailedRead(opened);
			case "too-often":
				return refuseTooManyActions(opened.waitMs);
			case "under-way":
				return refuse("payment-under-way", t("billing_under_way"));
			case "failed":
				return opened.status === 409 ? refuseSecondPlan() : refuseUnavailable();
		}
	});
}

/** Returns the page for entering a card, for one plan or for future payments. */
export function addCard(request: Request, user: User, planId: string | undefined, pages: ReturnPages): Promise<HostedPage> {
	return unsent("add-card", async () => {
		assertMayManage(user);
		assertVerified(user);
		const own = ownPages(request, pages);
		await takeAction(user);
		if (planId !== undefined) assertOwnPlan(await readFresh(user), planId);
		await billingPort("account");
		const { key } = customerOf(user);
		const ledger = env.USAGE_LEDGER.getByName(key);
		const opened = await ledger.openCardPage(key, planId, own);
		if (opened.kind === "failed") refuseFailedRead(opened);
		// A user who returns quickly must not see the old cards.
		await ledger.noteChange(key);
		return opened.answer;
	});
}

/** Returns the page for the card that a waiting plan needs to start. The ledger then waits for the plan as after a purchase. */
export function activatePlan(request: Request, user: User, planId: string, pages: ReturnPages): Promise<HostedPage> {
	return unsent("activate", async () => {
		assertMayManage(user);
		assertVerified(user);
		const own = ownPages(request, pages);
		await takeAction(user);
		assertOwnPlan(await readFresh(user), planId);
		const { activatePlan: activate } = await billingPort("account");
		if (!activate) refuse("subscription-not-found", t("billing_no_waiting_plan"));
		const { externalId, key } = customerOf(user);
		const page = await callProvider(() => activate(externalId, planId, own));
		await env.USAGE_LEDGER.getByName(key).noteActivation(key);
		return page;
	});
}

/** Cancels a plan, now or at the end of its period. Returns the provider's own answer. */
export async function cancel(user: User, planId: string, when: "now" | "period-end"): Promise<unknown> {
	const { account, externalId, before } = await unsent("cancel", async () => {
		const found = await accountOf(user);
		assertOwnPlan(found.before, planId);
		return found;
	});
	const isDone = (after: CustomerBilling) => {
		const plan = after.plans.find(({ id }) => id === planId);
		if (!plan && after.waiting?.id !== planId) return ANSWER_LOST;
		return when === "period-end" && plan?.state === "ending" ? ANSWER_LOST : null;
	};
	return change("cancel", { user, before, isDone, send: () => account.cancelPlan(externalId, planId, when) });
}

/** Undoes a cancellation. Returns the provider's own answer. */
export async function resume(user: User, planId: string): Promise<unknown> {
	const { account, externalId, before } = await unsent("resume", async () => {
		const found = await accountOf(user);
		assertOwnPlan(found.before, planId);
		return found;
	});
	const isDone = (after: CustomerBilling) => {
		const plan = after.plans.find(({ id }) => id === planId);
		return plan && plan.state !== "ending" && plan.next === null ? ANSWER_LOST : null;
	};
	return change("resume", { user, before, isDone, send: () => account.resumePlan(externalId, planId) });
}

/** Changes a plan (the customer's only one by default) to another that is for sale. The server alone decides on timing and proration. */
export async function changePlan(request: Request, user: User, planId: string | undefined, price: PriceName): Promise<PlanChange> {
	const { account, externalId, before, own, offer } = await unsent("change", async () => {
		const found = await accountOf(user);
		return { ...found, own: assertOwnPlan(found.before, planId), offer: assertMayChangeTo(found.before.offers, price) };
	});
	const isDone = (after: CustomerBilling) => changedTo(offer, after, own);
	const back = returnUrl(request, "/account/plan");
	return change("change", { user, before, isDone, send: () => account.changePlan(externalId, own, offer, back) });
}

/** The change as a read shows it; null if the plan has neither the new price nor a scheduled one. */
function changedTo({ priceSlug, name }: Offer, { plans }: CustomerBilling, planId: string): PlanChange | null {
	const plan = plans.find(({ id }) => id === planId);
	if (plan?.price?.slug === priceSlug) return { takesEffect: "now", answer: ANSWER_LOST };
	return plan?.next === name ? { takesEffect: "period-end", answer: ANSWER_LOST } : null;
}

/** Plans, cards and invoices of the customer the user acts for, at most a few seconds old. */
export async function readBilling(user: User): Promise<BillingView> {
	assertMayManage(user);
	const { plans, waiting, paymentMethods, invoices, portalUrl, topUpsOutlivePlan } = await readCopy(user, "page");
	return { plans, waiting, paymentMethods, invoices, portalUrl, topUpsOutlivePlan };
}

/** The URL of the provider's own page for cards and invoices. */
export async function openPortal(request: Request, user: User): Promise<string> {
	assertMayManage(user);
	await takeAction(user);
	await billingPort("account");
	const { key } = customerOf(user);
	const opened = await env.USAGE_LEDGER.getByName(key).openPortal(key, returnUrl(request, "/account/plan"));
	if (opened.kind === "failed") refuseFailedRead(opened);
	return opened.answer ?? refuse("no-billing-portal", t("billing_no_portal"));
}

/** @throws ProblemError 403 for a member of an organization who is neither owner nor admin */
export function assertMayManage(user: User): void {
	if (customerOf(user).mayBuy) return;
	refuse("only-for-owners", t("billing_owners"));
}

function assertVerified({ emailVerified }: User): void {
	if (!emailVerified) refuse("email-not-verified", t("auth_confirm_first"));
}

const ownPages = (request: Request, { successUrl, cancelUrl }: ReturnPages): ReturnPages => ({
	successUrl: returnUrl(request, successUrl),
	cancelUrl: returnUrl(request, cancelUrl),
});

/** The billing state that an action is based on, at most a second old. @throws ProblemError when the provider could not be read */
export async function readForAction(user: User): Promise<CustomerBilling> {
	assertMayManage(user);
	return readFresh(user);
}

const readFresh = (user: User): Promise<CustomerBilling> => readCopy(user, "action");

/** Reads the customer's billing from the copy in their ledger. @throws ProblemError when the provider could not be read */
async function readCopy(user: User, use: "page" | "action"): Promise<CustomerBilling> {
	await billingPort("account");
	const { key } = customerOf(user);
	const copy = await env.USAGE_LEDGER.getByName(key).billing(key, use);
	return copy.kind === "read" ? copy.answer : refuseFailedRead(copy);
}

async function accountOf(user: User): Promise<{ account: AccountPort; externalId: string; before: CustomerBilling }> {
	assertMayManage(user);
	await takeAction(user);
	return { account: await billingPort("account"), externalId: customerOf(user).externalId, before: await readFresh(user) };
}

/**
 * Runs the part of an action that sends no change. A failure here leaves plan and money as they were, and the problem says so.
 * @throws ProblemError with the outcome `unchanged`
 */
async function unsent<T>(action: BillingAction, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		if (!(error instanceof ProblemError)) throw error;
		const { code, detail, headers } = error;
		const isOurs = !PROVIDER_FAILED.has(code);
		throw new ProblemError(code, isOurs ? detail : sentenceOf(action, "unchanged"), headers, "unchanged");
	}
}

/** Problems caused by a failing provider. Their details suit a page that only reads. */
const PROVIDER_FAILED: ReadonlySet<ProblemCode> = new Set(["billing-unavailable", "billing-timed-out", "customer-not-found"]);

interface Change<T> {
	user: User;
	before: CustomerBilling;
	send: () => Promise<T>;
	/** Replaces a lost answer if a read shows the change; otherwise null. */
	isDone: (after: CustomerBilling) => T | null;
}

/**
 * Changes something at the provider. The ledger reads the result before we answer, so the next page shows it. After a failure the provider is read,
 * because only a read tells whether the change was made, was not made, or may still arrive.
 * @throws ProblemError with the outcome `unchanged` or `unknown`
 */
async function change<T>(action: "cancel" | "resume" | "change", { user, before, send, isDone }: Change<T>): Promise<T> {
	const { key } = customerOf(user);
	const ledger = env.USAGE_LEDGER.getByName(key);
	try {
		const answer = await within(PROVIDER_DEADLINE_MS, send);
		await ledger.refresh(key);
		return answer;
	} catch (error) {
		if (error instanceof ProblemError) throw error;
		logFailure("billing provider", error);
		const after = await readAfterFailure(user);
		const answer = after && isDone(after);
		if (answer !== null) return answer;
		if (!after || !isNotDone(error) || plansOf(after) !== plansOf(before)) {
			refuseAction("billing-outcome-unknown", "unknown", sentenceOf(action, "unknown"));
		}
		const code = statusOf(error) === 409 ? "plan-has-changed" : "billing-unavailable";
		refuseAction(code, "unchanged", sentenceOf(action, "unchanged"));
	}
}

/** The customer's billing after a failed change; null when it cannot be read in time. Never throws. */
async function readAfterFailure(user: User): Promise<CustomerBilling | null> {
	const { key } = customerOf(user);
	const ledger = env.USAGE_LEDGER.getByName(key);
	const read = async () => {
		await ledger.refresh(key);
		const after = await ledger.billing(key, "action");
		return after.kind === "read" ? after.answer : null;
	};
	return within(CHECKED_WITHIN_MS, read).catch(() => null);
}

/** The part of the billing that an action changes. Excludes the balance, which changes on its own. */
const plansOf = ({ plans, waiting }: CustomerBilling) => JSON.stringify([plans.map((plan) => ({ ...plan, balance: null })), waiting]);
