import { and, eq, sql } from "drizzle-orm";
import { config } from "../../config.ts";
import { db } from "../../db/connection.ts";
import { bounds } from "../../db/schema.ts";
import { t } from "../../text/text.ts";
import { now } from "../time/clock.ts";
import { sign } from "./signature.ts";

/** A rate limit: how often something may happen, or how much of it. */
export interface Bound {
	/** What is counted, such as "invitations by <user>". Stored only as a keyed hash. */
	what: string;
	max: number;
	/** The amount to count; default 1. At most `max`. */
	by?: number;
	/** The window starts with the first count and lasts this long, in milliseconds. */
	windowMs: number;
	/** The message when this limit is reached. */
	full: string;
}

/** A count in every bound, or the refusal: a message, and the seconds until the bound has room. */
export type Taken = { kind: "taken"; giveBack: () => Promise<void> } | { kind: "refused"; why: string; retryAfterSeconds: number };

/**
 * Counts once in every bound, or in none if one is full. D1 runs one statement at a time and each count is one statement, so concurrent calls
 * never exceed a bound. Uses the usage clock (lib/time/clock.ts).
 */
export async function take(wanted: Bound[]): Promise<Taken> {
	const counted: { key: string; endsAt: number; by: number }[] = [];
	const giveBack = async () => {
		for (const one of counted) await uncount(one);
	};
	for (const bound of wanted) {
		const key = sign(`bound ${bound.what}`, config().authSecret);
		const endsAt = await count(key, bound);
		if (endsAt === null) {
			await giveBack();
			const retryAfterSeconds = await secondsUntilOpen(key);
			return { kind: "refused", why: `${bound.full} ${whenToTry(retryAfterSeconds)}`, retryAfterSeconds };
		}
		counted.push({ key, endsAt, by: bound.by ?? 1 });
	}
	return { kind: "taken", giveBack };
}

/** @returns the end of the window counted in, or null if the bound is full */
async function count(key: string, { max, by = 1, windowMs }: Bound): Promise<number | null> {
	const at = now();
	const end = at + windowMs;
	// A window that ends too late was opened before a development clock was moved back.
	const isOpen = sql`(${bounds.endsAt} > ${at} and ${bounds.endsAt} <= ${end})`;
	const [counted] = await db()
		.insert(bounds)
		.values({ key, count: by, endsAt: end })
		.onConflictDoUpdate({
			target: bounds.key,
			set: {
				count: sql`case when ${isOpen} then ${bounds.count} + ${by} else ${by} end`,
				endsAt: sql`case when ${isOpen} then ${bounds.endsAt} else ${end} end`,
			},
			setWhere: sql`not ${isOpen} or ${bounds.count} + ${by} <= ${max}`,
		})
		.returning({ endsAt: bounds.endsAt });
	return counted?.endsAt ?? null;
}

async function uncount({ key, endsAt, by }: { key: string; endsAt: number; by: number }): Promise<void> {
	await db()
		.update(bounds)
		.set({ count: sql`${bounds.count} - ${by}` })
		.where(and(eq(bounds.key, key), eq(bounds.endsAt, endsAt), sql`${bounds.count} >= ${by}`));
}

async function secondsUntilOpen(key: string): Promise<number> {
	const [row] = await db().select({ endsAt: bounds.endsAt }).from(bounds).where(eq(bounds.key, key)).limit(1);
	return Math.max(1, Math.ceil(((row?.endsAt ?? 0) - now()) / 1000));
}

function whenToTry(seconds: number): string {
	const minutes = Math.ceil(seconds / 60);
	return minutes <= 90 ? t("bound_try_in_minutes", { count: minutes }) : t("bound_try_in_hours", { count: Math.ceil(seconds / 3600) });
}
