/** Checkout sessions: the fields the sandbox sends, typed as in stripe 23.1.0. Strict: an unknown field fails. */
import { z } from "zod";
import { nulls, numbers, numbersOrNull, texts, textsOrNull } from "../../../testing/schemas/fields.ts";
import { price } from "./catalogue.ts";
import { address, list, metadata, reference } from "./shared.ts";

export const item = z.strictObject({
	object: z.literal("item"),
	...texts("id", "currency"),
	adjustable_quantity: z.null(),
	...numbers("amount_discount", "amount_subtotal", "amount_tax", "amount_total"),
	description: z.string().nullable(),
	quantity: z.number().nullable(),
	metadata,
	price,
});

export const checkoutSession = z.strictObject({
	object: z.literal("checkout.session"),
	id: z.string(),
	...nulls(
		"after_expiration",
		"collected_information",
		"consent",
		"consent_collection",
		"currency_conversion",
		"locale",
		"managed_payments",
		"origin_context",
		"payment_method_configuration_details",
		"permissions",
		"saved_payment_method_options",
		"shipping_address_collection",
		"shipping_cost",
		"submit_type",
		"wallet_options",
	),
	...numbersOrNull("amount_subtotal", "amount_total"),
	...textsOrNull(
		"cancel_url",
		"client_reference_id",
		"client_secret",
		"currency",
		"customer_account",
		"customer_email",
		"integration_identifier",
		"recovered_from",
		"success_url",
		"url",
	),
	...numbers("created", "expires_at"),
	livemode: z.boolean(),
	adaptive_pricing: z.strictObject({ enabled: z.boolean() }),
	allow_promotion_codes: z.boolean().nullable(),
	automatic_tax: z.strictObject({ enabled: z.boolean(), liability: z.null(), status: z.null(), provider: z.string().nullable() }),
	custom_fields: z.tuple([]),
	custom_text: z.strictObject({ ...nulls("after_submit", "shipping_address", "submit", "terms_of_service_acceptance") }),
	allowed_payment_method_types: z.array(z.string()).nullable(),
	billing_address_collection: z.enum(["auto", "required"]).nullable(),
	customer_creation: z.enum(["always", "if_required"]).nullable(),
	customer: reference("customer").nullable(),
	customer_details: z
		.strictObject({
			...textsOrNull("business_name", "email", "individual_name", "name", "phone"),
			address,
			tax_exempt: z.enum(["exempt", "none", "reverse"]).nullable(),
			tax_ids: z.tuple([]),
		})
		.nullable(),
	discounts: z.tuple([]),
	invoice: reference("invoice").nullable(),
	invoice_creation: z
		.strictObject({
			enabled: z.boolean(),
			invoice_data: z.strictObject({
				...nulls("account_tax_ids", "custom_fields", "issuer", "rendering_options"),
				...textsOrNull("description", "footer"),
				metadata,
			}),
		})
		.nullable(),
	line_items: list(item).optional(),
	metadata,
	mode: z.enum(["payment", "setup", "subscription"]),
	payment_intent: reference("payment_intent").nullable(),
	payment_link: z.null(),
	payment_method_collection: z.enum(["always", "if_required"]).nullable(),
	payment_method_options: z.strictObject({}),
	payment_method_types: z.array(z.string()),
	payment_status: z.enum(["no_payment_required", "paid", "unpaid"]),
	setup_intent: reference("setup_intent").nullable(),
	shipping_options: z.tuple([]),
	status: z.enum(["expired", "complete", "open"]).nullable(),
	subscription: reference("subscription").nullable(),
	total_details: z.strictObject({ amount_discount: z.number(), amount_tax: z.number(), amount_shipping: z.number().nullable() }).nullable(),
	ui_mode: z.enum(["elements", "embedded_page", "form", "hosted_page"]).nullable(),
});
