import type { State } from "../../../state.ts";
import { changing, emit } from "../../events/emit.ts";
import type { Invoice } from "../../records.ts";
import { refuse } from "../../refusal.ts";
import { intentOf, subscriptionOf } from "./collect.ts";

/**
 * Voids an open invoice: it can no longer be paid, credit that it used is returned, and a change that waits for its payment is discarded.
 * @throws StripeRefusal
 */
export function voidInvoice(state: State, invoice: Invoice, atSeconds: number): void {
	if (invoice.status !== "open") throw refuse("You can only pass in open invoices. This invoice isn't open.");
	invoice.status = "void";
	invoice.auto_advance = false;
	invoice.next_payment_attempt = null;
	invoice.status_transitions.voided_at = atSeconds;
	const intent = intentOf(state, invoice);
	if (intent !== undefined) {
		intent.status = "canceled";
		intent.canceled_at = atSeconds;
	}
	state.stripe.tasks = state.stripe.tasks.filter(
		(task) => (task.type !== "void" && task.type !== "collect") || task.invoiceId !== invoice.id,
	);
	emit(state, "invoice.voided", invoice, atSeconds);
	returnCredit(state, invoice, atSeconds);
	const subscription = subscriptionOf(state, invoice);
	if (subscription === undefined || subscription.latest_invoice !== invoice.id) return;
	changing(state, subscription, "customer.subscription.updated", atSeconds, () => {
		subscription.pending_update = null;
	});
}

/** Returns the credit that the invoice used to the customer's balance. */
function returnCredit(state: State, invoice: Invoice, atSeconds: number): void {
	const customer = state.stripe.customers.find(({ id }) => id === invoice.customer);
	if (customer === undefined) return;
	changing(state, customer, "customer.updated", atSeconds, () => {
		customer.balance += (invoice.starting_balance ?? 0) - (invoice.ending_balance ?? 0);
	});
}

/** Marks an open invoice as uncollectible. It can still be paid. */
export function markUncollectible(state: State, invoice: Invoice, atSeconds: number): void {
	invoice.status = "uncollectible";
	invoice.auto_advance = false;
	invoice.next_payment_attempt = null;
	invoice.status_transitions.marked_uncollectible_at = atSeconds;
	emit(state, "invoice.marked_uncollectible", invoice, atSeconds);
}
