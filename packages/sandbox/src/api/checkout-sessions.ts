import type { CheckoutSessionCreateResponse } from "@flowglad/node/resources/checkout-sessions";
import { Hono } from "hono";
import { createCheckoutSession } from "../billing/checkout/open.ts";
import { findById } from "../billing/find-by-id.ts";
import type { CheckoutSession } from "../billing/records.ts";
import type { Env, World } from "../world.ts";
import { readBody } from "./body.ts";
import { createCheckoutSessionBody } from "./schemas.ts";

/** The url is a sibling of the session, not a field of it, and leads to the sandbox's own page. */
function withUrl(checkoutSession: CheckoutSession, requestUrl: string) {
	return {
		checkoutSession,
		url: `${new URL(requestUrl).origin}/checkout/${checkoutSession.id}`,
	} satisfies CheckoutSessionCreateResponse;
}

export function checkoutSessionRoutes(world: World) {
	return new Hono<Env>()
		.post("/checkout-sessions", async (c) => {
			const body = await readBody(c, createCheckoutSessionBody);
			return c.json(withUrl(createCheckoutSession(world.state, body.checkoutSession, world.nowMs()), c.req.url));
		})
		.get("/checkout-sessions/:id", (c) =>
			c.json(withUrl(findById(world.state.checkoutSessions, c.req.param("id"), "CheckoutSession"), c.req.url)),
		);
}
