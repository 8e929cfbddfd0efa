/** Flowglad's API under /api/v1: authentication, routes, error bodies. */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { customAlphabet } from "nanoid";
import { Refusal, type RefusalCode } from "../billing/refusal.ts";
import type { Env, World } from "../world.ts";
import { InvalidBody, MalformedJson } from "./body.ts";
import { checkoutSessionRoutes } from "./checkout-sessions.ts";
import { customerRoutes } from "./customers.ts";
import { paymentRoutes } from "./payments.ts";
import { pricingRoutes } from "./pricing.ts";
import { recordRoutes } from "./records.ts";
import { resourceClaimRoutes } from "./resource-claims.ts";
import { subscriptionRoutes } from "./subscriptions.ts";
import { usageEventRoutes } from "./usage-events.ts";

/** The routes of Flowglad's API, to mount at /api/v1. */
export function flowgladApi(world: World) {
	return new Hono<Env>()
		.use(authenticate(world))
		.route("/", customerRoutes(world))
		.route("/", usageEventRoutes(world))
		.route("/", checkoutSessionRoutes(world))
		.route("/", subscriptionRoutes(world))
		.route("/", paymentRoutes(world))
		.route("/", pricingRoutes(world))
		.route("/", resourceClaimRoutes(world))
		.route("/", recordRoutes(world))
		.onError((error, c) => answerError(world, error, c));
}

/**
 * Accepts the key raw or after "Bearer ". A wrong key is answered in plain text, not JSON (flowglad.md l), and so is a rate-limited
 * key (flowglad.md i).
 */
function authenticate(world: World): MiddlewareHandler<Env> {
	return async (c, next) => {
		const header = c.req.header("authorization") ?? "";
		const key = header.replace(/^Bearer /i, "");
		if (key !== world.secretKey || world.state.faults.keyRateLimited) return c.text("Unauthorized", 401);
		return next();
	};
}

const newRequestId = customAlphabet("0123456789abcdef", 8);

const statuses = {
	BAD_REQUEST: 400,
	FORBIDDEN: 403,
	NOT_FOUND: 404,
	CONFLICT: 409,
	INTERNAL_SERVER_ERROR: 500,
} as const satisfies Record<RefusalCode, number>;

/** Error bodies of the real service; its OpenAPI document describes others (flowglad.md l). */
function answerError(world: World, error: Error, c: Context<Env>): Response {
	const requestId = newRequestId();
	c.header("X-Request-Id", requestId);
	if (error instanceof MalformedJson) return c.json({ error: error.message, request_id: requestId }, 400);
	if (error instanceof InvalidBody) return c.json({ error: error.issues, code: "BAD_REQUEST", request_id: requestId }, 400);
	if (error instanceof Refusal) {
		const code = error.isStated || !world.state.settings.domainErrorsAre500 ? error.code : "INTERNAL_SERVER_ERROR";
		return c.json({ error: error.message, code, request_id: requestId }, statuses[code]);
	}
	console.error(error);
	return c.json({ error: error.message, code: "INTERNAL_SERVER_ERROR", request_id: requestId }, 500);
}
