/** Invoices and their payments: the fields the sandbox sends, typed as in stripe 23.1.0. Strict: an unknown field fails. */
import { z } from "zod";
import { flags, nulls, numbers, numbersOrNull, texts, textsOrNull } from "../../../testing/schemas/fields.ts";
import { list, metadata, reference } from "./shared.ts";

export const lineItem = z.strictObject({
	object: z.literal("line_item"),
	...texts("id", "currency"),
	...numbers("amount", "subtotal"),
	...textsOrNull("description", "invoice", "quantity_decimal"),
	...flags("discountable", "livemode"),
	quantity: z.number().nullable(),
	discount_amounts: z.tuple([]),
	discounts: z.tuple([]),
	metadata,
	parent: z.strictObject({
		invoice_item_details: z
			.strictObject({
				invoice_item: z.string(),
				proration: z.boolean(),
				subscription: z.string().nullable(),
				proration_details: z.strictObject({ credited_items: z.null() }),
			})
			.nullable(),
		subscription_item_details: z
			.strictObject({
				invoice_item: z.string().nullable(),
				subscription: z.string().nullable(),
				proration: z.boolean(),
				subscription_item: z.string(),
				proration_details: z.strictObject({ credited_items: z.null() }),
			})
			.nullable(),
		type: z.enum(["invoice_item_details", "subscription_item_details"]),
	}),
	period: z.strictObject({ end: z.number(), start: z.number() }),
	pretax_credit_amounts: z.tuple([]),
	pricing: z.strictObject({
		type: z.literal("price_details"),
		unit_amount_decimal: z.string().nullable(),
		price_details: z.strictObject({ product: z.string(), price: reference("price") }),
	}),
	subscription: reference("subscription").nullable(),
	taxes: z.tuple([]),
});

export const invoicePayment = z.strictObject({
	object: z.literal("invoice_payment"),
	...texts("id", "currency", "status"),
	amount_paid: z.number().nullable(),
	...numbers("amount_requested", "created"),
	...flags("is_default", "livemode"),
	invoice: reference("invoice"),
	payment: z.strictObject({ payment_intent: reference("payment_intent"), type: z.enum(["payment_intent", "charge", "payment_record"]) }),
	status_transitions: z.strictObject({ canceled_at: z.number().nullable(), paid_at: z.number().nullable() }),
});

export const invoice = z.strictObject({
	object: z.literal("invoice"),
	...texts("id", "currency"),
	...textsOrNull(
		"account_country",
		"account_name",
		"customer_account",
		"customer_email",
		"customer_name",
		"customer_phone",
		"description",
		"footer",
		"hosted_invoice_url",
		"invoice_pdf",
		"number",
		"receipt_number",
		"statement_descriptor",
	),
	...nulls(
		"account_tax_ids",
		"custom_fields",
		"customer_address",
		"customer_shipping",
		"from_invoice",
		"last_finalization_error",
		"rendering",
		"shipping_cost",
		"shipping_details",
	),
	...numbers(
		"amount_due",
		"amount_overpaid",
		"amount_paid",
		"amount_remaining",
		"amount_shipping",
		"attempt_count",
		"created",
		"period_end",
		"period_start",
		"post_payment_credit_notes_amount",
		"pre_payment_credit_notes_amount",
		"starting_balance",
		"subtotal",
		"total",
	),
	...flags("attempted", "auto_advance", "livemode"),
	...numbersOrNull(
		"automatically_finalizes_at",
		"due_date",
		"effective_at",
		"ending_balance",
		"next_payment_attempt",
		"subtotal_excluding_tax",
		"total_excluding_tax",
		"webhooks_delivered_at",
	),
	application: z.null(),
	automatic_tax: z.strictObject({
		...nulls("disabled_reason", "liability", "status"),
		enabled: z.boolean(),
		provider: z.string().nullable(),
	}),
	billing_reason: z
		.enum([
			"manual",
			"subscription",
			"automatic_pending_invoice_item_invoice",
			"quote_accept",
			"subscription_create",
			"subscription_cycle",
			"subscription_threshold",
			"subscription_update",
			"upcoming",
		])
		.nullable(),
	collection_method: z.enum(["charge_automatically", "send_invoice"]),
	customer: reference("customer").nullable(),
	customer_tax_exempt: z.enum(["exempt", "none", "reverse"]).nullable(),
	customer_tax_ids: z.tuple([]),
	default_payment_method: reference("payment_method").nullable(),
	default_source: z.null(),
	default_tax_rates: z.tuple([]),
	discounts: z.tuple([]),
	issuer: z.strictObject({ type: z.enum(["account", "self"]) }),
	latest_revision: reference("invoice").nullable(),
	lines: list(lineItem),
	metadata,
	on_behalf_of: z.null(),
	parent: z
		.strictObject({
			quote_details: z.null(),
			subscription_details: z.strictObject({ metadata, subscription: reference("subscription") }),
			type: z.enum(["quote_details", "subscription_details"]),
		})
		.nullable(),
	payment_settings: z.strictObject({
		default_mandate: z.string().nullable(),
		payment_method_options: z.null(),
		payment_method_types: z.null(),
	}),
	payments: list(invoicePayment).optional(),
	status: z.enum(["paid", "open", "draft", "uncollectible", "void"]).nullable(),
	status_transitions: z.strictObject({ ...numbersOrNull("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at") }),
	test_clock: z.null(),
	total_discount_amounts: z.tuple([]),
	total_pretax_credit_amounts: z.tuple([]),
	total_taxes: z.tuple([]),
});
