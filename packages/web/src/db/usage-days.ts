import type { DayTotals } from "@parley/metering";
import { and, desc, gte, lte, type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { logFailure } from "../log.ts";
import { db } from "./connection.ts";
import { usageDays } from "./schema.ts";

// Copies of the ledgers' daily totals, for sums over all subjects. Ledgers never read them back.

const DAY_MS = 86_400_000;
/** D1 binds at most 100 values per statement, and a row has 12. */
const ROWS_PER_STATEMENT = 8;
const GROUPS_MAX = 200;

const NUMBERS = ["requests", "units", "input", "cached", "output", "reasoning", "microDollars", "estimated"] as const;
type Amounts = Record<(typeof NUMBERS)[number], number>;

/** Sums over a group's copies. `paidUnits` is the part of `units` paid by subscribers. */
export interface UsageSum extends Amounts {
	paidUnits: number;
}

/**
 * Stores a subject's totals, replacing those of the same days, models and tiers. Writes only rows that differ. Never throws, because metering
 * must not depend on it.
 * @returns whether D1 stored them
 */
export async function keepUsageDays(subject: string, totals: readonly DayTotals[]): Promise<boolean> {
	const statements: BatchItem<"sqlite">[] = [];
	for (let at = 0; at < totals.length; at += ROWS_PER_STATEMENT) {
		const rows = totals.slice(at, at + ROWS_PER_STATEMENT).map(({ day, ...one }) => ({ ...one, subject, day: new Date(day) }));
		statements.push(
			db()
				.insert(usageDays)
				.values(rows)
				.onConflictDoUpdate({
					target: [usageDays.day, usageDays.subject, usageDays.model, usageDays.tier],
					set: Object.fromEntries(NUMBERS.map((number) => [number, news(number)])),
					setWhere: sql.join(
						NUMBERS.map((number) => sql`${usageDays[number]} <> ${news(number)}`),
						sql` or `,
					),
				}),
		);
	}
	const [first, ...others] = statements;
	if (!first) return true;
	try {
		await db().batch([first, ...others]);
		return true;
	} catch (error) {
		logFailure(`could not copy the usage of ${subject}`, error);
		return false;
	}
}

/** The new value of a conflicting insert. */
const news = (number: (typeof NUMBERS)[number]): SQL => sql.raw(`excluded.${usageDays[number].name}`);

/** The columns usage can be grouped by. */
const GROUPS = { model: usageDays.model, plan: usageDays.tier, subject: usageDays.subject, day: usageDays.day } as const;

/** Sums from `fromMs` to `toMs` by group, most expensive first, at most 200; and the total. */
export async function readUsage(
	by: keyof typeof GROUPS,
	fromMs: number,
	toMs: number,
): Promise<{ groups: [string, UsageSum][]; all: UsageSum }> {
	const column: SQLiteColumn = GROUPS[by];
	const within = and(gte(usageDays.day, new Date(fromMs)), lte(usageDays.day, new Date(toMs)));
	const sums = {
		...sumsOfNumbers(),
		paidUnits: sql<number>`coalesce(sum(case when ${usageDays.tier} = 'paid' then ${usageDays.units} end), 0)`,
	};
	const [groups, [all]] = await Promise.all([
		db()
			.select({ group: sql<string | number>`${column}`, ...sums })
			.from(usageDays)
			.where(within)
			.groupBy(column)
			.orderBy(desc(sums.microDollars), column)
			.limit(GROUPS_MAX),
		db().select(sums).from(usageDays).where(within),
	]);
	if (!all) throw new Error("invariant: a sum without groups has one row");
	return { groups: groups.map(({ group, ...sum }) => [nameOf(group), sum]), all };
}

function sumsOfNumbers(): Record<keyof Amounts, SQL<number>> {
	const sum = (number: keyof Amounts) => sql<number>`coalesce(sum(${usageDays[number]}), 0)`;
	return {
		requests: sum("requests"),
		units: sum("units"),
		input: sum("input"),
		cached: sum("cached"),
		output: sum("output"),
		reasoning: sum("reasoning"),
		microDollars: sum("microDollars"),
		estimated: sum("estimated"),
	};
}

/** Days are stored as instants. */
const nameOf = (group: string | number) => (typeof group === "number" ? new Date(group).toISOString().slice(0, 10) : group);

/** How long a copy is kept: this month and the one before. Milliseconds. */
export const COPIES_KEPT_MS = 62 * DAY_MS;
