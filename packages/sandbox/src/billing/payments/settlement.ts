/** Settles charges and applies the result to plans, credits and checkouts. */
import type { State } from "../../state.ts";
import { emit } from "../../webhooks/messages.ts";
import { accountsOf, grantPeriodCredits, post, settleDebt } from "../credits.ts";
import { findById } from "../find-by-id.ts";
import { priceById, productOf } from "../pricing/pricing.ts";
import type { Charge, CheckoutSession, Customer, InvoiceWithLines, Payment, SinglePaymentPrice, Subscription } from "../records.ts";
import { applyAdjustment } from "../subscriptions/adjust.ts";
import { endAndFallBack } from "../subscriptions/cancel.ts";
import { featureItemsOf, findSubscription, newestCurrent, setStatus } from "../subscriptions/find.ts";
import { isEmptyCard } from "./cards.ts";
import { attempt, scheduleRetry } from "./charges.ts";
import { debtUnits, findInvoice, setInvoiceStatus } from "./invoices.ts";

/** Runs the next step of a charge: its attempt, or the settlement of its payment. */
export function advanceCharge(state: State, charge: Charge, atMs: number): void {
	if (charge.paymentId === null) {
		attempt(state, charge, atMs);
		if (charge.dueAtMs > atMs) return;
	}
	state.charges = state.charges.filter((one) => one !== charge);
	const payment = findById(state.payments, charge.paymentId ?? "", "Payment");
	const invoice = findInvoice(state, charge.invoiceId);
	payment.updatedAt = atMs;
	if (isDeclined(state, charge)) {
		payment.status = "failed";
		payment.failureCode = "card_declined";
		payment.failureMessage = "Your card was declined.";
		setInvoiceStatus(invoice, "open", atMs);
		failed(state, charge, atMs);
	} else {
		payment.status = "succeeded";
		payment.settlementDate = atMs;
		payment.receiptNumber = `R-${invoice.invoice.invoiceNumber}`;
		setInvoiceStatus(invoice, "paid", atMs);
		paid(state, charge, invoice, payment, atMs);
	}
}

function isDeclined(state: State, charge: Charge): boolean {
	if (isEmptyCard(findById(state.paymentMethods, charge.paymentMethodId, "Payment method"))) return true;
	const isRenewal = charge.purpose.type === "period" && !isFirstPayment(state, charge.purpose.subscriptionId);
	return state.faults.failPayments === true || (isRenewal && state.faults.declineRenewals === true);
}

function isFirstPayment(state: State, subscriptionId: string): boolean {
	return !state.payments.some(
		(payment) => payment.subscriptionId === subscriptionId && payment.status === "succeeded" && payment.amount > 0,
	);
}

function paid(state: State, charge: Charge, invoice: InvoiceWithLines, payment: Payment, atMs: number): void {
	const customer = findById(state.customers, payment.customerId, "Customer");
	emit(state, "payment.succeeded", payment.id, customer, atMs);
	const { purpose } = charge;
	switch (purpose.type) {
		case "period":
			periodPaid(state, findSubscription(state, purpose.subscriptionId), purpose.billingPeriodId, invoice, atMs);
			break;
		case "adjustment": {
			const price = priceById(state, purpose.priceId);
			const subscription = findSubscription(state, purpose.subscriptionId);
			// Canceled while the payment was in progress: the payment stays, the plan does not change.
			if (price.type === "subscription" && subscription.current)
				applyAdjustment(state, subscription, { price, quantity: purpose.quantity, atMs });
			break;
		}
		case "top_up":
			topUpPaid(state, findById(state.checkoutSessions, purpose.checkoutSessionId, "Checkout session"), customer, atMs);
			break;
	}
}

function periodPaid(state: State, subscription: Subscription, billingPeriodId: string, invoice: InvoiceWithLines, atMs: number): void {
	if (!subscription.current) return;
	const period = findById(state.billingPeriods, billingPeriodId, "Billing period");
	// The first period gets its credits with its payment; a renewal got them before.
	const isFirst = state.billingPeriods.find(({ subscriptionId }) => subscriptionId === subscription.id) === period;
	if (isFirst) grantPeriodCredits(state, featureItemsOf(state, subscription.id), period, { isFirst, atMs });
	const units = debtUnits(invoice);
	for (const account of accountsOf(state, subscription.id)) settleDebt(state, account, { atMs, invoiceId: invoice.invoice.id, units });
	if (subscription.status === "past_due") setStatus(subscription, "active", atMs);
}

/** Grants the credits of the product's first feature, without expiry. Grants nothing without a current subscription (flowglad.md e). */
function topUpPaid(state: State, session: CheckoutSession, customer: Customer, atMs: number): void {
	const price = session.priceId === null ? null : priceById(state, session.priceId);
	if (price?.type !== "single_payment") throw new Error(`Checkout session ${session.id} is no top-up`);
	session.status = "succeeded";
	session.updatedAt = atMs;
	if (session.purchaseId) {
		const purchase = findById(state.purchases, session.purchaseId, "Purchase");
		purchase.status = "paid";
		purchase.updatedAt = atMs;
		emit(state, "purchase.completed", purchase.id, customer, atMs);
	}
	grantTopUp(state, customer, price, session.quantity, atMs);
}

function grantTopUp(state: State, customer: Customer, price: SinglePaymentPrice, quantity: number, atMs: number): void {
	const subscription = newestCurrent(state, customer.id);
	const feature = productOf(state, price).features.find(({ type }) => type === "usage_credit_grant");
	if (subscription === undefined || feature?.type !== "usage_credit_grant") return;
	const amount = feature.amount * (state.settings.topUpIgnoresQuantity ? 1 : quantity);
	const account = { subscriptionId: subscription.id, usageMeterId: feature.usageMeterId };
	post(state, { ...account, atMs, type: "grant", amount, expiresAtMs: null, billingPeriodId: null });
}

/** Emits no event: `payment.failed` means a payment was given up, not that a card was declined (flowglad.md h). */
function failed(state: State, charge: Charge, atMs: number): void {
	const { purpose } = charge;
	switch (purpose.type) {
		case "period": {
			const subscription = findSubscription(state, purpose.subscriptionId);
			if (!subscription.current) return;
			if (isFirstPayment(state, subscription.id)) endAndFallBack(state, subscription, atMs);
			else if (subscription.status !== "cancellation_scheduled") {
				setStatus(subscription, "past_due", atMs);
				scheduleRetry(state, charge, atMs);
			}
			break;
		}
		case "top_up": {
			const session = findById(state.checkoutSessions, purpose.checkoutSessionId, "Checkout session");
			session.status = "failed";
			session.updatedAt = atMs;
			break;
		}
		case "adjustment":
			break;
	}
}
