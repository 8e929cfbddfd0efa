import { env } from "cloudflare:workers";
import { config } from "../../config.ts";
import type { CustomerBilling, Offer } from "../billing.ts";
import { refuse } from "../http/problem.ts";
import { customerOf, type User } from "../identity/subject.ts";
import { billingProvider, statusOf } from "./provider.ts";

/** Flowglad's client tries for up to 3 × 60 s; nobody in front of a page waits so long. */
const PROVIDER_DEADLINE_MS = 10_000;

/** What is to be bought, by its slug or its id, else the Pro plan; and the pages of ours to come back to. */
export interface Wanted {
	priceSlug?: string | undefined;
	priceId?: string | undefined;
	successUrl?: string | undefined;
	cancelUrl?: string | undefined;
}

/** The one open checkout of a price: the one that is open already, or a new one. */
export async function checkoutOf(request: Request, user: User, wanted: Wanted): Promise<{ url: string; id: string }> {
	assertMayManage(user);
	assertVerified(user);
	const { externalId, key } = customerOf(user);
	const pages = { successUrl: ownUrl(request, wanted.successUrl), cancelUrl: ownUrl(request, wanted.cancelUrl) };
	const provider = await billingProvider();
	const billing = await asked(() => provider.readBilling(externalId));
	const offer = assertMayBuy(billing, wanted);
	const opened = await env.USAGE_LEDGER.getByName(key).openCheckout(key, {
		customer: { id: billing.customerId, externalId },
		offer,
		creditsBought: billing.creditsBought,
		...pages,
	});
	switch (opened.kind) {
		case "open":
			return opened;
		case "under-way":
			refuse("payment-under-way", "You have paid for a plan already. It is being confirmed, which can take a while.");
			break;
		case "failed":
			if (opened.status === 409) alreadySubscribed();
			unavailable();
	}
}

/** What an organization pays, and with which card, is for those who decide on it. */
export function assertMayManage(user: User): void {
	if (customerOf(user).mayBuy) return;
	refuse("only-for-owners", "The plan and the payments of your organization are up to its owners and admins. Ask one of them.");
}

export function assertVerified(user: User): void {
	if (!user.emailVerified) refuse("email-not-verified", "Confirm your email address first: we have sent you a link.");
}

/**
 * The price that is named, if it may be bought now. A plan is bought once, a top-up only beside a plan that goes on: Flowglad would take the money
 * and grant nothing (flowglad.md, e). It grants a top-up to the newest plan.
 */
function assertMayBuy({ offers, plans: [plan] }: CustomerBilling, { priceSlug, priceId }: Wanted): Offer {
	const isNamed = priceSlug !== undefined || priceId !== undefined;
	const offer = isNamed
		? offers.find((one) => (priceSlug === undefined ? one.priceId === priceId : one.priceSlug === priceSlug))
		: proOf(offers);
	if (!offer) refuse("unknown-price", "There is no plan or top-up of this name.");
	if (offer.kind === "free") refuse("nothing-to-buy", "Every account has this plan already.");
	if (offer.kind === "subscription") {
		if (plan) alreadySubscribed();
		return offer;
	}
	if (!plan) refuse("no-active-subscription-found", "A top-up belongs to a paid plan. Subscribe to one first.");
	if (plan.state === "ending") {
		refuse("plan-is-ending", "Top-ups go with a plan that goes on. Keep the plan first, on your account page.");
	}
	return offer;
}

/** The plan that the configuration names, by its lookup key first; else the cheapest that is sold. */
function proOf(offers: Offer[]): Offer | undefined {
	const { billing } = config();
	const plans = offers.filter(({ kind }) => kind === "subscription");
	if (billing.kind !== "stripe") return plans[0];
	return plans.find(({ priceSlug }) => priceSlug === billing.proPrice) ?? plans.find(({ priceId }) => priceId === billing.proPrice);
}

function alreadySubscribed(): never {
	refuse("already-subscribed", "You already have a plan. Change or cancel it on your account page.");
}

/** An address of ours, absolute: nobody is led elsewhere after paying. */
export function ownUrl(request: Request, target: string | undefined): string {
	const { origin } = new URL(request.url);
	const url = target !== undefined && URL.canParse(target, origin) ? new URL(target, origin) : null;
	if (url?.origin !== origin) refuse("invalid-request", "The pages to come back to must be addresses of this site.");
	return url.href;
}

/** The provider's answer, within a deadline; its failures become problems that do not show its words. */
export async function asked<T>(call: () => Promise<T>): Promise<T> {
	let answer: T | "late";
	try {
		answer = await Promise.race([call(), scheduler.wait(PROVIDER_DEADLINE_MS).then(() => "late" as const)]);
	} catch (error) {
		console.error(`billing provider: ${error}`);
		const status = statusOf(error);
		if (status === 404) refuse("customer-not-found", "The billing provider does not know this account yet. Try again in a moment.");
		if (status === 409) refuse("plan-has-changed", "Your plan is no longer what it was when this page was loaded. Load it again.");
		unavailable();
	}
	if (answer === "late") {
		const detail = "The billing provider has not answered in time. Look at your account before you try again.";
		refuse("billing-timed-out", detail);
	}
	return answer;
}

export function unavailable(): never {
	refuse("billing-unavailable", "The billing provider did not answer as expected. You were not charged. Try again in a moment.");
}
