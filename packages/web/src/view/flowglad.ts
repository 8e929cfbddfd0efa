import { t } from "../text/text.ts";
import type { BillingView, InvoiceView, PaymentMethodView, PlanStanding } from "./billing.ts";

// The parts of Flowglad's payloads that we read, and their conversion for pages. Pure and used on both sides: the server gets the payload from the
// API, the browser from `useBilling()`.

/** A price of the pricing model. Older pricing models also name the meter on the price. */
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

/** A feature of a product, or of a subscription to it: a credit grant, or a named toggle. */
export interface Feature {
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

/** Instants are epoch milliseconds. */
export interface Subscription {
	id: string;
	name?: string | null;
	status: string;
	current?: boolean;
	isFreePlan?: boolean | null;
	priceId?: string | null;
	createdAt: number;
	currentBillingPeriodStart?: number | null;
	currentBillingPeriodEnd?: number | null;
	trialEnd?: number | null;
	cancelScheduledAt?: number | null;
	/** False for a plan without periods. */
	renews?: boolean | null;
	/** When a scheduled plan change takes effect, null for none. Absent at Flowglad 0.18, which does not report it. */
	scheduledAdjustmentAt?: number | null;
	/** The name of the next plan, if our server has added it (`withComingPlans`). */
	comingPlan?: string | null;
	subscriptionItems?: { price: { slug?: string | null; unitPrice: number; currency: string; intervalUnit?: string | null } }[];
	experimental?:
		| { featureItems?: Feature[]; usageMeterBalances?: { slug: string; availableBalance: number; subscriptionId: string }[] }
		| undefined;
}

interface PaymentMethod {
	id: string;
	type: string;
	default: boolean;
	paymentMethodData: Record<string, unknown>;
}

interface Invoice {
	invoice: {
		id: string;
		invoiceNumber: string;
		invoiceDate: number;
		currency: string;
		status: string;
		subtotal?: number | null;
		taxAmount?: number | null;
		pdfURL?: string | null;
		receiptPdfURL?: string | null;
	};
	invoiceLineItems: { description?: string | null; price: number; quantity: number }[];
}

interface Subscriptions {
	subscriptions?: Subscription[] | undefined;
	currentSubscriptions?: Subscription[] | undefined;
}

/** The part of a customer's billing that decides what they may use. */
export interface FlowgladBilling extends Subscriptions {
	purchases?: { priceId: string; status?: string | null }[];
	pricingModel: PricingModel;
}

/** The part of a customer's billing that the account page shows. */
interface FlowgladAccount extends Subscriptions {
	invoices: Invoice[];
	paymentMethods: PaymentMethod[];
	billingPortalUrl?: string | null | undefined;
}

/** The current paid subscriptions, newest first. Every customer also has one to the free plan, which does not count (flowglad.md, 0.2). */
export function paidSubscriptions({ subscriptions = [], currentSubscriptions }: Subscriptions): Subscription[] {
	const current = currentSubscriptions ?? subscriptions.filter((one) => one.current);
	return current.filter((one) => one.isFreePlan === false).sort((a, b) => b.createdAt - a.createdAt);
}

/** The balance of a subscription's meter in requests; undefined before the meter's first entry (flowglad.md, e). */
export function balanceOf({ id, experimental }: Subscription, meterSlug: string): number | undefined {
	return experimental?.usageMeterBalances?.find(({ slug, subscriptionId }) => slug === meterSlug && subscriptionId === id)
		?.availableBalance;
}

/** A customer's billing as the account page shows it. */
export function toBillingView(billing: FlowgladAccount): BillingView {
	const waiting = billing.subscriptions?.find(({ status, isFreePlan }) => status === "incomplete" && isFreePlan === false);
	return {
		plans: paidSubscriptions(billing).map(toStanding),
		waiting: waiting ? toStanding(waiting) : null,
		paymentMethods: billing.paymentMethods.map(toPaymentMethod),
		invoices: billing.invoices.map(toInvoice),
		portalUrl: billing.billingPortalUrl ?? null,
		topUpsOutlivePlan: false,
	};
}

/** The same slug as `AI_REQUESTS_METER`, which the browser must not import from lib. */
const METER_SLUG = "ai_requests";

const states: Record<string, PlanStanding["state"]> = {
	cancellation_scheduled: "ending",
	past_due: "owed",
	unpaid: "unpaid",
	trialing: "trial",
};

/** A paid subscription as the account page shows it. */
export function toStanding(plan: Subscription): PlanStanding {
	const { price } = plan.subscriptionItems?.[0] ?? {};
	const balance = balanceOf(plan, METER_SLUG) ?? null;
	return {
		id: plan.id,
		name: plan.name ?? "Pro",
		state: states[plan.status] ?? "active",
		price: price
			? { slug: price.slug ?? null, amountCents: price.unitPrice, currency: price.currency, interval: intervalOf(price.intervalUnit) }
			: null,
		periodEnd: iso(plan.currentBillingPeriodEnd),
		trialEnd: iso(plan.trialEnd),
		endsAt: plan.status === "cancellation_scheduled" ? iso(plan.cancelScheduledAt ?? plan.currentBillingPeriodEnd) : null,
		invoice: null,
		paused: false,
		// The meter's first entry arrives with the payment.
		live: balance !== null,
		balance,
		next: plan.comingPlan ?? (plan.scheduledAdjustmentAt ? t("plan_another") : null),
	};
}

/**
 * The name of the plan a subscription changes to at the end of its period; null for none.
 * @param known the last change scheduled by our server
 */
export function comingPlan(
	{ id, scheduledAdjustmentAt, priceId, currentBillingPeriodEnd }: Subscription,
	known: { planId: string; priceId: string; name: string; atMs: number | null } | null,
): string | null {
	if (scheduledAdjustmentAt === null) return null;
	const isOurs = known?.planId === id && known.priceId !== priceId && known.atMs === (currentBillingPeriodEnd ?? null);
	if (isOurs) return known.name;
	return scheduledAdjustmentAt === undefined ? null : t("plan_another");
}

function intervalOf(unit: string | null | undefined): "day" | "week" | "month" | "year" | null {
	return unit === "day" || unit === "week" || unit === "month" || unit === "year" ? unit : null;
}

const kinds: Record<string, PaymentMethodView["kind"]> = {
	card: "card",
	link: "link",
	us_bank_account: "bank account",
	sepa_debit: "bank account",
};

function toPaymentMethod({ id, type, default: isDefault, paymentMethodData: data }: PaymentMethod): PaymentMethodView {
	const { brand, last4, exp_month: month, exp_year: year } = data;
	return {
		id,
		kind: kinds[type] ?? "other",
		brand: typeof brand === "string" ? brand : null,
		last4: typeof last4 === "string" ? last4 : null,
		expires: typeof month === "number" && typeof year === "number" ? { month, year } : null,
		isDefault,
	};
}

const invoiceStates: Record<string, InvoiceView["state"]> = {
	open: "open",
	awaiting_payment_confirmation: "confirming",
	paid: "paid",
	refunded: "refunded",
	partially_refunded: "partly refunded",
	uncollectible: "uncollectible",
	void: "void",
};

function toInvoice({ invoice, invoiceLineItems: lines }: Invoice): InvoiceView {
	// Flowglad sends either the sum before tax, or only the lines.
	const beforeTax = invoice.subtotal ?? lines.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
	return {
		id: invoice.id,
		number: invoice.invoiceNumber,
		lines: lines.flatMap(({ description }) => description || []),
		date: new Date(invoice.invoiceDate).toISOString(),
		amountCents: beforeTax + (invoice.taxAmount ?? 0),
		currency: invoice.currency,
		state: invoiceStates[invoice.status] ?? "draft",
		url: invoice.pdfURL ?? null,
		receiptUrl: invoice.receiptPdfURL ?? null,
	};
}

const iso = (instantMs: number | null | undefined): string | null => (instantMs ? new Date(instantMs).toISOString() : null);
