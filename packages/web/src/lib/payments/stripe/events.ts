import { eq } from "drizzle-orm";
import { db } from "../../../db/connection.ts";
import { stripeEvents } from "../../../db/schema.ts";

/** Whether an event was already processed. */
export async function isDone(id: string): Promise<boolean> {
	return (await db().select().from(stripeEvents).where(eq(stripeEvents.id, id)).limit(1)).length > 0;
}

/** Marks an event as processed. */
export async function markDone(id: string): Promise<void> {
	await db().insert(stripeEvents).values({ id, doneAt: new Date() }).onConflictDoNothing();
}
