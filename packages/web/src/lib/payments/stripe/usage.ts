import { config } from "../../../config.ts";
import { AI_REQUESTS_METER } from "../../billing-helpers.ts";
import { now } from "../../time/clock.ts";
import { newsOf } from "../plan-news.ts";
import type { UsageEvent, UsagePort, UsageReport } from "../port.ts";
import { creditsBought, currentAmong, stripe, subscriptionsOf, topUpsOf } from "./client.ts";
import { getStripeCustomer } from "./customers.ts";
import { sendMeterEvent, unitsOnMeter } from "./meter.ts";
import { nextPriceOf, toEntitlement, toStanding } from "./objects.ts";
import { withCustomer } from "./own-customer.ts";

/** Stripe deduplicates a meter event's identifier for "at least 24 hours". */
const IDENTIFIER_KEPT_MS = 24 * 3_600_000;

/** Stripe knows the plan and the payments; the ledger counts the usage. */
export const stripeUsage: UsagePort = {
	deduplication: {
		forgetsReportsAfterMs: IDENTIFIER_KEPT_MS,
		async unitsReported(externalId, fromMs, toMs, timeoutMs) {
			const read = (customer: string) => unitsOnMeter(stripe(timeoutMs, 0), customer, fromMs, toMs);
			return withCustomer(externalId, read, () => 0);
		},
	},

	async readEntitlement(externalId, fetchedAtMs, timeoutMs) {
		const client = stripe(timeoutMs, 0);
		const read = async (customer: string) => {
			const [subscriptions, topUps] = await Promise.all([subscriptionsOf(client, customer), topUpsOf(client, customer)]);
			const terms = { fetchedAtMs, nowMs: now(), fallbackAllowance: config().limits.paid };
			const current = currentAmong(subscriptions);
			const entitlement = toEntitlement(current, topUps, terms);
			// Only whether another plan follows matters here, not its name, which would require reading the prices.
			const plans = current.map((plan) => ({ ...toStanding(plan, [], terms.nowMs), next: nextPriceOf(plan, terms.nowMs) ?? null }));
			return { entitlement, news: newsOf(plans, entitlement), creditsBought: creditsBought(topUps) };
		};
		// Without a customer nothing was ever bought, so Stripe is not called.
		return withCustomer(externalId, read, () => ({ entitlement: { kind: "none", fetchedAtMs }, news: null, creditsBought: 0 }));
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

/** A meter event with the fields of Flowglad's usage events. A repeat has no `created`, because Stripe does not return the first event. */
function toUsageEvent(customerId: string, report: UsageReport, event: Awaited<ReturnType<typeof sendMeterEvent>>): UsageEvent {
	const { subscriptionId, units: amount, usedAtMs: usageDate, transactionId } = report;
	const createdAt = "created" in event ? event.created * 1000 : usageDate;
	const of = { customerId, subscriptionId, usageMeterId: AI_REQUESTS_METER, billingPeriodId: null, priceId: null, pricingModelId: null };
	const at = { createdAt, updatedAt: createdAt, livemode: "livemode" in event && event.livemode };
	return { id: event.identifier, ...at, ...of, amount, usageDate, transactionId, properties: {} };
}

/** The customer exists: usage is reported for a plan, and buying it created the customer. */
async function existingCustomer(externalId: string): Promise<string> {
	const customer = await getStripeCustomer(externalId);
	if (customer === null) throw new Error(`${externalId} has no customer at Stripe`);
	return customer.stripeCustomerId;
}
