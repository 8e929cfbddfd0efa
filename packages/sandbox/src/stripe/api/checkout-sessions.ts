import { Hono } from "hono";
import { z } from "zod";
import type { Env, World } from "../../world.ts";
import { createCheckoutSession, expireCheckoutSession } from "../billing/checkout/open.ts";
import { orderOf } from "../billing/checkout/pay.ts";
import { find, requireCustomer } from "../find.ts";
import { refuse } from "../refusal.ts";
import { expanded } from "./expand.ts";
import { count, flag, ignored, metadata, noParams, params, read, text, timestamp } from "./form.ts";
import { listing, page, paging } from "./list.ts";
import { nowSeconds } from "./now.ts";
import { retrieve } from "./retrieve.ts";

const address = z.url({ protocol: /^https?$/, error: "Not a valid URL" });

const createParams = params({
	mode: z.enum(["payment", "subscription", "setup"]),
	customer: text.optional(),
	customer_email: text.optional(),
	customer_creation: z.enum(["always", "if_required"]).optional(),
	line_items: z
		.array(z.strictObject({ price: text, quantity: count.refine((value) => value >= 1).optional(), adjustable_quantity: ignored }))
		.max(100)
		.optional(),
	success_url: address,
	cancel_url: address.optional(),
	client_reference_id: text.max(200).optional(),
	metadata: metadata.optional(),
	allow_promotion_codes: flag.optional(),
	billing_address_collection: z.enum(["auto", "required"]).optional(),
	automatic_tax: z.strictObject({ enabled: flag }).optional(),
	allowed_payment_method_types: z.array(text).optional(),
	locale: text.optional(),
	currency: text.optional(),
	expires_at: timestamp.optional(),
	invoice_creation: z.strictObject({ enabled: flag, invoice_data: ignored }).optional(),
	subscription_data: z
		.strictObject({
			metadata: metadata.optional(),
			description: text.optional(),
			trial_period_days: count.refine((days) => days >= 1 && days <= 730, "must be from 1 to 730").optional(),
			trial_end: timestamp.optional(),
			trial_settings: ignored,
			billing_mode: ignored,
			proration_behavior: ignored,
			invoice_settings: ignored,
		})
		.optional(),
	payment_intent_data: z
		.strictObject({
			metadata: metadata.optional(),
			description: text.optional(),
			setup_future_usage: z.enum(["off_session", "on_session"]).optional(),
			receipt_email: ignored,
			statement_descriptor: ignored,
			statement_descriptor_suffix: ignored,
		})
		.optional(),
	adaptive_pricing: ignored,
	after_expiration: ignored,
	branding_settings: ignored,
	consent_collection: ignored,
	custom_text: ignored,
	customer_update: ignored,
	excluded_payment_method_types: ignored,
	integration_identifier: ignored,
	name_collection: ignored,
	origin_context: ignored,
	payment_method_collection: ignored,
	payment_method_configuration: ignored,
	payment_method_data: ignored,
	payment_method_options: ignored,
	phone_number_collection: ignored,
	saved_payment_method_options: ignored,
	setup_intent_data: ignored,
	submit_type: ignored,
	tax_id_collection: ignored,
	ui_mode: z.enum(["hosted_page"]).optional(),
	wallet_options: ignored,
});

const listParams = params({
	...listing,
	customer: text.optional(),
	customer_details: z.strictObject({ email: text }).optional(),
	status: z.enum(["open", "complete", "expired"]).optional(),
	subscription: text.optional(),
	payment_intent: text.optional(),
});

export function checkoutSessionRoutes(world: World) {
	const sessions = () => world.state.stripe.checkoutSessions;
	return new Hono<Env>()
		.post("/checkout/sessions", async (c) => {
			const { expand, ...request } = await read(c, createParams);
			return c.json(expanded(world.state, createCheckoutSession(world.state, request, nowSeconds(world)), expand));
		})
		.get("/checkout/sessions", async (c) => {
			const { expand, customer, customer_details, status, subscription, payment_intent, ...wanted } = await read(c, listParams);
			requireCustomer(world.state.stripe, customer);
			const found = sessions().filter(
				(one) =>
					(customer === undefined || one.customer === customer) &&
					(customer_details === undefined || one.customer_details?.email === customer_details.email) &&
					(status === undefined || one.status === status) &&
					(subscription === undefined || one.subscription === subscription) &&
					(payment_intent === undefined || one.payment_intent === payment_intent),
			);
			return c.json(expanded(world.state, page("/v1/checkout/sessions", found, wanted), expand));
		})
		.get(
			"/checkout/sessions/:id",
			retrieve(world, ({ checkoutSessions }) => checkoutSessions, "checkout.session"),
		)
		.get("/checkout/sessions/:id/line_items", async (c) => {
			const { expand, ...wanted } = await read(c, params(paging));
			const { lineItems } = orderOf(world.state, find(sessions(), c.req.param("id"), "checkout.session"));
			return c.json(expanded(world.state, page(c.req.path, lineItems.toReversed(), wanted), expand));
		})
		.post("/checkout/sessions/:id/expire", async (c) => {
			const { expand } = await read(c, noParams);
			const session = find(sessions(), c.req.param("id"), "checkout.session");
			if (session.status !== "open")
				throw refuse(
					`Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${session.status}.`,
				);
			expireCheckoutSession(world.state, session, nowSeconds(world));
			return c.json(expanded(world.state, session, expand));
		});
}
