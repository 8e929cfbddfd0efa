import { APIError } from "better-auth/api";
import { and, eq, inArray, ne } from "drizzle-orm";
import { config } from "../../config.ts";
import { db } from "../../db/connection.ts";
import { accounts, secondFactors, sessions, users } from "../../db/schema.ts";
import type { ProviderId } from "../../sign-in-providers.ts";
import { t } from "../../text/text.ts";
import type { WayInChange } from "./email/way-in-mail.ts";
import { hashPassword, verifyPassword } from "./password.ts";
import { isSigned, sign } from "./signature.ts";

/** Time to pass the second factor after the first, in seconds. */
export const SECOND_FACTOR_SECONDS = 600;

/** What one request has proven about its sender. */
export type Proofs = ReturnType<typeof proofsOfOneRequest>;

/**
 * The single gate for sessions: whatever route opens one, it stands only if this request has proven a way into the account, and its second
 * factor if it has one. Also hashes and verifies the request's passwords, because a proven hash is valid only while it is the account's present one:
 * a sign-in that races a password change fails with the old password.
 */
export function proofsOfOneRequest() {
	const passwords = new Set<string>();
	const mailboxes = new Set<string>();
	const holders = new Set<string>();
	const seconds = new Set<string>();
	const providers: { providerId: string; accountId: string }[] = [];
	const proofs = {
		/** The user whose session this request has opened. */
		opened: null as string | null,
		/** The cookie value that remembers a sender who passed the first factor and still needs the second. */
		pending: null as string | null,
		/** Additional `Set-Cookie` values of the response. */
		cookies: [] as string[],
		/** Changes this request made to how an account is entered. The owner is notified by mail (routes/api/auth/$.ts). */
		changes: [] as WayInChange[],
		/** Errors that better-auth could not handle (auth.ts). */
		faults: [] as unknown[],
		/** At a provider's sign-in: the account with the confirmed address, as it was before; null if there is none. */
		atProvider: null as { user: WayInChange["user"]; provider: ProviderId } | null,
		async hash(password: string): Promise<string> {
			const hash = await hashPassword(password);
			passwords.add(hash);
			return hash;
		},
		async verify(attempt: { hash: string; password: string }): Promise<boolean> {
			const matches = await verifyPassword(attempt);
			if (matches) passwords.add(attempt.hash);
			return matches;
		},
		/** The sender has access to the mailbox of this address. Valid while it is the account's address. */
		provesMailbox: (userId: string, email: string) => void mailboxes.add(`${userId} ${email}`),
		/** The sender is this person at a provider. */
		provesProvider: (providerId: string, accountId: string) => void providers.push({ providerId, accountId }),
		/** Whether the sender comes from a provider. */
		isFromProvider: () => providers.length > 0,
		/** The sender has a passkey of the account, or has just proven the first factor. */
		provesAccount: (userId: string) => void holders.add(userId),
		/** The sender has passed the second factor, or a method that includes one: a passkey, or a session opened with it. */
		provesSecondFactor: (userId: string) => void seconds.add(userId),
		/**
		 * Runs after a session is stored. Replacing a credential ends the account's sessions after the write, so one of the two sees the other.
		 * @throws {APIError} 401, with the session deleted
		 */
		async assertProven({ id, userId }: { id: string; userId: string }): Promise<void> {
			const found = await waysInto(userId);
			const isKnown =
				found !== undefined &&
				((found.hash !== null && passwords.has(found.hash)) ||
					mailboxes.has(`${userId} ${found.email}`) ||
					holders.has(userId) ||
					(await isLinked(userId, providers)));
			if (isKnown && (found.secondFactor === null || seconds.has(userId))) {
				proofs.opened = userId;
				return;
			}
			await db().delete(sessions).where(eq(sessions.id, id));
			if (!isKnown) throw new APIError("UNAUTHORIZED", { code: "INVALID_EMAIL_OR_PASSWORD", message: t("auth_invalid_both") });
			const expires = String(Date.now() + SECOND_FACTOR_SECONDS * 1000);
			proofs.pending = `${userId}.${expires}.${sign(pendingText(userId, expires, found), config().authSecret)}`;
			throw new APIError("UNAUTHORIZED", { code: "SECOND_FACTOR_NEEDED", message: t("auth_second_needed") });
		},
	};
	return proofs;
}

