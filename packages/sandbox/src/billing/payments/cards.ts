import type { State } from "../../state.ts";
import { newRecord } from "../ids.ts";
import { pricingModelId } from "../pricing/pricing.ts";
import type { Customer, PaymentMethod } from "../records.ts";

/** The cards offered at the checkout. The numbers are those of Stripe's test cards with the same behavior. */
export const cards = [
	{ number: "4242", label: "Visa ending in 4242: pays always" },
	{ number: "0341", label: "Visa ending in 0341: is accepted, then every charge fails" },
	{ number: "0002", label: "Visa ending in 0002: is declined at once" },
] as const;

/** The card that is declined at the checkout. */
export const refusedCard = "0002";
const emptyCard = "0341";

/** The customer's default card. */
export function defaultPaymentMethod(state: State, customerId: string): PaymentMethod | undefined {
	return state.paymentMethods.findLast((method) => method.customerId === customerId && method.default);
}

/** The customer's card with that number; adds it if it is new. */
export function cardNumbered(state: State, customer: Customer, number: string, atMs: number): PaymentMethod {
	const known = state.paymentMethods.find((method) => method.customerId === customer.id && lastDigits(method) === number);
	return known ?? addPaymentMethod(state, customer, number, atMs);
}

/** Adds a card and makes it the customer's default. */
export function addPaymentMethod(state: State, customer: Customer, number: string, atMs: number): PaymentMethod {
	for (const method of state.paymentMethods) {
		if (method.customerId === customer.id) method.default = false;
	}
	const method: PaymentMethod = {
		...newRecord("pm", atMs),
		customerId: customer.id,
		pricingModelId,
		billingDetails: {
			name: customer.name,
			email: customer.email,
			address: {
				line1: null,
				line2: null,
				city: null,
				state: null,
				postal_code: null,
				country: "US",
			},
		},
		type: "card",
		default: true,
		paymentMethodData: {
			brand: "visa",
			last4: number,
			exp_month: 12,
			exp_year: new Date(atMs).getUTCFullYear() + 4,
		},
		metadata: null,
	};
	state.paymentMethods.push(method);
	return method;
}

/** The last four digits. */
export function lastDigits(method: PaymentMethod): string {
	return String(method.paymentMethodData.last4);
}

/** Whether every charge to this card fails. */
export function isEmptyCard(method: PaymentMethod): boolean {
	return lastDigits(method) === emptyCard;
}
