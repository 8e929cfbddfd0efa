/**
 * Usage credits of one subscription and one meter (flowglad.md e). Pure: no clock, no ids, no state.
 *
 * balance = granted − expired − used + settled. It may be negative, because usage is never refused.
 */

/** Identifies an account. Balances do not move between subscriptions, not even on an upgrade. */
export interface LedgerAccount {
	subscriptionId: string;
	usageMeterId: string;
}

/** A new ledger line. `amount` is in units of the meter and always positive; the type determines the sign. */
export type Posting = LedgerAccount & { atMs: number; amount: number } & (
		| { type: "grant"; expiresAtMs: number | null; billingPeriodId: string | null }
		| { type: "usage"; usageEventId: string }
		| { type: "expiry"; grantId: string }
		| { type: "settlement"; invoiceId: string }
	);

export type LedgerEntry = Posting & { id: string };

interface OpenGrant {
	id: string;
	remaining: number;
	/** Units of this grant that paid earlier debt. A settlement returns them. */
	debtPaid: number;
	expiresAtMs: number | null;
}

interface Standing {
	openGrants: OpenGrant[];
	/** Units used beyond all credits and not yet settled. */
	outstanding: number;
}

/** The account's `availableBalance` in units. `entries` must belong to one account. */
export function availableBalance(entries: readonly LedgerEntry[]): number {
	return entries.reduce(
		(balance, { type, amount }) => (type === "grant" || type === "settlement" ? balance + amount : balance - amount),
		0,
	);
}

/**
 * The remaining units of each grant, and the debt. Usage draws on the grant that expires first, and on those that never expire last.
 * A new grant first pays outstanding debt.
 */
export function standing(entries: readonly LedgerEntry[]): Standing {
	let openGrants: OpenGrant[] = [];
	let outstanding = 0;
	for (const entry of entries) {
		switch (entry.type) {
			case "grant": {
				const debtPaid = Math.min(outstanding, entry.amount);
				outstanding -= debtPaid;
				openGrants.push({
					id: entry.id,
					remaining: entry.amount - debtPaid,
					debtPaid,
					expiresAtMs: entry.expiresAtMs,
				});
				openGrants.sort(byExpiry);
				break;
			}
			case "usage":
				outstanding += draw(openGrants, entry.amount);
				break;
			case "expiry":
				openGrants = openGrants.filter((grant) => grant.id !== entry.grantId);
				break;
			case "settlement": {
				const debt = Math.min(outstanding, entry.amount);
				outstanding -= debt;
				giveBack(openGrants, entry.amount - debt);
				break;
			}
		}
	}
	return { openGrants, outstanding };
}

function byExpiry(a: OpenGrant, b: OpenGrant): number {
	if (a.expiresAtMs === b.expiresAtMs) return 0;
	return (a.expiresAtMs ?? Number.POSITIVE_INFINITY) - (b.expiresAtMs ?? Number.POSITIVE_INFINITY);
}

/** Returns units to the grants that had paid debt which was later paid in money. */
function giveBack(grants: OpenGrant[], amount: number): void {
	let left = amount;
	for (const grant of grants) {
		const returned = Math.min(grant.debtPaid, left);
		grant.debtPaid -= returned;
		grant.remaining += returned;
		left -= returned;
	}
}

function draw(grants: OpenGrant[], amount: number): number {
	let uncovered = amount;
	for (const grant of grants) {
		const drawn = Math.min(grant.remaining, uncovered);
		grant.remaining -= drawn;
		uncovered -= drawn;
	}
	return uncovered;
}

/** The postings for a new billing period: remainders of ended grants expire, new credits arrive. */
export function rollover(
	account: LedgerAccount,
	entries: readonly LedgerEntry[],
	period: {
		atMs: number;
		billingPeriodId: string;
		grants: readonly { amount: number; expiresAtMs: number | null }[];
	},
): Posting[] {
	const { atMs, billingPeriodId, grants } = period;
	const expired: Posting[] = standing(entries)
		.openGrants.filter(({ expiresAtMs, remaining }) => expiresAtMs !== null && expiresAtMs <= atMs && remaining > 0)
		.map(({ id, remaining }) => ({ ...account, atMs, type: "expiry", grantId: id, amount: remaining }));
	return [...expired, ...grants.map((grant): Posting => ({ ...account, atMs, type: "grant", billingPeriodId, ...grant }))];
}

/**
 * The settlement of a paid invoice: its `units` of debt, at most the debt that still exists. The payment may arrive days after the new
 * period's grant has paid that debt (a renewal that succeeds on its third attempt); then the units return to the grant.
 * Null when nothing is left to settle.
 */
export function settlement(
	account: LedgerAccount,
	entries: readonly LedgerEntry[],
	{ atMs, invoiceId, units }: { atMs: number; invoiceId: string; units: number },
): Posting | null {
	const { openGrants, outstanding } = standing(entries);
	const settleable = openGrants.reduce((sum, { debtPaid }) => sum + debtPaid, outstanding);
	const amount = Math.min(units, settleable);
	return amount > 0 ? { ...account, atMs, type: "settlement", invoiceId, amount } : null;
}
