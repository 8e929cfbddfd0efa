import { config } from "../../../config.ts";
import { AI_REQUESTS_METER } from "../../billing-helpers.ts";
import { now } from "../../time/clock.ts";
import type { UsageEvent, UsagePort, UsageReport } from "../port.ts";
import { creditsBought, currentAmong, customerIdOf, stripe, subscriptionsOf, topUpsOf } from "./client.ts";
import { sendMeterEvent, unitsOnMeter } from "./meter.ts";
import { toEntitlement } from "./objects.ts";

/** Stripe deduplicates a meter event's identifier for "at least 24 hours". */
const IDENTIFIER_KEPT_MS = 24 * 3_600_000;

/** Stripe knows the plan and the payments; the ledger counts what is used of them. */
export const stripeUsage: UsagePort = {
	deduplication: {
		forgetsReportsAfterMs: IDENTIFIER_KEPT_MS,
		async unitsReported(externalId, fromMs, toMs, timeoutMs) {
			const customer = await customerIdOf(externalId);
			return customer === null ? 0 : unitsOnMeter(stripe(timeoutMs, 0), customer, fromMs, toMs);
		},
	},

	async readEntitlement(externalId, fetchedAtMs, timeoutMs) {
		const customer = await customerIdOf(externalId);
		// Without a customer nothing was ever bought, so Stripe need not be called.
		if (customer === null) return { entitlement: { kind: "none", fetchedAtMs }, creditsBought: 0 };
		const client = stripe(timeoutMs, 0);
		const [subscriptions, topUps] = await Promise.all([subscriptionsOf(client, customer), topUpsOf(client, customer)]);
		const terms = { fetchedAtMs, nowMs: now(), fallbackAllowance: config().limits.paid };
		return { entitlement: toEntitlement(currentAmong(subscriptions), topUps, terms), creditsBought: creditsBought(topUps) };
	},

	// One event per call and one call at a time: Stripe refuses concurrent calls for the same customer and meter.
	async reportUsage(externalId, reports, timeoutMs, onReported) {
		const client = stripe(timeoutMs, 0);
		const customer = await existingCustomer(externalId);
		for (const report of reports) {
			await sendMeterEvent(client, customer, report);
			onReported(report);
		}
	},

	async reportOne(externalId, report, timeoutMs) {
		const customer = await existingCustomer(externalId);
		return toUsageEvent(customer, report, await sendMeterEvent(stripe(timeoutMs, 0), customer, report));
	},
};

/** A meter event with the fields of the other provider's usage events. A repeat has no `created`: Stripe does not return the first. */
function toUsageEvent(customerId: string, report: UsageReport, event: Awaited<ReturnType<typeof sendMeterEvent>>): UsageEvent {
	const { subscriptionId, units: amount, usedAtMs: usageDate, transactionId } = report;
	const createdAt = "created" in event ? event.created * 1000 : usageDate;
	const of = { customerId, subscriptionId, usageMeterId: AI_REQUESTS_METER, billingPeriodId: null, priceId: null, pricingModelId: null };
	const at = { createdAt, updatedAt: createdAt, livemode: "livemode" in event && event.livemode };
	return { id: event.identifier, ...at, ...of, amount, usageDate, transactionId, properties: {} };
}

/** Usage on a plan is reported, and buying the plan created the customer. */
async function existingCustomer(externalId: string): Promise<string> {
	const customer = await customerIdOf(externalId);
	if (customer === null) throw new Error(`${externalId} has no customer at Stripe`);
	return customer;
}
