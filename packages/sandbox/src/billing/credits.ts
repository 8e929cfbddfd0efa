/** The stored credit ledger: entries of an account, grants, settlements. */
import type { State } from "../state.ts";
import { availableBalance, type LedgerAccount, type LedgerEntry, type Posting, rollover, settlement, standing } from "./ledger.ts";
import { pricingModelOf } from "./pricing/pricing.ts";
import type { BillingPeriod, FeatureItem, UsageMeterBalance } from "./records.ts";

/** Appends one entry to the ledger. */
export function post(state: State, posting: Posting): void {
	state.ledger.push({
		id: `ledger_entry_${state.ledger.length + 1}`,
		...posting,
	});
}

/** The ledger entries of one account, oldest first. */
export function entriesOf(state: State, account: LedgerAccount): LedgerEntry[] {
	return state.ledger.filter(
		({ subscriptionId, usageMeterId }) => subscriptionId === account.subscriptionId && usageMeterId === account.usageMeterId,
	);
}

/** One account for each meter, whether it has entries or not. */
export function accountsOf(state: State, subscriptionId: string): LedgerAccount[] {
	return pricingModelOf(state).usageMeters.map(({ id }) => ({ subscriptionId, usageMeterId: id }));
}

/** The `experimental.usageMeterBalances` of a subscription. A meter without ledger entries is absent (flowglad.md e). */
export function usageMeterBalances(state: State, subscriptionId: string): UsageMeterBalance[] {
	const { meterAbsentBeforeFirstEntry, negativeBalances } = state.settings;
	return pricingModelOf(state).usageMeters.flatMap(({ prices: _, defaultPrice: __, ...meter }) => {
		const entries = entriesOf(state, { subscriptionId, usageMeterId: meter.id });
		if (entries.length === 0 && meterAbsentBeforeFirstEntry) return [];
		const balance = availableBalance(entries);
		return [{ ...meter, availableBalance: negativeBalances ? balance : Math.max(0, balance), subscriptionId }];
	});
}

/** Grants a period's credits. `once` features grant only in the first period. */
export function grantPeriodCredits(
	state: State,
	features: readonly FeatureItem[],
	period: BillingPeriod,
	{ isFirst, atMs }: { isFirst: boolean; atMs: number },
): void {
	for (const account of accountsOf(state, period.subscriptionId)) {
		const grants = features
			.filter((feature) => feature.type === "usage_credit_grant" && feature.usageMeterId === account.usageMeterId)
			.filter(({ renewalFrequency }) => isFirst || renewalFrequency === "every_billing_period")
			.map(({ amount, renewalFrequency }) => ({
				amount: amount ?? 0,
				expiresAtMs: renewalFrequency === "every_billing_period" ? period.endMs : null,
			}));
		const entries = entriesOf(state, account);
		for (const posting of rollover(account, entries, { atMs, billingPeriodId: period.id, grants })) post(state, posting);
	}
}

/** Grants the credits of a subscription without periods. They never expire. */
export function grantLastingCredits(state: State, subscriptionId: string, features: readonly FeatureItem[], atMs: number): void {
	for (const { type, usageMeterId, amount } of features) {
		if (type !== "usage_credit_grant" || usageMeterId === null) continue;
		const grant = { amount: amount ?? 0, expiresAtMs: null, billingPeriodId: null };
		post(state, { subscriptionId, usageMeterId, atMs, type: "grant", ...grant });
	}
}

/**
 * Grants the credits of a plan that starts in mid-period: the share for the rest of the period, minus what the period has granted
 * already, at least 0. At the exact start of a period it grants none, as in the real service.
 */
export function grantAdjustedCredits(state: State, features: readonly FeatureItem[], period: BillingPeriod, atMs: number): void {
	if (atMs <= period.startMs || atMs >= period.endMs) return;
	const shareLeft = (period.endMs - atMs) / (period.endMs - period.startMs);
	for (const account of accountsOf(state, period.subscriptionId)) {
		const wanted = features
			.filter((feature) => feature.type === "usage_credit_grant" && feature.usageMeterId === account.usageMeterId)
			.reduce((sum, { amount }) => sum + Math.round((amount ?? 0) * shareLeft), 0);
		const granted = entriesOf(state, account)
			.filter((entry) => entry.type === "grant" && entry.billingPeriodId === period.id)
			.reduce((sum, { amount }) => sum + amount, 0);
		if (wanted > granted) {
			const grant = { amount: wanted - granted, expiresAtMs: period.endMs, billingPeriodId: period.id };
			post(state, { ...account, atMs, type: "grant", ...grant });
		}
	}
}

/** Units used beyond all credits. The next invoice has a line for them. */
export function debtOf(state: State, account: LedgerAccount): number {
	return standing(entriesOf(state, account)).outstanding;
}

/** Settles `units` of debt that an invoice paid for. */
export function settleDebt(state: State, account: LedgerAccount, paid: { atMs: number; invoiceId: string; units: number }): void {
	const posting = settlement(account, entriesOf(state, account), paid);
	if (posting !== null) post(state, posting);
}

/** Moves the remaining credits to another subscription. The real service does not do this on an upgrade. */
export function moveCredits(state: State, fromId: string, toId: string, atMs: number): void {
	for (const account of accountsOf(state, fromId)) {
		for (const { id, remaining, expiresAtMs } of standing(entriesOf(state, account)).openGrants) {
			if (remaining === 0) continue;
			post(state, { ...account, atMs, type: "expiry", grantId: id, amount: remaining });
			const grant = { amount: remaining, expiresAtMs, billingPeriodId: null };
			post(state, { ...account, subscriptionId: toId, atMs, type: "grant", ...grant });
		}
	}
}
