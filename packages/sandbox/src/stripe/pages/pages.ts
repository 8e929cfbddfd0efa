import { Hono } from "hono";
import type { Env, World } from "../../world.ts";
import { checkoutPages } from "./checkout.ts";
import { invoicePages } from "./invoice.ts";
import { portalPages } from "./portal.ts";
import { receiptPages } from "./receipt.ts";

/** The pages that Stripe hosts for customers. */
export function stripePages(world: World) {
	return new Hono<Env>()
		.route("/checkout", checkoutPages(world))
		.route("/portal", portalPages(world))
		.route("/invoices", invoicePages(world))
		.route("/receipts", receiptPages(world));
}
