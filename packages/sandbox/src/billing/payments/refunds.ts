import type { State } from "../../state.ts";
import { findById } from "../find-by-id.ts";
import type { Payment } from "../records.ts";
import { Refusal } from "../refusal.ts";

/**
 * Refunds a payment, in full unless an amount is given. As in the real service it changes only the payment: the invoice, the
 * subscription and the credits stay.
 * @throws Refusal
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

/**
 * Marks a payment as disputed by the customer's bank. Flowglad ignores disputes, so no answer changes.
 * @throws Refusal
 */
export function dispute(state: State, paymentId: string): void {
	const payment = findById(state.payments, paymentId, "Payment");
	if (payment.status !== "succeeded") throw new Refusal("BAD_REQUEST", `Payment ${paymentId} is ${payment.status}`);
	if (!state.disputedPaymentIds.includes(paymentId)) state.disputedPaymentIds.push(paymentId);
}
