/** The ledger as the state stores it: which entries belong to an account, and how a new one is written. */
import type { LedgerAccount, LedgerEntry, Posting } from "../ledger.ts";
import { availableBalance } from "../ledger.ts";
import type { State } from "../state.ts";
import { pricingModel } from "./pricing.ts";
import type { UsageMeterBalance } from "./records.ts";

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

/** As in `experimental.usageMeterBalances`: a meter is absent before its first ledger entry (flowglad.md e). */
export function usageMeterBalances(state: State, subscriptionId: string): UsageMeterBalance[] {
	return pricingModel.usageMeters.flatMap((meter) => {
		const { prices: _, defaultPrice: __, ...record } = meter;
		const entries = entriesOf(state, {
			subscriptionId,
			usageMeterId: meter.id,
		});
		if (entries.length === 0) return [];
		return [{ ...record, availableBalance: availableBalance(entries), subscriptionId }];
	});
}
