import type { Entitlement } from "@parley/metering";
import type Stripe from "stripe";
import type { InvoiceView, PaymentMethodView, PlanStanding } from "../../../view/billing.ts";
import type { Offer } from "../port.ts";

const DAY_MS = 86_400_000;
/** How long an unpaid renewal keeps its plan: an expired card should not lock anyone out at once. */
const GRACE_MS = 7 * DAY_MS;

/** Metadata of a price: its requests per period or top-up. On a top-up's payment: the requests as sold. */
export const REQUESTS = "ai_requests";
/** Metadata of a subscription: the current period's requests after a change within it, as `start:requests`, in epoch seconds. */
export const PERIOD_REQUESTS = "ai_requests_of_period";

type Subscription = Stripe.Subscription;

/** Whether a price is for sale. Archiving a product leaves its default price active, so both are checked. */
export function isOnSale({ active, product }: Stripe.Price): boolean {
	return active && typeof product === "object" && !product.deleted && product.active;
}

/** Whether a price belongs to this app: it has `ai_requests` metadata, or is the configured Pro price. */
export function isOurs(price: Stripe.Price, proPrice: string): boolean {
	return price.metadata[REQUESTS] !== undefined || price.lookup_key === proPrice || price.id === proPrice;
}

/** Whether a subscription has begun and not ended. */
export function isCurrent({ status }: Subscription): boolean {
	return ["active", "trialing", "past_due", "unpaid"].includes(status);
}

const itemOf = (subscription: Subscription) => subscription.items.data[0];

/** The price of a subscription, which has exactly one item. */
export function priceOf(subscription: Subscription): Stripe.Price | undefined {
	return itemOf(subscription)?.price;
}

/** The current billing period, [startMs, endMs). */
export function periodOf(subscription: Subscription): { startMs: number; endMs: number } {
	const item = itemOf(subscription);
	return { startMs: (item?.current_period_start ?? 0) * 1000, endMs: (item?.current_period_end ?? 0) * 1000 };
}

/** The requests in the metadata of a price or payment; null without a valid number. */
export function requestsOf({ metadata }: { metadata: Stripe.Metadata }): number | null {
	const requests = Number(metadata[REQUESTS]);
	return Number.isSafeInteger(requests) && requests > 0 ? requests : null;
}

/**
 * Whether a plan's requests may be used: its first payment has settled, and an unpaid renewal is within its grace period. By bank debit, a plan
 * is active days before the payment settles, and past due if it fails.
 */
export function isLive(subscription: Subscription, nowMs: number): boolean {
	const { status, latest_invoice: invoice } = subscription;
	if (typeof invoice === "object" && invoice?.billing_reason === "subscription_create" && invoice.status !== "paid") return false;
	if (status === "past_due") return nowMs < periodOf(subscription).startMs + GRACE_MS;
	return status === "active" || status === "trialing";
}

/** Requests in the current period: those of its price, or the stored share of two prices after a change within it. */
function limitOf(subscription: Subscription, fallbackAllowance: number): number {
	const [start, requests] = (subscription.metadata[PERIOD_REQUESTS] ?? "").split(":").map(Number);
	if (start === itemOf(subscription)?.current_period_start && Number.isSafeInteger(requests)) return requests ?? 0;
	const price = priceOf(subscription);
	return (price && requestsOf(price)) ?? fallbackAllowance;
}

/**
 * The current period's requests after an upgrade: the present ones plus the new plan's extra ones in proportion to the time left (rounded up).
 * The value is stored by the same call that changes the subscription, so that neither happens alone.
 */
export function periodAfterChange(subscription: Subscription, to: number, fallbackAllowance: number, nowMs: number): string {
	const { startMs, endMs } = periodOf(subscription);
	const from = limitOf(subscription, fallbackAllowance);
	const share = Math.min(1, Math.max(0, (endMs - nowMs) / (endMs - startMs)));
	return `${startMs / 1000}:${from + Math.ceil(Math.max(0, to - from) * share)}`;
}

/** A paid top-up: the requests bought, and those left after refunds or a lost dispute. */
export interface TopUp {
	id: string;
	bought: number;
	left: number;
}

