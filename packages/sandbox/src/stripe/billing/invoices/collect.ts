/** Collects invoices and applies the result to the subscription. */
import type { State } from "../../../state.ts";
import { changing, emit } from "../../events/emit.ts";
import { known } from "../../find.ts";
import type { Invoice, InvoicePayment, PaymentIntent, PaymentMethod, Subscription } from "../../records.ts";
import type { Occasion } from "../../state.ts";
import { mergedMetadata } from "../metadata.ts";
import { attempt, type Outcome } from "../payments.ts";
import { endSubscription } from "../subscriptions/cancel.ts";
import { itemOf } from "../subscriptions/find.ts";
import { replacePrice } from "../subscriptions/price.ts";

const daySeconds = 24 * 60 * 60;
/** The delays between declined attempts. After the last one the subscription ends. */
const retryDelaysSeconds = [3 * daySeconds, 5 * daySeconds, 5 * daySeconds];

function paymentOf(state: State, invoiceId: string): InvoicePayment | undefined {
	return state.stripe.invoicePayments.find(({ invoice }) => invoice === invoiceId);
}

/** The payment intent of an invoice, if it has one. */
export function intentOf(state: State, invoice: Invoice): PaymentIntent | undefined {
	const payment = paymentOf(state, invoice.id);
	return payment === undefined ? undefined : known(state.stripe.paymentIntents, payment.payment.payment_intent);
}

/** The invoice that an intent pays, if any. */
export function invoiceOf(state: State, intentId: string): Invoice | undefined {
	const payment = state.stripe.invoicePayments.find(({ payment }) => payment.payment_intent === intentId);
	return payment === undefined ? undefined : known(state.stripe.invoices, payment.invoice);
}

/** The subscription that an invoice bills, if any. */
export function subscriptionOf(state: State, invoice: Invoice): Subscription | undefined {
	const id = invoice.parent?.subscription_details?.subscription;
	return id === undefined ? undefined : known(state.stripe.subscriptions, id);
}

/** Attempts to collect an open invoice. Without a payment method the attempt counts as declined. */
export function collect(state: State, invoice: Invoice, method: PaymentMethod | undefined, occasion: Occasion, atSeconds: number): Outcome {
	const intent = intentOf(state, invoice);
	if (intent === undefined) {
		invoicePaid(state, invoice, atSeconds);
		return "succeeded";
	}
	// An attempt by API call counts only if it is the first, so that the retry schedule does not change.
	const isExtra = occasion === "call" && invoice.attempt_count > 0;
	invoice.attempted = true;
	if (!isExtra) invoice.attempt_count += 1;
	const outcome = method === undefined ? "declined" : attempt(state, intent, method, occasion, atSeconds);
	if (outcome === "declined" && isExtra) emit(state, "invoice.payment_failed", invoice, atSeconds);
	else concluded(state, invoice, outcome, atSeconds);
	return outcome;
}

/** Applies the outcome of an attempt, including a slow one once it has settled. */
export function concluded(state: State, invoice: Invoice, outcome: Outcome, atSeconds: number): void {
	dropTasks(state, invoice.id);
	if (outcome === "succeeded") invoicePaid(state, invoice, atSeconds);
	else if (outcome === "processing") invoice.next_payment_attempt = null;
	else invoiceFailed(state, invoice, outcome, atSeconds);
}

function dropTasks(state: State, invoiceId: string): void {
	state.stripe.tasks = state.stripe.tasks.filter(
		(task) => (task.type !== "collect" && task.type !== "finalize") || task.invoiceId !== invoiceId,
	);
}

function invoicePaid(state: State, invoice: Invoice, atSeconds: number): void {
	invoice.status = "paid";
	invoice.attempted = true;
	invoice.amount_paid = invoice.amount_due;
	invoice.amount_remaining = 0;
	invoice.auto_advance = false;
	invoice.next_payment_attempt = null;
	invoice.status_transitions.paid_at = atSeconds;
	const payment = paymentOf(state, invoice.id);
	if (payment !== undefined) {
		payment.status = "paid";
		payment.amount_paid = payment.amount_requested;
		payment.status_transitions.paid_at = atSeconds;
	}
	emit(state, "invoice.paid", invoice, atSeconds);
	emit(state, "invoice.payment_succeeded", invoice, atSeconds);
	const subscription = subscriptionOf(state, invoice);
	if (subscription === undefined || subscription.latest_invoice !== invoice.id) return;
	applyPending(state, subscription, atSeconds);
	if (subscription.status === "past_due" || subscription.status === "unpaid" || subscription.status === "incomplete") {
		changing(state, subscription, "customer.subscription.updated", atSeconds, () => {
			subscription.status = "active";
		});
	}
}

/** Applies the change that waited for this payment. */
function applyPending(state: State, subscription: Subscription, atSeconds: number): void {
	const { pending_update: update } = subscription;
	const [wanted] = update?.subscription_items ?? [];
	if (update === null || wanted === undefined) return;
	changing(state, subscription, "customer.subscription.updated", atSeconds, () => {
		replacePrice(itemOf(subscription), wanted.price, wanted.quantity ?? 1);
		subscription.metadata = mergedMetadata(subscription.metadata, update.metadata);
		subscription.pending_update = null;
	});
}

function invoiceFailed(state: State, invoice: Invoice, outcome: "declined" | "unconfirmed", atSeconds: number): void {
	const subscription = subscriptionOf(state, invoice);
	// The subscription continues unchanged, and Stripe does not retry by itself.
	const isOfPending = subscription?.pending_update !== null && subscription?.latest_invoice === invoice.id;
	const delaySeconds = subscription === undefined || isOfPending ? undefined : retryDelaysSeconds[invoice.attempt_count - 1];
	invoice.next_payment_attempt = delaySeconds === undefined ? null : atSeconds + delaySeconds;
	invoice.auto_advance = delaySeconds !== undefined;
	emit(state, outcome === "declined" ? "invoice.payment_failed" : "invoice.payment_action_required", invoice, atSeconds);
	if (isOfPending) return;
	if (subscription === undefined || subscription.status === "canceled") return;
	if (delaySeconds === undefined) {
		endSubscription(state, subscription, "payment_failed", atSeconds);
		return;
	}
	state.stripe.tasks.push({ type: "collect", dueAtMs: (atSeconds + delaySeconds) * 1000, invoiceId: invoice.id });
	changing(state, subscription, "customer.subscription.updated", atSeconds, () => {
		if (subscription.status === "active" || subscription.status === "trialing") subscription.status = "past_due";
	});
}
