import { nanoid } from "nanoid";
import { pricingModelId } from "../billing/pricing/catalogue.ts";
import type { Customer } from "../billing/records.ts";
import type { State } from "../state.ts";

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
interface EventPayload {
	id: string;
	object: "customer" | "purchase" | "payment" | "subscription";
	customer: { id: string; externalId: string };
	pricingModelId: string;
}

export interface Attempt {
	atMs: number;
	/** The answer's status; null when there was none, and `error` says why. */
	status: number | null;
	error: string | null;
}

export interface WebhookMessage {
	/** `svix-id`: the same for each attempt, so that the receiver can tell a repeat. */
	id: string;
	type: EventType;
	atMs: number;
	payload: EventPayload;
	attempts: Attempt[];
	/** When it is sent next, sandbox time; null when it is not. */
	nextAttemptAtMs: number | null;
	outcome: "waiting" | "delivered" | "failed" | "dropped" | "unsent";
}

const remembered = 500;

/** Writes down what happened; webhooks/delivery.ts sends it. */
export function emit(state: State, type: EventType, id: string, customer: Customer, atMs: number): WebhookMessage {
	const { drop = false, delayMs = 0 } = state.faults.webhooks ?? {};
	const message: WebhookMessage = {
		id: `msg_${nanoid()}`,
		type,
		atMs,
		payload: {
			id,
			object: objectOf(type),
			customer: { id: customer.id, externalId: customer.externalId },
			pricingModelId,
		},
		attempts: [],
		nextAttemptAtMs: drop ? null : atMs + delayMs,
		outcome: drop ? "dropped" : "waiting",
	};
	state.webhooks = [...state.webhooks, message].slice(-remembered);
	return message;
}

function objectOf(type: EventType): EventPayload["object"] {
	if (type.startsWith("customer.")) return "customer";
	if (type.startsWith("purchase.")) return "purchase";
	if (type.startsWith("payment.")) return "payment";
	return "subscription";
}