/**
 * The top-ups among a customer's payments. A refund removes credits in proportion, rounded up; a lost dispute removes all. Credits already
 * spent are deducted from other top-ups, not from the plan.
 * @param lost ids of payments whose dispute the customer won
 */
export function topUpsAmong(charges: readonly Stripe.Charge[], lost: ReadonlySet<string>): TopUp[] {
	return charges.flatMap((charge) => {
		const bought = requestsOf(charge);
		// A delayed payment counts once it settles.
		if (bought === null || charge.status !== "succeeded" || !charge.paid) return [];
		const gone = lost.has(charge.id) ? bought : Math.ceil((bought * charge.amount_refunded) / charge.amount);
		return [{ id: typeof charge.payment_intent === "string" ? charge.payment_intent : charge.id, bought, left: bought - gone }];
	});
}

/** What a customer may use: the newest live paid plan, and all top-ups. Top-ups outlive their plan and wait for the next one. */
export function toEntitlement(
	subscriptions: readonly Subscription[],
	topUps: readonly TopUp[],
	{ fetchedAtMs, nowMs, fallbackAllowance }: { fetchedAtMs: number; nowMs: number; fallbackAllowance: number },
): Entitlement {
	const plan = byNewest(subscriptions).find((one) => isLive(one, nowMs) && priceOf(one)?.unit_amount !== 0);
	if (!plan) return { kind: "none", fetchedAtMs };
	const { startMs, endMs } = periodOf(plan);
	return {
		kind: "windowed",
		subscriptionId: plan.id,
		limit: limitOf(plan, fallbackAllowance),
		startMs,
		endMs,
		grants: topUps.map(({ id, left }) => ({ id, units: left, expiresAtMs: null })),
		fetchedAtMs,
	};
}

/** Returns a sorted copy, newest first. */
export function byNewest<T extends { created: number }>(records: readonly T[]): T[] {
	return records.toSorted((a, b) => b.created - a.created);
}

/** A price with its product, as an offer. */
export function toOffer(price: Stripe.Price, fallbackAllowance: number, currentPriceId: string | undefined): Offer {
	const product = typeof price.product === "object" && !price.product.deleted ? price.product : null;
	const { features = "", trial_days: trialDays } = price.metadata;
	return {
		priceId: price.id,
		priceSlug: price.lookup_key ?? price.id,
		name: product?.name ?? price.nickname ?? "Pro",
		description: product?.description ?? null,
		amountCents: price.unit_amount ?? 0,
		currency: price.currency.toUpperCase(),
		interval: intervalOf(price),
		requests: requestsOf(price) ?? (price.recurring ? fallbackAllowance : null),
		features: features.split(",").flatMap((feature) => feature.trim() || []),
		trialDays: Number(trialDays) || 0,
		kind: price.recurring ? "subscription" : "top-up",
		current: price.id === currentPriceId,
	};
}

const intervals = ["day", "week", "month", "year"] as const;

/** The billing interval of a price; null for a one-time price. */
export function intervalOf({ recurring }: Stripe.Price): Offer["interval"] {
	return intervals.find((interval) => interval === recurring?.interval) ?? null;
}

/** A subscription as the account page shows it. */
export function toStanding(subscription: Subscription, offers: readonly Offer[], nowMs: number): PlanStanding {
	const price = priceOf(subscription);
	const { endMs } = periodOf(subscription);
	const endsAtMs = subscription.cancel_at ? subscription.cancel_at * 1000 : subscription.cancel_at_period_end ? endMs : null;
	const nameOf = (priceId: string | undefined) => offers.find((offer) => offer.priceId === priceId)?.name;
	const state = stateOf(subscription, endsAtMs);
	return {
		id: subscription.id,
		name: nameOf(price?.id) ?? price?.nickname ?? "Pro",
		state,
		price: price
			? {
					slug: price.lookup_key,
					amountCents: price.unit_amount ?? 0,
					currency: price.currency.toUpperCase(),
					interval: intervalOf(price),
				}
			: null,
		periodEnd: iso(endMs),
		trialEnd: subscription.trial_end ? iso(subscription.trial_end * 1000) : null,
		endsAt: endsAtMs === null ? null : iso(endsAtMs),
		invoice: state === "unpaid" || state === "owed" ? openInvoiceOf(subscription) : null,
		paused: subscription.pause_collection !== null,
		live: isLive(subscription, nowMs),
		balance: null,
		next: nameOf(nextPriceOf(subscription, nowMs)) ?? null,
	};
}

