/** Disputes by the customer's bank. The real API cannot open them, so tests do it through /__sandbox/stripe. */
import type { State } from "../../state.ts";
import { emit } from "../events/emit.ts";
import { known } from "../find.ts";
import { newId } from "../ids.ts";
import type { Charge, Dispute } from "../records.ts";
import { refuse } from "../refusal.ts";

const answerSeconds = 20 * 24 * 60 * 60;

/**
 * Opens a dispute of the whole charge.
 * @throws StripeRefusal
 */
export function openDispute(state: State, charge: Charge, atSeconds: number): Dispute {
	if (!charge.paid) throw refuse(`Charge ${charge.id} has not been paid.`);
	if (charge.disputed) throw refuse(`Charge ${charge.id} is disputed already.`);
	const dispute: Dispute = {
		id: newId("du"),
		object: "dispute",
		amount: charge.amount,
		balance_transactions: [],
		charge: charge.id,
		created: atSeconds,
		currency: charge.currency,
		enhanced_eligibility_types: [],
		evidence: noEvidence(),
		evidence_details: {
			due_by: atSeconds + answerSeconds,
			enhanced_eligibility: {},
			has_evidence: false,
			past_due: false,
			submission_count: 0,
			submission_method: "manual",
		},
		intended_submission_method: null,
		is_charge_refundable: false,
		livemode: false,
		metadata: {},
		network_reason_code: "10.4",
		payment_intent: charge.payment_intent,
		reason: "fraudulent",
		status: "needs_response",
	};
	state.stripe.disputes.push(dispute);
	charge.disputed = true;
	emit(state, "charge.dispute.created", dispute, atSeconds);
	emit(state, "charge.dispute.funds_withdrawn", dispute, atSeconds);
	return dispute;
}

/**
 * Closes a dispute. The charge stays `disputed` either way, as with Stripe.
 * @throws StripeRefusal
 */
export function closeDispute(state: State, id: string, outcome: "won" | "lost", atSeconds: number): Dispute {
	const dispute = known(state.stripe.disputes, id);
	if (dispute.status === "won" || dispute.status === "lost") throw refuse(`Dispute ${id} is closed already.`);
	dispute.status = outcome;
	emit(state, "charge.dispute.closed", dispute, atSeconds);
	if (outcome === "won") emit(state, "charge.dispute.funds_reinstated", dispute, atSeconds);
	return dispute;
}

function noEvidence(): Dispute["evidence"] {
	return {
		access_activity_log: null,
		billing_address: null,
		cancellation_policy: null,
		cancellation_policy_disclosure: null,
		cancellation_rebuttal: null,
		customer_communication: null,
		customer_email_address: null,
		customer_name: null,
		customer_purchase_ip: null,
		customer_signature: null,
		duplicate_charge_documentation: null,
		duplicate_charge_explanation: null,
		duplicate_charge_id: null,
		enhanced_evidence: {},
		product_description: null,
		receipt: null,
		refund_policy: null,
		refund_policy_disclosure: null,
		refund_refusal_explanation: null,
		service_date: null,
		service_documentation: null,
		shipping_address: null,
		shipping_carrier: null,
		shipping_date: null,
		shipping_documentation: null,
		shipping_tracking_number: null,
		uncategorized_file: null,
		uncategorized_text: null,
	};
}
