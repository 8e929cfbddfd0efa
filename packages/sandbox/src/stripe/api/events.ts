/** Events and webhook endpoints. */
import { Hono } from "hono";
import { z } from "zod";
import type { Env, World } from "../../world.ts";
import { mergedMetadata } from "../billing/metadata.ts";
import { find } from "../find.ts";
import { newId } from "../ids.ts";
import type { WebhookEndpoint } from "../records.ts";
import { expanded } from "./expand.ts";
import { flag, ignored, metadata, noParams, orNone, params, read, text } from "./form.ts";
import { listing, page, paging } from "./list.ts";
import { nowSeconds } from "./now.ts";
import { retrieve } from "./retrieve.ts";

const eventListParams = params({ ...listing, type: text.optional(), types: z.array(text).max(20).optional(), delivery_success: ignored });

const endpointFields = { description: orNone(text).optional(), metadata: metadata.optional() };
const address = z.url({ protocol: /^https?$/, error: "Not a valid URL" });
const createParams = params({
	...endpointFields,
	url: address,
	enabled_events: z.array(text).min(1),
	api_version: text.optional(),
	connect: ignored,
});
const updateParams = params({
	...endpointFields,
	url: address.optional(),
	enabled_events: z.array(text).min(1).optional(),
	disabled: flag.optional(),
});

export function eventRoutes(world: World) {
	const stripe = () => world.state.stripe;
	return new Hono<Env>()
		.get("/events", async (c) => {
			const { expand, type, types, ...wanted } = await read(c, eventListParams);
			const found = stripe().events.filter(
				(one) => (type === undefined || fits(type, one.type)) && (types === undefined || types.some((pattern) => fits(pattern, one.type))),
			);
			return c.json(expanded(world.state, page("/v1/events", found, wanted), expand));
		})
		.get(
			"/events/:id",
			retrieve(world, ({ events }) => events, "event"),
		)
		.post("/webhook_endpoints", async (c) => {
			const { url, enabled_events, description = null, metadata: given, api_version = null } = await read(c, createParams);
			const secret = newId("whsec");
			const endpoint: WebhookEndpoint = {
				id: newId("we"),
				object: "webhook_endpoint",
				api_version,
				application: null,
				created: nowSeconds(world),
				description,
				enabled_events,
				livemode: false,
				metadata: mergedMetadata({}, given),
				secret,
				status: "enabled",
				url,
			};
			stripe().webhookEndpoints.push(endpoint);
			return c.json(endpoint);
		})
		.get("/webhook_endpoints", async (c) => {
			const { expand, ...wanted } = await read(c, params(paging));
			return c.json(expanded(world.state, page("/v1/webhook_endpoints", stripe().webhookEndpoints.map(withoutSecret), wanted), expand));
		})
		.get("/webhook_endpoints/:id", async (c) => {
			await read(c, noParams);
			return c.json(withoutSecret(find(stripe().webhookEndpoints, c.req.param("id"), "webhook_endpoint")));
		})
		.post("/webhook_endpoints/:id", async (c) => {
			const { url, enabled_events, description, metadata: given, disabled } = await read(c, updateParams);
			const endpoint = find(stripe().webhookEndpoints, c.req.param("id"), "webhook_endpoint");
			if (url !== undefined) endpoint.url = url;
			if (enabled_events !== undefined) endpoint.enabled_events = enabled_events;
			if (description !== undefined) endpoint.description = description;
			if (disabled !== undefined) endpoint.status = disabled ? "disabled" : "enabled";
			endpoint.metadata = mergedMetadata(endpoint.metadata, given);
			return c.json(withoutSecret(endpoint));
		})
		.delete("/webhook_endpoints/:id", async (c) => {
			await read(c, noParams);
			const { id } = find(stripe().webhookEndpoints, c.req.param("id"), "webhook_endpoint");
			world.state.stripe.webhookEndpoints = stripe().webhookEndpoints.filter((one) => one.id !== id);
			return c.json({ id, object: "webhook_endpoint", deleted: true });
		});
}

/** Whether the type fits the pattern. "invoice.*" fits every event of an invoice. */
function fits(pattern: string, type: string): boolean {
	return pattern.endsWith("*") ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}

/** Only the answer to the creation contains the secret. */
function withoutSecret({ secret: _, ...endpoint }: WebhookEndpoint): Omit<WebhookEndpoint, "secret"> {
	return endpoint;
}
