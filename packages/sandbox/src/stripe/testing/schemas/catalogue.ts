/** Products, prices, meters and webhook endpoints: the fields the sandbox sends, typed as in stripe 23.1.0. Strict: an unknown field fails. */
import { z } from "zod";
import { flags, nulls, numbers, numbersOrNull, texts, textsOrNull } from "../../../testing/schemas/fields.ts";
import { metadata, reference } from "./shared.ts";

export const plan = z.strictObject({
	object: z.literal("plan"),
	...texts("id", "currency"),
	...flags("active", "livemode"),
	...numbersOrNull("amount", "trial_period_days"),
	...textsOrNull("amount_decimal", "meter", "nickname"),
	...numbers("created", "interval_count"),
	...nulls("tiers_mode", "transform_usage"),
	billing_scheme: z.enum(["per_unit", "tiered"]),
	interval: z.enum(["day", "month", "week", "year"]),
	metadata,
	product: reference("product").nullable(),
	usage_type: z.enum(["licensed", "metered"]),
});

export const price = z.strictObject({
	object: z.literal("price"),
	...texts("id", "currency"),
	...flags("active", "livemode"),
	created: z.number(),
	...nulls("custom_unit_amount", "tiers_mode", "transform_quantity"),
	...textsOrNull("lookup_key", "nickname", "unit_amount_decimal"),
	unit_amount: z.number().nullable(),
	billing_scheme: z.enum(["per_unit", "tiered"]),
	metadata,
	product: reference("product"),
	recurring: z
		.strictObject({
			interval_count: z.number(),
			meter: z.string().nullable(),
			trial_period_days: z.number().nullable(),
			interval: z.enum(["day", "month", "week", "year"]),
			usage_type: z.enum(["licensed", "metered"]),
		})
		.nullable(),
	tax_behavior: z.enum(["exclusive", "inclusive", "unspecified"]).nullable(),
	type: z.enum(["one_time", "recurring"]),
});

export const product = z.strictObject({
	object: z.literal("product"),
	...texts("id", "name"),
	...flags("active", "livemode"),
	...numbers("created", "updated"),
	...textsOrNull("description", "statement_descriptor", "unit_label", "url"),
	...nulls("package_dimensions", "tax_details"),
	default_price: reference("price").nullable(),
	images: z.array(z.string()),
	marketing_features: z.array(z.strictObject({ name: z.string() })),
	metadata,
	shippable: z.boolean().nullable(),
	tax_code: z.null(),
	type: z.enum(["good", "service"]),
});

export const billingMeter = z.strictObject({
	object: z.literal("billing.meter"),
	...texts("id", "display_name", "event_name"),
	...numbers("created", "updated"),
	event_time_window: z.null(),
	livemode: z.boolean(),
	customer_mapping: z.strictObject({ type: z.literal("by_id"), event_payload_key: z.string() }),
	default_aggregation: z.strictObject({ formula: z.enum(["count", "last", "sum"]) }),
	status: z.enum(["active", "inactive"]),
	status_transitions: z.strictObject({ deactivated_at: z.number().nullable() }),
	value_settings: z.strictObject({ event_payload_key: z.string() }),
});

export const billingMeterEvent = z.strictObject({
	object: z.literal("billing.meter_event"),
	...numbers("created", "timestamp"),
	...texts("event_name", "identifier"),
	livemode: z.boolean(),
	payload: metadata,
});

export const billingMeterEventSummary = z.strictObject({
	object: z.literal("billing.meter_event_summary"),
	...texts("id", "meter"),
	...numbers("aggregated_value", "end_time", "start_time"),
	livemode: z.boolean(),
});

export const webhookEndpoint = z.strictObject({
	object: z.literal("webhook_endpoint"),
	...texts("id", "status", "url"),
	...textsOrNull("api_version", "application", "description"),
	created: z.number(),
	livemode: z.boolean(),
	enabled_events: z.array(z.string()),
	metadata,
	secret: z.string().optional(),
});
