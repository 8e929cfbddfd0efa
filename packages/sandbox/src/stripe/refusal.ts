interface Details {
	code?: string;
	/** The parameter that is to blame, as "items[0][price]". */
	param?: string;
	declineCode?: string;
	/** Further fields of the error, such as the charge that failed. */
	more?: Record<string, unknown>;
}

export type StripeErrorType =
	| "invalid_request_error"
	| "card_error"
	| "idempotency_error"
	| "authentication_error"
	| "rate_limit_error"
	| "api_error";

/** What Stripe would refuse; the API answers `{error: {type, code, message, param}}` with the status. */
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

/** The parameters are not what the endpoint takes: nothing began, so an idempotency key is still free. */
export class InvalidParameters extends StripeRefusal {
	constructor(message: string, details: Details = {}) {
		super(400, "invalid_request_error", message, details);
	}
}

/** What was asked for cannot be done with things as they are. */
export function refuse(message: string, details: Details = {}): StripeRefusal {
	return new StripeRefusal(400, "invalid_request_error", message, details);
}

/** A record that the path names is not there; `param` names the parameter if it was one of the body, which is 400 and not 404. */
export function missing(noun: string, id: string, param?: string): StripeRefusal {
	const message = `No such ${noun}: '${id}'`;
	const status = param === undefined ? 404 : 400;
	return new StripeRefusal(status, "invalid_request_error", message, { code: "resource_missing", param: param ?? "id" });
}

export function cardDeclined(declineCode: string, more: Record<string, unknown> = {}): StripeRefusal {
	return new StripeRefusal(402, "card_error", "Your card was declined.", { code: "card_declined", declineCode, more });
}
