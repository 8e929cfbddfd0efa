import type { State } from "../../../state.ts";
import { emit } from "../../events/emit.ts";
import { find } from "../../find.ts";
import { newId } from "../../ids.ts";
import type { CheckoutSession, LineItem, Price } from "../../records.ts";
import { InvalidParameters, refuse } from "../../refusal.ts";
import type { CheckoutOrder } from "../../state.ts";
import { productOf } from "../invoices/lines.ts";

const openSeconds = 24 * 60 * 60;

/** The parameters of a new session, as the API names them. */
export interface CheckoutRequest {
	mode: "payment" | "subscription" | "setup";
	customer?: string | undefined;
	customer_email?: string | undefined;
	customer_creation?: "always" | "if_required" | undefined;
	line_items?: { price: string; quantity?: number | undefined }[] | undefined;
	success_url: string;
	cancel_url?: string | undefined;
	client_reference_id?: string | undefined;
	metadata?: Record<string, string> | null | undefined;
	allow_promotion_codes?: boolean | undefined;
	billing_address_collection?: "auto" | "required" | undefined;
	automatic_tax?: { enabled: boolean } | undefined;
	allowed_payment_method_types?: string[] | undefined;
	locale?: string | undefined;
	currency?: string | undefined;
	expires_at?: number | undefined;
	invoice_creation?: { enabled: boolean } | undefined;
	subscription_data?:
		| {
				metadata?: Record<string, string> | null | undefined;
				description?: string | undefined;
				trial_period_days?: number | undefined;
				trial_end?: number | undefined;
		  }
		| undefined;
	payment_intent_data?:
		| {
				metadata?: Record<string, string> | null | undefined;
				description?: string | undefined;
				setup_future_usage?: "off_session" | "on_session" | undefined;
		  }
		| undefined;
}

/**
 * Opens a session, which expires after 24 hours.
 * @throws StripeRefusal
 */