function stateOf(subscription: Subscription, endsAtMs: number | null): PlanStanding["state"] {
	const { status } = subscription;
	if (status === "unpaid") return "unpaid";
	if (status === "past_due") return isGivenUp(subscription) ? "unpaid" : "owed";
	if (endsAtMs !== null) return "ending";
	return status === "trialing" ? "trial" : "active";
}

/** Whether Stripe has stopped retrying the latest payment. A seller's settings may leave a subscription past due after the last try. */
function isGivenUp({ latest_invoice: invoice }: Subscription): boolean {
	return typeof invoice === "object" && invoice !== null && invoice.next_payment_attempt === null && !invoice.auto_advance;
}

/** The latest invoice if it can be paid. A draft cannot, and paying an older invoice does not reactivate the subscription. */
function openInvoiceOf({ latest_invoice: invoice }: Subscription): string | null {
	return typeof invoice === "object" && invoice?.status === "open" ? (invoice.id ?? null) : null;
}

/** The id of the price that a subscription's schedule switches to next. */
export function nextPriceOf({ schedule }: Subscription, nowMs: number): string | undefined {
	if (typeof schedule !== "object" || schedule?.status !== "active") return;
	const next = schedule.phases.find((phase) => phase.start_date * 1000 > nowMs)?.items[0]?.price;
	return typeof next === "object" ? next.id : next;
}

const kinds: Record<string, PaymentMethodView["kind"]> = {
	card: "card",
	link: "link",
	us_bank_account: "bank account",
	sepa_debit: "bank account",
};

/** A payment method as the account page shows it. */
export function toPaymentMethod(method: Stripe.PaymentMethod, defaultId: string | null): PaymentMethodView {
	const { card } = method;
	return {
		id: method.id,
		kind: kinds[method.type] ?? "other",
		brand: card?.brand ?? null,
		last4: card?.last4 ?? method.sepa_debit?.last4 ?? method.us_bank_account?.last4 ?? null,
		expires: card ? { month: card.exp_month, year: card.exp_year } : null,
		isDefault: method.id === defaultId,
	};
}

/** An invoice as the account page shows it. An open one depends on its subscription: still being collected while active, dropped once canceled. */
export function toInvoice(invoice: Stripe.Invoice, subscriptions: readonly Subscription[]): InvoiceView {
	const planId = idOf(invoice.parent?.subscription_details?.subscription);
	const plan = subscriptions.find(({ id }) => id === planId);
	return {
		id: invoice.id ?? "",
		number: invoice.number ?? "",
		lines: invoice.lines.data.flatMap(({ description }) => description || []),
		date: iso(invoice.created * 1000),
		amountCents: invoice.total,
		currency: invoice.currency.toUpperCase(),
		state: invoiceStateOf(invoice, plan),
		url: invoice.hosted_invoice_url ?? invoice.invoice_pdf ?? null,
		receiptUrl: null,
	};
}

function invoiceStateOf({ id, status }: Stripe.Invoice, plan: Subscription | undefined): InvoiceView["state"] {
	const ended = (["paid", "uncollectible", "void"] as const).find((state) => state === status);
	if (ended) return ended;
	if (status !== "open") return "draft";
	if (plan?.status === "canceled") return "uncollectible";
	// The invoice of a pending change waits for the customer, not for a bank.
	const isOfWaitingChange = plan?.pending_update && idOf(plan.latest_invoice) === id;
	return plan?.status === "active" && !isOfWaitingChange ? "confirming" : "open";
}

/** The id of a Stripe object, which is an id or, when expanded, the whole object. */
export function idOf(object: string | { id: string } | null | undefined): string | null {
	return typeof object === "object" ? (object?.id ?? null) : (object ?? null);
}

const iso = (instantMs: number) => new Date(instantMs).toISOString();
