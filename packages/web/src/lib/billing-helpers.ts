import type { Entitlement } from "@parley/metering";
import type { PlanView } from "../view.ts";

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
	active?: boolean;
	usageMeterId?: string | null;
	usageMeterSlug?: string;
}

interface Grant {
	type: string;
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
		features?: Grant[];
	}[];
	usageMeters?: { id: string; slug: string; prices?: Price[]; defaultPrice?: Price }[];
}

export interface Subscription {
	id: string;
	status: string;
	current?: boolean;
	isFreePlan?: boolean | null;
	createdAt: number;
	currentBillingPeriodStart?: number | null;
	currentBillingPeriodEnd?: number | null;
	experimental?: {
		featureItems?: Grant[];
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

function granted(items: Grant[], meterId: string | undefined, frequency: "every_billing_period" | "once"): number {
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
export function creditsBought({ purchases = [], pricingModel }: Billing): number {
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

/**
 * What a customer's billing allows. Paid is a current subscription that is not of the free plan: every customer has one of that (flowglad.md, 0.2).
 * @param fetchedAtMs when the read was sent
 * @param fallbackAllowance requests a period, for a paid plan without a credit grant
 */
export function toEntitlement(billing: Billing, fetchedAtMs: number, fallbackAllowance: number): Entitlement {
	const current = billing.currentSubscriptions ?? billing.subscriptions.filter((one) => one.current);
	const paid = current.filter((one) => one.isFreePlan === false).sort((a, b) => b.createdAt - a.createdAt)[0];
	if (!paid) return { kind: "none", fetchedAtMs };
	const balance = paid.experimental?.usageMeterBalances?.find((one) => one.slug === AI_REQUESTS_METER && one.subscriptionId === paid.id);
	const allowance = computeUsageTotal(AI_REQUESTS_METER, paid, billing.pricingModel);
	const balanced = balance?.availableBalance ?? 0;
	return {
		kind: "balance",
		subscriptionId: paid.id,
		// A plan that grants nothing has a balance that only falls: the fallback stands in for its grant.
		available: allowance > 0 ? balanced : fallbackAllowance + balanced,
		allowance: allowance > 0 ? allowance : fallbackAllowance,
		periodStartMs: paid.currentBillingPeriodStart ?? paid.createdAt,
		periodEndMs: paid.currentBillingPeriodEnd ?? null,
		fetchedAtMs,
	};
}

/** The plans and top-ups of a pricing model as the pricing page shows them, cheapest first. */
export function toPlans(pricingModel: PricingModel): PlanView[] {
	const meterId = pricingModel.usageMeters?.find((meter) => meter.slug === AI_REQUESTS_METER)?.id;
	const plans: PlanView[] = [];
	for (const product of pricingModel.products ?? []) {
		for (const price of product.prices ?? []) {
			if (price.slug === null || price.active === false || price.type === "usage") continue;
			const topUp = price.type === "single_payment";
			plans.push({
				priceSlug: price.slug,
				name: product.name,
				description: product.description ?? null,
				amountCents: price.unitPrice ?? 0,
				currency: price.currency ?? "USD",
				interval: topUp ? null : (price.intervalUnit ?? "month"),
				requests: granted(product.features ?? [], meterId, topUp ? "once" : "every_billing_period") || null,
				kind: product.default ? "free" : topUp ? "top-up" : "subscription",
			});
		}
	}
	return plans.sort((a, b) => a.amountCents - b.amountCents);
}