export function createCheckoutSession(state: State, request: CheckoutRequest, atSeconds: number): CheckoutSession {
	const { stripe } = state;
	const lineItems = lineItemsOf(state, request);
	const customer = request.customer === undefined ? null : find(stripe.customers, request.customer, "customer", "customer");
	const id = newId("cs_test");
	const order = orderOf(id, request, lineItems, atSeconds);
	const totalCents = order.trialDays > 0 ? 0 : lineItems.reduce((sum, { amount_total }) => sum + amount_total, 0);
	const isSetup = request.mode === "setup";
	const session: CheckoutSession = {
		id,
		object: "checkout.session",
		adaptive_pricing: { enabled: false },
		after_expiration: null,
		allow_promotion_codes: request.allow_promotion_codes ?? null,
		allowed_payment_method_types: request.allowed_payment_method_types ?? null,
		amount_subtotal: isSetup ? null : totalCents,
		amount_total: isSetup ? null : totalCents,
		automatic_tax: { enabled: request.automatic_tax?.enabled ?? false, liability: null, provider: null, status: null },
		billing_address_collection: request.billing_address_collection ?? null,
		cancel_url: request.cancel_url ?? null,
		client_reference_id: request.client_reference_id ?? null,
		client_secret: null,
		collected_information: null,
		consent: null,
		consent_collection: null,
		created: atSeconds,
		currency: isSetup ? (request.currency ?? null) : (lineItems[0]?.currency ?? "usd"),
		currency_conversion: null,
		custom_fields: [],
		custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
		customer: customer?.id ?? null,
		customer_account: null,
		customer_creation: customer === null && request.mode !== "subscription" ? (request.customer_creation ?? "if_required") : null,
		customer_details: null,
		customer_email: request.customer_email ?? null,
		discounts: [],
		expires_at: request.expires_at ?? atSeconds + openSeconds,
		integration_identifier: null,
		invoice: null,
		invoice_creation:
			request.mode === "payment"
				? {
						enabled: request.invoice_creation?.enabled ?? false,
						invoice_data: {
							account_tax_ids: null,
							custom_fields: null,
							description: null,
							footer: null,
							issuer: null,
							metadata: {},
							rendering_options: null,
						},
					}
				: null,
		livemode: false,
		locale: (request.locale ?? null) as CheckoutSession["locale"],
		managed_payments: null,
		metadata: { ...request.metadata },
		mode: request.mode,
		origin_context: null,
		payment_intent: null,
		payment_link: null,
		payment_method_collection: request.mode === "subscription" ? "always" : "if_required",
		payment_method_configuration_details: null,
		payment_method_options: {},
		payment_method_types: request.allowed_payment_method_types ?? ["card", "us_bank_account"],
		payment_status: isSetup ? "no_payment_required" : "unpaid",
		permissions: null,
		recovered_from: null,
		saved_payment_method_options: null,
		setup_intent: null,
		shipping_address_collection: null,
		shipping_cost: null,
		shipping_options: [],
		status: "open",
		submit_type: null,
		subscription: null,
		success_url: request.success_url,
		total_details: isSetup ? null : { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
		ui_mode: "hosted_page",
		url: `${stripe.origin}/stripe/checkout/${id}`,
		wallet_options: null,
	};
	stripe.checkoutSessions.push(session);
	stripe.checkoutOrders.push(order);
	return session;
}

const daySeconds = 24 * 60 * 60;

function orderOf(sessionId: string, request: CheckoutRequest, lineItems: LineItem[], atSeconds: number): CheckoutOrder {
	const { subscription_data, payment_intent_data, mode } = request;
	if (subscription_data !== undefined && mode !== "subscription")
		throw refuse("You can not pass `subscription_data` in `payment` mode.", { param: "subscription_data" });
	if (payment_intent_data !== undefined && mode !== "payment")
		throw refuse("You can not pass `payment_intent_data` in `subscription` mode.", { param: "payment_intent_data" });
	if (request.invoice_creation !== undefined && mode !== "payment")
		throw refuse("You can only enable invoice creation when `mode` is set to `payment`.", { param: "invoice_creation" });
	const trialEnd = subscription_data?.trial_end;
	return {
		sessionId,
		lineItems,
		trialDays: subscription_data?.trial_period_days ?? (trialEnd === undefined ? 0 : Math.ceil((trialEnd - atSeconds) / daySeconds)),
		subscriptionMetadata: { ...subscription_data?.metadata },
		subscriptionDescription: subscription_data?.description ?? null,
		paymentMetadata: { ...payment_intent_data?.metadata },
		paymentDescription: payment_intent_data?.description ?? null,
		setupFutureUsage: payment_intent_data?.setup_future_usage ?? null,
		isAwaited: false,
	};
}

function lineItemsOf(state: State, { mode, line_items: wanted }: CheckoutRequest): LineItem[] {
	if (mode === "setup") {
		if (wanted !== undefined) throw refuse("You can not pass `line_items` in `setup` mode.", { param: "line_items" });
		return [];
	}
	if (wanted === undefined || wanted.length === 0)
		throw new InvalidParameters("Missing required param: line_items.", { code: "parameter_missing", param: "line_items" });
	const prices = wanted.map(({ price }, index) => find(state.stripe.prices, price, "price", `line_items[${index}][price]`));
	for (const [index, price] of prices.entries()) {
		if (!price.active)
			throw refuse("The price specified is inactive. This field only accepts active prices.", { param: `line_items[${index}][price]` });
	}
	if (mode === "payment" && prices.some(({ recurring }) => recurring !== null))
		throw refuse(
			"You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.",
			{ param: "mode" },
		);
	if (mode === "subscription" && prices.every(({ recurring }) => recurring === null))
		throw refuse("You must provide at least one recurring price in `subscription` mode when using prices.", { param: "mode" });
	return prices.map((price, index) => lineItem(state, price, wanted[index]?.quantity ?? 1));
}

function lineItem(state: State, price: Price, quantity: number): LineItem {
	const amount = (price.unit_amount ?? 0) * quantity;
	return {
		id: newId("li"),
		object: "item",
		adjustable_quantity: null,
		amount_discount: 0,
		amount_subtotal: amount,
		amount_tax: 0,
		amount_total: amount,
		currency: price.currency,
		description: productOf(state.stripe, price).name,
		metadata: {},
		price: structuredClone(price),
		quantity,
	};
}

/** Expires the session: it can no longer be paid. */
export function expireCheckoutSession(state: State, session: CheckoutSession, atSeconds: number): void {
	session.status = "expired";
	session.url = null;
	emit(state, "checkout.session.expired", session, atSeconds);
}
