/** Subscriptions and schedules: the fields the sandbox sends, typed as in stripe 23.1.0. Strict: an unknown field fails. */
import { z } from "zod";
import { flags, nulls, numbers, numbersOrNull, texts, textsOrNull } from "../../../testing/schemas/fields.ts";
import { plan, price } from "./catalogue.ts";
import { list, metadata, reference } from "./shared.ts";

export const subscriptionItem = z.strictObject({
	object: z.literal("subscription_item"),
	...texts("id", "subscription"),
	...nulls("billing_thresholds", "current_trial"),
	...numbers("created", "current_period_end", "current_period_start", "quantity"),
	discounts: z.tuple([]),
	metadata,
	plan,
	price,
	tax_rates: z.tuple([]),
});

export const subscription = z.strictObject({
	object: z.literal("subscription"),
	...texts("id", "currency"),
	...numbersOrNull(
		"application_fee_percent",
		"cancel_at",
		"canceled_at",
		"days_until_due",
		"ended_at",
		"next_pending_invoice_item_invoice",
		"trial_end",
		"trial_start",
	),
	...numbers("billing_cycle_anchor", "created", "start_date"),
	...nulls("billing_cycle_anchor_config", "billing_thresholds", "managed_payments", "pending_invoice_item_interval", "transfer_data"),
	...flags("cancel_at_period_end", "livemode"),
	pause_collection: z
		.strictObject({ behavior: z.enum(["keep_as_draft", "mark_uncollectible", "void"]), resumes_at: z.number().nullable() })
		.nullable(),
	...textsOrNull("customer_account", "description"),
	application: z.null(),
	automatic_tax: z.strictObject({
		enabled: z.boolean(),
		liability: z.null(),
		disabled_reason: z.literal("requires_location_inputs").nullable(),
	}),
	billing_mode: z.strictObject({
		flexible: z.strictObject({ proration_discounts: z.enum(["included", "itemized"]) }),
		type: z.enum(["classic", "flexible"]),
	}),
	billing_schedules: z.tuple([]),
	cancellation_details: z.strictObject({
		comment: z.string().nullable(),
		feedback: z.null(),
		feedback_option: reference("billing.feedback_option").nullable(),
		reason: z.enum(["canceled_by_retention_policy", "cancellation_requested", "payment_disputed", "payment_failed"]).nullable(),
	}),
	collection_method: z.enum(["charge_automatically", "send_invoice"]),
	customer: reference("customer"),
	default_payment_method: reference("payment_method").nullable(),
	default_source: z.null(),
	default_tax_rates: z.tuple([]),
	discounts: z.array(z.string()),
	invoice_settings: z.strictObject({
		account_tax_ids: z.null(),
		custom_fields: z.null(),
		description: z.string().nullable(),
		footer: z.string().nullable(),
		issuer: z.strictObject({ type: z.enum(["account", "self"]) }),
	}),
	items: list(subscriptionItem),
	latest_invoice: reference("invoice").nullable(),
	metadata,
	on_behalf_of: z.null(),
	payment_settings: z.strictObject({
		payment_method_options: z.null(),
		payment_method_types: z.null(),
		save_default_payment_method: z.enum(["off", "on_subscription"]).nullable(),
	}),
	pending_setup_intent: reference("setup_intent").nullable(),
	pending_update: z
		.strictObject({
			...nulls("billing_cycle_anchor", "cancel_at_period_end", "discount", "discounts", "trial_end", "trial_from_plan"),
			expires_at: z.number(),
			metadata: metadata.nullable(),
			subscription_items: z.array(subscriptionItem),
		})
		.nullable(),
	schedule: reference("subscription_schedule").nullable(),
	status: z.enum(["canceled", "unpaid", "active", "incomplete", "incomplete_expired", "past_due", "paused", "trialing"]),
	test_clock: z.null(),
	trial_settings: z.strictObject({
		end_behavior: z.strictObject({ billing_cycle_anchor: z.null(), missing_payment_method: z.enum(["cancel", "create_invoice", "pause"]) }),
	}),
});

export const subscriptionSchedule = z.strictObject({
	object: z.literal("subscription_schedule"),
	id: z.string(),
	...numbersOrNull("canceled_at", "completed_at", "released_at"),
	created: z.number(),
	...textsOrNull("customer_account", "released_subscription"),
	livemode: z.boolean(),
	application: z.null(),
	billing_mode: z.strictObject({
		flexible: z.strictObject({ proration_discounts: z.enum(["included", "itemized"]) }),
		type: z.enum(["classic", "flexible"]),
	}),
	current_phase: z.strictObject({ end_date: z.number(), start_date: z.number() }).nullable(),
	customer: reference("customer"),
	default_settings: z.strictObject({
		application_fee_percent: z.number().nullable(),
		...nulls("billing_thresholds", "transfer_data"),
		description: z.string().nullable(),
		billing_cycle_anchor: z.enum(["automatic", "phase_start"]),
		collection_method: z.enum(["charge_automatically", "send_invoice"]).nullable(),
		default_payment_method: reference("payment_method").nullable(),
		invoice_settings: z.strictObject({
			...nulls("account_tax_ids", "custom_fields"),
			days_until_due: z.number().nullable(),
			...textsOrNull("description", "footer"),
			issuer: z.strictObject({ type: z.enum(["account", "self"]) }),
		}),
		on_behalf_of: z.null(),
	}),
	end_behavior: z.enum(["none", "cancel", "release", "renew"]),
	metadata,
	pause_schedules: z.tuple([]),
	phases: z.array(
		z.strictObject({
			...numbersOrNull("application_fee_percent", "trial_end"),
			...nulls("billing_cycle_anchor", "billing_thresholds", "collection_method", "invoice_settings", "transfer_data"),
			currency: z.string(),
			description: z.string().nullable(),
			...numbers("end_date", "start_date"),
			add_invoice_items: z.tuple([]),
			default_payment_method: reference("payment_method").nullable(),
			default_tax_rates: z.tuple([]),
			discounts: z.array(z.strictObject({ ...nulls("coupon", "promotion_code"), discount: z.string() })),
			items: z.array(
				z.strictObject({
					billing_thresholds: z.null(),
					quantity: z.number(),
					discounts: z.tuple([]),
					metadata,
					plan: reference("plan"),
					price: reference("price"),
					tax_rates: z.tuple([]),
				}),
			),
			metadata,
			on_behalf_of: z.null(),
			proration_behavior: z.enum(["none", "always_invoice", "create_prorations"]),
		}),
	),
	status: z.enum(["canceled", "active", "completed", "not_started", "released"]),
	subscription: reference("subscription").nullable(),
	test_clock: z.null(),
});
