/** The records of checkout sessions. */
import type { CheckoutSession } from "../../records.ts";

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

interface Terms {
	id: string;
	customerId: string | null;
	totalCents: number;
	currency: string;
	/** The sandbox's address, for the link to the page. */
	origin: string;
	atSeconds: number;
}

const openSeconds = 24 * 60 * 60;

/** An open session. */
export function newSession(request: CheckoutRequest, { id, customerId, totalCents, currency, origin, atSeconds }: Terms): CheckoutSession {
	const isSetup = request.mode === "setup";
	return {
		...defaultFields(),
		id,
		allow_promotion_codes: request.allow_promotion_codes ?? null,
		allowed_payment_method_types: request.allowed_payment_method_types ?? null,
		amount_subtotal: isSetup ? null : totalCents,
		amount_total: isSetup ? null : totalCents,
		automatic_tax: { enabled: request.automatic_tax?.enabled ?? false, liability: null, provider: null, status: null },
		billing_address_collection: request.billing_address_collection ?? null,
		cancel_url: request.cancel_url ?? null,
		client_reference_id: request.client_reference_id ?? null,
		created: atSeconds,
		currency: isSetup ? (request.currency ?? null) : currency,
		customer: customerId,
		customer_creation: customerId === null && request.mode !== "subscription" ? (request.customer_creation ?? "if_required") : null,
		customer_email: request.customer_email ?? null,
		expires_at: request.expires_at ?? atSeconds + openSeconds,
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
		locale: (request.locale ?? null) as CheckoutSession["locale"],
		metadata: { ...request.metadata },
		mode: request.mode,
		payment_method_collection: request.mode === "subscription" ? "always" : "if_required",
		payment_method_types: request.allowed_payment_method_types ?? ["card", "us_bank_account"],
		payment_status: isSetup ? "no_payment_required" : "unpaid",
		success_url: request.success_url,
		total_details: isSetup ? null : { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
		url: `${origin}/stripe/checkout/${id}`,
	};
}

/** The fields that are the same on every new session. */
function defaultFields() {
	return {
		object: "checkout.session",
		adaptive_pricing: { enabled: false },
		after_expiration: null,
		client_secret: null,
		collected_information: null,
		consent: null,
		consent_collection: null,
		currency_conversion: null,
		custom_fields: [],
		custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
		customer_account: null,
		customer_details: null,
		discounts: [],
		integration_identifier: null,
		invoice: null,
		livemode: false,
		managed_payments: null,
		origin_context: null,
		payment_intent: null,
		payment_link: null,
		payment_method_configuration_details: null,
		payment_method_options: {},
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
		ui_mode: "hosted_page",
		wallet_options: null,
	} satisfies Partial<CheckoutSession>;
}
