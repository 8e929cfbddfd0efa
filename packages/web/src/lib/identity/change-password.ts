import type { BetterAuthPlugin } from "better-auth";
import { APIError, createAuthEndpoint, sensitiveSessionMiddleware } from "better-auth/api";
import { setSessionCookie } from "better-auth/cookies";
import { and, eq } from "drizzle-orm";
import { z } from "zod";
import { db } from "../../db/connection.ts";
import { accounts } from "../../db/schema.ts";
import { t } from "../../text/text.ts";
import { assertPasswordLength, endSessions, type Proofs } from "./proofs.ts";

/**
 * Changes a password for someone who knows the present one. Replaces better-auth's endpoint, which checks the old password and writes the new one in
 * separate steps: an attacker who signed up with another person's address could overwrite a password its owner sets in between.
 */
export const changePassword = (proofs: Proofs) =>
	({
		id: "change-password",
		endpoints: {
			changePassword: createAuthEndpoint(
				"/change-password",
				{
					method: "POST",
					body: z.object({ currentPassword: z.string(), newPassword: z.string(), revokeOtherSessions: z.boolean().optional() }),
					use: [sensitiveSessionMiddleware],
				},
				async (ctx) => {
					const { currentPassword, newPassword, revokeOtherSessions } = ctx.body;
					const { user } = ctx.context.session;
					const { internalAdapter, password } = ctx.context;
					assertPasswordLength(newPassword, password.config);
					const account = await internalAdapter.findCredentialAccount(user.id);
					const known = account?.password;
					if (!known || !(await password.verify({ hash: known, password: currentPassword }))) return denyPassword();
					const changed = await db()
						.update(accounts)
						.set({ password: await password.hash(newPassword), updatedAt: new Date() })
						.where(and(eq(accounts.id, account.id), eq(accounts.password, known)))
						.returning({ id: accounts.id });
					if (changed.length === 0) return denyPassword();
					proofs.changes.push({ kind: "password-changed", user });
					if (!revokeOtherSessions) return ctx.json({ token: null });
					await endSessions(user.id);
					// If the account has a second factor, this session was opened with it.
					proofs.provesSecondFactor(user.id);
					const session = await internalAdapter.createSession(user.id);
					await setSessionCookie(ctx, { session, user });
					return ctx.json({ token: session.token });
				},
			),
		},
	}) satisfies BetterAuthPlugin;

function denyPassword(): never {
	throw new APIError("BAD_REQUEST", { code: "INVALID_PASSWORD", message: t("auth_invalid_password") });
}
