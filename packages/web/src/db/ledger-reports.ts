import { and, count, desc, eq, gt, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { logFailure } from "../log.ts";
import { db } from "./connection.ts";
import { ledgerReports } from "./schema.ts";

export type LedgerReport = Omit<typeof ledgerReports.$inferInsert, "updatedAt">;

/** Stores a ledger's latest report, replacing the previous one. Logs failures and never throws: metering must not depend on it. */
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

/** Ledgers that need attention, newest report first, at most 200, with their number, and the sums over all ledgers. */
export async function readLedgerReports() {
	const { isTroubled, deadLetters, drift, owed, updatedAt } = ledgerReports;
	const troubled = eq(isTroubled, true);
	// Reads only rows that add to a sum; all others have 0.
	const [ledgers, [troubles], [owing]] = await Promise.all([
		db().select().from(ledgerReports).where(troubled).orderBy(desc(updatedAt)).limit(200),
		db()
			.select({ ledgers: count(), deadLetters: zeroSum(deadLetters), drift: zeroSum(drift) })
			.from(ledgerReports)
			.where(troubled),
		db()
			.select({ owed: zeroSum(owed) })
			.from(ledgerReports)
			.where(gt(owed, 0)),
	]);
	return { ledgers, totals: { ...troubles, ...owing } };
}

/** The sum of a column: 0 without rows, for which SQL returns null. */
const zeroSum = (column: SQLiteColumn) => sql<number>`coalesce(sum(${column}), 0)`;

/** Whether the provider refused our key within the last hour. Flowglad does so for a bad key and when rate-limiting. */
export async function isKeyRefused(nowMs: number): Promise<boolean> {
	const lately = new Date(nowMs - 3_600_000);
	const refused = and(eq(ledgerReports.provider, "unauthorized"), gt(ledgerReports.updatedAt, lately));
	return (await db().select({ subject: ledgerReports.subject }).from(ledgerReports).where(refused).limit(1)).length > 0;
}
