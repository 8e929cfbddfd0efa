import { waitUntil } from "cloudflare:workers";
import { randomBytes, randomInt } from "node:crypto";
import type { BetterAuthPlugin } from "better-auth";
import { APIError, createAuthEndpoint, getSessionFromCtx } from "better-auth/api";
import { setSessionCookie } from "better-auth/cookies";
import { and, eq, gt } from "drizzle-orm";
import { z } from "zod";
import { config } from "../../config.ts";
import { db } from "../../db/connection.ts";
import { users, verifications } from "../../db/schema.ts";
import { logFailure } from "../../log.ts";
import { t } from "../../text/text.ts";
import type { MailLinkView } from "../../view/identity.ts";
import { take } from "./bounds.ts";
import { readCookie, setCookie } from "./cookies.ts";
import { type Mail, sendEmail } from "./email/send.ts";
import { nextPathOf } from "./next-path.ts";
import { assertPasswordLength, claimMailbox, endSessions, type Proofs, proveSession } from "./proofs.ts";
import { setPassword } from "./set-password.ts";
import { isSigned, sign } from "./signature.ts";

/*
 * Mails that prove a mailbox: a link and a code to sign in, a link to set a new password, a code to prove it again. Each works once. The code works
 * only in the browser that requested it, so guessing it elsewhere requires another mail, which is rate-limited (auth-bounds.ts).
 */

/** Minutes that a mail's link and code work, by purpose. */
const MINUTES = { "sign-in": 10, reset: 30, prove: 10 };
type MailPurpose = keyof typeof MINUTES;
/** How long a browser remembers the mail it requested: as long as codes work. */
const CODE_SECONDS = 600;
const WRONG_CODES_MAX = 5;
const TOKEN_CHARS_MAX = 256;

const stored = z.object({
	purpose: z.enum(["sign-in", "reset", "prove"]),
	userId: z.string(),
	email: z.string(),
	code: z.string(),
	next: z.string(),
});
type Stored = z.infer<typeof stored>;
type Context = Parameters<typeof getSessionFromCtx>[0];

const rowOf = (id: string) => `mail-proof:${id}`;
const codeHash = (id: string, code: string) => sign(`mail-code.${id}.${code}`, config().authSecret);
const linkToken = (id: string) => `${id}.${sign(`mail-link.${id}`, config().authSecret)}`;
const fail = (code: string, message: string) => new APIError("BAD_REQUEST", { code, message });

/** The routes of these mails. */
export const mailProof = (proofs: Proofs) =>
	({
		id: "mail-proof",
		endpoints: {
			sendProof: createAuthEndpoint(
				"/mail/send",
				{ method: "POST", body: z.object({ email: z.string(), purpose: z.enum(["sign-in", "reset"]), next: z.string().optional() }) },
				async (ctx) => {
					const { email, purpose, next } = ctx.body;
					beginProof(ctx, proofs, email.toLowerCase(), purpose, next);
					return ctx.json({ status: true });
				},
			),
			sendReproof: createAuthEndpoint("/mail/prove", { method: "POST", body: z.object({}) }, async (ctx) => {
				const here = await getSessionFromCtx(ctx, { disableCookieCache: true });
				if (!here) throw new APIError("UNAUTHORIZED", { code: "UNAUTHORIZED", message: t("problem_sign_in_first") });
				beginProof(ctx, proofs, here.user.email, "prove");
				return ctx.json({ status: true });
			}),
			enterCode: createAuthEndpoint("/mail/code", { method: "POST", body: z.object({ code: z.string() }) }, async (ctx) => {
				const proof = await spendCode(requestOf(ctx), ctx.body.code, "sign-in");
				proofs.cookies.push(setCookie(requestOf(ctx), "mail", "", 0));
				return ctx.json(await enter(ctx, proofs, proof));
			}),
			proveByCode: createAuthEndpoint("/mail/prove-code", { method: "POST", body: z.object({ code: z.string() }) }, async (ctx) => {
				const here = await getSessionFromCtx(ctx, { disableCookieCache: true });
				const proof = await spendCode(requestOf(ctx), ctx.body.code, "prove");
				if (!here || here.user.id !== proof.userId || here.user.email !== proof.email) throw wrongCode();
				await proveSession(here.session.id);
				proofs.cookies.push(setCookie(requestOf(ctx), "mail", "", 0));
				return ctx.json({ status: true });
			}),
			openLink: createAuthEndpoint(
				"/mail/link",
				{ method: "POST", body: z.object({ token: z.string().max(TOKEN_CHARS_MAX) }) },
				async (ctx) => {
					return ctx.json(await enter(ctx, proofs, await spendLink(ctx.body.token, "sign-in")));
				},
			),
			resetByMail: createAuthEndpoint(
				"/mail/password",
				{ method: "POST", body: z.object({ token: z.string().max(TOKEN_CHARS_MAX), password: z.string().max(1024) }) },
				async (ctx) => {
					const { token, password } = ctx.body;
					// Checked before the link is used up, so that a password that is too short does not cost it.
					assertPasswordLength(password, ctx.context.password.config);
					const proof = await spendLink(token, "reset");
					const user = await userOf(proof);
					await claimMailbox(proof.userId, proof.email);
					await setPassword(ctx, proof.userId, password);
					proofs.changes.push({ kind: "password-reset", user });
					await endSessions(proof.userId);
					return ctx.json(await enter(ctx, proofs, proof));
				},
			),
		},
		rateLimit: [{ pathMatcher: (path) => path.startsWith("/mail/"), window: 10, max: 5 }],
	}) satisfies BetterAuthPlugin;

