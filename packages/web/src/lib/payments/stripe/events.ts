import { eq, lt } from "drizzle-orm";
import { db } from "../../../db/connection.ts";
import { stripeEvents } from "../../../db/schema.ts";

/** Stripe redelivers an event for three days, and on request for 30. */
const KEPT_MS = 30 * 86_400_000;

/** Whether an event was already processed. */
export async function isDone(id: string): Promise<boolean> {
	return (await db().select().from(stripeEvents).where(eq(stripeEvents.id, id)).limit(1)).length > 0;
}

/** Marks an event as processed and deletes those that can no longer be redelivered. */
export async function markDone(id: string): Promise<void> {
	const nowMs = Date.now();
	await db().batch([
		db()
			.insert(stripeEvents)
			.values({ id, doneAt: new Date(nowMs) })
			.onConflictDoNothing(),
		db()
			.delete(stripeEvents)
			.where(lt(stripeEvents.doneAt, new Date(nowMs - KEPT_MS))),
	]);
}
