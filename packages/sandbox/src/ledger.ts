/**
 * Usage credits of one subscription and one meter (flowglad.md e). Pure: no clock, no ids, no state.
 *
 * balance = credits granted − expired − used + settled. It may be negative: usage is never refused.
 */

/** Whose credits: balances never move between subscriptions, not even on an upgrade. */
export interface LedgerAccount {
	subscriptionId: string;
	usageMeterId: string;
}

/** What is written down; `amount` is in units of the meter and always positive, the type gives the sign. */
export type Posting = LedgerAccount & { atMs: number; amount: number } & (
		| { type: "grant"; expiresAtMs: number | null }
		| { type: "usage"; usageEventId: string }
		| { type: "expiry"; grantId: string }
		| { type: "settlement"; invoiceId: string }
	);

export type LedgerEntry = Posting & { id: string };

interface OpenGrant {
	id: string;
	remaining: number;
	expiresAtMs: number | null;
}

interface Standing {
	openGrants: OpenGrant[];
	/** Units used beyond all credits and not yet settled. */
	outstanding: number;
}

/** The account's `availableBalance` in units; `entries` are those of one account. */
export function availableBalance(entries: readonly LedgerEntry[]): number {
	return entries.reduce(
		(balance, { type, amount }) => (type === "grant" || type === "settlement" ? balance + amount : balance - amount),
		0,
	);
}

/**
 * What is left of each grant, and the debt: usage draws on the grant that expires first, those that never
 * expire last; a new grant pays outstanding debt before anything is left of it.
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
			case "settlement":
				outstanding -= entry.amount;
				break;
		}
	}
	return { openGrants, outstanding };
}

function byExpiry(a: OpenGrant, b: OpenGrant): number {
	if (a.expiresAtMs === b.expiresAtMs) return 0;
	return (a.expiresAtMs ?? Number.POSITIVE_INFINITY) - (b.expiresAtMs ?? Number.POSITIVE_INFINITY);
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

/**
 * The postings that turn an account into its next billing period: leftovers of ended grants expire, debt
 * is settled when an invoice for it was paid, the new period's credits arrive.
 */
export function rollover(
	account: LedgerAccount,
	entries: readonly LedgerEntry[],
	period: {
		atMs: number;
		/** The paid invoice that settles the debt; null when nothing was paid, so the debt carries over. */
		settledByInvoiceId: string | null;
		grants: readonly { amount: number; expiresAtMs: number | null }[];
	},
): Posting[] {
	const { atMs, settledByInvoiceId, grants } = period;
	const { openGrants, outstanding } = standing(entries);
	const postings: Posting[] = openGrants
		.filter(({ expiresAtMs, remaining }) => expiresAtMs !== null && expiresAtMs <= atMs && remaining > 0)
		.map(({ id, remaining }) => ({
			...account,
			atMs,
			type: "expiry",
			grantId: id,
			amount: remaining,
		}));
	if (settledByInvoiceId !== null && outstanding > 0) {
		postings.push({
			...account,
			atMs,
			type: "settlement",
			invoiceId: settledByInvoiceId,
			amount: outstanding,
		});
	}
	for (const grant of grants) {
		postings.push({ ...account, atMs, type: "grant", ...grant });
	}
	return postings;
}
