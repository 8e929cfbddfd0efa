import { Hono } from "hono";
import type { Env, World } from "../../world.ts";
import { checkoutPages } from "./checkout.ts";

/** What Stripe hosts for the customer. */
export function stripePages(world: World) {
	return new Hono<Env>().route("/checkout", checkoutPages(world));
}
