import type { Context } from "hono";
import type { Env } from "../../world.ts";
import { newId } from "../ids.ts";
import { StripeRefusal } from "../refusal.ts";

/** Answers with Stripe's error body. Unexpected errors are logged and answered with 500. */
export function answerError(error: Error, c: Context<Env>): Response {
	if (error instanceof StripeRefusal) {
		const { code, param, declineCode, more } = error.details;
		return c.json(
			{
				error: {
					type: error.type,
					...(code === undefined ? {} : { code, doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll("_", "-")}` }),
					message: error.message,
					...(param === undefined ? {} : { param }),
					...(declineCode === undefined ? {} : { decline_code: declineCode }),
					...more,
				},
			},
			error.status,
		);
	}
	console.error(error);
	return c.json({ error: { type: "api_error", message: error.message } }, 500);
}

const types: Record<number, { type: string; code?: string }> = {
	401: { type: "invalid_request_error" },
	402: { type: "card_error", code: "card_declined" },
	409: { type: "idempotency_error", code: "idempotency_key_in_use" },
	429: { type: "invalid_request_error", code: "rate_limit" },
};

/** A Stripe error body for the fault `status`. */
export function injectedError(status: number, headers: Record<string, string>): Response {
	const kind = types[status] ?? { type: status >= 500 ? "api_error" : "invalid_request_error" };
	return Response.json({ error: { ...kind, message: "Injected fault" } }, { status, headers: { "request-id": newId("req"), ...headers } });
}
