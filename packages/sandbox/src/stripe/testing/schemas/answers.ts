/** Response schemas of Stripe's API, chosen by the answer's `object` field. */
import type Stripe from "stripe";
import { z } from "zod";
import type { Answer } from "../../../testing/checked-fetch.ts";
import { numbers, texts, textsOrNull } from "../../../testing/schemas/fields.ts";
import type * as records from "../../records.ts";
import * as catalogue from "./catalogue.ts";
import * as checkout from "./checkout.ts";
import * as customers from "./customers.ts";
import * as invoices from "./invoices.ts";
import * as payments from "./payments.ts";
import { list } from "./shared.ts";
import * as subscriptions from "./subscriptions.ts";

const event = z.strictObject({
	object: z.literal("event"),
	...texts("id", "type", "api_version"),
	...numbers("created", "pending_webhooks"),
	livemode: z.literal(false),
	data: z.strictObject({ object: z.looseObject({}), previous_attributes: z.looseObject({}).optional() }),
	request: z.strictObject(textsOrNull("id", "idempotency_key")),
});

/** The SDK's types, with ids in expandable fields and decimals as text. A schema that accepts more does not compile. */
interface Records {
	plan: records.Plan;
	price: records.Price;
	product: records.Product;
	customer: records.Customer;
	payment_method: records.PaymentMethod;
	payment_intent: records.PaymentIntent;
	setup_intent: records.SetupIntent;
	charge: records.Charge;
	refund: records.Refund;
	dispute: records.Dispute;
	item: records.LineItem;
	"checkout.session": records.CheckoutSession;
	subscription_item: records.SubscriptionItem;
	subscription: records.Subscription;
	subscription_schedule: records.Schedule;
	line_item: records.InvoiceLine;
	invoice: records.Invoice;
	invoice_payment: records.InvoicePayment;
	"billing_portal.configuration": records.PortalConfiguration;
	"billing_portal.session": records.PortalSession;
	"billing.meter": records.Meter;
	"billing.meter_event": records.MeterEvent;
	"billing.meter_event_summary": Stripe.Billing.MeterEventSummary;
	webhook_endpoint: records.WebhookEndpoint;
	event: records.StripeEvent;
}

const schemas: { [Name in keyof Records]: z.ZodType<Records[Name]> } = {
	plan: catalogue.plan,
	price: catalogue.price,
	product: catalogue.product,
	customer: customers.customer,
	payment_method: customers.paymentMethod,
	payment_intent: payments.paymentIntent,
	setup_intent: payments.setupIntent,
	charge: payments.charge,
	refund: payments.refund,
	dispute: payments.dispute,
	item: checkout.item,
	"checkout.session": checkout.checkoutSession,
	subscription_item: subscriptions.subscriptionItem,
	subscription: subscriptions.subscription,
	subscription_schedule: subscriptions.subscriptionSchedule,
	line_item: invoices.lineItem,
	invoice: invoices.invoice,
	invoice_payment: invoices.invoicePayment,
	"billing_portal.configuration": customers.billingPortalConfiguration,
	"billing_portal.session": customers.billingPortalSession,
	"billing.meter": catalogue.billingMeter,
	"billing.meter_event": catalogue.billingMeterEvent,
	"billing.meter_event_summary": catalogue.billingMeterEventSummary,
	webhook_endpoint: catalogue.webhookEndpoint,
	event,
};

const searchResult = z.strictObject({
	object: z.literal("search_result"),
	data: z.array(z.looseObject({ object: z.string() })),
	has_more: z.boolean(),
	next_page: z.string().nullable(),
	url: z.string(),
});

const deleted = z.strictObject({ id: z.string(), object: z.enum(["customer", "product", "webhook_endpoint"]), deleted: z.literal(true) });

const errorBody = z.strictObject({
	error: z.strictObject({
		type: z.enum(["invalid_request_error", "card_error", "idempotency_error", "api_error"]),
		message: z.string(),
		code: z.string().optional(),
		doc_url: z.url().optional(),
		param: z.string().optional(),
		decline_code: z.string().optional(),
		payment_intent: payments.paymentIntent.optional(),
	}),
});

/** Validates an answer of `/v1` and every record inside it. Returns what is wrong, or null. */
export function checkStripe({ status, body }: Answer): string | null {
	if (status >= 400) return problem(errorBody, body, "error");
	return typeof Reflect.get(Object(body), "object") === "string" ? checkWithin(body, "answer") : "the answer has no object field";
}

function checkWithin(value: unknown, at: string): string | null {
	if (typeof value !== "object" || value === null) return null;
	const found = "object" in value && typeof value.object === "string" ? checkRecord(value, value.object, at) : null;
	if (found !== null) return found;
	for (const [key, part] of Object.entries(value)) {
		// `previous_attributes` contains only the changed fields, so no record schema fits it.
		const within = key === "previous_attributes" ? null : checkWithin(part, `${at}.${key}`);
		if (within !== null) return within;
	}
	return null;
}

function checkRecord(value: object, object: string, at: string): string | null {
	if ("deleted" in value) return problem(deleted, value, at);
	if (object === "search_result") return problem(searchResult, value, at);
	if (object === "list") return problem(list(z.looseObject({ object: z.string() })), value, at);
	const schema: z.ZodType | undefined = Reflect.get(schemas, object);
	return schema === undefined ? `${at}: no schema for ${object}` : problem(schema, value, at);
}

function problem(schema: z.ZodType, value: unknown, at: string): string | null {
	const parsed = schema.safeParse(value);
	return parsed.success ? null : `${at}: ${z.prettifyError(parsed.error)}`;
}
