import type { Report } from "@parley/metering";
import type Stripe from "stripe";
import { AI_REQUESTS_METER } from "../../billing-helpers.ts";
import { transactionIdOf } from "../../identity/subject-key.ts";
import { statusOf } from "../provider.ts";

const IDENTIFIER_CHARS_MAX = 100;
const METERS_MAX = 1_000;

/**
 * The outbox's name of a report, with the subject's key in front: no one can claim another's request by naming its id. Stripe takes 100 characters; of a
 * longer one, its hash.
 */
async function identifierOf(subjectKey: string, { id }: Report): Promise<string> {
	const name = transactionIdOf(subjectKey, id);
	if (name.length <= IDENTIFIER_CHARS_MAX) return name;
	const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(name));
	return `sha256:${[...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** Stripe refuses an identifier that it has, which is as good as having taken it. */
function isKnownAlready(error: unknown): boolean {
	return statusOf(error) === 400 && error instanceof Error && /already exists with identifier/i.test(error.message);
}

/** Tells Stripe's meter of one counted request, or hears that it has it already. */
export async function sendMeterEvent(
	client: Stripe,
	customer: string,
	subjectKey: string,
	report: Report,
): Promise<Stripe.Billing.MeterEvent | { identifier: string }> {
	const identifier = await identifierOf(subjectKey, report);
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

/** Units that Stripe's meter has of a customer in [fromMs, toMs), whole minutes. */
export async function unitsOnMeter(client: Stripe, customer: string, fromMs: number, toMs: number): Promise<number> {
	const range = { customer, start_time: fromMs / 1000, end_time: toMs / 1000 };
	const { data } = await client.billing.meters.listEventSummaries(meterId ?? (await readMeterId(client)), range);
	return data.reduce((units, { aggregated_value }) => units + aggregated_value, 0);
}

let meterId: string | undefined;

async function readMeterId(client: Stripe): Promise<string> {
	const meters = await client.billing.meters.list({ status: "active", limit: 100 }).autoPagingToArray({ limit: METERS_MAX });
	meterId ??= meters.find(({ event_name }) => event_name === AI_REQUESTS_METER)?.id;
	if (!meterId) throw new Error(`Stripe has no active meter for ${AI_REQUESTS_METER}`);
	return meterId;
}
