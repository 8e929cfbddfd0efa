import type { Entitlement } from "@parley/metering";
import {
	balanceOf,
	type Feature,
	type FlowgladBilling,
	type Price,
	type PricingModel,
	paidSubscriptions,
	type Subscription,
} from "../view/flowglad.ts";
import type { Offer } from "./payments/port.ts";

/** The meter that counts AI requests. The provider's pricing model has the same slug (seed 001). */
export const AI_REQUESTS_METER = "ai_requests";

/**
 * The usage price of a meter: the meter's default price (API v0.17 and later), or in an older pricing model a product's usage price for it.
 * Null if the meter has none.
 */
export function findUsagePriceByMeterSlug(usageMeterSlug: string, pricingModel: PricingModel): Price | null {
	const meter = pricingModel.usageMeters?.find((one) => one.slug === usageMeterSlug);
	const ofMeter = meter?.prices?.filter((price) => price.type === "usage") ?? [];
	const own = meter?.defaultPrice ?? ofMeter.find((price) => price.isDefault) ?? ofMeter[0];
	if (own) return own;
	const older = pricingModel.products?.flatMap((product) => product.prices ?? []) ?? [];
	const matches = (price: Price) => price.usageMeterSlug === usageMeterSlug || (meter !== undefined && price.usageMeterId === meter.id);
	return older.find((price) => price.type === "usage" && matches(price)) ?? null;
}

/** The requests a subscription grants on a meter per billing period; 0 if none. */
export function computeUsageTotal(
	usageMeterSlug: string,
	currentSubscription: Subscription | undefined,
	pricingModel: PricingModel,
): number {
	const meterId = pricingModel.usageMeters?.find((meter) => meter.slug === usageMeterSlug)?.id;
	const items = currentSubscription?.experimental?.featureItems ?? [];
	return granted(items, meterId, "every_billing_period");
}

function granted(items: Feature[], meterId: string | undefined, frequency: "every_billing_period" | "once"): number {
	let units = 0;
	for (const item of items) {
		const live = !item.expiredAt && !item.detachedAt;
		if (live && item.type === "usage_credit_grant" && item.usageMeterId === meterId && item.renewalFrequency === frequency) {
			units += item.amount ?? 0;
		}
	}
	return units;
}

/** Requests of all top-ups a customer has ever paid for. */
export function creditsBought({ purchases = [], pricingModel }: Pick<FlowgladBilling, "purchases" | "pricingModel">): number {
	const meterId = pricingModel.usageMeters?.find((meter) => meter.slug === AI_REQUESTS_METER)?.id;
	let units = 0;
	for (const { priceId, status } of purchases) {
		const product = pricingModel.products?.find((one) =>
			one.prices?.some((price) => price.id === priceId && price.type === "single_payment"),
		);
		if (status === "paid") units += granted(product?.features ?? [], meterId, "once");
	}
	return units;
}

/** Whether a price belongs to the default product, which every customer has without buying it. */
export function isDefaultPlanBySlug(pricingModel: PricingModel, priceSlug: string): boolean {
	const product = pricingModel.products?.find((one) => one.prices?.some((price) => price.slug === priceSlug));
	return product?.default ?? false;
}

/**
 * What a customer may use: the newest paid plan with credits left, or else the newest. A plan priced at $0 does not count. A plan whose first credits
 * are not yet granted is not live: its payment is in progress, and the free tier applies.
 * @param fetchedAtMs when the read was sent
 * @param fallbackAllowance requests per period for a paid plan without a credit grant
 */
export function toEntitlement(billing: FlowgladBilling, fetchedAtMs: number, fallbackAllowance: number): Entitlement {
	const live: Extract<Entitlement, { kind: "balance" }>[] = [];
	for (const plan of pricedSubscriptions(billing)) {
		const balance = balanceOf(plan, AI_REQUESTS_METER);
		const granted = computeUsageTotal(AI_REQUESTS_METER, plan, billing.pricingModel);
		if (granted > 0 && balance === undefined) continue;
		live.push({
			kind: "balance",
			subscriptionId: plan.id,
			// Without a grant the balance only decreases, so the fallback replaces the grant.
			available: (granted > 0 ? 0 : fallbackAllowance) + (balance ?? 0),
			allowance: granted > 0 ? granted : fallbackAllowance,
			periodStartMs: plan.currentBillingPeriodStart ?? plan.createdAt,
			periodEndMs: plan.currentBillingPeriodEnd ?? null,
			fetchedAtMs,
		});
	}
	return live.find(({ available }) => available > 0) ?? live[0] ?? { kind: "none", fetchedAtMs };
}

/** The paid subscriptions with a price above $0. Flowglad does not mark a paid plan as free when it changes to a price of $0. */
function pricedSubscriptions(billing: FlowgladBilling): Subscription[] {
	const isFree = ({ subscriptionItems: items = [] }: Subscription) => items.length > 0 && items.every(({ price }) => price.unitPrice === 0);
	return paidSubscriptions(billing).filter((plan) => !isFree(plan));
}

/** A paid plan of the customer that grants no requests, if any. Its allowance is the configured fallback. */
export function planWithoutGrant(billing: FlowgladBilling): Subscription | undefined {
	return pricedSubscriptions(billing).find((plan) => computeUsageTotal(AI_REQUESTS_METER, plan, billing.pricingModel) === 0);
}

/**
 * The plans and top-ups for sale in a pricing model, cheapest first.
 * @param fallbackAllowance requests per period for a paid plan without a credit grant
 * @param currentPriceId the price of the customer's own paid plan
 */
export function toOffers(pricingModel: PricingModel, fallbackAllowance: number, currentPriceId?: string): Offer[] {
	const meterId = pricingModel.usageMeters?.find((meter) => meter.slug === AI_REQUESTS_METER)?.id;
	const offers: Offer[] = [];
	for (const product of pricingModel.products ?? []) {
		if (product.active === false) continue;
		const features = product.features ?? [];
		for (const price of product.prices ?? []) {
			if (price.slug === null || price.active === false || price.type === "usage") continue;
			const isFree = isDefaultPlanBySlug(pricingModel, price.slug) || price.unitPrice === 0;
			const kind = isFree ? "free" : price.type === "single_payment" ? "top-up" : "subscription";
			offers.push({
				priceId: price.id,
				priceSlug: price.slug,
				name: product.name,
				description: product.description ?? null,
				amountCents: price.unitPrice ?? 0,
				currency: price.currency ?? "USD",
				interval: kind === "top-up" ? null : (price.intervalUnit ?? "month"),
				requests:
					granted(features, meterId, kind === "top-up" ? "once" : "every_billing_period") ||
					(kind === "subscription" ? fallbackAllowance : null),
				features: features.filter(({ type, name }) => type === "toggle" && name).map(({ name = "" }) => name),
				trialDays: price.trialPeriodDays ?? 0,
				kind,
				current: price.id === currentPriceId,
			});
		}
	}
	return offers.sort((a, b) => a.amountCents - b.amountCents);
}
