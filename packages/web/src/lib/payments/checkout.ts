import { ownUrl } from "../../own-url.ts";
import { t } from "../../text/text.ts";
import { refuse } from "../http/problem.ts";
import type { CustomerBilling, Offer } from "./port.ts";

// Rules for purchases and plan changes, as pure functions of the provider's data.

/** Identifies a price by its slug, or else its id. */
export interface PriceName {
	priceSlug?: string | undefined;
	priceId?: string | undefined;
}

/**
 * Returns the offer to buy: the named price, or the default plan. A customer can have one plan, and a top-up requires a plan that continues:
 * with an ending plan, Flowglad takes the money and grants nothing (flowglad.md, e).
 * @throws ProblemError when the price is not for sale, or not to this customer
 */
export function assertMayBuy(billing: Pick<CustomerBilling, "offers" | "plans" | "defaultPriceId">, price: PriceName): Offer {
	const { offers, defaultPriceId } = billing;
	const isNamed = price.priceSlug !== undefined || price.priceId !== undefined;
	const offer = findOffer(offers, isNamed || defaultPriceId === null ? price : { priceId: defaultPriceId });
	const [plan] = billing.plans;
	if (!offer) refuse("unknown-price", t("billing_no_offer"));
	if (offer.kind === "free" || isFree(offer)) refuse("nothing-to-buy", t("billing_has_free"));
	if (offer.kind === "subscription") {
		if (plan) refuseSecondPlan();
		return offer;
	}
	if (!plan || plan.price?.amountCents === 0) refuse("no-active-subscription-found", t("billing_top_up_needs_plan"));
	if (plan.state === "ending") {
		refuse("plan-is-ending", t("billing_top_up_ending"));
	}
	return offer;
}

/**
 * Returns the offer that a plan may change to. Only plans for sale qualify, so a browser cannot pick an archived, internal or free price.
 * @throws ProblemError 400 `unknown-price`
 */
export function assertMayChangeTo(offers: Offer[], price: PriceName): Offer {
	const offer = findOffer(offers, price);
	return offer?.kind === "subscription" && !isFree(offer) ? offer : refuse("unknown-price", t("billing_no_plan"));
}

/**
 * Returns the id of the customer's own plan; without an id, of their only one.
 * @throws ProblemError 404, so that another customer's plan looks like one that does not exist
 */
export function assertOwnPlan({ plans, waiting }: Pick<CustomerBilling, "plans" | "waiting">, planId: string | undefined): string {
	if (planId === undefined) {
		const [only, ...others] = plans;
		if (only && others.length === 0) return only.id;
	} else if (plans.some(({ id }) => id === planId) || waiting?.id === planId) return planId;
	return refuse("subscription-not-found", t("billing_no_such_plan"));
}

/**
 * Rejects a plan that Flowglad would not start (flowglad.md, b), before requesting a card.
 * @throws ProblemError 409 `plan-cannot-start`
 */
export function assertPlanMayStart(planStart: CustomerBilling["planStart"]): void {
	if (planStart !== "impossible") return;
	refuse("plan-cannot-start", t("billing_cannot_start"));
}

/** @throws ProblemError 409 always */
export function refuseSecondPlan(): never {
	refuse("already-subscribed", t("billing_second_plan"));
}

/**
 * Resolves an absolute URL on this site, so that no checkout redirects to another one.
 * @throws ProblemError 400 for a URL on another site
 */
export function returnUrl(request: Request, target: string): string {
	const url = ownUrl(target, new URL(request.url).origin);
	if (!url) refuse("invalid-request", t("billing_own_pages"));
	return url.href;
}

/** A price of $0 is never sold. It has no payment, so it grants nothing. */
const isFree = ({ amountCents }: Offer) => amountCents <= 0;

function findOffer(offers: Offer[], { priceSlug, priceId }: PriceName): Offer | undefined {
	if (priceSlug !== undefined) return offers.find((one) => one.priceSlug === priceSlug);
	return offers.find((one) => one.priceId === priceId);
}
