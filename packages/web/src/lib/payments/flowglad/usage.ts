import { config } from "../../../config.ts";
import { logNote } from "../../../log.ts";
import type { FlowgladBilling } from "../../../view/flowglad.ts";
import { AI_REQUESTS_METER, creditsBought, findUsagePriceByMeterSlug, planWithoutGrant, toEntitlement } from "../../billing-helpers.ts";
import { IsolateCache } from "../isolate-cache.ts";
import type { UsagePort, UsageReport } from "../port.ts";
import { adminClient, customerBilling } from "./client.ts";

/** Flowglad keeps the credits and reports one balance. It keeps the first event of a transactionId forever (flowglad.md, e). */
export const flowgladUsage: UsagePort = {
	deduplication: null,

	async readEntitlement(externalId, fetchedAtMs, timeoutMs) {
		const billing = await customerBilling(adminClient(timeoutMs), externalId);
		if (!findUsagePriceByMeterSlug(AI_REQUESTS_METER, billing.pricingModel)) {
			logNote(`Usage price not found for meter ${AI_REQUESTS_METER}: usage cannot be reported until the pricing model has one`);
		}
		await warnOfFallback(billing);
		return { entitlement: toEntitlement(billing, fetchedAtMs, config().limits.paid), creditsBought: creditsBought(billing) };
	},

	async reportUsage(_externalId, reports, timeoutMs, onReported) {
		await adminClient(timeoutMs).bulkCreateUsageEvents({ usageEvents: reports.map(toUsageEvent) });
		for (const report of reports) onReported(report);
	},

	async reportOne(_externalId, report, timeoutMs) {
		return (await adminClient(timeoutMs).createUsageEvent({ usageEvent: toUsageEvent(report) })).usageEvent;
	},
};

const toUsageEvent = ({ subscriptionId, units, transactionId, usedAtMs }: UsageReport) => ({
	subscriptionId,
	amount: units,
	transactionId,
	usageMeterSlug: AI_REQUESTS_METER,
	usageDate: usedAtMs,
});

/** Once per isolate: the pricing model has the gap, so each read would log the same. */
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
