import { APIError } from "better-auth/api";
import { and, eq, ne } from "drizzle-orm";
import { db } from "../../db/connection.ts";
import { accounts, sessions } from "../../db/schema.ts";
import { t } from "../../text/text.ts";
import { hashPassword, verifyPassword } from "./password.ts";

/**
 * Hashes and verifies passwords for one request, and remembers which hashes that request has proven. A session stands only with the account's
 * present password among them: a link alone opens none, and a sign-in that races a new password ends with the old one.
 */
export function passwordsOfOneRequest() {
	const proven = new Set<string>();
	return {
		async hash(password: string): Promise<string> {
			const hash = await hashPassword(password);
			proven.add(hash);
			return hash;
		},
		async verify(attempt: { hash: string; password: string }): Promise<boolean> {
			const matches = await verifyPassword(attempt);
			if (matches) proven.add(attempt.hash);
			return matches;
		},
		/**
		 * Runs after a session is stored. Whoever sets a password ends all sessions after that, so one of the two sees the other.
		 * @throws {APIError} 401, with the session deleted
		 */
		async assertOpenedByPassword({ id, userId }: { id: string; userId: string }): Promise<void> {
			const [account] = await db()
				.select({ hash: accounts.password })
				.from(accounts)
				.where(and(eq(accounts.userId, userId), eq(accounts.providerId, "credential")))
				.limit(1);
			if (account?.hash && proven.has(account.hash)) return;
			await db().delete(sessions).where(eq(sessions.id, id));
			throw new APIError("UNAUTHORIZED", { code: "INVALID_EMAIL_OR_PASSWORD", message: t("auth_invalid_both") });
		},
	};
}

/** Ends the user's sessions, all but the given one. No cookie holds a copy of a session, so this takes effect at once. */
export async function endSessions(userId: string, exceptId?: string): Promise<void> {
	const ofUser = eq(sessions.userId, userId);
	await db()
		.delete(sessions)
		.where(exceptId === undefined ? ofUser : and(ofUser, ne(sessions.id, exceptId)));
}

/** @throws {APIError} 400 for a new password that is too short or too long */
export function assertPasswordLength(
	{ length }: string,
	{ minPasswordLength, maxPasswordLength }: { minPasswordLength: number; maxPasswordLength: number },
): void {
	if (length < minPasswordLength) throw new APIError("BAD_REQUEST", { code: "PASSWORD_TOO_SHORT", message: t("auth_too_short") });
	if (length > maxPasswordLength) throw new APIError("BAD_REQUEST", { code: "PASSWORD_TOO_LONG", message: t("auth_too_long_password") });
}
