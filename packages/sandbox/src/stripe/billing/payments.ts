/** Payment intents and their charges. Invoices and checkouts apply the outcome themselves. */
import type { State } from "../../state.ts";
import { emit } from "../events/emit.ts";
import { known } from "../find.ts";
import { clientSecret, newId } from "../ids.ts";
import type { Charge, PaymentIntent, PaymentMethod } from "../records.ts";
import type { Occasion } from "../state.ts";
import { newCharge, outcomeOf } from "./charges.ts";
import { isEmptyCard, needsConfirmation } from "./payment-methods.ts";

const bankDebitDelayMs = 3 * 24 * 60 * 60 * 1000;

/** `unconfirmed`: the bank requires the customer to confirm the payment. */
export type Outcome = "succeeded" | "declined" | "processing" | "unconfirmed";

/** The terms of a new payment intent. */
export interface Demand {
	customerId: string | null;
	amountCents: number;
	currency: string;
	description: string | null;
	metadata: Record<string, string>;
	setupFutureUsage: "off_session" | "on_session" | null;
}

/** Creates an intent without a payment method. */
export function createPaymentIntent(state: State, demand: Demand, atSeconds: number): PaymentIntent {
	const id = newId("pi");
	const intent: PaymentIntent = {
		id,
		object: "payment_intent",
		allowed_payment_method_types: null,
		amount: demand.amountCents,
		amount_capturable: 0,
		amount_details: { tip: {} },
		amount_received: 0,
		application: null,
		application_fee_amount: null,
		automatic_payment_methods: null,
		canceled_at: null,
		cancellation_reason: null,
		capture_method: "automatic",
		client_secret: clientSecret(id),
		confirmation_method: "automatic",
		created: atSeconds,
		currency: demand.currency,
		customer: demand.customerId,
		customer_account: null,
		description: demand.description,
		excluded_payment_method_types: null,
		last_payment_error: null,
		latest_charge: null,
		livemode: false,
		managed_payments: null,
		metadata: { ...demand.metadata },
		next_action: null,
		on_behalf_of: null,
		payment_method: null,
		payment_method_configuration_details: null,
		payment_method_options: null,
		payment_method_types: ["card", "us_bank_account"],
		payment_record: null,
		processing: null,
		receipt_email: null,
		review: null,
		setup_future_usage: demand.setupFutureUsage,
		shipping: null,
		source: null,
		statement_descriptor: null,
		statement_descriptor_suffix: null,
		status: "requires_payment_method",
		transfer_data: null,
		transfer_group: null,
	};
	state.stripe.paymentIntents.push(intent);
	return intent;
}

/** Whether the card or a fault declines such a charge. */
export function isDeclined(state: State, method: PaymentMethod, occasion: Occasion): boolean {
	if (state.faults.failPayments === true) return true;
	if (isEmptyCard(method) && occasion !== "checkout") return true;
	return occasion === "renewal" && state.faults.declineRenewals === true;
}

/** How long a payment with the method takes to settle, in milliseconds of sandbox time. 0 means at once. */
export function settlingMs(state: State, { type }: PaymentMethod): number {
	return state.faults.paymentDelayMs ?? (type === "us_bank_account" ? bankDebitDelayMs : 0);
}

/** Charges the intent. A slow payment is `processing` until a task settles it. */
export function attempt(state: State, intent: PaymentIntent, method: PaymentMethod, occasion: Occasion, atSeconds: number): Outcome {
	if (needsConfirmation(method, occasion)) {
		intent.payment_method = method.id;
		intent.status = "requires_action";
		emit(state, "payment_intent.requires_action", intent, atSeconds);
		return "unconfirmed";
	}
	const charge = newCharge(state, intent, method, atSeconds);
	intent.payment_method = method.id;
	intent.latest_charge = charge.id;
	intent.last_payment_error = null;
	const delayMs = settlingMs(state, method);
	if (delayMs === 0) return conclude(state, intent, charge, isDeclined(state, method, occasion), atSeconds);
	intent.status = "processing";
	emit(state, "charge.pending", charge, atSeconds);
	emit(state, "payment_intent.processing", intent, atSeconds);
	state.stripe.tasks.push({ type: "settle", dueAtMs: atSeconds * 1000 + delayMs, paymentIntentId: intent.id, occasion });
	return "processing";
}

/** Settles a payment that was `processing`. */
export function settle(state: State, intent: PaymentIntent, occasion: Occasion, atSeconds: number): Outcome {
	const charge = known(state.stripe.charges, intent.latest_charge);
	const method = known(state.stripe.paymentMethods, intent.payment_method);
	return conclude(state, intent, charge, isDeclined(state, method, occasion), atSeconds);
}

function conclude(state: State, intent: PaymentIntent, charge: Charge, declined: boolean, atSeconds: number): Outcome {
	if (declined) {
		fail(state, intent, charge, atSeconds);
		return "declined";
	}
	Object.assign(charge, {
		status: "succeeded",
		paid: true,
		captured: true,
		amount_captured: charge.amount,
		balance_transaction: newId("txn"),
		outcome: outcomeOf("authorized"),
	} satisfies Partial<Charge>);
	intent.status = "succeeded";
	intent.amount_received = intent.amount;
	emit(state, "charge.succeeded", charge, atSeconds);
	emit(state, "payment_intent.succeeded", intent, atSeconds);
	return "succeeded";
}

function fail(state: State, intent: PaymentIntent, charge: Charge, atSeconds: number): void {
	const isCard = charge.payment_method_details?.type === "card";
	const code = isCard ? "card_declined" : "payment_method_provider_decline";
	const message = isCard ? "Your card was declined." : "The bank did not pay: insufficient funds.";
	Object.assign(charge, {
		status: "failed",
		failure_code: code,
		failure_message: message,
		outcome: outcomeOf("issuer_declined"),
	} satisfies Partial<Charge>);
	intent.status = "requires_payment_method";
	intent.last_payment_error = {
		type: isCard ? "card_error" : "invalid_request_error",
		charge: charge.id,
		code,
		...(isCard ? { decline_code: "generic_decline" } : {}),
		message,
	};
	intent.payment_method = null;
	emit(state, "charge.failed", charge, atSeconds);
	emit(state, "payment_intent.payment_failed", intent, atSeconds);
}
