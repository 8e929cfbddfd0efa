import type { State } from "../../state.ts";
import { changing, emit } from "../events/emit.ts";
import { find, known } from "../find.ts";
import { newId } from "../ids.ts";
import type { Customer } from "../records.ts";
import { refuse } from "../refusal.ts";
import { mergedMetadata } from "./metadata.ts";
import { attach } from "./payment-methods.ts";
import { endSubscription } from "./subscriptions/cancel.ts";
import { isLive } from "./subscriptions/find.ts";

export interface CustomerFields {
	name?: string | null | undefined;
	email?: string | null | undefined;
	phone?: string | null | undefined;
	description?: string | null | undefined;
	address?: Customer["address"] | undefined;
	metadata?: Record<string, string> | null | undefined;
	balance?: number | undefined;
	preferred_locales?: string[] | undefined;
	invoice_settings?: { default_payment_method?: string | null | undefined } | undefined;
	payment_method?: string | undefined;
}

/** Creates a customer. */
export function createCustomer(state: State, fields: CustomerFields, atSeconds: number): Customer {
	const id = newId("cus");
	const customer: Customer = {
		id,
		object: "customer",
		address: null,
		balance: 0,
		created: atSeconds,
		currency: null,
		customer_account: null,
		default_source: null,
		delinquent: false,
		description: null,
		discount: null,
		email: null,
		invoice_prefix: id.slice(-8).toUpperCase(),
		invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
		livemode: false,
		metadata: {},
		name: null,
		next_invoice_sequence: 1,
		phone: null,
		preferred_locales: [],
		shipping: null,
		tax_exempt: "none",
		test_clock: null,
	};
	state.stripe.customers.push(customer);
	setFields(state, customer, fields, atSeconds);
	emit(state, "customer.created", customer, atSeconds);
	return customer;
}

/** Changes the fields given. */
export function updateCustomer(state: State, customer: Customer, fields: CustomerFields, atSeconds: number): void {
	changing(state, customer, "customer.updated", atSeconds, () => setFields(state, customer, fields, atSeconds));
}

function setFields(state: State, customer: Customer, fields: CustomerFields, atSeconds: number): void {
	const { metadata, invoice_settings, payment_method, ...plain } = fields;
	if (payment_method !== undefined)
		attach(state, find(state.stripe.paymentMethods, payment_method, "PaymentMethod", "payment_method"), customer.id, atSeconds);
	const preferred = invoice_settings?.default_payment_method;
	if (typeof preferred === "string") {
		const method = find(state.stripe.paymentMethods, preferred, "PaymentMethod", "invoice_settings[default_payment_method]");
		if (method.customer !== customer.id)
			throw refuse(
				`The customer does not have a payment method with the ID ${preferred}. The payment method must be attached to the customer.`,
				{ code: "resource_missing", param: "invoice_settings[default_payment_method]" },
			);
	}
	if (preferred !== undefined) customer.invoice_settings.default_payment_method = preferred;
	Object.assign(customer, Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)));
	customer.metadata = mergedMetadata(customer.metadata, metadata);
}

/** Deletes a customer and ends its subscriptions at once. Invoices and payments stay. */
export function deleteCustomer(state: State, id: string, atSeconds: number): void {
	const { stripe } = state;
	const customer = find(stripe.customers, id, "customer");
	for (const subscription of stripe.subscriptions) {
		if (subscription.customer === id && isLive(subscription)) endSubscription(state, subscription, null, atSeconds);
	}
	for (const method of stripe.paymentMethods) if (method.customer === id) method.customer = null;
	stripe.customers = stripe.customers.filter((one) => one !== customer);
	stripe.deletedCustomerIds.push(id);
	emit(state, "customer.deleted", customer, atSeconds);
}

/** The customer of a record. Throws for a deleted one, which gets no more invoices. */
export function customerOf(state: State, { customer }: { customer: string | null }): Customer {
	return known(state.stripe.customers, customer);
}
