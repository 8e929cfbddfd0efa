import { and, eq } from "drizzle-orm";
import { db } from "../../db/connection.ts";
import { accounts } from "../../db/schema.ts";
import { t } from "../../text/text.ts";
import { refuse } from "../http/problem.ts";
import { countingPassword } from "./auth-bounds.ts";
import { verifyPassword } from "./password.ts";

/**
 * Asks who is signed in once more, before a step that cannot be undone: by the account's password. Wrong ones count like those of a sign-in.
 * @throws {ProblemError} 403 for a wrong password, 429 after ten of them
 */
export async function assertProven(
	request: Request,
	{ userId, email }: { userId: string; email: string },
	password: string,
): Promise<void> {
	const isRight = await countingPassword(request, email.toLowerCase(), async () => {
		const [account] = await db()
			.select({ hash: accounts.password })
			.from(accounts)
			.where(and(eq(accounts.userId, userId), eq(accounts.providerId, "credential")))
			.limit(1);
		return account?.hash ? verifyPassword({ hash: account.hash, password }) : false;
	});
	if (!isRight) refuse("wrong-password", t("auth_invalid_password"));
}
