import type { Entitlement } from "@parley/metering";
import type { Offer } from "./billing.ts";

/** The meter that AI requests are counted on; the same slug stands in the provider's pricing model (seed 001). */
export const AI_REQUESTS_METER = "ai_requests";

/** The part of a Flowglad price that we read. Older pricing models also name the meter on the price. */
export interface Price {
	id: string;
	slug: string | null;
	type: string;
	isDefault?: boolean;
	unitPrice?: number;
	currency?: string;
	intervalUnit?: "day" | "week" | "month" | "year" | null;
	trialPeriodDays?: number | null;
	active?: boolean;
	usageMeterId?: string | null;
	usageMeterSlug?: string;
}

/** A feature of a product, or of a subscription that has it: credits, or a switch with a name. */
interface Feature {
	type: string;
	name?: string;
	slug?: string;
	amount?: number | null;
	usageMeterId?: string | null;
	renewalFrequency?: "every_billing_period" | "once" | null;
	expiredAt?: number | null;
	detachedAt?: number | null;
}

export interface PricingModel {
	products?: {
		slug?: string | null;
		name: string;
		description?: string | null;
		default: boolean;
		active?: boolean;
		prices?: Price[];
		features?: Feature[];
	}[];
	usageMeters?: { id: string; slug: string; prices?: Price[]; defaultPrice?: Price }[];
}

export interface Subscription {
	id: string;
	status: string;
	current?: boolean;
	isFreePlan?: boolean | null;
	priceId?: string | null;
	createdAt: number;
	currentBillingPeriodStart?: number | null;
	currentBillingPeriodEnd?: number | null;
	experimental?: {
		featureItems?: Feature[];
		usageMeterBalances?: { slug: string; availableBalance: number; subscriptionId: string }[];
	};
}

export interface Billing {
	subscriptions: Subscription[];
	currentSubscriptions?: Subscription[];
	purchases?: { priceId: string; status?: string | null }[];
	pricingModel: PricingModel;
}

/**
 * The price that usage of a meter is charged at: the meter's default price (since API v0.17 usage prices hang under meters), else, in an
 * older pricing model, a product's usage price for that meter. Null when the meter has none.
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

/** The requests that a subscription grants on a meter in each billing period; 0 when it grants none. */
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

/** The requests that came with a customer's paid top-ups, over all time. */
export function creditsBought({ purchases = [], pricingModel }: Pick<Billing, "purchases" | "pricingModel">): number {
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

/** Whether a price belongs to the default product, which every customer has and nobody can buy. */
export function isDefaultPlanBySlug(pricingModel: PricingModel, priceSlug: string): boolean {
	const product = pricingModel.products?.find((one) => one.prices?.some((price) => price.slug === priceSlug));
	return product?.default ?? false;
}

/** The current plans that are paid for, newest first. Every customer has one of the free plan: that does not count (flowglad.md, 0.2). */
export function paidSubscriptions<T extends Subscription>(billing: { subscriptions?: T[]; currentSubscriptions?: T[] }): T[] {
	const current = billing.currentSubscriptions ?? billing.subscriptions?.filter((one) => one.current) ?? [];
	return current.filter((one) => one.isFreePlan === false).sort((a, b) => b.createdAt - a.createdAt);
}

/**
 * What a customer's billing allows: the newest paid plan that has credits left, else the newest. A plan whose first credits have not been granted
 * yet is not live: its payment is under way, and until then the customer has what everyone has.
 * @param fetchedAtMs when the read was sent
 * @param fallbackAllowance requests a period, for a paid plan without a credit grant
 */
export function toEntitlement(billing: Billing, fetchedAtMs: number, fallbackAllowance: number): Entitlement {
	const live: Extract<Entitlement, { kind: "balance" }>[] = [];
	for (const plan of paidSubscriptions(billing)) {
		const balance = plan.experimental?.usageMeterBalances?.find((one) => one.slug === AI_REQUESTS_METER && one.subscriptionId === plan.id);
		const granted = computeUsageTotal(AI_REQUESTS_METER, plan, billing.pricingModel);
		// A meter is absent before its first entry (flowglad.md, e).
		if (granted > 0 && !balance) continue;
		const balanced = balance?.availableBalance ?? 0;
		live.push({
			kind: "balance",
			subscriptionId: plan.id,
			// A plan that grants nothing has a balance that only falls: the fallback stands in for its grant.
			available: granted > 0 ? balanced : fallbackAllowance + balanced,
			allowance: granted > 0 ? granted : fallbackAllowance,
			periodStartMs: plan.currentBillingPeriodStart ?? plan.createdAt,
			periodEndMs: plan.currentBillingPeriodEnd ?? null,
			fetchedAtMs,
		});
	}
	return live.find(({ available }) => available > 0) ?? live[0] ?? { kind: "none", fetchedAtMs };
}

/** The paid plan that grants no requests, if the customer has one: what it is worth is a guess of ours. */
export function planWithoutGrant(billing: Billing): Subscription | undefined {
	return paidSubscriptions(billing).find((plan) => computeUsageTotal(AI_REQUESTS_METER, plan, billing.pricingModel) === 0);
}

/**
 * The plans and top-ups that a pricing model sells, cheapest first.
 * @param fallbackAllowance requests a period, for a paid plan without a credit grant
 * @param currentPriceId the price of the reader's own paid plan
 */
export function toOffers(pricingModel: PricingModel, fallbackAllowance: number, currentPriceId?: string): Offer[] {
	const meterId = pricingModel.usageMeters?.find((meter) => meter.slug === AI_REQUESTS_METER)?.id;
	const offers: Offer[] = [];
	for (const product of pricingModel.products ?? []) {
		if (product.active === false) continue;
		const features = product.features ?? [];
		for (const price of product.prices ?? []) {
			if (price.slug === null || price.active === false || price.type === "usage") continue;
			const kind = isDefaultPlanBySlug(pricingModel, price.slug) ? "free" : price.type === "single_payment" ? "top-up" : "subscription";
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
