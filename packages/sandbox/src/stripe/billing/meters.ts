/** Records meter events and sums them up per customer and span of time. */
import { nanoid } from "nanoid";
import type { State } from "../../state.ts";
import { find } from "../find.ts";
import type { Meter, MeterEvent } from "../records.ts";
import { refuse } from "../refusal.ts";

const minuteSeconds = 60;
const hourSeconds = 60 * minuteSeconds;
const daySeconds = 24 * hourSeconds;
const oldestSeconds = 35 * daySeconds;
const earliestSeconds = 5 * minuteSeconds;
const rememberedSeconds = 24 * hourSeconds;

interface MeterEventRequest {
	event_name: string;
	payload: Record<string, string>;
	identifier?: string | undefined;
	timestamp?: number | undefined;
}

/**
 * Records an event. As with Stripe, a repeated identifier is an error for 24 hours and counts again after them.
 * @throws StripeRefusal
 */
export function recordMeterEvent(state: State, request: MeterEventRequest, atSeconds: number): MeterEvent {
	const { stripe } = state;
	const { event_name, payload, identifier = nanoid(), timestamp = atSeconds } = request;
	const meter = stripe.meters.find((one) => one.event_name === event_name && one.status === "active");
	if (meter === undefined) throw refuse(`No active meter found for event name ${event_name}.`, { code: "no_meter", param: "event_name" });
	const customer = payload[meter.customer_mapping.event_payload_key];
	const value = payload[meter.value_settings.event_payload_key];
	if (customer === undefined)
		throw refuse(`The payload is missing the customer mapping key: ${meter.customer_mapping.event_payload_key}.`, { param: "payload" });
	if (value === undefined && meter.default_aggregation.formula !== "count")
		throw refuse(`The payload is missing the value key: ${meter.value_settings.event_payload_key}.`, { param: "payload" });
	if (value !== undefined && !/^-?\d+(\.\d+)?$/.test(value)) throw refuse(`Invalid value in the payload: ${value}.`, { param: "payload" });
	if (timestamp < atSeconds - oldestSeconds)
		throw refuse("The timestamp is too far in the past: it must be within the past 35 calendar days.", { param: "timestamp" });
	if (timestamp > atSeconds + earliestSeconds)
		throw refuse("The timestamp is too far in the future: it can be up to 5 minutes ahead.", { param: "timestamp" });
	find(stripe.customers, customer, "customer", "payload");
	if (stripe.meterEvents.some((one) => one.identifier === identifier && one.created > atSeconds - rememberedSeconds))
		throw refuse(`An event already exists with identifier ${identifier}.`, { param: "identifier" });
	const event: MeterEvent = {
		object: "billing.meter_event",
		created: atSeconds,
		event_name,
		identifier,
		livemode: false,
		payload,
		timestamp,
	};
	stripe.meterEvents.push(event);
	return event;
}

interface Span {
	customer: string;
	start_time: number;
	end_time: number;
	value_grouping_window?: "hour" | "day" | undefined;
}

/**
 * Sums of a meter in a span, as a whole or in UTC windows. An event at `end_time` is excluded.
 * @throws StripeRefusal for a span that is empty or not aligned
 */
export function eventSummaries(state: State, meter: Meter, span: Span) {
	const { customer, start_time: start, end_time: end, value_grouping_window: window } = span;
	const unit = window === "day" ? daySeconds : window === "hour" ? hourSeconds : minuteSeconds;
	for (const [param, at] of [
		["start_time", start],
		["end_time", end],
	] as const) {
		if (at % unit !== 0) throw refuse(`Invalid ${param}: ${at}. It must align with ${window ?? "minute"} boundaries (UTC).`, { param });
	}
	if (end <= start) throw refuse("end_time must be after start_time.", { param: "end_time" });
	const events = state.stripe.meterEvents.filter(
		({ event_name, payload, timestamp }) =>
			event_name === meter.event_name &&
			payload[meter.customer_mapping.event_payload_key] === customer &&
			timestamp >= start &&
			timestamp < end,
	);
	if (window === undefined) return [summary(meter, events, start, end)];
	const windows = [...new Set(events.map(({ timestamp }) => Math.floor(timestamp / unit) * unit))].sort((a, b) => a - b);
	return windows.map((from) =>
		summary(
			meter,
			events.filter(({ timestamp }) => timestamp >= from && timestamp < from + unit),
			from,
			from + unit,
		),
	);
}

function summary(meter: Meter, events: readonly MeterEvent[], start: number, end: number) {
	const values = events.map(({ payload }) => Number(payload[meter.value_settings.event_payload_key] ?? 0));
	return {
		id: `mtrusg_test_${start}_${end}`,
		object: "billing.meter_event_summary" as const,
		aggregated_value: aggregate(meter.default_aggregation.formula, values),
		end_time: end,
		livemode: false,
		meter: meter.id,
		start_time: start,
	};
}

function aggregate(formula: string, values: readonly number[]): number {
	if (formula === "count") return values.length;
	if (formula === "last") return values.at(-1) ?? 0;
	return values.reduce((sum, value) => sum + value, 0);
}
