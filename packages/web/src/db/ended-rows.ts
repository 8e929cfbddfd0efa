import { and, eq, inArray, lte, type SQL } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import { logFailure, logNote } from "../log.ts";
import { db } from "./connection.ts";
import {
	bounds,
	invitations,
	ledgerReports,
	mails,
	providerCopies,
	rateLimits,
	sessions,
	stripeEvents,
	usageDays,
	verifications,
} from "./schema.ts";
import { COPIES_KEPT_MS } from "./usage-days.ts";

const DAY_MS = 86_400_000;

/** Rows deleted per statement, and statements per run: Cloudflare's free plan allows 50 queries. The rest waits for the next run. */
const BATCH_ROWS = 1_000;
const BATCHES_MAX = 40;

/** The current time, epoch milliseconds: by the machine's clock, and by the usage clock (lib/time/clock.ts). */
export interface Present {
	machineMs: number;
	usageMs: number;
}

interface Ending {
	table: SQLiteTable;
	key: SQLiteColumn;
	/** The rows no longer needed. The condition needs an index: tests/query-plans.ts rejects a scan. */
	hasEnded: (present: Present) => SQL | undefined;
}

const daysAgo = (days: number, { machineMs }: Present) => new Date(machineMs - days * DAY_MS);

/** The tables whose rows expire, by name. All other rows stay as long as their account (docs/retention.md). */
export const ENDINGS = {
	sessions: { table: sessions, key: sessions.id, hasEnded: (present) => lte(sessions.expiresAt, daysAgo(0, present)) },
	verifications: { table: verifications, key: verifications.id, hasEnded: (present) => lte(verifications.expiresAt, daysAgo(0, present)) },
	// better-auth counts in windows of at most a minute.
	rate_limits: { table: rateLimits, key: rateLimits.id, hasEnded: ({ machineMs }) => lte(rateLimits.lastRequest, machineMs - DAY_MS) },
	bounds: { table: bounds, key: bounds.key, hasEnded: ({ usageMs }) => lte(bounds.endsAt, usageMs) },
	// Until then the link's page shows the invitation's outcome.
	invitations: { table: invitations, key: invitations.id, hasEnded: (present) => lte(invitations.expiresAt, daysAgo(30, present)) },
	// Stripe redelivers an event for three days, and on request for 30.
	stripe_events: { table: stripeEvents, key: stripeEvents.id, hasEnded: (present) => lte(stripeEvents.doneAt, daysAgo(30, present)) },
	// Pages show a copy for a day (lib/payments/visitor-copy.ts).
	provider_copies: {
		table: providerCopies,
		key: providerCopies.name,
		hasEnded: (present) => lte(providerCopies.readAt, daysAgo(1, present)),
	},
	usage_days: { table: usageDays, key: usageDays.id, hasEnded: ({ usageMs }) => lte(usageDays.day, new Date(usageMs - COPIES_KEPT_MS)) },
	// An event is remembered for longer than the longest billing period.
	mails: { table: mails, key: mails.event, hasEnded: (present) => lte(mails.endedAt, daysAgo(400, present)) },
	// A trouble-free report that its ledger has not renewed for so long is meaningless.
	ledger_reports: {
		table: ledgerReports,
		key: ledgerReports.subject,
		hasEnded: (present) =>
			and(eq(ledgerReports.isTroubled, false), lte(ledgerReports.updatedAt, daysAgo(90, present)), eq(ledgerReports.owed, 0)),
	},
} satisfies Record<string, Ending>;

/**
 * Deletes expired rows: a batch from each table in turn, until none is left or the run has used up its statements. Never throws; a table that
 * fails waits for the next run.
 */
export async function deleteEndedRows(present: Present): Promise<void> {
	const waiting: [string, Ending][] = Object.entries(ENDINGS);
	for (let batches = 0; batches < BATCHES_MAX; batches += 1) {
		const next = waiting.shift();
		if (!next) return;
		if (await hasMoreAfterBatch(next, present)) waiting.push(next);
	}
	if (waiting.length > 0) logNote(`more ended rows than one run deletes: ${waiting.map(([name]) => name).join(", ")}`);
}

/** Deletes one batch. @returns whether the table may have more */
async function hasMoreAfterBatch([name, { table, key, hasEnded }]: [string, Ending], present: Present): Promise<boolean> {
	const batch = db().select({ key }).from(table).where(hasEnded(present)).limit(BATCH_ROWS);
	try {
		const { meta } = await db().delete(table).where(inArray(key, batch));
		return meta.changes >= BATCH_ROWS;
	} catch (error) {
		logFailure(`ended rows of ${name} could not be deleted`, error);
		return false;
	}
}
