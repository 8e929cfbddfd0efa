import { waitUntil } from "cloudflare:workers";
import type { BetterAuthPlugin } from "better-auth";
import { APIError, createAuthEndpoint, getSessionFromCtx, sensitiveSessionMiddleware } from "better-auth/api";
import { and, eq, sql } from "drizzle-orm";
import { z } from "zod";
import { config } from "../../config.ts";
import { db } from "../../db/connection.ts";
import { users } from "../../db/schema.ts";
import { logFailure } from "../../log.ts";
import { t } from "../../text/text.ts";
import { customersMailedTo } from "../payments/customers.ts";
import { type Mail, sendEmail } from "./email/send.ts";
import { requestOf } from "./mail-proof.ts";
import { endSessions, type Proofs } from "./proofs.ts";
import { redirectReceipts } from "./receipts.ts";
import { isSigned, sign } from "./signature.ts";

/*
 * A new email is confirmed at the present address first, then at the new one. Each link carries user, both addresses and step under a signature, so
 * nothing is stored, and a used link no longer matches any account.
 */

const LINK_SECONDS = 3_600;

interface Change {
	step: "present" | "new";
	userId: string;
	from: string;
	to: string;
}

/** The routes for changing the email. */
export const changeEmail = (proofs: Proofs) =>
	({
		id: "change-email",
		endpoints: {
			changeEmail: createAuthEndpoint(
				"/change-email",
				{ method: "POST", body: z.object({ newEmail: z.string() }), use: [sensitiveSessionMiddleware] },
				async (ctx) => {
					const { user, session } = ctx.context.session;
					const to = ctx.body.newEmail;
					if (to === user.email) throw new APIError("BAD_REQUEST", { code: "EMAIL_IS_THE_SAME", message: t("auth_same_email") });
					const { origin } = new URL(requestOf(ctx).url);
					const change = { userId: user.id, from: user.email, to };
					// The present address is unconfirmed and may be a typing error at sign-up, so it must not block the change.
					const step = user.emailVerified ? "present" : "new";
					if (step === "new") await endSessions(user.id, session.id);
					sendLater(sendStep({ ...change, step }, origin));
					return ctx.json({ status: true });
				},
			),
			approveEmail: createAuthEndpoint("/change-email/approve", { method: "POST", body: z.object({ token: z.string() }) }, async (ctx) => {
				const change = await readEmailChange(ctx.body.token);
				if (!change) throw usedUp();
				if (change.step === "present") {
					sendLater(sendStep({ ...change, step: "new" }, new URL(requestOf(ctx).url).origin));
					return ctx.json({ done: false });
				}
				// Otherwise an attacker who knows an account's password could give it the address of whoever opens the link.
				const here = await getSessionFromCtx(ctx, { disableCookieCache: true });
				if (here?.user.id !== change.userId)
					throw new APIError("UNAUTHORIZED", { code: "SIGN_IN_FIRST", message: t("auth_sign_in_for_email") });
				await write(change);
				proofs.changes.push({ kind: "email-changed", user: { ...here.user, email: change.from }, to: change.to });
				waitUntil(tellProvider(change.userId));
				return ctx.json({ done: true });
			}),
		},
		rateLimit: [{ pathMatcher: (path) => path.startsWith("/change-email"), window: 60, max: 5 }],
	}) satisfies BetterAuthPlugin;

/** Sends receipts to the new address from now on. Never rejects. */
async function tellProvider(userId: string): Promise<void> {
	try {
		await redirectReceipts(await customersMailedTo(userId));
	} catch (error) {
		logFailure(`the billing provider could not be told the new address of user ${userId}`, error);
	}
}

const usedUp = () => new APIError("BAD_REQUEST", { code: "LINK_USED_UP", message: t("auth_link_used_up") });

/** @throws {APIError} 400 if the account's address has changed meanwhile, or another account has the new one */
async function write({ userId, from, to }: Change): Promise<void> {
	const changed = await db()
		.update(users)
		.set({ email: to, emailVerified: true, updatedAt: new Date() })
		.where(and(eq(users.id, userId), eq(users.email, from), sql`not exists (select 1 from users as other where other.email = ${to})`))
		.returning({ id: users.id });
	if (changed.length === 0) throw usedUp();
}

async function hasAccount(email: string): Promise<boolean> {
	const rows = await db().select({ id: users.id }).from(users).where(eq(users.email, email)).limit(1);
	return rows.length > 0;
}

const sendLater = (sending: Promise<void>) =>
	waitUntil(sending.catch((error: unknown) => logFailure("could not send a mail about a new address", error)));

/** Mails the link of a step. If the address already has an account, only its mailbox learns that. */
async function sendStep(change: Change, origin: string): Promise<void> {
	const link = `${origin}/change-email?${new URLSearchParams({ token: mintEmailChange(change, config().authSecret, Date.now()) })}`;
	const isTaken = change.step !== "present" && (await hasAccount(change.to));
	const mail = change.step === "present" ? approvalMail(change, link) : isTaken ? takenMail(change) : newAddressMail(change, link);
	await sendEmail({ ...mail, origin, usefulForMs: LINK_SECONDS * 1000 });
}

const approvalMail = ({ from, to }: Change, link: string): Mail => ({
	to: from,
	subject: t("mail_change_subject"),
	text: t("mail_change_present", { to, link }),
});
const newAddressMail = ({ to }: Change, link: string): Mail => ({
	to,
	subject: t("mail_change_subject"),
	text: t("mail_change_new", { link }),
});
const takenMail = ({ to }: Change): Mail => ({ to, subject: t("mail_change_subject"), text: t("mail_change_taken") });

/** The token of a link. @param nowMs epoch milliseconds */
function mintEmailChange(change: Change, secret: string, nowMs: number): string {
	const payload = Buffer.from(JSON.stringify({ ...change, expires: nowMs + LINK_SECONDS * 1000 })).toString("base64url");
	return `${payload}.${sign(`change-email.${payload}`, secret)}`;
}

const payloadSchema = z.object({
	step: z.enum(["present", "new"]),
	userId: z.string(),
	from: z.string(),
	to: z.string(),
	expires: z.number(),
});

/** The change in a link's token; null if it is forged, expired, or the account's address has changed. */
export async function readEmailChange(token: string): Promise<Change | null> {
	const [payload = "", signature = ""] = token.split(".");
	if (!isSigned(`change-email.${payload}`, signature, [config().authSecret])) return null;
	const { expires, ...change } = payloadSchema.parse(JSON.parse(Buffer.from(payload, "base64url").toString()));
	if (expires < Date.now()) return null;
	const [user] = await db().select({ email: users.email }).from(users).where(eq(users.id, change.userId)).limit(1);
	return user?.email === change.from ? change : null;
}
