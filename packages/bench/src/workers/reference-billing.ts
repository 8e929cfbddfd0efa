/**
 * Bench C, the reference design: the owner's document (seed 001) as written, with the real SDK. It replaces packages/web/src/lib/billing.ts
 * in an otherwise identical build. `checkUsageAllowed` calls getBilling (2 requests) before the model is called;
 * `recordUsage` calls it again (2 requests) and creates the usage event (1 request) before the answer's last chunk, as in the document.
 *
 * In its favour: the session is read once per chat, the customer already exists, and the usage price is read from where the current API
 * returns it, so the event is actually sent.
 */
import type * as product from "../../../web/src/lib/billing.ts";
import { AI_REQUESTS_METER, findUsagePriceByMeterSlug } from "../../../web/src/lib/billing-helpers.ts";
import { flowglad } from "../../../web/src/lib/flowglad.ts";
import { identify } from "../../../web/src/lib/identity/subject.ts";
import { externalIdOf, kindOf } from "../../../web/src/lib/identity/subject-key.ts";

export { AI_REQUESTS_METER };

const PAID_PLAN_REQUESTS = 1_000;

export const checkUsageAllowed: typeof product.checkUsageAllowed = async (request, options = {}) => {
	const subject = options.subject ?? (await identify(request));
	const requestId = options.requestId ?? crypto.randomUUID();
	const takenFrom = [{ ledger: subject.key, id: requestId }];
	const remaining = subject.kind === "user" ? await balanceOf(subject.userId) : 5;
	const standing = {
		tier: "paid" as const,
		limit: PAID_PLAN_REQUESTS,
		used: 0,
		held: 0,
		remaining,
		topUps: 0,
		freeDay: null,
		window: { startMs: 0, endMs: null },
	};
	if (remaining < 1) {
		const refusal = { policy: "paid" as const, tier: "paid" as const, limit: PAID_PLAN_REQUESTS, remaining, resetAtMs: null };
		return { allowed: false, subject, reason: "limit", refusal };
	}
	const hold = { requestId, attempt: 1, takenFrom };
	return {
		allowed: true,
		subject,
		hold,
		newlyHeld: hold,
		hasEnded: false,
		units: options.units ?? 1,
		terms: options.terms ?? null,
		standing,
		setCookie: subject.setCookie,
	};
};

async function balanceOf(userId: string): Promise<number> {
	const server = flowglad(userId);
	if (!server) return PAID_PLAN_REQUESTS;
	const billing = await server.getBilling();
	return billing.checkUsageBalance(AI_REQUESTS_METER)?.availableBalance ?? PAID_PLAN_REQUESTS;
}

export const recordUsage: typeof product.recordUsage = async (request, amount = 1) => {
	const key = request instanceof Request ? (await identify(request)).key : request.takenFrom[0]?.ledger;
	const transactionId = request instanceof Request ? crypto.randomUUID() : request.requestId;
	if (key !== undefined && kindOf(key) === "user") await report(externalIdOf(key), amount, transactionId);
	return { counted: true, outcome: { kind: "unknown" } };
};

async function report(userId: string, amount: number, transactionId: string): Promise<void> {
	const server = flowglad(userId);
	if (!server) return;
	const billing = await server.getBilling();
	const current = billing.currentSubscriptions?.find((one) => !one.isFreePlan) ?? billing.currentSubscriptions?.[0];
	const price = findUsagePriceByMeterSlug(AI_REQUESTS_METER, billing.pricingModel);
	if (!current || !price?.slug) throw new Error("Usage price not found for meter");
	await server.createUsageEvent({
		subscriptionId: current.id,
		priceSlug: price.slug,
		amount,
		transactionId: `${userId}:${transactionId}`,
	});
}

/** No benchmark raises a hold. */
export const raiseUsage: typeof product.raiseUsage = async (_, __, units) => ({ raised: true, units });

export const lowerUsage: typeof product.lowerUsage = async () => {};

export const releaseUsage: typeof product.releaseUsage = async () => ({ counted: false });

export const getBillingSummary: typeof product.getBillingSummary = async () => ({
	tier: "paid",
	limit: PAID_PLAN_REQUESTS,
	used: 0,
	held: 0,
	remaining: PAID_PLAN_REQUESTS,
	topUps: 0,
	freeDay: null,
	window: { start: null, end: null },
	resetAt: null,
	unverified: false,
	checkoutOpen: false,
});

export const getUsageHistory: typeof product.getUsageHistory = async () => ({ today: new Date().toISOString().slice(0, 10), days: [] });

export const hasPaidPlan: typeof product.hasPaidPlan = async () => false;
