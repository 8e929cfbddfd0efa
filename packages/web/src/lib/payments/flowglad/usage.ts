import type { FlowgladServerAdmin } from "@flowglad/server";
import { config } from "../../../config.ts";
import { logNote } from "../../../log.ts";
import { comingPlan, type FlowgladBilling, paidSubscriptions, toStanding } from "../../../view/flowglad.ts";
import { AI_REQUESTS_METER, creditsBought, findUsagePriceByMeterSlug, planWithoutGrant, toEntitlement } from "../../billing-helpers.ts";
import { isAnswered, RefusedReport } from "../errors.ts";
import { IsolateCache } from "../isolate-cache.ts";
import { newsOf } from "../plan-news.ts";
import type { UsagePort, UsageReport } from "../port.ts";
import { adminClient, customerBilling } from "./client.ts";

/** Flowglad holds the credits and reports one balance. It keeps the first event per transactionId forever (flowglad.md, e). */
export const flowgladUsage: UsagePort = {
	deduplication: null,

	async readEntitlement(externalId, fetchedAtMs, timeoutMs, coming) {
		const billing = await customerBilling(adminClient(timeoutMs), externalId);
		if (!findUsagePriceByMeterSlug(AI_REQUESTS_METER, billing.pricingModel)) {
			logNote(`Usage price not found for meter ${AI_REQUESTS_METER}: usage cannot be reported until the pricing model has one`);
		}
		await warnOfFallback(billing);
		const entitlement = toEntitlement(billing, fetchedAtMs, config().limits.paid);
		const plans = paidSubscriptions(billing).map((plan) => toStanding({ ...plan, comingPlan: comingPlan(plan, coming ?? null) }));
		return { entitlement, news: newsOf(plans, entitlement), creditsBought: creditsBought(billing) };
	},

	async reportUsage(externalId, reports, timeoutMs, onReported) {
		await explained(externalId, timeoutMs, (client) => client.bulkCreateUsageEvents({ usageEvents: reports.map(toUsageEvent) }));
		for (const report of reports) onReported(report);
	},

	async reportOne(externalId, report, timeoutMs) {
		const usageEvent = toUsageEvent(report);
		const { usageEvent: event } = await explained(externalId, timeoutMs, (client) => client.createUsageEvent({ usageEvent }));
		const { billingPeriodId = null, priceId = null, properties } = event;
		return { ...event, billingPeriodId, priceId, properties: properties ?? {} };
	},
};

/**
 * Sends a report. Flowglad answers a missing usage price with the same 500 as a fault, so a 500 is checked against the pricing model.
 * @throws RefusedReport when it has no usage price for our meter, else the SDK's error
 */
async function explained<T>(externalId: string, timeoutMs: number, send: (client: FlowgladServerAdmin) => Promise<T>): Promise<T> {
	const client = adminClient(timeoutMs);
	try {
		return await send(client);
	} catch (error) {
		if (!isAnswered(error) || !(await lacksUsagePrice(client, externalId))) throw error;
		throw new RefusedReport(`Usage price not found for meter ${AI_REQUESTS_METER}`, { cause: error });
	}
}

async function lacksUsagePrice(client: FlowgladServerAdmin, externalId: string): Promise<boolean> {
	try {
		const { pricingModel } = await customerBilling(client, externalId);
		return findUsagePriceByMeterSlug(AI_REQUESTS_METER, pricingModel) === null;
	} catch {
		return false;
	}
}

const toUsageEvent = ({ subscriptionId, units, transactionId, usedAtMs }: UsageReport) => ({
	subscriptionId,
	amount: units,
	transactionId,
	usageMeterSlug: AI_REQUESTS_METER,
	usageDate: usedAtMs,
});

/** Once per isolate: the gap is in the pricing model, so every read would log the same. */
const fallbackWarning = new IsolateCache<void>(Number.POSITIVE_INFINITY);

async function warnOfFallback(billing: FlowgladBilling): Promise<void> {
	const plan = planWithoutGrant(billing);
	if (!plan) return;
	await fallbackWarning.read(async () => {
		logNote(
			`plan without credits: price ${plan.priceId} grants no ${AI_REQUESTS_METER}; PAID_PLAN_REQUESTS (${config().limits.paid}) stands in`,
		);
	});
}
