import type { State } from "../../state.ts";
import { findById } from "../find-by-id.ts";
import type { Payment } from "../records.ts";
import { Refusal } from "../refusal.ts";

/**
 * Gives money back. Neither the invoice nor the subscription changes, and no credits are taken away: the real
 * service's refund touches the payment alone. Without an amount it is all of it.
 */
export function refund(state: State, paymentId: string, partialAmountCents: number | null, atMs: number): Payment {
	const payment = findById(state.payments, paymentId, "Payment");
	const refundedBefore = payment.refundedAmount ?? 0;
	const left = payment.amount - refundedBefore;
	if (payment.status === "refunded") throw new Refusal("BAD_REQUEST", "Payment has already been refunded");
	if (payment.status === "processing") throw new Refusal("BAD_REQUEST", "Cannot refund a payment that is still processing");
	if (payment.status !== "succeeded") throw new Refusal("BAD_REQUEST", `Payment ${paymentId} has no charge to refund`);
	const amount = partialAmountCents ?? left;
	if (amount <= 0) throw new Refusal("BAD_REQUEST", "Partial amount must be greater than 0");
	if (amount > left) throw new Refusal("BAD_REQUEST", "Partial amount cannot be greater than the payment amount");
	payment.refundedAmount = refundedBefore + amount;
	payment.refunded = payment.refundedAmount === payment.amount;
	payment.status = payment.refunded ? "refunded" : "succeeded";
	payment.refundedAt = atMs;
	payment.updatedAt = atMs;
	return payment;
}

/** The customer's bank takes the money back. Flowglad does not listen for it: nothing that it answers changes. */
export function dispute(state: State, paymentId: string): void {
	const payment = findById(state.payments, paymentId, "Payment");
	if (payment.status !== "succeeded") throw new Refusal("BAD_REQUEST", `Payment ${paymentId} is ${payment.status}`);
	if (!state.disputedPaymentIds.includes(paymentId)) state.disputedPaymentIds.push(paymentId);
}
