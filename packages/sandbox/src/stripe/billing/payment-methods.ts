import { customAlphabet } from "nanoid";
import type { State } from "../../state.ts";
import { changing, emit } from "../events/emit.ts";
import { newId } from "../ids.ts";
import type { Customer, PaymentMethod, Subscription } from "../records.ts";
import { refuse } from "../refusal.ts";
import type { Occasion } from "../state.ts";

/** The payment instruments offered on pages. The numbers are those of Stripe's test cards and accounts with similar behavior. */
export const instruments = [
	{ number: "4242", type: "card", label: "Visa ending in 4242: pays always" },
	{ number: "0341", type: "card", label: "Visa ending in 0341: pays at a checkout, then every charge fails" },
	{ number: "3184", type: "card", label: "Visa ending in 3184: pays, and every charge outside a page must be confirmed" },
	{ number: "0002", type: "card", label: "Visa ending in 0002: is declined at once" },
	{ number: "6789", type: "us_bank_account", label: "Bank account ending in 6789: takes three days" },
] as const;

export type Instrument = (typeof instruments)[number];

/** The card that is declined on every page. */
export const refusedCard = "0002";
const emptyCard = "0341";
const confirmedCard = "3184";

/** The instrument with that number; by default the first. */
export function instrumentNumbered(number: unknown): Instrument {
	return instruments.find((one) => one.number === number) ?? instruments[0];
}

function lastDigits({ card, us_bank_account }: PaymentMethod): string {
	return card?.last4 ?? us_bank_account?.last4 ?? "";
}

/** "Visa ending in 4242" */
export function methodName(method: PaymentMethod): string {
	return `${method.type === "card" ? "Visa" : "Bank account"} ending in ${lastDigits(method)}`;
}

/** Whether every charge after the checkout page fails. */
export function isEmptyCard(method: PaymentMethod): boolean {
	return lastDigits(method) === emptyCard;
}

/** Whether the bank requires the customer to confirm a charge made by API call (3-D Secure). Renewals are exempt: the first payment authorized them. */
export function needsConfirmation(method: PaymentMethod, occasion: Occasion): boolean {
	return lastDigits(method) === confirmedCard && occasion === "call";
}

/** The customer's method with that number; creates it if it is new. `keep` attaches it to the customer. */
export function methodNumbered(state: State, customer: Customer, instrument: Instrument, keep: boolean, atSeconds: number): PaymentMethod {
	const saved = state.stripe.paymentMethods.find((one) => one.customer === customer.id && lastDigits(one) === instrument.number);
	if (saved !== undefined) return saved;
	const method = newMethod(customer, instrument, atSeconds);
	state.stripe.paymentMethods.push(method);
	if (keep) attach(state, method, customer.id, atSeconds);
	return method;
}

/** Attaches a method to a customer. Idempotent. */
export function attach(state: State, method: PaymentMethod, customerId: string, atSeconds: number): void {
	if (method.customer === customerId) return;
	method.customer = customerId;
	emit(state, "payment_method.attached", method, atSeconds);
}

const fingerprint = customAlphabet("0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", 16);

function newMethod({ name, email }: Customer, { number, type }: Instrument, atSeconds: number): PaymentMethod {
	return {
		id: newId("pm"),
		object: "payment_method",
		allow_redisplay: "limited",
		billing_details: {
			address: { city: null, country: "US", line1: null, line2: null, postal_code: "42424", state: null },
			email,
			name: name ?? null,
			phone: null,
			tax_id: null,
		},
		created: atSeconds,
		customer: null,
		customer_account: null,
		livemode: false,
		metadata: {},
		type,
		...(type === "card" ? { card: card(number, atSeconds) } : { us_bank_account: account(number) }),
	};
}

function card(last4: string, atSeconds: number): NonNullable<PaymentMethod["card"]> {
	return {
		brand: "visa",
		checks: { address_line1_check: null, address_postal_code_check: "pass", cvc_check: "pass" },
		country: "US",
		display_brand: "visa",
		exp_month: 12,
		exp_year: new Date(atSeconds * 1000).getUTCFullYear() + 4,
		fingerprint: fingerprint(),
		funding: "credit",
		generated_from: null,
		last4,
		networks: { available: ["visa"], preferred: null },
		regulated_status: "unregulated",
		three_d_secure_usage: { supported: true },
		wallet: null,
	};
}

function account(last4: string): NonNullable<PaymentMethod["us_bank_account"]> {
	return {
		account_holder_type: "individual",
		account_type: "checking",
		bank_name: "STRIPE TEST BANK",
		financial_connections_account: null,
		fingerprint: fingerprint(),
		last4,
		networks: { preferred: "ach", supported: ["ach"] },
		routing_number: "110000000",
		status_details: {},
	};
}

/** The method that a subscription is charged to: its own, else the customer's default. */
export function methodFor(
	state: State,
	subscription: Pick<Subscription, "default_payment_method" | "customer">,
): PaymentMethod | undefined {
	const customer = state.stripe.customers.find(({ id }) => id === subscription.customer);
	const id = subscription.default_payment_method ?? customer?.invoice_settings.default_payment_method;
	return state.stripe.paymentMethods.find((one) => one.id === id);
}

/**
 * Makes a method the customer's default. A subscription with its own method keeps it, as each subscription bought at a checkout does.
 */
export function prefer(state: State, customer: Customer, method: PaymentMethod, atSeconds: number): void {
	attach(state, method, customer.id, atSeconds);
	changing(state, customer, "customer.updated", atSeconds, () => {
		customer.invoice_settings.default_payment_method = method.id;
	});
}

/** Detaches a method from its customer. It is no longer charged. */
export function detach(state: State, method: PaymentMethod, atSeconds: number): void {
	const { customers, subscriptions } = state.stripe;
	const customer = customers.find(({ id }) => id === method.customer);
	if (customer === undefined) throw refuse("The payment method you provided is not attached to a customer so detachment is impossible.");
	method.customer = null;
	if (customer.invoice_settings.default_payment_method === method.id) {
		changing(state, customer, "customer.updated", atSeconds, () => {
			customer.invoice_settings.default_payment_method = null;
		});
	}
	for (const subscription of subscriptions.filter((one) => one.default_payment_method === method.id)) {
		changing(state, subscription, "customer.subscription.updated", atSeconds, () => {
			subscription.default_payment_method = null;
		});
	}
	emit(state, "payment_method.detached", method, atSeconds);
}
