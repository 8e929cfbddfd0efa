import { Hono } from "hono";
import { z } from "zod";
import type { Env, World } from "../../world.ts";
import { createPortalSession } from "../billing/portal.ts";
import { expanded } from "./expand.ts";
import { ignored, params, read, text } from "./form.ts";
import { nowSeconds } from "./now.ts";

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

export function portalRoutes(world: World) {
	return new Hono<Env>().post("/billing_portal/sessions", async (c) => {
		const { expand, ...given } = await read(c, createParams);
		return c.json(expanded(world.state, createPortalSession(world.state, given, nowSeconds(world)), expand));
	});
}
