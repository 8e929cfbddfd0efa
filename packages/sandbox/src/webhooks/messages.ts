import { nanoid } from "nanoid";
import { pricingModelId } from "../billing/pricing/catalogue.ts";
import type { Customer } from "../billing/records.ts";
import type { State } from "../state.ts";
import { newDelivery } from "./delivery.ts";
import type { EventPayload, EventType, WebhookMessage } from "./records.ts";

const remembered = 500;

/** Records an event. webhooks/delivery.ts sends it. */
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
