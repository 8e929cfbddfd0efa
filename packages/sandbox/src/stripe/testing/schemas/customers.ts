/** Customers, their payment methods and portal sessions: the fields the sandbox sends, typed as in stripe 23.1.0. Strict: an unknown field fails. */
import { z } from "zod";
import { flags, nulls, numbers, texts, textsOrNull } from "../../../testing/schemas/fields.ts";
import { address, billingDetails, metadata, reference } from "./shared.ts";

export const customer = z.strictObject({
	object: z.literal("customer"),
	id: z.string(),
	...numbers("balance", "created", "next_invoice_sequence"),
	...textsOrNull("currency", "customer_account", "description", "email", "invoice_prefix", "name", "phone"),
	...nulls("discount", "shipping"),
	livemode: z.boolean(),
	address: address.nullable(),
	default_source: z.null(),
	delinquent: z.boolean().nullable(),
	invoice_settings: z.strictObject({
		custom_fields: z.null(),
		rendering_options: z.null(),
		footer: z.string().nullable(),
		default_payment_method: reference("payment_method").nullable(),
	}),
	metadata,
	preferred_locales: z.array(z.string()),
	tax_exempt: z.enum(["exempt", "none", "reverse"]).nullable(),
	test_clock: z.null(),
});

export const paymentMethod = z.strictObject({
	object: z.literal("payment_method"),
	id: z.string(),
	created: z.number(),
	customer_account: z.string().nullable(),
	livemode: z.boolean(),
	allow_redisplay: z.enum(["unspecified", "always", "limited"]),
	billing_details: billingDetails,
	card: z
		.strictObject({
			...texts("brand", "funding", "last4"),
			...textsOrNull("country", "display_brand", "fingerprint"),
			...numbers("exp_month", "exp_year"),
			...nulls("generated_from", "wallet"),
			checks: z.strictObject({ ...textsOrNull("address_line1_check", "address_postal_code_check", "cvc_check") }),
			networks: z.strictObject({ preferred: z.string().nullable(), available: z.array(z.string()) }),
			regulated_status: z.enum(["regulated", "unregulated"]).nullable(),
			three_d_secure_usage: z.strictObject({ supported: z.boolean() }),
		})
		.optional(),
	customer: reference("customer").nullable(),
	metadata,
	type: z.enum(["card", "us_bank_account"]),
	us_bank_account: z
		.strictObject({
			...textsOrNull("bank_name", "financial_connections_account", "fingerprint", "last4", "routing_number"),
			account_holder_type: z.enum(["company", "individual"]).nullable(),
			account_type: z.enum(["checking", "savings"]).nullable(),
			networks: z.strictObject({ preferred: z.string().nullable(), supported: z.array(z.enum(["ach", "us_domestic_wire"])) }),
			status_details: z.strictObject({}),
		})
		.optional(),
});

const enabled = z.strictObject({ enabled: z.boolean() });

export const billingPortalConfiguration = z.strictObject({
	object: z.literal("billing_portal.configuration"),
	id: z.string(),
	...flags("active", "is_default", "livemode"),
	...numbers("created", "updated"),
	...textsOrNull("default_return_url", "name"),
	application: z.null(),
	business_profile: z.strictObject(textsOrNull("headline", "privacy_policy_url", "terms_of_service_url")),
	features: z.strictObject({
		customer_update: z.strictObject({
			enabled: z.boolean(),
			allowed_updates: z.array(z.enum(["address", "email", "name", "phone", "shipping", "tax_id"])),
		}),
		invoice_history: enabled,
		payment_method_update: z.strictObject({ enabled: z.boolean(), payment_method_configuration: z.null() }),
		subscription_cancel: z.strictObject({
			cancellation_reason: z.strictObject({ enabled: z.boolean(), feedback_options: z.null(), options: z.tuple([]) }),
			enabled: z.boolean(),
			mode: z.enum(["at_period_end", "immediately"]),
			proration_behavior: z.enum(["always_invoice", "create_prorations", "none"]),
		}),
		subscription_pause: z.strictObject({
			duration: z.strictObject({ interval_options: z.tuple([]), type: z.literal("indefinite") }),
			enabled: z.boolean(),
		}),
		subscription_update: z.strictObject({
			billing_cycle_anchor: z.null(),
			default_allowed_updates: z.tuple([]),
			enabled: z.boolean(),
			proration_behavior: z.enum(["always_invoice", "create_prorations", "none"]),
			schedule_at_period_end: z.strictObject({ conditions: z.tuple([]) }),
			trial_update_behavior: z.enum(["continue_trial", "end_trial"]),
		}),
	}),
	login_page: z.strictObject({ enabled: z.boolean(), url: z.null() }),
	metadata,
});

export const billingPortalSession = z.strictObject({
	object: z.literal("billing_portal.session"),
	...texts("id", "customer", "url"),
	created: z.number(),
	...textsOrNull("customer_account", "on_behalf_of", "return_url"),
	livemode: z.boolean(),
	locale: z.null(),
	configuration: reference("billing_portal.configuration"),
	flow: z
		.strictObject({
			...nulls("customer_update", "subscription_pause", "subscription_update", "subscription_update_confirm"),
			after_completion: z.strictObject({
				hosted_confirmation: z.null(),
				redirect: z.strictObject({ return_url: z.string() }).nullable(),
				type: z.enum(["hosted_confirmation", "portal_homepage", "redirect"]),
			}),
			subscription_cancel: z.strictObject({ retention: z.null(), subscription: z.string() }).nullable(),
			type: z.enum([
				"subscription_update",
				"customer_update",
				"payment_method_update",
				"subscription_cancel",
				"subscription_pause",
				"subscription_update_confirm",
			]),
		})
		.nullable(),
});
