/** Stored records of webhooks: deliveries with their attempts, and Flowglad's events. */

export interface Attempt {
	atMs: number;
	/** The answer's status; null if there was none, with the reason in `error`. */
	status: number | null;
	error: string | null;
}

/** One webhook on its way to one receiver. */
export interface Delivery {
	id: string;
	attempts: Attempt[];
	/** The next attempt in sandbox time; null if there is none. */
	nextAttemptAtMs: number | null;
	outcome: "waiting" | "delivered" | "failed" | "dropped" | "unsent";
}

/** The event types of flowglad.md h. Flowglad declares `subscription.updated` and `customer.updated` and never sends them. */
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

/** The body of an event. It does not contain the event's type. */
export interface EventPayload {
	id: string;
	object: "customer" | "purchase" | "payment" | "subscription";
	customer: { id: string; externalId: string };
	pricingModelId: string;
}

export interface WebhookMessage extends Delivery {
	/** The `svix-id` header: the same for each attempt, so that the receiver can recognize repeats. */
	id: string;
	type: EventType;
	atMs: number;
	payload: EventPayload;
}
