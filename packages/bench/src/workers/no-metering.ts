/**
 * Bench A, "metering off": replaces packages/web/src/lib/billing.ts in an otherwise identical build. Every request is admitted, nothing is
 * held or counted, and neither a ledger nor a provider is called.
 */
import type * as product from "../../../web/src/lib/billing.ts";
import { identify } from "../../../web/src/lib/identity/subject.ts";

export { AI_REQUESTS_METER } from "../../../web/src/lib/billing-helpers.ts";

const STANDING = {
	tier: "paid" as const,
	limit: 1_000,
	used: 0,
	held: 0,
	remaining: 1_000,
	topUps: 0,
	freeDay: null,
	window: { startMs: 0, endMs: null },
};

export const checkUsageAllowed: typeof product.checkUsageAllowed = async (request, options = {}) => {
	const subject = options.subject ?? (await identify(request));
	const requestId = options.requestId ?? crypto.randomUUID();
	const hold = { requestId, attempt: 1, takenFrom: [] };
	return {
		allowed: true,
		subject,
		hold,
		newlyHeld: hold,
		hasEnded: false,
		units: options.units ?? 1,
		terms: options.terms ?? null,
		standing: STANDING,
		setCookie: subject.setCookie,
	};
};

export const recordUsage: typeof product.recordUsage = async () => ({ counted: true, outcome: { kind: "unknown" } });

/** No benchmark raises a hold. */
export const raiseUsage: typeof product.raiseUsage = async (_, __, units) => ({ raised: true, units });

export const lowerUsage: typeof product.lowerUsage = async () => {};

export const releaseUsage: typeof product.releaseUsage = async () => ({ counted: false });

export const getBillingSummary: typeof product.getBillingSummary = async () => ({
	tier: "paid",
	limit: STANDING.limit,
	used: 0,
	held: 0,
	remaining: STANDING.remaining,
	topUps: 0,
	freeDay: null,
	window: { start: null, end: null },
	resetAt: null,
	unverified: false,
	checkoutOpen: false,
});

export const getUsageHistory: typeof product.getUsageHistory = async () => ({ today: new Date().toISOString().slice(0, 10), days: [] });

export const hasPaidPlan: typeof product.hasPaidPlan = async () => false;
