import type { BetterAuthPlugin } from "better-auth";
import { APIError, createAuthEndpoint, getSessionFromCtx, originCheck } from "better-auth/api";
import { setSessionCookie } from "better-auth/cookies";
import { eq } from "drizzle-orm";
import { z } from "zod";
import { config } from "../../config.ts";
import { db } from "../../db/connection.ts";
import { users } from "../../db/schema.ts";
import { t } from "../../text/text.ts";
import { nextPathOf } from "./next-path.ts";
import { endSessions } from "./proofs.ts";
import { setPassword } from "./set-password.ts";
import { isSigned, sign } from "./signature.ts";

/** How long a confirmation link works, in seconds. */
export const LINK_SECONDS = 3_600;
const TOKEN_CHARS_MAX = 512;

type Addressee = { id: string; email: string };
type Context = Parameters<typeof getSessionFromCtx>[0];

/** The state of a confirmation link. Only `open` confirms anything; `expired` and `confirmed` are links that once did. */
type Link = { state: "invalid" } | { state: "open" | "expired" | "confirmed"; user: Addressee };

/**
 * The token that confirms a user's address: `<user id>.<expiry, epoch seconds>.<signature>`. The signature covers the address.
 * @param nowMs epoch milliseconds
 */
export function mintConfirmation({ id, email }: Addressee, secret: string, nowMs: number): string {
	const expires = Math.floor(nowMs / 1000) + LINK_SECONDS;
	return `${id}.${expires}.${sign(signedText(id, email, String(expires)), secret)}`;
}

/** When a token expires, epoch milliseconds; null unless signed for exactly this user and address. */
export function expiryOf(token: string, { id, email }: Addressee, secret: string): number | null {
	const [tokenId, expires, signature, ...rest] = token.split(".");
	if (tokenId !== id || !expires || !signature || rest.length > 0) return null;
	return isSigned(signedText(id, email, expires), signature, [secret]) ? Number(expires) * 1000 : null;
}

/** The present state of a token's link. A link for a confirmed address is used up: it must not set a password again. */
export async function readConfirmation(token: string): Promise<Link> {
	const [id = ""] = token.split(".", 1);
	const [user] = await db()
		.select({ id: users.id, email: users.email, emailVerified: users.emailVerified })
		.from(users)
		.where(eq(users.id, id))
		.limit(1);
	const expiresAtMs = user ? expiryOf(token, user, config().authSecret) : null;
	if (!user || expiresAtMs === null) return { state: "invalid" };
	const state = user.emailVerified ? "confirmed" : expiresAtMs < Date.now() ? "expired" : "open";
	return { state, user: { id: user.id, email: user.email } };
}

/** The link for the mail: better-auth's, with our token. */
export function confirmationLink(user: Addressee, url: string): string {
	const link = new URL(url);
	link.searchParams.set("token", mintConfirmation(user, config().authSecret, Date.now()));
	return link.href;
}

/**
 * Confirms addresses. The link proves the mailbox, not that its reader chose the password (docs/architecture/identity.md). So it confirms at once
 * only in a browser signed in to the account. Elsewhere the page /confirm-email asks for the password, or for a new one.
 */
export const confirmation = () =>
	({
		id: "confirmation",
		endpoints: {
			// Has the name of better-auth's endpoint that it replaces: that one opens a session for anyone with the link.
			verifyEmail: createAuthEndpoint(
				"/verify-email",
				{
					method: "GET",
					query: z.object({ token: z.string().max(TOKEN_CHARS_MAX), callbackURL: z.string().optional() }),
					use: [originCheck(({ query }) => query.callbackURL)],
				},
				async (ctx) => {
					throw ctx.redirect(await openLink(ctx, ctx.query.token, nextPathOf(ctx.query.callbackURL, new URL(ctx.context.baseURL).origin)));
				},
			),
			confirmEmail: createAuthEndpoint(
				"/confirm-email",
				{
					method: "POST",
					body: z.object({ token: z.string().max(TOKEN_CHARS_MAX), password: z.string().max(1024), isNew: z.boolean() }),
				},
				async (ctx) => {
					return ctx.json({ user: await confirmWithPassword(ctx, ctx.body) });
				},
			),
		},
		rateLimit: [{ pathMatcher: (path) => path === "/confirm-email", window: 10, max: 3 }],
	}) satisfies BetterAuthPlugin;

/** Opens a link in a browser. @returns the path to go to */
async function openLink(ctx: Context, token: string, next: string): Promise<string> {
	const link = await readConfirmation(token);
	if (link.state === "invalid") return withParam(next, "error", "INVALID_TOKEN");
	if (link.state === "confirmed") return next;
	const here = await getSessionFromCtx(ctx, { disableCookieCache: true });
	if (here?.user.id !== link.user.id) return `/confirm-email?${new URLSearchParams({ token, next })}`;
	if (link.state === "expired") return withParam(next, "error", "TOKEN_EXPIRED");
	await endSessions(link.user.id, here.session.id);
	const user = await ctx.context.internalAdapter.updateUser(link.user.id, { emailVerified: true });
	await setSessionCookie(ctx, { session: here.session, user: { ...here.user, ...user } });
	return withParam(next, "confirmed", "true");
}

/**
 * Confirms the address behind a link for a reader who knows the password or sets a new one. Ends all sessions, and opens one here.
 * @throws {APIError} 400 for the link or the new password, 401 for a wrong password
 */
async function confirmWithPassword(ctx: Context, body: { token: string; password: string; isNew: boolean }): Promise<Addressee> {
	const link = await readConfirmation(body.token);
	if (link.state === "invalid") throw new APIError("BAD_REQUEST", { code: "INVALID_TOKEN", message: t("auth_invalid_token") });
	if (link.state === "expired") throw new APIError("BAD_REQUEST", { code: "TOKEN_EXPIRED", message: t("auth_token_expired") });
	if (link.state === "confirmed")
		throw new APIError("BAD_REQUEST", { code: "EMAIL_ALREADY_VERIFIED", message: t("auth_already_verified") });
	const { id } = link.user;
	if (body.isNew) await setPassword(ctx, id, body.password);
	else await assertPassword(ctx, id, body.password);
	await endSessions(id);
	const { internalAdapter } = ctx.context;
	const user = await internalAdapter.updateUser(id, { emailVerified: true });
	await setSessionCookie(ctx, { session: await internalAdapter.createSession(id), user });
	return link.user;
}

async function assertPassword(ctx: Context, userId: string, password: string): Promise<void> {
	const account = await ctx.context.internalAdapter.findCredentialAccount(userId);
	const hash = account?.password;
	if (!hash || !(await ctx.context.password.verify({ hash, password })))
		throw new APIError("UNAUTHORIZED", { code: "INVALID_PASSWORD", message: t("auth_invalid_password") });
}

/** Adds the outcome of a link to the path of the page it leads to (components/frame/link-outcome.ts). */
function withParam(path: string, name: "error" | "confirmed", value: string): string {
	const url = new URL(path, "http://localhost");
	url.searchParams.set(name, value);
	return `${url.pathname}${url.search}${url.hash}`;
}

/** Prefixed with the kind of token, so that nothing else signed with this secret is valid as a link. */
function signedText(id: string, email: string, expires: string): string {
	return `confirm-email.${id}.${email}.${expires}`;
}