async function isLinked(userId: string, providers: { providerId: string; accountId: string }[]): Promise<boolean> {
	for (const { providerId, accountId } of providers) {
		const [linked] = await db()
			.select({ userId: accounts.userId })
			.from(accounts)
			.where(and(eq(accounts.providerId, providerId), eq(accounts.accountId, accountId)))
			.limit(1);
		if (linked?.userId === userId) return true;
	}
	return false;
}

interface Ways {
	email: string;
	hash: string | null;
	/** The encrypted secret; null while no second factor is active. */
	secondFactor: string | null;
}

async function waysInto(userId: string): Promise<Ways | undefined> {
	const [found] = await db()
		.select({ email: users.email, hash: accounts.password, secret: secondFactors.secret, enabledAt: secondFactors.enabledAt })
		.from(users)
		.leftJoin(accounts, and(eq(accounts.userId, users.id), eq(accounts.providerId, "credential")))
		.leftJoin(secondFactors, eq(secondFactors.userId, users.id))
		.where(eq(users.id, userId))
		.limit(1);
	return found && { email: found.email, hash: found.hash, secondFactor: found.enabledAt === null ? null : found.secret };
}

/** The user who passed the first factor in this browser; null if it expired, or the account's password, address or app has changed since. */
export async function pendingUser(cookie: string): Promise<string | null> {
	const [userId = "", expires = "", signature = ""] = cookie.split(".");
	if (!userId || !(Number(expires) > Date.now())) return null;
	const found = await waysInto(userId);
	if (!found?.secondFactor) return null;
	return isSigned(pendingText(userId, expires, found), signature, [config().authSecret]) ? userId : null;
}

const pendingText = (userId: string, expires: string, { email, hash, secondFactor }: Ways) =>
	`second-factor.${userId}.${expires}.${email}.${hash}.${secondFactor}`;

/**
 * Confirms the address of a user who has proven its mailbox. If it was unconfirmed, earlier ways into the account end, because anyone may sign up
 * with any address. @returns whether they ended
 */
export async function claimMailbox(userId: string, email: string): Promise<boolean> {
	const [user] = await db()
		.select({ emailVerified: users.emailVerified })
		.from(users)
		.where(and(eq(users.id, userId), eq(users.email, email)))
		.limit(1);
	if (!user || user.emailVerified) return false;
	// An account has other sign-in methods only once its address is confirmed (assertConfirmed), so password and sessions are all to remove.
	const unclaimed = db()
		.select({ id: users.id })
		.from(users)
		.where(and(eq(users.id, userId), eq(users.email, email), eq(users.emailVerified, false)));
	const [ended] = await db().batch([
		db().delete(accounts).where(inArray(accounts.userId, unclaimed)).returning({ id: accounts.id }),
		db().delete(sessions).where(inArray(sessions.userId, unclaimed)),
		db()
			.update(users)
			.set({ emailVerified: true, updatedAt: new Date() })
			.where(and(eq(users.id, userId), eq(users.email, email))),
	]);
	return ended.length > 0;
}

/** Records that the person at this session has just proven who they are (recent-proof.ts). */
export async function proveSession(id: string): Promise<void> {
	await db().update(sessions).set({ provenAt: new Date() }).where(eq(sessions.id, id));
}

/** Ends the user's sessions, except the given one. No cookie holds a copy of a session, so this takes effect at once. */
export async function endSessions(userId: string, exceptId?: string): Promise<void> {
	const ofUser = eq(sessions.userId, userId);
	await db()
		.delete(sessions)
		.where(exceptId === undefined ? ofUser : and(ofUser, ne(sessions.id, exceptId)));
}

/** @throws {APIError} 403 for a user with an unconfirmed address, who may have no sign-in method but a password */
export function assertConfirmed(user: { emailVerified: boolean }): void {
	if (!user.emailVerified) throw new APIError("FORBIDDEN", { code: "EMAIL_NOT_VERIFIED", message: t("auth_confirm_first") });
}

/** @throws {APIError} 400 for a new password that is too short or too long */
export function assertPasswordLength(
	{ length }: string,
	{ minPasswordLength, maxPasswordLength }: { minPasswordLength: number; maxPasswordLength: number },
): void {
	if (length < minPasswordLength) throw new APIError("BAD_REQUEST", { code: "PASSWORD_TOO_SHORT", message: t("auth_too_short") });
	if (length > maxPasswordLength) throw new APIError("BAD_REQUEST", { code: "PASSWORD_TOO_LONG", message: t("auth_too_long_password") });
}
