import { eq } from "drizzle-orm";
import { db } from "../../../db/connection.ts";
import { mailSettings } from "../../../db/schema.ts";
import { language } from "../../../text/reader.ts";

/** Keeps the language of a sign-in, in which the account's mails are written. */
export async function keepLanguage(userId: string): Promise<void> {
	const here = language();
	await db()
		.insert(mailSettings)
		.values({ userId, language: here })
		.onConflictDoUpdate({ target: mailSettings.userId, set: { language: here } });
}

/** Keeps whether an account is told of 80 % and 100 % used. */
export async function keepTellsUsage(userId: string, tellsUsage: boolean): Promise<void> {
	await db()
		.insert(mailSettings)
		.values({ userId, language: language(), tellsUsage })
		.onConflictDoUpdate({ target: mailSettings.userId, set: { tellsUsage } });
}

/** The account's choice; null while it has made none: then it is told of a plan that is paid for, and not of the free day. */
export async function tellsUsageOf(userId: string): Promise<boolean | null> {
	const [row] = await db()
		.select({ tellsUsage: mailSettings.tellsUsage })
		.from(mailSettings)
		.where(eq(mailSettings.userId, userId))
		.limit(1);
	return row?.tellsUsage ?? null;
}
