import type Stripe from "stripe";
import { AI_REQUESTS_METER } from "../../billing-helpers.ts";
import { statusOf } from "../errors.ts";
import { IsolateCache } from "../isolate-cache.ts";
import type { UsageReport } from "../port.ts";

const IDENTIFIER_CHARS_MAX = 100;
const METERS_MAX = 1_000;

/** A report's idempotency key at Stripe, which allows 100 characters; a longer one is hashed. */
async function identifierOf({ transactionId }: UsageReport): Promise<string> {
	if (transactionId.length <= IDENTIFIER_CHARS_MAX) return transactionId;
	const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(transactionId));
	return `sha256:${[...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** Whether Stripe rejected an identifier because it already has the event. */
function isKnownAlready(error: unknown): boolean {
	return statusOf(error) === 400 && error instanceof Error && /already exists with identifier/i.test(error.message);
}

/** Reports one counted request to Stripe's meter. A repeat within 24 hours counts once. */
export async function sendMeterEvent(
	client: Stripe,
	customer: string,
	report: UsageReport,
): Promise<Stripe.Billing.MeterEvent | { identifier: string }> {
	const identifier = await identifierOf(report);
	try {
		return await client.billing.meterEvents.create({
			event_name: AI_REQUESTS_METER,
			payload: { stripe_customer_id: customer, value: String(report.units) },
			identifier,
			timestamp: Math.floor(report.usedAtMs / 1000),
		});
	} catch (error) {
		if (!isKnownAlready(error)) throw error;
		return { identifier };
	}
}

/** Units on Stripe's meter for a customer in [fromMs, toMs), whole minutes. */
export async function unitsOnMeter(client: Stripe, customer: string, fromMs: number, toMs: number): Promise<number> {
	const range = { customer, start_time: fromMs / 1000, end_time: toMs / 1000 };
	const { data } = await client.billing.meters.listEventSummaries(await meterId.read(() => readMeterId(client)), range);
	return data.reduce((units, { aggregated_value }) => units + aggregated_value, 0);
}

/** A meter's id never changes, so one read per isolate is enough. */
const meterId = new IsolateCache<string>(Number.POSITIVE_INFINITY);

async function readMeterId(client: Stripe): Promise<string> {
	const meters = await client.billing.meters.list({ status: "active", limit: 100 }).autoPagingToArray({ limit: METERS_MAX });
	const meter = meters.find(({ event_name }) => event_name === AI_REQUESTS_METER);
	if (!meter) throw new Error(`Stripe has no active meter for ${AI_REQUESTS_METER}`);
	return meter.id;
}
