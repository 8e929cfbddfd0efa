/** Writes to the catalogue: meters, features, products, prices, webhook endpoints. */
import type { PriceCreateResponse, PriceUpdateResponse } from "@flowglad/node/resources/prices";
import type { ProductCreateResponse, ProductUpdateResponse } from "@flowglad/node/resources/products";
import type { UsageMeterCreateResponse, UsageMeterUpdateResponse } from "@flowglad/node/resources/usage-meters";
import { Hono } from "hono";
import { findById } from "../billing/find-by-id.ts";
import { catalogueBodies as bodies } from "../billing/pricing/bodies.ts";
import * as change from "../billing/pricing/change.ts";
import { createWebhookEndpoint, updateWebhookEndpoint } from "../billing/pricing/endpoints.ts";
import { catalogueOf } from "../billing/pricing/stored.ts";
import { stated } from "../billing/refusal.ts";
import type { Env, World } from "../world.ts";
import { readBody } from "./body.ts";
import { pageOf } from "./page.ts";

export function catalogueRoutes(world: World) {
	const catalogue = () => catalogueOf(world.state);
	return (
		new Hono<Env>()
			.post("/usage-meters", async (c) => {
				const body = await readBody(c, bodies.createMeter);
				const usageMeter = stated(() => change.createMeter(world.state, body, world.nowMs()));
				return c.json({ usageMeter } satisfies UsageMeterCreateResponse);
			})
			.put("/usage-meters/:id", async (c) => {
				const body = await readBody(c, bodies.updateMeter);
				const usageMeter = stated(() => change.updateMeter(world.state, c.req.param("id"), body, world.nowMs()));
				return c.json({ usageMeter } satisfies UsageMeterUpdateResponse);
			})
			.post("/products", async (c) => {
				const body = await readBody(c, bodies.createProduct);
				const product = stated(() => change.createProduct(world.state, body, world.nowMs()));
				return c.json({ product } satisfies ProductCreateResponse);
			})
			.put("/products/:id", async (c) => {
				const body = await readBody(c, bodies.updateProduct);
				const product = stated(() => change.updateProduct(world.state, c.req.param("id"), body, world.nowMs()));
				return c.json({ product } satisfies ProductUpdateResponse);
			})
			.post("/prices", async (c) => {
				const price = change.createPrice(world.state, await readBody(c, bodies.createPrice), world.nowMs());
				return c.json({ price } satisfies PriceCreateResponse);
			})
			.put("/prices/:id", async (c) => {
				const price = change.updatePrice(world.state, c.req.param("id"), await readBody(c, bodies.updatePrice), world.nowMs());
				return c.json({ price } satisfies PriceUpdateResponse);
			})
			// @flowglad/node has no methods for the routes below.
			.get("/features", (c) => c.json(pageOf(c, catalogue().features)))
			.get("/features/:id", (c) => c.json({ feature: findById(catalogue().features, c.req.param("id"), "Feature") }))
			.post("/features", async (c) => {
				return c.json({ feature: change.createFeature(world.state, await readBody(c, bodies.createFeature), world.nowMs()) });
			})
			.put("/features/:id", async (c) => {
				const body = await readBody(c, bodies.updateFeature);
				return c.json({ feature: change.updateFeature(world.state, c.req.param("id"), body, world.nowMs()) });
			})
			// The real API cannot list endpoints: their creator has to keep the id.
			.get("/webhooks/:id", (c) => c.json({ webhook: findById(catalogue().webhookEndpoints, c.req.param("id"), "Webhook") }))
			.post("/webhooks", async (c) => {
				return c.json(createWebhookEndpoint(world.state, await readBody(c, bodies.createWebhook), world.nowMs()));
			})
			.put("/webhooks/:id", async (c) => {
				const body = await readBody(c, bodies.updateWebhook);
				return c.json({ webhook: updateWebhookEndpoint(world.state, c.req.param("id"), body, world.nowMs()) });
			})
	);
}
