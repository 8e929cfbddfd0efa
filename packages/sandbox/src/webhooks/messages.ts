import { nanoid } from "nanoid";
import { pricingModelId } from "../billing/pricing/catalogue.ts";
import type { Customer } from "../billing/records.ts";
import type { State } from "../state.ts";
import { type Delivery, newDelivery } from "./delivery.ts";

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

export interface WebhookMessage extends Delivery {
	/** `svix-id`: the same for each attempt, so that the receiver can tell a repeat. */
	id: string;
	type: EventType;
	atMs: number;
	payload: EventPayload;
}

const remembered = 500;

/** Writes down what happened; webhooks/delivery.ts sends it. */
export function emit(state: State, type: EventType, id: string, customer: Customer, atMs: number): WebhookMessage {
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
		...newDelivery(state, atMs),
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
