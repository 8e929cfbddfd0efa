/**
 * Idempotency keys of POST requests: the first answer is kept for 24 hours of sandbox time and given again. What failed
 * before an endpoint began (parameters that do not fit, an injected error) is not kept.
 */
import type { Context, MiddlewareHandler } from "hono";
import type { Env, World } from "../../world.ts";
import { newId } from "../ids.ts";
import { InvalidParameters, StripeRefusal } from "../refusal.ts";
import type { StoredAnswer } from "../state.ts";
import { answerError } from "./errors.ts";

const keptMs = 24 * 60 * 60 * 1000;

function keyOf(c: Context<Env>): string | undefined {
	return c.req.method === "POST" ? c.req.header("idempotency-key") : undefined;
}

/** Refuses a key whose first request is still under way. Stands outside of the faults, so that a slow first request is one. */
export function holdIdempotencyKeys(): MiddlewareHandler<Env> {
	const underway = new Set<string>();
	return async (c, next) => {
		const key = keyOf(c);
		if (key === undefined) return next();
		if (underway.has(key)) {
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

/** Gives the kept answer again, or keeps the one that comes. */
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
		if (kept !== undefined) return replay(kept, { method, path, params });
		const requestId = newId("req");
		c.header("Request-Id", requestId);
		await next();
		if (c.error instanceof InvalidParameters) return;
		const body = await c.res.clone().text();
		world.state.stripe.answers.push({ key, method, path, params, status: c.res.status, body, requestId, atMs: nowMs });
	};
}

function replay(kept: StoredAnswer, { method, path, params }: Pick<StoredAnswer, "method" | "path" | "params">): Response {
	if (kept.method !== method || kept.path !== path)
		throw misused(
			`Keys for idempotent requests can only be used for the same endpoint they were first used for ('${path}' vs '${kept.path}').`,
			kept.key,
		);
	if (kept.params !== params)
		throw misused("Keys for idempotent requests can only be used with the same parameters they were first used with.", kept.key);
	return new Response(kept.body, {
		status: kept.status,
		headers: { "content-type": "application/json", "idempotent-replayed": "true", "original-request": kept.requestId },
	});
}

function misused(message: string, key: string): StripeRefusal {
	return new StripeRefusal(
		400,
		"idempotency_error",
		`${message} Try using a key other than '${key}' if you meant to execute a different request.`,
	);
}
