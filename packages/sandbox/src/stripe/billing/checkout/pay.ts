/** Pays checkout sessions and delivers what they are for. */
import type { State } from "../../../state.ts";
import { emit } from "../../events/emit.ts";
import { known } from "../../find.ts";
import type { CheckoutSession, Customer, PaymentMethod, Price } from "../../records.ts";
import type { CheckoutOrder } from "../../state.ts";
import { createCustomer } from "../customers.ts";
import { concluded } from "../invoices/collect.ts";
import { draftInvoice } from "../invoices/draft.ts";
import { finalizeInvoice } from "../invoices/finalize.ts";
import { purchaseLine } from "../invoices/lines.ts";
import { type Instrument, instrumentNumbered, methodNumbered, refusedCard } from "../payment-methods.ts";
import { attempt, createPaymentIntent, type Outcome, settlingMs } from "../payments.ts";
import { createSetupIntent } from "../setup-intents.ts";
import { startSubscription } from "../subscriptions/start.ts";

interface Purchase {
	session: CheckoutSession;
	order: CheckoutOrder;
	customer: Customer;
	method: PaymentMethod;
	atSeconds: number;
}

/**
 * Pays the session. Returns false if the card is declined; the session then stays open for another card. With the fault
 * `activationDelayMs` the purchase takes effect that much later. Idempotent.
 */
export function payCheckoutSession(state: State, session: CheckoutSession, instrument: Instrument, atMs: number): boolean {
	if (session.status !== "open") return true;
	const order = orderOf(state, session);
	const atSeconds = Math.floor(atMs / 1000);
	if (wouldDecline(state, session, order, instrument)) {
		if (session.mode === "payment") recordDecline(state, session, order, atSeconds);
		return false;
	}
	session.status = "complete";
	session.url = null;
	const delayMs = state.faults.activationDelayMs ?? 0;
	if (delayMs === 0) completeCheckoutSession(state, session, instrument.number, atSeconds);
	else state.stripe.tasks.push({ type: "complete", dueAtMs: atMs + delayMs, sessionId: session.id, instrument: instrument.number });
	return true;
}

/** What the session was opened with. */
export function orderOf(state: State, session: CheckoutSession): CheckoutOrder {
	const order = state.stripe.checkoutOrders.find(({ sessionId }) => sessionId === session.id);
	if (order === undefined) throw new Error(`The sandbox has lost the order of ${session.id}`);
	return order;
}

/** Whether the page declines. A slow payment can only fail later. */
function wouldDecline(state: State, session: CheckoutSession, order: CheckoutOrder, { number, type }: Instrument): boolean {
	if (number === refusedCard) return true;
	const isChargedNow = session.mode !== "setup" && order.trialDays === 0;
	const isSlow = type === "us_bank_account" || (state.faults.paymentDelayMs ?? 0) > 0;
	return isChargedNow && !isSlow && state.faults.failPayments === true;
}

/** Records the failed attempt. The next attempt uses the same intent. */
function recordDecline(state: State, session: CheckoutSession, order: CheckoutOrder, atSeconds: number): void {
	const customer = customerFor(state, session, atSeconds);
	const method = methodNumbered(state, customer, instrumentNumbered(refusedCard), false, atSeconds);
	const intent = intentFor(state, session, order, customer, atSeconds);
	const { faults } = state;
	state.faults = { ...faults, failPayments: true, paymentDelayMs: 0 };
	try {
		attempt(state, intent, method, "checkout", atSeconds);
	} finally {
		state.faults = faults;
	}
}

/** Delivers what the session is for. */
export function completeCheckoutSession(state: State, session: CheckoutSession, number: string, atSeconds: number): void {
	const order = orderOf(state, session);
	const customer = customerFor(state, session, atSeconds);
	const keep = session.mode !== "payment" || order.setupFutureUsage !== null;
	const method = methodNumbered(state, customer, instrumentNumbered(number), keep, atSeconds);
	const purchase = { session, order, customer, method, atSeconds };
	session.customer_details = {
		address: method.billing_details.address,
		business_name: null,
		email: customer.email,
		individual_name: null,
		name: customer.name ?? null,
		phone: customer.phone ?? null,
		tax_exempt: "none",
		tax_ids: [],
	};
	if (session.mode === "subscription") buySubscription(state, purchase);
	else if (session.mode === "payment") buyOnce(state, purchase);
	else session.setup_intent = createSetupIntent(state, customer.id, method.id, atSeconds).id;
	order.isAwaited = session.payment_status === "unpaid";
	emit(state, "checkout.session.completed", session, atSeconds);
}

