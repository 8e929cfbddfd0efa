import type { BetterAuthPlugin } from "better-auth";
import { APIError, createAuthEndpoint, sensitiveSessionMiddleware } from "better-auth/api";
import { and, desc, eq, gt } from "drizzle-orm";
import { z } from "zod";
import { db } from "../../db/connection.ts";
import { sessions } from "../../db/schema.ts";
import { t } from "../../text/text.ts";
import type { SessionView } from "../../view/identity.ts";
import { deviceOf } from "./device.ts";
import { assertConfirmed, type Proofs, proveSession } from "./proofs.ts";
import { addPassword } from "./set-password.ts";

/** Routes for a user's own sessions: ending one by id, proving it again by password, and setting a first password. */
export const ownSession = (proofs: Proofs) =>
	({
		id: "own-session",
		endpoints: {
			endSession: createAuthEndpoint(
				"/end-session",
				{ method: "POST", body: z.object({ id: z.string() }), use: [sensitiveSessionMiddleware] },
				async (ctx) => {
					const { user } = ctx.context.session;
					await db()
						.delete(sessions)
						.where(and(eq(sessions.id, ctx.body.id), eq(sessions.userId, user.id)));
					return ctx.json({ status: true });
				},
			),
			prove: createAuthEndpoint(
				"/prove",
				{ method: "POST", body: z.object({ password: z.string() }), use: [sensitiveSessionMiddleware] },
				async (ctx) => {
					const { user, session } = ctx.context.session;
					const account = await ctx.context.internalAdapter.findCredentialAccount(user.id);
					const hash = account?.password;
					if (!hash || !(await proofs.verify({ hash, password: ctx.body.password })))
						throw new APIError("BAD_REQUEST", { code: "INVALID_PASSWORD", message: t("auth_invalid_password") });
					await proveSession(session.id);
					return ctx.json({ status: true });
				},
			),
			// Not named like better-auth's own endpoint, which only the server may call.
			firstPassword: createAuthEndpoint(
				"/set-password",
				{ method: "POST", body: z.object({ password: z.string() }), use: [sensitiveSessionMiddleware] },
				async (ctx) => {
					const { user } = ctx.context.session;
					assertConfirmed(user);
					if (!(await addPassword(ctx, user.id, ctx.body.password)))
						throw new APIError("BAD_REQUEST", { code: "PASSWORD_ALREADY_SET", message: t("auth_has_password") });
					proofs.changes.push({ kind: "password-set", user });
					return ctx.json({ status: true });
				},
			),
		},
		rateLimit: [{ pathMatcher: (path) => path === "/prove", window: 10, max: 5 }],
	}) satisfies BetterAuthPlugin;

/** A user's unexpired sessions, most recently used first. */
export async function sessionsOf(userId: string, hereId: string): Promise<SessionView[]> {
	const rows = await db()
		.select({ id: sessions.id, userAgent: sessions.userAgent, createdAt: sessions.createdAt, usedAt: sessions.usedAt })
		.from(sessions)
		.where(and(eq(sessions.userId, userId), gt(sessions.expiresAt, new Date())))
		.orderBy(desc(sessions.createdAt))
		.limit(100);
	return rows
		.map(({ id, userAgent, createdAt, usedAt }) => ({
			id,
			device: deviceOf(userAgent ?? ""),
			isHere: id === hereId,
			signedInAt: createdAt.toISOString(),
			// The present session is in use now; the others are recorded once an hour.
			usedAt: (id === hereId ? new Date() : (usedAt ?? createdAt)).toISOString(),
		}))
		.toSorted((a, b) => b.usedAt.localeCompare(a.usedAt));
}
