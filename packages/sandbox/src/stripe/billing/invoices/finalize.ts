import type { State } from "../../../state.ts";
import { changing, emit } from "../../events/emit.ts";
import { newId } from "../../ids.ts";
import type { Invoice, PaymentIntent } from "../../records.ts";
import { customerOf } from "../customers.ts";
import { createPaymentIntent } from "../payments.ts";

/**
 * Finalizes a draft: it gets its number, the customer's credit balance pays first, and a negative total becomes credit. The rest gets a
 * payment intent, `paidBy` if it is paid already.
 */
export function finalizeInvoice(state: State, invoice: Invoice, atSeconds: number, paidBy?: PaymentIntent): void {
	const { stripe } = state;
	const customer = customerOf(state, invoice);
	const sequence = customer.next_invoice_sequence ?? 1;
	customer.next_invoice_sequence = sequence + 1;
	customer.currency = invoice.currency;
	invoice.starting_balance = customer.balance;
	const owed = invoice.total + customer.balance;
	invoice.amount_due = Math.max(owed, 0);
	invoice.amount_remaining = invoice.amount_due;
	// A negative balance is credit. A positive one is debt, which this invoice includes now.
	invoice.ending_balance = Math.min(owed, 0);
	if (invoice.ending_balance !== customer.balance) {
		changing(state, customer, "customer.updated", atSeconds, () => {
			customer.balance = Math.min(owed, 0);
		});
	}
	invoice.number = `${customer.invoice_prefix}-${String(sequence).padStart(4, "0")}`;
	invoice.status = "open";
	invoice.effective_at = atSeconds;
	invoice.status_transitions.finalized_at = atSeconds;
	invoice.automatically_finalizes_at = null;
	invoice.hosted_invoice_url = `${stripe.origin}/stripe/invoices/${invoice.id}`;
	invoice.invoice_pdf = `${stripe.origin}/stripe/invoices/${invoice.id}/pdf`;
	stripe.tasks = stripe.tasks.filter((task) => task.type !== "finalize" || task.invoiceId !== invoice.id);
	if (invoice.amount_due > 0) {
		addPayment(state, invoice, paidBy ?? createPaymentIntent(state, demandOf(invoice), atSeconds), atSeconds);
	}
	emit(state, "invoice.finalized", invoice, atSeconds);
}

function demandOf(invoice: Invoice) {
	return {
		customerId: invoice.customer,
		amountCents: invoice.amount_due,
		currency: invoice.currency,
		description: descriptionOf(invoice.billing_reason),
		metadata: {},
		setupFutureUsage: invoice.parent === null ? null : ("off_session" as const),
	};
}

function descriptionOf(reason: Invoice["billing_reason"]): string {
	if (reason === "subscription_create") return "Subscription creation";
	if (reason === "subscription_update") return "Subscription update";
	return "Payment for Invoice";
}

/** Links an intent to the invoice it pays. */
function addPayment(state: State, invoice: Invoice, intent: PaymentIntent, atSeconds: number): void {
	state.stripe.invoicePayments.push({
		id: newId("inpay"),
		object: "invoice_payment",
		amount_paid: null,
		amount_requested: intent.amount,
		created: atSeconds,
		currency: invoice.currency,
		invoice: invoice.id,
		is_default: true,
		livemode: false,
		payment: { payment_intent: intent.id, type: "payment_intent" },
		status: "open",
		status_transitions: { canceled_at: null, paid_at: null },
	});
}
