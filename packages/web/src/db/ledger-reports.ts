import { and, count, desc, eq, gt, ne, or, sum } from "drizzle-orm";
import { logFailure } from "../log.ts";
import { db } from "./connection.ts";
import { ledgerReports } from "./schema.ts";

export type LedgerReport = Omit<typeof ledgerReports.$inferInsert, "updatedAt">;

/** Stores a ledger's latest report in place of the one before. Logs failures and never throws: metering must not depend on it. */
export async function keepLedgerReport(report: LedgerReport): Promise<void> {
	const updatedAt = new Date();
	try {
		const { subject: _, ...news } = report;
		await db()
			.insert(ledgerReports)
			.values({ ...report, updatedAt })
			.onConflictDoUpdate({ target: ledgerReports.subject, set: { ...news, updatedAt } });
	} catch (error) {
		logFailure(`could not store the report of ${report.subject}`, error);
	}
}

/** Ledgers that need attention, newest report first, at most 200, and the sums over all ledgers. */
export async function readLedgerReports() {
	const { provider, deadLetters, drift, owed, updatedAt } = ledgerReports;
	const troubled = or(ne(provider, "ok"), gt(deadLetters, 0), ne(drift, 0));
	const [ledgers, totals] = await Promise.all([
		db().select().from(ledgerReports).where(troubled).orderBy(desc(updatedAt)).limit(200),
		db()
			.select({
				ledgers: count(),
				owed: sum(owed).mapWith(Number),
				deadLetters: sum(deadLetters).mapWith(Number),
				drift: sum(drift).mapWith(Number),
			})
			.from(ledgerReports),
	]);
	return { ledgers, totals: totals[0] };
}

/** Whether the provider refused our key within the last hour. Flowglad does so for a bad key and at its rate limit. */
export async function isKeyRefused(nowMs: number): Promise<boolean> {
	const lately = new Date(nowMs - 3_600_000);
	const refused = and(eq(ledgerReports.provider, "unauthorized"), gt(ledgerReports.updatedAt, lately));
	return (await db().select({ subject: ledgerReports.subject }).from(ledgerReports).where(refused).limit(1)).length > 0;
}
