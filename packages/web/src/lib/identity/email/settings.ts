import { eq } from "drizzle-orm";
import { db } from "../../../db/connection.ts";
import { mailSettings } from "../../../db/schema.ts";
import { language } from "../../../text/reader.ts";

/** Stores the language used at sign-in, which is used for the account's mails. */
export async function keepLanguage(userId: string): Promise<void> {
	const here = language();
	await db()
		.insert(mailSettings)
		.values({ userId, language: here })
		.onConflictDoUpdate({ target: mailSettings.userId, set: { language: here } });
}

/** Stores whether an account is notified at 80 % and 100 % usage. */
export async function keepTellsUsage(userId: string, tellsUsage: boolean): Promise<void> {
	await db()
		.insert(mailSettings)
		.values({ userId, language: language(), tellsUsage })
		.onConflictDoUpdate({ target: mailSettings.userId, set: { tellsUsage } });
}

/** The account's choice; null if it has made none: then it is notified for a paid plan but not for the free day. */
export async function tellsUsageOf(userId: string): Promise<boolean | null> {
	const [row] = await db()
		.select({ tellsUsage: mailSettings.tellsUsage })
		.from(mailSettings)
		.where(eq(mailSettings.userId, userId))
		.limit(1);
	return row?.tellsUsage ?? null;
}