/** The request behind one of our endpoints, which are always called over HTTP. */
export function requestOf({ request }: { request?: Request | undefined }): Request {
	if (!request) throw new Error("invariant: called by HTTP only");
	return request;
}

/** Marks the requesting browser and does the rest after the response, so the response time does not reveal whether there is an account. */
function beginProof(ctx: Context, proofs: Proofs, email: string, purpose: MailPurpose, next?: string): void {
	const request = requestOf(ctx);
	const id = randomBytes(16).toString("base64url");
	const { origin } = new URL(request.url);
	proofs.cookies.push(setCookie(request, "mail", id, CODE_SECONDS));
	const sending = storeAndSend({ id, email, purpose, next: nextPathOf(next, origin), origin });
	waitUntil(sending.catch((error: unknown) => logFailure("could not send a mail with a code", error)));
}

async function storeAndSend({
	id,
	email,
	purpose,
	next,
	origin,
}: {
	id: string;
	email: string;
	purpose: MailPurpose;
	next: string;
	origin: string;
}) {
	const [user] = await db().select({ id: users.id, isConfirmed: users.emailVerified }).from(users).where(eq(users.email, email)).limit(1);
	const code = String(randomInt(1_000_000)).padStart(6, "0");
	const value: Stored = { purpose, userId: user?.id ?? "", email, code: codeHash(id, code), next };
	const at = new Date();
	// Also stored for an address without an account, so that codes are refused there in the same way.
	await db()
		.insert(verifications)
		.values({
			id: crypto.randomUUID(),
			identifier: rowOf(id),
			value: JSON.stringify(value),
			expiresAt: new Date(at.getTime() + MINUTES[purpose] * 60_000),
			createdAt: at,
			updatedAt: at,
		});
	const link = `${origin}/mail-link?${new URLSearchParams({ token: linkToken(id) })}`;
	const mail = user ? proofMail(email, purpose, { code, link, isConfirmed: user.isConfirmed }) : noAccountMail(email, origin);
	await sendEmail({ ...mail, origin, usefulForMs: MINUTES[purpose] * 60_000 });
}

/** Contains no text from the user, because anyone may request a mail to any address. */
function proofMail(
	to: string,
	purpose: MailPurpose,
	{ code, link, isConfirmed }: { code: string; link: string; isConfirmed: boolean },
): Mail {
	const minutes = String(MINUTES[purpose]);
	switch (purpose) {
		case "sign-in": {
			const text = isConfirmed ? t("mail_sign_in", { code, link, minutes }) : t("mail_sign_in_unconfirmed", { code, link, minutes });
			return { to, subject: t("mail_sign_in_subject", { code }), text };
		}
		case "reset":
			return { to, subject: t("mail_reset_subject"), text: t("mail_reset", { link, minutes }) };
		case "prove":
			return { to, subject: t("mail_prove_subject", { code }), text: t("mail_prove", { code, minutes }) };
	}
}

