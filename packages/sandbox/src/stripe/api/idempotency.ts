/**
 * Idempotency keys of POST requests. The first answer is stored for 24 hours of sandbox time and replayed. Failures before the
 * endpoint starts (invalid parameters, an injected error) are not stored.
 */
import type { Context, MiddlewareHandler } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Env, World } from "../../world.ts";
import { newId } from "../ids.ts";
import { InvalidParameters, StripeRefusal } from "../refusal.ts";
import type { StoredAnswer } from "../state.ts";
import { answerError } from "./errors.ts";

const keptMs = 24 * 60 * 60 * 1000;

function keyOf(c: Context<Env>): string | undefined {
	return c.req.method === "POST" ? c.req.header("idempotency-key") : undefined;
}

/** Middleware that refuses a key whose first request is still running. It wraps the faults, so that a delayed request counts. */
export function holdIdempotencyKeys(): MiddlewareHandler<Env> {
	const underway = new Set<string>();
	return async (c, next) => {
		const key = keyOf(c);
		if (key === undefined) return next();
		if (underway.has(key)) {
			c.header("Request-Id", newId("req"));
			const message = `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`;
			return answerError(new StripeRefusal(409, "idempotency_error", message, { code: "idempotency_key_in_use" }), c);
		}
		underway.add(key);
		try {
			await next();
		} finally {
			underway.delete(key);
		}
	};
}

/** Middleware that replays the stored answer of a key, or stores the new one. */
export function keepAnswers(world: World): MiddlewareHandler<Env> {
	return async (c, next) => {
		const key = keyOf(c);
		if (key === undefined) return next();
		if (key.length > 255) throw new InvalidParameters("Idempotency-Key: must be at most 255 characters");
		const { method, path } = c.req;
		const params = await c.req.text();
		const { stripe } = world.state;
		const nowMs = world.nowMs();
		stripe.answers = stripe.answers.filter(({ atMs }) => atMs > nowMs - keptMs && atMs <= nowMs);
		const kept = stripe.answers.find((one) => one.key === key);
		if (kept !== undefined) return replay(c, kept, { method, path, params });
		await next();
		if (c.error instanceof InvalidParameters) return;
		const body = await c.res.clone().text();
		const requestId = c.res.headers.get("request-id") ?? "";
		world.state.stripe.answers.push({ key, method, path, params, status: c.res.status, body, requestId, atMs: nowMs });
	};
}

function replay(c: Context<Env>, kept: StoredAnswer, { method, path, params }: Pick<StoredAnswer, "method" | "path" | "params">): Response {
	if (kept.method !== method || kept.path !== path)
		throw misused(
			`Keys for idempotent requests can only be used for the same endpoint they were first used for ('${path}' vs '${kept.path}').`,
			kept.key,
		);
	if (kept.params !== params)
		throw misused("Keys for idempotent requests can only be used with the same parameters they were first used with.", kept.key);
	c.header("Idempotent-Replayed", "true");
	c.header("Original-Request", kept.requestId);
	c.header("Content-Type", "application/json");
	return c.body(kept.body, kept.status as ContentfulStatusCode);
}

function misused(message: string, key: string): StripeRefusal {
	return new StripeRefusal(
		400,
		"idempotency_error",
		`${message} Try using a key other than '${key}' if you meant to execute a different request.`,
	);
}
