import type { BillingView, InvoiceView, PaymentMethodView, PlanStanding } from "./view/billing.ts";

/** What is shown of Flowglad's billing object: the same where the server reads it and where `@flowglad/react` does, in the browser. */
interface FlowgladBilling {
	subscriptions?: FlowgladPlan[] | undefined;
	currentSubscriptions?: FlowgladPlan[] | undefined;
	invoices: FlowgladInvoice[];
	paymentMethods: FlowgladPaymentMethod[];
	billingPortalUrl?: string | null | undefined;
}

interface FlowgladPlan {
	id: string;
	name?: string | null;
	status: string;
	isFreePlan?: boolean | null;
	current?: boolean;
	createdAt: number;
	currentBillingPeriodEnd?: number | null;
	trialEnd?: number | null;
	cancelScheduledAt?: number | null;
	subscriptionItems?: { price: { slug?: string | null; unitPrice: number; currency: string; intervalUnit?: string | null } }[];
	experimental?: { usageMeterBalances: { slug: string; subscriptionId: string; availableBalance: number }[] } | undefined;
}

interface FlowgladPaymentMethod {
	id: string;
	type: string;
	default: boolean;
	paymentMethodData: Record<string, unknown>;
}

interface FlowgladInvoice {
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

/** Flowglad's billing object as the account page shows it. */
export function toBillingView(billing: FlowgladBilling): BillingView {
	const { subscriptions = [], currentSubscriptions = subscriptions.filter(({ current }) => current) } = billing;
	const waiting = subscriptions.find(({ status, isFreePlan }) => status === "incomplete" && isFreePlan === false);
	return {
		// Free plans and what was replaced are subscriptions, too.
		plans: currentSubscriptions
			.filter(({ isFreePlan }) => isFreePlan === false)
			.sort((a, b) => b.createdAt - a.createdAt)
			.map(toStanding),
		waiting: waiting ? toStanding(waiting) : null,
		paymentMethods: billing.paymentMethods.map(toPaymentMethod),
		invoices: billing.invoices.map(toInvoice),
		portalUrl: billing.billingPortalUrl ?? null,
		topUpsOutlivePlan: false,
	};
}

const states: Record<string, PlanStanding["state"]> = {
	cancellation_scheduled: "ending",
	past_due: "owed",
	unpaid: "owed",
	trialing: "trial",
};

function toStanding(plan: FlowgladPlan): PlanStanding {
	const { price } = plan.subscriptionItems?.[0] ?? {};
	const balances = plan.experimental?.usageMeterBalances ?? [];
	const balance =
		balances.find(({ slug, subscriptionId }) => slug === "ai_requests" && subscriptionId === plan.id)?.availableBalance ?? null;
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
		// A meter is absent before its first entry (flowglad.md, e): the credits come with the payment.
		live: balance !== null,
		balance,
		next: null,
	};
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

function toPaymentMethod({ id, type, default: isDefault, paymentMethodData: data }: FlowgladPaymentMethod): PaymentMethodView {
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

function toInvoice({ invoice, invoiceLineItems: lines }: FlowgladInvoice): InvoiceView {
	// Flowglad gives the sum before tax, or leaves it to the lines.
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
