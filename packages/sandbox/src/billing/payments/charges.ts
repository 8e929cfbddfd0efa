/** Charges: a charge waits for its attempt, the attempt creates a payment, the payment settles. */
import type { State } from "../../state.ts";
import { newRecord } from "../ids.ts";
import { organizationId, pricingModelId } from "../pricing/pricing.ts";
import type { Charge, InvoiceWithLines, Payment, PaymentMethod } from "../records.ts";
import { findInvoice, setInvoiceStatus } from "./invoices.ts";

const dayMs = 24 * 60 * 60 * 1000;

/** The delays between attempts. After the last attempt the plan stays past due. */
const retryDelaysMs = [3 * dayMs, 5 * dayMs, 5 * dayMs];

/** Schedules a charge of the invoice's amount, due now. Call `applyDue` to run it. */
export function charge(
	state: State,
	input: { invoice: InvoiceWithLines; card: PaymentMethod; purpose: Charge["purpose"]; atMs: number },
): void {
	const { invoice } = input.invoice;
	state.charges.push({
		invoiceId: invoice.id,
		paymentMethodId: input.card.id,
		amountCents: invoice.subtotal ?? 0,
		attempt: 1,
		dueAtMs: input.atMs,
		paymentId: null,
		purpose: input.purpose,
	});
}

/** Schedules the next attempt with the same card: a billing run of the real service keeps its card. */
export function scheduleRetry(state: State, failed: Charge, atMs: number): void {
	const delayMs = retryDelaysMs[failed.attempt - 1];
	if (delayMs === undefined) return;
	state.charges.push({ ...failed, attempt: failed.attempt + 1, dueAtMs: atMs + delayMs, paymentId: null });
}

/** Drops the scheduled charges of a subscription. A payment in progress still settles. */
export function dropCharges(state: State, subscriptionId: string): void {
	state.charges = state.charges.filter(
		({ purpose, paymentId }) => paymentId !== null || purpose.type === "top_up" || purpose.subscriptionId !== subscriptionId,
	);
}

/** Creates the payment, which settles after the fault `paymentDelayMs`. */
export function attempt(state: State, charge: Charge, atMs: number): void {
	const invoice = findInvoice(state, charge.invoiceId);
	setInvoiceStatus(invoice, "awaiting_payment_confirmation", atMs);
	const payment = newPayment(invoice, charge, atMs);
	state.payments.push(payment);
	charge.paymentId = payment.id;
	charge.dueAtMs = atMs + (state.faults.paymentDelayMs ?? 0);
}

function newPayment({ invoice }: InvoiceWithLines, { paymentMethodId, amountCents }: Charge, atMs: number): Payment {
	return {
		...newRecord("pym", atMs),
		amount: amountCents,
		applicationFee: null,
		billingPeriodId: invoice.billingPeriodId ?? null,
		chargeDate: atMs,
		currency: "USD",
		customerId: invoice.customerId,
		description: null,
		failureCode: null,
		failureMessage: null,
		invoiceId: invoice.id,
		organizationId,
		paymentMethod: "card",
		paymentMethodId,
		pricingModelId,
		purchaseId: invoice.purchaseId,
		receiptNumber: null,
		receiptURL: null,
		refunded: false,
		refundedAmount: 0,
		refundedAt: null,
		settlementDate: null,
		status: "processing",
		subscriptionId: invoice.subscriptionId ?? null,
		subtotal: amountCents,
		taxAmount: 0,
		taxCountry: "US",
		taxRatePercentage: null,
		taxState: null,
		taxType: null,
	};
}
