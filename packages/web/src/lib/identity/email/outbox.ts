import { and, eq, inArray, lte, sql } from "drizzle-orm";
import { db } from "../../../db/connection.ts";
import { mails } from "../../../db/schema.ts";
import { logFailure, logNote } from "../../../log.ts";
import { now } from "../../time/clock.ts";
import { attempt, knowsKeys, type Letter, type Outcome } from "./transport.ts";

/** How long an attempt has a mail to itself. Longer than an attempt takes, so that no two overlap. */
const LEASE_MS = 60_000;
/** How long after the first attempt its idempotency key is used: an hour less than Resend's 24. */
const KEY_LIFE_MS = 23 * 3_600_000;
/** Waits between attempts. The last one repeats. */
const WAITS_MS = [60_000, 300_000, 900_000, 3_600_000];
/** Mails per cron run. */
const RUN_MAX = 200;

/** A mail about an event. */
export interface Posting {
	/** Identifies the event; posting it again is ignored. Also the idempotency key of each attempt. */
	event: string;
	letter: Letter;
	/** The account it is about. Deleting the account deletes the mail. */
	userId?: string | undefined;
	/** Groups mails that can be withdrawn together before they are sent (`withdraw`). */
	topic?: string | undefined;
	/** When it is sent, epoch milliseconds of the usage clock. Absent: immediately. */
	notBeforeMs?: number | undefined;
	/** How long it stays useful; after that it is not sent. */
	usefulForMs?: number | undefined;
}

/**
 * Puts a mail into the outbox, once per event, and attempts it if it is due. Failures are retried by the cron trigger.
 * @throws when the database write fails; the event then has no mail
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

/** Withdraws a topic's mails that were not yet attempted. */
export async function withdraw(topic: string): Promise<void> {
	await db()
		.delete(mails)
		.where(and(eq(mails.topic, topic), eq(mails.state, "waiting"), eq(mails.attempts, 0)));
}

/** Attempts the mails that are due, called by the cron trigger. Never throws; the rest waits for the next run. */
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

/** An attempt without a recorded outcome may have been sent, and a transport without idempotency keys must not repeat it. */
async function giveUpUnfinished(): Promise<void> {
	const unfinished = and(lte(mails.dueAt, Date.now()), eq(mails.state, "sending"));
	const { meta } = await db().update(mails).set(ended("unknown")).where(unfinished);
	if (meta.changes > 0) logNote(`${meta.changes} mails may or may not have been sent`);
}

/** Attempts one mail, unless it is finished or another attempt is running. */
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
	// An earlier attempt without an answer may have been sent.
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
		// A later attempt records its own outcome.
		.where(and(eq(mails.event, event), eq(mails.attempts, attempts), eq(mails.state, "sending")));
}

/** What is stored of a finished mail: its event, so that it is never sent again. */
const ended = (state: "sent" | "refused" | "unknown") => ({ state, letter: null, dueAt: null, endedAt: new Date() });
