/** What the state keeps about webhooks: deliveries with their attempts, and the events that Flowglad sends. */

export interface Attempt {
	atMs: number;
	/** The answer's status; null when there was none, and `error` says why. */
	status: number | null;
	error: string | null;
}

/** Something on its way to somebody. */
export interface Delivery {
	id: string;
	attempts: Attempt[];
	/** When it is sent next, sandbox time; null when it is not. */
	nextAttemptAtMs: number | null;
	outcome: "waiting" | "delivered" | "failed" | "dropped" | "unsent";
}

/** The types of flowglad.md h. `subscription.updated` and `customer.updated` exist there, and nothing ever sends them. */
export const eventTypes = [
	"customer.created",
	"customer.updated",
	"purchase.completed",
	"payment.succeeded",
	"payment.failed",
	"subscription.created",
	"subscription.updated",
	"subscription.canceled",
] as const;

export type EventType = (typeof eventTypes)[number];

/** The body that is sent. The event's type is not in it. */
export interface EventPayload {
	id: string;
	object: "customer" | "purchase" | "payment" | "subscription";
	customer: { id: string; externalId: string };
	pricingModelId: string;
}

export interface WebhookMessage extends Delivery {
	/** `svix-id`: the same for each attempt, so that the receiver can tell a repeat. */
	id: string;
	type: EventType;
	atMs: number;
	payload: EventPayload;
}
