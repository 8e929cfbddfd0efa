/** Resources such as seats. The pricing model has none, so lists are empty and claims are refused. */
import type { ResourceClaimListUsagesResponse } from "@flowglad/node/resources/resource-claims";
import { type Context, Hono } from "hono";
import { Refusal } from "../billing/refusal.ts";
import { findSubscription } from "../billing/subscriptions/find.ts";
import type { Env, World } from "../world.ts";

export function resourceClaimRoutes(world: World) {
	const none = async (c: Context<Env, "/resource-claims/:subscriptionId">) => {
		findSubscription(world.state, c.req.param("subscriptionId"));
		const body: unknown = c.req.method === "POST" ? await c.req.json().catch(() => undefined) : undefined;
		const named = typeof body === "object" && body !== null && "resourceSlug" in body ? body.resourceSlug : c.req.query("resourceSlug");
		throw new Refusal("NOT_FOUND", `Resource with slug ${named} not found`);
	};
	return new Hono<Env>()
		.get("/resource-claims/:subscriptionId/usages", (c) => {
			findSubscription(world.state, c.req.param("subscriptionId"));
			return c.json([] satisfies ResourceClaimListUsagesResponse);
		})
		.get("/resource-claims/:subscriptionId/claims", (c) => {
			findSubscription(world.state, c.req.param("subscriptionId"));
			// @flowglad/node has no method for this route.
			return c.json({ claims: [] });
		})
		.get("/resource-claims/:subscriptionId/usage", none)
		.post("/resource-claims/:subscriptionId/claim", none)
		.post("/resource-claims/:subscriptionId/release", none);
}