function customerFor(state: State, session: CheckoutSession, atSeconds: number): Customer {
	if (session.customer !== null) return known(state.stripe.customers, session.customer);
	const customer = createCustomer(state, { email: session.customer_email ?? "guest@example.com", name: "Guest" }, atSeconds);
	session.customer = customer.id;
	return customer;
}

function buySubscription(state: State, { session, order, customer, method, atSeconds }: Purchase): void {
	const item = order.lineItems.find(({ price }) => price?.recurring);
	const price: Price = known(state.stripe.prices, item?.price?.id);
	const subscription = startSubscription(state, {
		customer,
		price,
		quantity: item?.quantity ?? 1,
		method,
		trialDays: order.trialDays,
		metadata: order.subscriptionMetadata,
		description: order.subscriptionDescription,
		atSeconds,
	});
	session.subscription = subscription.id;
	session.invoice = subscription.latest_invoice;
	session.payment_status = order.trialDays > 0 ? "no_payment_required" : settlingMs(state, method) > 0 ? "unpaid" : "paid";
}

function buyOnce(state: State, { session, order, customer, method, atSeconds }: Purchase): void {
	const intent = intentFor(state, session, order, customer, atSeconds);
	const outcome = attempt(state, intent, method, "checkout", atSeconds);
	session.payment_status = outcome === "succeeded" ? "paid" : "unpaid";
	if (outcome === "succeeded") invoicePurchase(state, session, atSeconds);
}

function intentFor(state: State, session: CheckoutSession, order: CheckoutOrder, customer: Customer, atSeconds: number) {
	if (session.payment_intent !== null) return known(state.stripe.paymentIntents, session.payment_intent);
	const intent = createPaymentIntent(
		state,
		{
			customerId: customer.id,
			amountCents: session.amount_total ?? 0,
			currency: session.currency ?? "usd",
			description: order.paymentDescription,
			metadata: order.paymentMetadata,
			setupFutureUsage: order.setupFutureUsage,
		},
		atSeconds,
	);
	session.payment_intent = intent.id;
	return intent;
}

/** Creates the paid invoice that `invoice_creation` requested, once the payment has settled. */
function invoicePurchase(state: State, session: CheckoutSession, atSeconds: number): void {
	if (!session.invoice_creation?.enabled || session.customer === null) return;
	const { lineItems, paymentMetadata } = orderOf(state, session);
	const lines = lineItems.map(({ price, quantity }) =>
		purchaseLine(state.stripe, known(state.stripe.prices, price?.id), quantity ?? 1, atSeconds),
	);
	const invoice = draftInvoice(state, {
		customerId: session.customer,
		subscription: null,
		reason: "manual",
		lines,
		period: { start: atSeconds, end: atSeconds },
		isAutomatic: false,
		metadata: { ...paymentMetadata },
		atSeconds,
	});
	finalizeInvoice(state, invoice, atSeconds, known(state.stripe.paymentIntents, session.payment_intent));
	concluded(state, invoice, "succeeded", atSeconds);
	session.invoice = invoice.id;
}

/** Updates the session whose slow payment has settled. */
export function checkoutSettled(
	state: State,
	paid: { intentId: string; invoiceId: string | undefined },
	outcome: Outcome,
	atSeconds: number,
): void {
	const session = state.stripe.checkoutSessions.find(
		({ payment_intent, invoice }) => payment_intent === paid.intentId || (invoice !== null && invoice === paid.invoiceId),
	);
	if (session === undefined) return;
	const order = orderOf(state, session);
	// Reported once: retries of a plan's invoice no longer concern the session.
	if (!order.isAwaited) return;
	order.isAwaited = false;
	if (outcome === "declined") {
		emit(state, "checkout.session.async_payment_failed", session, atSeconds);
		return;
	}
	session.payment_status = "paid";
	if (session.mode === "payment") invoicePurchase(state, session, atSeconds);
	emit(state, "checkout.session.async_payment_succeeded", session, atSeconds);
}