const noAccountMail = (to: string, origin: string): Mail => ({
	to,
	subject: t("mail_no_account_subject"),
	text: t("mail_no_account", { email: to, link: `${origin}/sign-up` }),
});

const wrongCode = () => fail("INVALID_CODE", t("auth_wrong_code"));

async function find(id: string): Promise<Stored | null> {
	const [row] = await db()
		.select({ value: verifications.value })
		.from(verifications)
		.where(and(eq(verifications.identifier, rowOf(id)), gt(verifications.expiresAt, new Date())))
		.limit(1);
	return row ? stored.parse(JSON.parse(row.value)) : null;
}

/** Deletes a mail's row, so that only one of two simultaneous uses succeeds. */
async function consume(id: string): Promise<boolean> {
	const rows = await db()
		.delete(verifications)
		.where(eq(verifications.identifier, rowOf(id)))
		.returning({ id: verifications.id });
	return rows.length > 0;
}

/**
 * Uses up the code of the mail requested by this browser.
 * @throws {APIError} 400 for a wrong code, and from the fifth one on for every code of that mail
 */
async function spendCode(request: Request, typed: string, purpose: MailPurpose): Promise<Stored> {
	const id = readCookie(request, "mail");
	if (!/^[\w-]{22}$/.test(id)) throw wrongCode();
	const taken = await take([{ what: `codes of ${id}`, max: WRONG_CODES_MAX, windowMs: 3_600_000, full: "" }]);
	if (taken.kind === "refused") throw fail("CODE_USED_UP", t("auth_code_used_up"));
	const found = await find(id);
	const isRight = found !== null && isSigned(`mail-code.${id}.${typed.replace(/\s/g, "")}`, found.code, [config().authSecret]);
	if (!isRight || found.purpose !== purpose || found.userId === "" || !(await consume(id))) throw wrongCode();
	return found;
}

/** The purpose of a mail's link, for the page it opens; null if it is used, expired or invalid. */
export async function readMailLink(token: string): Promise<MailLinkView> {
	const id = linkedId(token);
	const found = id === null ? null : await find(id);
	if (!found || found.userId === "" || found.purpose === "prove") return null;
	return { purpose: found.purpose, email: found.email, next: found.next };
}

async function spendLink(token: string, purpose: MailPurpose): Promise<Stored> {
	const id = linkedId(token);
	const found = id === null ? null : await find(id);
	if (id === null || !found || found.purpose !== purpose || found.userId === "" || !(await consume(id)))
		throw fail("LINK_USED_UP", t("auth_link_used_up"));
	return found;
}

function linkedId(token: string): string | null {
	const [id = "", signature = ""] = token.split(".");
	return /^[\w-]{22}$/.test(id) && isSigned(`mail-link.${id}`, signature, [config().authSecret]) ? id : null;
}

/** The account a mail was sent for. @throws {APIError} 400 if its address has changed since */
async function userOf({ userId, email }: Stored): Promise<{ id: string; email: string; emailVerified: boolean }> {
	const [user] = await db()
		.select({ id: users.id, email: users.email, emailVerified: users.emailVerified })
		.from(users)
		.where(eq(users.id, userId))
		.limit(1);
	if (user?.email !== email) throw fail("LINK_USED_UP", t("auth_link_used_up"));
	return user;
}

/** Opens a session for the mailbox's owner. @throws {APIError} 400, or 401 if a second factor is needed */
async function enter(
	ctx: Context,
	proofs: Proofs,
	proof: Stored,
): Promise<{ user: { id: string; email: string }; next: string; passwordEnded: boolean }> {
	const { userId, email, next } = proof;
	await userOf(proof);
	const passwordEnded = await claimMailbox(userId, email);
	proofs.provesMailbox(userId, email);
	const { internalAdapter } = ctx.context;
	const user = await internalAdapter.findUserById(userId);
	if (!user) throw fail("LINK_USED_UP", t("auth_link_used_up"));
	await setSessionCookie(ctx, { session: await internalAdapter.createSession(userId), user });
	return { user: { id: userId, email }, next, passwordEnded };
}
