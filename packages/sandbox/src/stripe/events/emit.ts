import type { State } from "../../state.ts";
import { newDelivery } from "../../webhooks/delivery.ts";
import { newId } from "../ids.ts";
import type { EventType, StripeEvent } from "../records.ts";
import { apiVersion } from "../version.ts";
import { differences } from "./differences.ts";
import { apiRequest } from "./request.ts";

/** The id of the endpoint the sandbox was started with. The API cannot change it. */
export const startedWith = "we_sandbox";

const remembered = 2000;

/** Records an event with a copy of the record. webhooks/delivery.ts sends it to every endpoint that subscribes to it. */
export function emit(state: State, type: EventType, object: object, atSeconds: number, previous?: object): StripeEvent {
	const { stripe } = state;
	const endpoints = stripe.webhookEndpoints.filter(
		({ status, enabled_events }) => status === "enabled" && (enabled_events.includes("*") || enabled_events.includes(type)),
	);
	const endpointIds = [startedWith, ...endpoints.map(({ id }) => id)];
	const event: StripeEvent = {
		id: newId("evt"),
		object: "event",
		api_version: apiVersion,
		created: atSeconds,
		data: { object: structuredClone(object), ...(previous === undefined ? {} : { previous_attributes: previous }) },
		livemode: false,
		pending_webhooks: endpointIds.length,
		request: apiRequest.getStore() ?? { id: null, idempotency_key: null },
		type,
	};
	stripe.events = [...stripe.events, event].slice(-remembered);
	const deliveries = endpointIds.map((endpointId) => ({
		id: `${event.id}:${endpointId}`,
		eventId: event.id,
		endpointId,
		...newDelivery(state, atSeconds * 1000),
	}));
	stripe.deliveries = [...stripe.deliveries, ...deliveries].slice(-remembered);
	return event;
}

/** Runs `change` and emits an event with the previous values. Emits nothing if nothing changed. */
export function changing<T extends object>(state: State, record: T, type: EventType, atSeconds: number, change: () => void): void {
	const before = structuredClone(record);
	change();
	const previous = differences(before, record);
	if (Object.keys(previous).length > 0) emit(state, type, record, atSeconds, previous);
}
