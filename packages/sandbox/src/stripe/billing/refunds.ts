import type { State } from "../../state.ts";
import { changing, emit } from "../events/emit.ts";
import { find, known } from "../find.ts";
import { newId } from "../ids.ts";
import type { Charge, Refund } from "../records.ts";
import { InvalidParameters, refuse } from "../refusal.ts";
import { dollars } from "./invoices/lines.ts";
import { mergedMetadata } from "./metadata.ts";

/** The parameters of a refund. */
export interface RefundRequest {
	charge?: string | undefined;
	payment_intent?: string | undefined;
	/** Cents; by default the unrefunded amount. */
	amount?: number | undefined;
	reason?: "duplicate" | "fraudulent" | "requested_by_customer" | undefined;
	metadata?: Record<string, string> | null | undefined;
}

/**
 * Refunds a charge. The invoice and the subscription do not change.
 * @throws StripeRefusal
 */
export function refund(state: State, request: RefundRequest, atSeconds: number): Refund {
	const charge = chargeNamed(state, request);
	const leftCents = charge.amount - charge.amount_refunded;
	if (charge.disputed) throw refuse(`Charge ${charge.id} has been charged back; cannot issue a refund.`, { code: "charge_disputed" });
	if (charge.refunded) throw refuse(`Charge ${charge.id} has already been refunded.`, { code: "charge_already_refunded" });
	if (!charge.paid) throw refuse(`Charge ${charge.id} has not been paid.`, { code: "charge_not_refundable" });
	const amount = request.amount ?? leftCents;
	if (amount <= 0) throw new InvalidParameters("Invalid positive integer", { code: "parameter_invalid_integer", param: "amount" });
	if (amount > leftCents)
		throw refuse(`Refund amount (${dollars(amount)}) is greater than unrefunded amount on charge (${dollars(leftCents)})`, {
			param: "amount",
		});
	const record: Refund = {
		id: newId("re"),
		object: "refund",
		amount,
		balance_transaction: newId("txn"),
		charge: charge.id,
		created: atSeconds,
		currency: charge.currency,
		customer: charge.customer,
		customer_account: null,
		destination_details: {
			card: { reference_status: "pending", reference_type: "acquirer_reference_number", type: "refund" },
			type: "card",
		},
		metadata: mergedMetadata({}, request.metadata),
		payment_intent: charge.payment_intent,
		payment_method: charge.payment_method,
		reason: request.reason ?? null,
		receipt_number: null,
		source_transfer_reversal: null,
		status: "succeeded",
		transfer_reversal: null,
	};
	state.stripe.refunds.push(record);
	emit(state, "refund.created", record, atSeconds);
	changing(state, charge, "charge.refunded", atSeconds, () => {
		charge.amount_refunded += amount;
		charge.refunded = charge.amount_refunded === charge.amount;
	});
	return record;
}

/**
 * The charge named by the request, or the one that paid the intent.
 * @throws StripeRefusal
 */
export function chargeNamed({ stripe }: State, { charge, payment_intent }: Pick<RefundRequest, "charge" | "payment_intent">): Charge {
	if (charge !== undefined) return find(stripe.charges, charge, "charge", "charge");
	if (payment_intent === undefined)
		throw new InvalidParameters("One of the following params should be provided for this request: payment_intent or charge.", {
			code: "parameter_missing",
		});
	const intent = find(stripe.paymentIntents, payment_intent, "payment_intent", "payment_intent");
	if (intent.status !== "succeeded")
		throw refuse(`This PaymentIntent (${intent.id}) does not have a successful charge to refund.`, { param: "payment_intent" });
	return known(stripe.charges, intent.latest_charge);
}
