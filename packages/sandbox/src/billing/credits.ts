/** The ledger as the state stores it: whose entries belong to an account, and what is granted and settled there. */
import type { State } from "../state.ts";
import { availableBalance, type LedgerAccount, type LedgerEntry, type Posting, rollover, settlement, standing } from "./ledger.ts";
import { pricingModelOf } from "./pricing/pricing.ts";
import type { BillingPeriod, FeatureItem, UsageMeterBalance } from "./records.ts";

export function post(state: State, posting: Posting): void {
	state.ledger.push({
		id: `ledger_entry_${state.ledger.length + 1}`,
		...posting,
	});
}

export function entriesOf(state: State, account: LedgerAccount): LedgerEntry[] {
	return state.ledger.filter(
		({ subscriptionId, usageMeterId }) => subscriptionId === account.subscriptionId && usageMeterId === account.usageMeterId,
	);
}

/** The accounts a subscription has or may get: one for each meter. */
export function accountsOf(state: State, subscriptionId: string): LedgerAccount[] {
	return pricingModelOf(state).usageMeters.map(({ id }) => ({ subscriptionId, usageMeterId: id }));
}

/** As in `experimental.usageMeterBalances`: a meter is absent before its first ledger entry (flowglad.md e). */
export function usageMeterBalances(state: State, subscriptionId: string): UsageMeterBalance[] {
	const { meterAbsentBeforeFirstEntry, negativeBalances } = state.settings;
	return pricingModelOf(state).usageMeters.flatMap(({ prices: _, defaultPrice: __, ...meter }) => {
		const entries = entriesOf(state, { subscriptionId, usageMeterId: meter.id });
		if (entries.length === 0 && meterAbsentBeforeFirstEntry) return [];
		const balance = availableBalance(entries);
		return [{ ...meter, availableBalance: negativeBalances ? balance : Math.max(0, balance), subscriptionId }];
	});
}

/** The credits with which a period begins; `once` features give theirs only in the first. */
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

/**
 * The credits of a plan that came in the middle of a period: their share of what is left of it, less what the period
 * has granted already, and never below nothing. At the very start of a period there are none, as in the real service.
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

/** Units used beyond all credits: what the next invoice has a line for. */
export function debtOf(state: State, account: LedgerAccount): number {
	return standing(entriesOf(state, account)).outstanding;
}

export function settleDebt(state: State, account: LedgerAccount, paid: { atMs: number; invoiceId: string; units: number }): void {
	const posting = settlement(account, entriesOf(state, account), paid);
	if (posting !== null) post(state, posting);
}

/** What is left of one subscription's credits goes to another: what the real service does not do on an upgrade. */
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
