import { Hono } from "hono";
import { z } from "zod";
import type { Env, World } from "../../world.ts";
import { createPortalSession, newPortalConfiguration, setPortalConfiguration } from "../billing/portal.ts";
import { find } from "../find.ts";
import { newId } from "../ids.ts";
import { expanded } from "./expand.ts";
import { flag, ignored, metadata, orNone, params, read, text } from "./form.ts";
import { page, paging } from "./list.ts";
import { nowSeconds } from "./now.ts";
import { retrieve } from "./retrieve.ts";

const createParams = params({
	customer: text,
	return_url: z.url().optional(),
	configuration: text.optional(),
	locale: ignored,
	flow_data: z
		.strictObject({
			type: z.enum(["payment_method_update", "subscription_cancel"]),
			after_completion: z
				.strictObject({
					type: z.enum(["redirect", "hosted_confirmation", "portal_homepage"]),
					redirect: z.strictObject({ return_url: z.url() }).optional(),
					hosted_confirmation: ignored,
				})
				.optional(),
			subscription_cancel: z.strictObject({ subscription: text, retention: ignored }).optional(),
		})
		.optional(),
});

const enabled = z.strictObject({ enabled: flag });

const features = z.strictObject({
	customer_update: z
		.strictObject({
			enabled: flag,
			allowed_updates: orNone(z.array(z.enum(["address", "email", "name", "phone", "shipping", "tax_id"]))).optional(),
		})
		.optional(),
	invoice_history: enabled.optional(),
	payment_method_update: enabled.optional(),
	subscription_cancel: z
		.strictObject({
			enabled: flag,
			mode: z.enum(["at_period_end", "immediately"]).optional(),
			proration_behavior: z.enum(["always_invoice", "create_prorations", "none"]).optional(),
		})
		.optional(),
	subscription_update: enabled.optional(),
});

const configurationParams = {
	business_profile: z.strictObject({ headline: orNone(text).optional() }).optional(),
	default_return_url: orNone(z.url()).optional(),
	metadata: metadata.optional(),
	name: orNone(text).optional(),
};

const createConfigurationParams = params({ ...configurationParams, features });
const updateConfigurationParams = params({ ...configurationParams, features: features.optional(), active: flag.optional() });
const listParams = params({ ...paging, active: flag.optional(), is_default: flag.optional() });

export function portalRoutes(world: World) {
	const configurations = () => world.state.stripe.portalConfigurations;
	return new Hono<Env>()
		.post("/billing_portal/sessions", async (c) => {
			const { expand, ...given } = await read(c, createParams);
			return c.json(expanded(world.state, createPortalSession(world.state, given, nowSeconds(world)), expand));
		})
		.post("/billing_portal/configurations", async (c) => {
			const { expand, ...given } = await read(c, createConfigurationParams);
			const configuration = newPortalConfiguration({ id: newId("bpc"), created: nowSeconds(world) });
			setPortalConfiguration(configuration, given, nowSeconds(world));
			configurations().push(configuration);
			return c.json(expanded(world.state, configuration, expand));
		})
		.get("/billing_portal/configurations", async (c) => {
			const { expand, active, is_default, ...wanted } = await read(c, listParams);
			const found = configurations().filter(
				(one) => (active === undefined || one.active === active) && (is_default === undefined || one.is_default === is_default),
			);
			return c.json(expanded(world.state, page("/v1/billing_portal/configurations", found, wanted), expand));
		})
		.get(
			"/billing_portal/configurations/:id",
			retrieve(world, ({ portalConfigurations }) => portalConfigurations, "configuration"),
		)
		.post("/billing_portal/configurations/:id", async (c) => {
			const { expand, ...given } = await read(c, updateConfigurationParams);
			const configuration = find(configurations(), c.req.param("id"), "configuration");
			setPortalConfiguration(configuration, given, nowSeconds(world));
			return c.json(expanded(world.state, configuration, expand));
		});
}
