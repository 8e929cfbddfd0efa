import type { State } from "../../../state.ts";
import { emit } from "../../events/emit.ts";
import { newId } from "../../ids.ts";
import type { Customer, Invoice, InvoiceLine, Subscription } from "../../records.ts";
import { customerOf } from "../customers.ts";
import { itemLine } from "./lines.ts";

/** How long a renewal stays a draft before Stripe finalizes and charges it. */
const draftSeconds = 60 * 60;

interface Draft {
	customerId: string;
	/** Null for a one-time purchase. */
	subscription: Subscription | null;
	reason: Invoice["billing_reason"];
	lines: InvoiceLine[];
	/** The period before the invoice, epoch seconds. It is empty for a plan's first invoice. */
	period: { start: number; end: number };
	/** Whether Stripe finalizes it automatically after an hour. */
	isAutomatic: boolean;
	metadata?: Record<string, string>;
	atSeconds: number;
}

/** Creates a draft. It includes the subscription's pending invoice items. */
export function draftInvoice(state: State, draft: Draft): Invoice {
	const { customerId, subscription, isAutomatic, atSeconds } = draft;
	const customer = customerOf(state, { customer: customerId });
	const id = newId("in");
	const waiting = state.stripe.invoiceItems.filter(
		(item) => item.invoice === null && subscription !== null && item.parent?.subscription_details?.subscription === subscription.id,
	);
	for (const item of waiting) item.invoice = id;
	const lines = [...waiting.map(itemLine), ...draft.lines].map((line) => ({ ...line, invoice: id }));
	const totalCents = lines.reduce((sum, { amount }) => sum + amount, 0);
	const invoice = newInvoice({ ...draft, id, lines, totalCents }, customer);
	state.stripe.invoices.push(invoice);
	if (subscription !== null) subscription.latest_invoice = id;
	emit(state, "invoice.created", invoice, atSeconds);
	if (isAutomatic) state.stripe.tasks.push({ type: "finalize", dueAtMs: (atSeconds + draftSeconds) * 1000, invoiceId: id });
	return invoice;
}

interface NewInvoice extends Draft {
	id: string;
	totalCents: number;
}

function newInvoice(
	{ id, subscription, reason, lines, period, isAutomatic, metadata = {}, atSeconds, totalCents }: NewInvoice,
	customer: Customer,
): Invoice {
	return {
		...defaultFields(),
		id,
		amount_due: Math.max(totalCents, 0),
		amount_remaining: Math.max(totalCents, 0),
		auto_advance: isAutomatic,
		automatically_finalizes_at: isAutomatic ? atSeconds + draftSeconds : null,
		billing_reason: reason,
		created: atSeconds,
		currency: lines[0]?.currency ?? "usd",
		customer: customer.id,
		customer_address: customer.address ?? null,
		customer_email: customer.email,
		customer_name: customer.name ?? null,
		customer_phone: customer.phone ?? null,
		lines: { object: "list", data: lines, has_more: false, url: `/v1/invoices/${id}/lines` },
		metadata,
		next_payment_attempt: isAutomatic ? atSeconds + draftSeconds : null,
		parent:
			subscription === null
				? null
				: {
						quote_details: null,
						subscription_details: { metadata: { ...subscription.metadata }, subscription: subscription.id },
						type: "subscription_details",
					},
		period_end: period.end,
		period_start: period.start,
		starting_balance: customer.balance,
		subtotal: totalCents,
		subtotal_excluding_tax: totalCents,
		total: totalCents,
		total_excluding_tax: totalCents,
		webhooks_delivered_at: atSeconds,
	};
}

/** The fields that are the same on every new draft. */
function defaultFields() {
	return {
		object: "invoice",
		account_country: "US",
		account_name: "Parley sandbox",
		account_tax_ids: null,
		amount_overpaid: 0,
		amount_paid: 0,
		amount_shipping: 0,
		application: null,
		attempt_count: 0,
		attempted: false,
		automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
		collection_method: "charge_automatically",
		custom_fields: null,
		customer_account: null,
		customer_shipping: null,
		customer_tax_exempt: "none",
		customer_tax_ids: [],
		default_payment_method: null,
		default_source: null,
		default_tax_rates: [],
		description: null,
		discounts: [],
		due_date: null,
		effective_at: null,
		ending_balance: null,
		footer: null,
		from_invoice: null,
		hosted_invoice_url: null,
		invoice_pdf: null,
		issuer: { type: "self" },
		last_finalization_error: null,
		latest_revision: null,
		livemode: false,
		number: null,
		on_behalf_of: null,
		payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
		post_payment_credit_notes_amount: 0,
		pre_payment_credit_notes_amount: 0,
		receipt_number: null,
		rendering: null,
		shipping_cost: null,
		shipping_details: null,
		statement_descriptor: null,
		status: "draft",
		status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
		test_clock: null,
		total_discount_amounts: [],
		total_pretax_credit_amounts: [],
		total_taxes: [],
	} satisfies Partial<Invoice>;
}
