interface Details {
	code?: string;
	/** The invalid parameter, for example "items[0][price]". */
	param?: string;
	declineCode?: string;
	/** More fields of the error, such as the failed payment intent. */
	more?: Record<string, unknown>;
}

export type StripeErrorType =
	| "invalid_request_error"
	| "card_error"
	| "idempotency_error"
	| "authentication_error"
	| "rate_limit_error"
	| "api_error";

/** A request that Stripe would refuse. The API answers `{error: {type, code, message, param}}` with the status. */
export class StripeRefusal extends Error {
	readonly status: 400 | 401 | 402 | 404 | 409 | 429;
	readonly type: StripeErrorType;
	readonly details: Details;

	constructor(status: StripeRefusal["status"], type: StripeErrorType, message: string, details: Details = {}) {
		super(message);
		this.status = status;
		this.type = type;
		this.details = details;
	}
}

/** Invalid parameters. The endpoint did not start, so an idempotency key stays unused. */
export class InvalidParameters extends StripeRefusal {
	constructor(message: string, details: Details = {}) {
		super(400, "invalid_request_error", message, details);
	}
}

/** A request that the current state does not allow: 400. */
export function refuse(message: string, details: Details = {}): StripeRefusal {
	return new StripeRefusal(400, "invalid_request_error", message, details);
}

/** A missing record: 404 if the path named it, 400 if the parameter `param` did. */
export function missing(noun: string, id: string, param?: string): StripeRefusal {
	const message = `No such ${noun}: '${id}'`;
	const status = param === undefined ? 404 : 400;
	return new StripeRefusal(status, "invalid_request_error", message, { code: "resource_missing", param: param ?? "id" });
}

/** A declined card: 402. */
export function cardDeclined(declineCode: string, more: Record<string, unknown> = {}): StripeRefusal {
	return new StripeRefusal(402, "card_error", "Your card was declined.", { code: "card_declined", declineCode, more });
}

/** A charge that the customer must first confirm with the bank: 402 like a declined card, but with its own code. */
export function unconfirmed(of: "subscription" | "invoice", more: Record<string, unknown> = {}): StripeRefusal {
	const message =
		of === "subscription"
			? "Payment for this subscription requires additional user action before it can be completed successfully. Payment can be completed using the PaymentIntent associated with `subscription.latest_invoice`."
			: "This payment requires additional user action before it can be completed successfully. Payment can be completed using the PaymentIntent associated with the invoice.";
	return new StripeRefusal(402, "card_error", message, { code: `${of}_payment_intent_requires_action`, more });
}
