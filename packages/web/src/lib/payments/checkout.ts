import { ownUrl } from "../../own-url.ts";
import { t } from "../../text/text.ts";
import { refuse } from "../http/problem.ts";
import type { CustomerBilling, Offer } from "./port.ts";

// The rules of a purchase and of a change of plan, as pure functions of what the provider reports.

/** Names a price by its slug, else by its id. */
export interface PriceName {
	priceSlug?: string | undefined;
	priceId?: string | undefined;
}

/**
 * The offer that a customer buys: the named price, or the default plan. A plan is bought once, and a top-up only beside a plan that continues:
 * beside an ending plan Flowglad takes the money and grants nothing (flowglad.md, e).
 * @throws ProblemError when it is not for sale, or not to this customer
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
 * The offer that a plan may change to. Only plans that are for sale: a browser cannot name an archived, internal or free price.
 * @throws ProblemError 400 `unknown-price`
 */
export function assertMayChangeTo(offers: Offer[], price: PriceName): Offer {
	const offer = findOffer(offers, price);
	return offer?.kind === "subscription" && !isFree(offer) ? offer : refuse("unknown-price", t("billing_no_plan"));
}

/**
 * The id of a customer's own plan; without an id, that of their only one.
 * @throws ProblemError 404: another customer's plan looks the same as one that does not exist
 */
export function assertOwnPlan({ plans, waiting }: Pick<CustomerBilling, "plans" | "waiting">, planId: string | undefined): string {
	if (planId === undefined) {
		const [only, ...others] = plans;
		if (only && others.length === 0) return only.id;
	} else if (plans.some(({ id }) => id === planId) || waiting?.id === planId) return planId;
	return refuse("subscription-not-found", t("billing_no_such_plan"));
}

/**
 * Refuses a plan that Flowglad would not begin (flowglad.md, b), before a card is asked for.
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
 * An absolute URL of this site, so that no checkout leads to another one.
 * @throws ProblemError 400 for an address of another site
 */
export function returnUrl(request: Request, target: string): string {
	const url = ownUrl(target, new URL(request.url).origin);
	if (!url) refuse("invalid-request", t("billing_own_pages"));
	return url.href;
}

/** A price of $0 is never sold: nothing is paid for it, so it grants nothing. */
const isFree = ({ amountCents }: Offer) => amountCents <= 0;

function findOffer(offers: Offer[], { priceSlug, priceId }: PriceName): Offer | undefined {
	if (priceSlug !== undefined) return offers.find((one) => one.priceSlug === priceSlug);
	return offers.find((one) => one.priceId === priceId);
}
