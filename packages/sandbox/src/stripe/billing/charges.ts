/** The records of charges. */
import type { State } from "../../state.ts";
import { newId } from "../ids.ts";
import type { Charge, PaymentIntent, PaymentMethod } from "../records.ts";

/** Stores a pending charge of an intent. */
export function newCharge(state: State, intent: PaymentIntent, method: PaymentMethod, atSeconds: number): Charge {
	const id = newId("ch");
	const charge: Charge = {
		id,
		object: "charge",
		amount: intent.amount,
		amount_captured: 0,
		amount_refunded: 0,
		application: null,
		application_fee: null,
		application_fee_amount: null,
		balance_transaction: null,
		billing_details: method.billing_details,
		calculated_statement_descriptor: "PARLEY",
		captured: false,
		created: atSeconds,
		currency: intent.currency,
		customer: intent.customer,
		description: intent.description,
		disputed: false,
		failure_balance_transaction: null,
		failure_code: null,
		failure_message: null,
		fraud_details: {},
		livemode: false,
		metadata: { ...intent.metadata },
		on_behalf_of: null,
		outcome: null,
		paid: false,
		payment_intent: intent.id,
		payment_method: method.id,
		payment_method_details: detailsOf(method),
		receipt_email: null,
		receipt_number: null,
		receipt_url: `${state.stripe.origin}/stripe/receipts/${id}`,
		refunded: false,
		review: null,
		shipping: null,
		source: null,
		source_transfer: null,
		statement_descriptor: null,
		statement_descriptor_suffix: null,
		status: "pending",
		transfer_data: null,
		transfer_group: null,
	};
	state.stripe.charges.push(charge);
	return charge;
}

/** The card network's outcome of a charge. */
export function outcomeOf(type: "authorized" | "issuer_declined"): NonNullable<Charge["outcome"]> {
	const isGood = type === "authorized";
	return {
		advice_code: null,
		network_advice_code: null,
		network_decline_code: isGood ? null : "05",
		network_status: isGood ? "approved_by_network" : "declined_by_network",
		reason: isGood ? null : "generic_decline",
		risk_level: "normal",
		risk_score: 10,
		seller_message: isGood ? "Payment complete." : "The bank did not return any further details with this decline.",
		type,
	};
}

function detailsOf({ type, card, us_bank_account: account }: PaymentMethod): Charge["payment_method_details"] {
	if (card !== undefined) return { type, card: cardDetails(card) };
	if (account === undefined) return { type };
	const { account_holder_type, account_type, bank_name, fingerprint, last4, routing_number } = account;
	return {
		type,
		us_bank_account: { account_holder_type, account_type, bank_name, fingerprint, last4, payment_reference: null, routing_number },
	};
}

type CardDetails = NonNullable<NonNullable<Charge["payment_method_details"]>["card"]>;

function cardDetails({
	brand,
	checks,
	country,
	exp_month,
	exp_year,
	fingerprint,
	funding,
	last4,
}: NonNullable<PaymentMethod["card"]>): CardDetails {
	return {
		amount_authorized: null,
		authorization_code: null,
		brand,
		checks,
		country,
		electronic_commerce_indicator: null,
		exp_month,
		exp_year,
		...(fingerprint === undefined ? {} : { fingerprint }),
		funding,
		installments: null,
		last4,
		mandate: null,
		network: brand,
		network_transaction_id: null,
		regulated_status: "unregulated",
		three_d_secure: null,
		transaction_link_id: null,
		wallet: null,
	};
}
