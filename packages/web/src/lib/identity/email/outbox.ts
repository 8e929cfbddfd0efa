import { and, eq, inArray, lte, sql } from "drizzle-orm";
import { db } from "../../../db/connection.ts";
import { mails } from "../../../db/schema.ts";
import { logFailure, logNote } from "../../../log.ts";
import { now } from "../../time/clock.ts";
import { attempt, knowsKeys, type Letter, type Outcome } from "./transport.ts";

/** Who attempts a mail has it for so long. Longer than an attempt takes, so that no two are under way at once. */
const LEASE_MS = 60_000;
/** How long after the first attempt a key is the provider's: an hour less than the 24 that Resend keeps it. */
const KEY_LIFE_MS = 23 * 3_600_000;
/** Waits between attempts. The last one repeats. */
const WAITS_MS = [60_000, 300_000, 900_000, 3_600_000];
/** Mails of one run of the cron trigger. */
const RUN_MAX = 200;

/** A mail of an event. */
export interface Posting {
	/** Names the event: a second posting of it is ignored. Also the key of each attempt. */
	event: string;
	letter: Letter;
	/** The account that it is about, with which it ends. */
	userId?: string | undefined;
	/** What may be withdrawn together before it is sent (`withdraw`). */
	topic?: string | undefined;
	/** When it is sent, epoch milliseconds of the clock that usage is counted by. Absent: at once. */
	notBeforeMs?: number | undefined;
	/** For how long it is of use; then it is not sent any more. */
	usefulForMs?: number | undefined;
}

/**
 * Puts a mail into the outbox, once for each event, and attempts it if it is due. What fails is attempted again by the cron trigger.
 * @throws when the database does not take it: then the event has no mail yet
 */
export async function post({ event, letter, userId, topic, notBeforeMs = 0, usefulForMs = KEY_LIFE_MS }: Posting): Promise<void> {
	const dueAt = Date.now();
	await db()
		.insert(mails)
		.values({
			event,
			userId: userId ?? null,
			topic: topic ?? null,
			letter: JSON.stringify(letter),
			state: "waiting",
			attempts: 0,
			dueAt,
			notBefore: notBeforeMs,
			usefulMs: Math.min(usefulForMs, KEY_LIFE_MS),
			createdAt: new Date(dueAt),
		})
		.onConflictDoNothing();
	if (notBeforeMs <= now()) await deliver(event);
}

/** Takes back the mails of a topic that no attempt was made for. */
export async function withdraw(topic: string): Promise<void> {
	await db()
		.delete(mails)
		.where(and(eq(mails.topic, topic), eq(mails.state, "waiting"), eq(mails.attempts, 0)));
}

/** Attempts the mails that are due, the cron trigger's part. Never throws; what is left waits for the next run. */
export async function deliverDue(): Promise<void> {
	try {
		if (!knowsKeys()) await giveUpUnfinished();
		const due = await db()
			.select({ event: mails.event })
			.from(mails)
			.where(and(lte(mails.dueAt, Date.now()), lte(mails.notBefore, now())))
			.orderBy(mails.dueAt)
			.limit(RUN_MAX);
		for (const { event } of due) await deliver(event);
	} catch (error) {
		logFailure("mails that are due could not be sent", error);
	}
}

/** An attempt whose end nobody noted may have been taken, and a transport without keys must not be asked again. */
async function giveUpUnfinished(): Promise<void> {
	const unfinished = and(lte(mails.dueAt, Date.now()), eq(mails.state, "sending"));
	const { meta } = await db().update(mails).set(ended("unknown")).where(unfinished);
	if (meta.changes > 0) logNote(`${meta.changes} mails may or may not have been sent`);
}

/** Attempts one mail, unless it has ended or another attempt has it. */
async function deliver(event: string): Promise<void> {
	const nowMs = Date.now();
	const [row] = await db()
		.update(mails)
		.set({
			state: "sending",
			attempts: sql`${mails.attempts} + 1`,
			dueAt: nowMs + LEASE_MS,
			firstTriedAt: sql`coalesce(${mails.firstTriedAt}, ${nowMs})`,
		})
		.where(and(eq(mails.event, event), lte(mails.dueAt, nowMs), inArray(mails.state, knowsKeys() ? ["waiting", "sending"] : ["waiting"])))
		.returning();
	if (!row?.letter) return;
	const isTooLate = nowMs - (row.firstTriedAt ?? nowMs) > row.usefulMs;
	// Without an answer, an earlier attempt may have been taken.
	const outcome = isTooLate ? (row.isUnsure ? "unknown" : "refused") : await attempt(JSON.parse(row.letter), event);
	await note(event, row.attempts, outcome, isTooLate || (outcome === "unknown" && !knowsKeys()));
}

async function note(event: string, attempts: number, outcome: Outcome, isLast: boolean): Promise<void> {
	const isOver = isLast || outcome === "sent" || outcome === "refused";
	const waitMs = WAITS_MS[Math.min(attempts, WAITS_MS.length) - 1] ?? LEASE_MS;
	const again = { state: "waiting" as const, dueAt: Date.now() + waitMs, ...(outcome === "unknown" ? { isUnsure: true } : {}) };
	if (isLast) logNote(outcome === "unknown" ? "a mail may or may not have been sent" : "a mail was given up");
	await db()
		.update(mails)
		.set(isOver ? ended(outcome === "later" ? "refused" : outcome) : again)
		// A later attempt has its own end.
		.where(and(eq(mails.event, event), eq(mails.attempts, attempts), eq(mails.state, "sending")));
}

/** What stays of a mail that is over: its event, so that there is no second one. */
const ended = (state: "sent" | "refused" | "unknown") => ({ state, letter: null, dueAt: null, endedAt: new Date() });
