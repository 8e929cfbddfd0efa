import { eq } from "drizzle-orm";
import { logFailure } from "../log.ts";
import { db } from "./connection.ts";
import { providerCopies } from "./schema.ts";

/** The stored copy of a provider's answer, and when it was read (epoch milliseconds). Null if there is none. Never throws. */
export async function storedCopy(name: string): Promise<{ answer: unknown; readAtMs: number } | null> {
	try {
		const [found] = await db().select().from(providerCopies).where(eq(providerCopies.name, name)).limit(1);
		return found ? { answer: JSON.parse(found.answer), readAtMs: found.readAt.getTime() } : null;
	} catch (error) {
		logFailure(`the copy of ${name} could not be loaded`, error);
		return null;
	}
}

/** Stores a copy, replacing the previous one. Never throws: a page must not depend on it. */
export async function storeCopy(name: string, copy: { answer: unknown; readAtMs: number }): Promise<void> {
	const row = { answer: JSON.stringify(copy.answer), readAt: new Date(copy.readAtMs) };
	try {
		await db()
			.insert(providerCopies)
			.values({ name, ...row })
			.onConflictDoUpdate({ target: providerCopies.name, set: row });
	} catch (error) {
		logFailure(`the copy of ${name} could not be stored`, error);
	}
}
