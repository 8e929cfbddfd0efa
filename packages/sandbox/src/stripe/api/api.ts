/** Stripe's API under /v1: headers, authentication, idempotency, routes. */
import { Hono, type MiddlewareHandler } from "hono";
import type { Env, World } from "../../world.ts";
import { apiRequest } from "../events/request.ts";
import { newId } from "../ids.ts";
import { StripeRefusal } from "../refusal.ts";
import { apiVersion } from "../version.ts";
import { catalogueRoutes } from "./catalogue.ts";
import { checkoutSessionRoutes } from "./checkout-sessions.ts";
import { customerRoutes } from "./customers.ts";
import { answerError } from "./errors.ts";
import { eventRoutes } from "./events.ts";
import { keepAnswers } from "./idempotency.ts";
import { invoiceRoutes } from "./invoices.ts";
import { meterRoutes } from "./meters.ts";
import { paymentRoutes } from "./payments.ts";
import { portalRoutes } from "./portal.ts";
import { scheduleRoutes } from "./schedules.ts";
import { subscriptionRoutes } from "./subscriptions.ts";

/** The routes of Stripe's API, to mount at /v1. */
export function stripeApi(world: World) {
	return new Hono<Env>()
		.use(introduce(world))
		.use(authenticate(world))
		.use(keepAnswers(world))
		.route("/", customerRoutes(world))
		.route("/", catalogueRoutes(world))
		.route("/", checkoutSessionRoutes(world))
		.route("/", subscriptionRoutes(world))
		.route("/", scheduleRoutes(world))
		.route("/", invoiceRoutes(world))
		.route("/", paymentRoutes(world))
		.route("/", portalRoutes(world))
		.route("/", meterRoutes(world))
		.route("/", eventRoutes(world))
		.all("*", (c) => {
			const message = `Unrecognized request URL (${c.req.method}: ${c.req.path}). The sandbox does not know it; Stripe may.`;
			throw new StripeRefusal(404, "invalid_request_error", message);
		})
		.onError(answerError);
}

/** Sets the headers of every answer, and remembers the request's origin for links in events. */
function introduce(world: World): MiddlewareHandler<Env> {
	return async (c, next) => {
		world.state.stripe.origin = new URL(c.req.url).origin;
		const requestId = newId("req");
		const key = c.req.header("idempotency-key");
		c.header("Request-Id", requestId);
		c.header("Stripe-Version", c.req.header("stripe-version") ?? apiVersion);
		if (key !== undefined) c.header("Idempotency-Key", key);
		await apiRequest.run({ id: requestId, idempotency_key: key ?? null }, next);
		// A refusal is deterministic, so the SDK need not retry.
		if (c.res.status >= 400 && c.res.status !== 409 && c.res.status !== 429) c.header("Stripe-Should-Retry", "false");
	};
}

function authenticate(world: World): MiddlewareHandler<Env> {
	return (c, next) => {
		const key = keyIn(c.req.header("authorization") ?? "");
		if (key === "")
			throw unauthorized(
				"You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
			);
		if (key !== world.stripe.secretKey) throw unauthorized(`Invalid API Key provided: ${key.slice(0, 8)}***${key.slice(-4)}`);
		if (world.state.faults.keyRateLimited)
			throw new StripeRefusal(429, "invalid_request_error", "Request rate limit exceeded.", { code: "rate_limit" });
		return next();
	};
}

function unauthorized(message: string): StripeRefusal {
	return new StripeRefusal(401, "invalid_request_error", message);
}

/** The key after "Bearer ", or the user name of Basic authentication, which `curl -u` sends. */
function keyIn(header: string): string {
	const [scheme = "", value = ""] = header.split(" ");
	if (/^bearer$/i.test(scheme)) return value;
	if (/^basic$/i.test(scheme)) return Buffer.from(value, "base64").toString().split(":", 1)[0] ?? "";
	return "";
}
