import { randomBytes, randomInt } from "node:crypto";
import type { BetterAuthPlugin } from "better-auth";
import { APIError, createAuthEndpoint, sensitiveSessionMiddleware } from "better-auth/api";
import { setSessionCookie } from "better-auth/cookies";
import { symmetricDecrypt, symmetricEncrypt } from "better-auth/crypto";
import { and, eq, isNotNull, isNull, lt } from "drizzle-orm";
import { z } from "zod";
import { config } from "../../config.ts";
import { db } from "../../db/connection.ts";
import { secondFactors } from "../../db/schema.ts";
import { t } from "../../text/text.ts";
import { take } from "./bounds.ts";
import { readCookie, setCookie } from "./cookies.ts";
import { requestOf } from "./mail-proof.ts";
import { acceptedStep, base32 } from "./one-time-code.ts";
import { assertConfirmed, endSessions, type Proofs, pendingUser } from "./proofs.ts";
import { sign } from "./signature.ts";

/*
 * An authenticator app as the second factor. better-auth's plugin requires it only after a password, and accepts a code for as long as it is shown.
 * Here every sign-in method ends at one gate (proofs.ts), and a code works once.
 */

const RECOVERY_CODES = 10;
const RECOVERY_CHARS = 12;
/** Without letters and digits that look alike. 32 characters, so a code has 60 bits. */
const ALPHABET = "abcdefghjkmnpqrstuvwxyz123456789";
const WRONG_CODES_MAX = 10;

const codeOnly = z.object({ code: z.string() });
const nothing = z.object({});
const wrongCode = () => new APIError("BAD_REQUEST", { code: "INVALID_CODE", message: t("auth_wrong_code") });

/** The second factor's routes. The HTTP route in front of them requires a recent proof before setting it up or removing it. */
export const secondFactor = (proofs: Proofs) =>
	({
		id: "second-factor",
		endpoints: {
			passSecondFactor: createAuthEndpoint("/second-factor", { method: "POST", body: codeOnly }, async (ctx) => {
				const request = requestOf(ctx);
				const userId = await pendingUser(readCookie(request, "second"));
				if (userId === null) throw new APIError("UNAUTHORIZED", { code: "SIGN_IN_AGAIN", message: t("auth_second_over") });
				await passSecondFactor(userId, ctx.body.code);
				proofs.provesAccount(userId);
				proofs.provesSecondFactor(userId);
				const { internalAdapter } = ctx.context;
				const user = await internalAdapter.findUserById(userId);
				if (!user) throw wrongCode();
				await setSessionCookie(ctx, { session: await internalAdapter.createSession(userId), user });
				proofs.cookies.push(setCookie(request, "second", "", 0));
				return ctx.json({ user: { id: user.id, email: user.email } });
			}),
			...ownSecondFactor(proofs),
		},
		rateLimit: [{ pathMatcher: (path) => path.startsWith("/second-factor"), window: 10, max: 5 }],
	}) satisfies BetterAuthPlugin;

/** Setting up and removing the second factor. */
const ownSecondFactor = (proofs: Proofs) => ({
	setUpSecondFactor: createAuthEndpoint(
		"/second-factor/set-up",
		{ method: "POST", body: nothing, use: [sensitiveSessionMiddleware] },
		async (ctx) => {
			const { user } = ctx.context.session;
			assertConfirmed(user);
			const secret = randomBytes(20);
			const stored = { secret: await encrypt(secret), recovery: "[]", lastStep: 0 };
			// An active one stays until it is removed.
			await db()
				.insert(secondFactors)
				.values({ userId: user.id, ...stored })
				.onConflictDoUpdate({ target: secondFactors.userId, set: stored, setWhere: isNull(secondFactors.enabledAt) });
			const typed = base32(secret);
			const label = encodeURIComponent(`${ctx.context.appName}:${user.email}`);
			const query = new URLSearchParams({ secret: typed, issuer: ctx.context.appName });
			return ctx.json({ secret: typed, uri: `otpauth://totp/${label}?${query}` });
		},
	),
	enableSecondFactor: createAuthEndpoint(
		"/second-factor/enable",
		{ method: "POST", body: codeOnly, use: [sensitiveSessionMiddleware] },
		async (ctx) => {
			const { user, session } = ctx.context.session;
			assertConfirmed(user);
			const row = await rowOf(user.id);
			if (!row || row.enabledAt !== null) throw wrongCode();
			const giveBack = await assertMayGuess(user.id);
			const step = acceptedStep(await decrypt(row.secret), typedCode(ctx.body.code), Date.now(), row.lastStep);
			if (step === null) throw wrongCode();
			const { codes, recovery } = newRecovery();
			const enabled = await db()
				.update(secondFactors)
				.set({ enabledAt: new Date(), lastStep: step, recovery })
				.where(and(eq(secondFactors.userId, user.id), eq(secondFactors.secret, row.secret), isNull(secondFactors.enabledAt)))
				.returning({ userId: secondFactors.userId });
			if (enabled.length === 0) throw wrongCode();
			proofs.changes.push({ kind: "second-factor-on", user });
			await giveBack();
			// Those sessions were opened without it.
			await endSessions(user.id, session.id);
			return ctx.json({ recovery: codes });
		},
	),
	renewRecovery: createAuthEndpoint(
		"/second-factor/recovery",
		{ method: "POST", body: nothing, use: [sensitiveSessionMiddleware] },
		async (ctx) => {
			const { user } = ctx.context.session;
			const { codes, recovery } = newRecovery();
			const renewed = await db()
				.update(secondFactors)
				.set({ recovery })
				.where(and(eq(secondFactors.userId, user.id), isNotNull(secondFactors.enabledAt)))
				.returning({ userId: secondFactors.userId });
			if (renewed.length === 0) throw wrongCode();
			proofs.changes.push({ kind: "recovery-renewed", user });
			return ctx.json({ recovery: codes });
		},
	),
	removeSecondFactor: createAuthEndpoint(
		"/second-factor/remove",
		{ method: "POST", body: nothing, use: [sensitiveSessionMiddleware] },
		async (ctx) => {
			const { user } = ctx.context.session;
			const [removed] = await db().delete(secondFactors).where(eq(secondFactors.userId, user.id)).returning();
			// One that was set up but never activated was never required.
			if (removed?.enabledAt) proofs.changes.push({ kind: "second-factor-off", user });
			return ctx.json({ status: true });
		},
	),
});

/** Allows ten attempts at the second factor in 15 minutes. @throws {APIError} 429 */
async function assertMayGuess(userId: string): Promise<() => Promise<void>> {
	const taken = await take([{ what: `second factor of ${userId}`, max: WRONG_CODES_MAX, windowMs: 15 * 60_000, full: t("bound_codes") }]);
	if (taken.kind === "taken") return taken.giveBack;
	const wait = { "retry-after": String(taken.retryAfterSeconds) };
	throw new APIError("TOO_MANY_REQUESTS", { code: "TOO_MANY_CODES", message: taken.why }, wait);
}

/** Uses up a code from the app, or a recovery code. @throws {APIError} 400 for a wrong one, 429 after ten of them */
async function passSecondFactor(userId: string, given: string): Promise<void> {
	const giveBack = await assertMayGuess(userId);
	const row = await rowOf(userId);
	if (!row || row.enabledAt === null) throw wrongCode();
	const code = typedCode(given);
	const isPassed = /^\d{6}$/.test(code) ? await passApp(userId, row, code) : await passRecovery(userId, row.recovery, code);
	if (!isPassed) throw wrongCode();
	await giveBack();
}

type Row = typeof secondFactors.$inferSelect;

async function passApp(userId: string, { secret, lastStep }: Row, code: string): Promise<boolean> {
	const step = acceptedStep(await decrypt(secret), code, Date.now(), lastStep);
	if (step === null) return false;
	const used = await db()
		.update(secondFactors)
		.set({ lastStep: step })
		.where(and(eq(secondFactors.userId, userId), eq(secondFactors.secret, secret), lt(secondFactors.lastStep, step)))
		.returning({ userId: secondFactors.userId });
	return used.length > 0;
}

async function passRecovery(userId: string, recovery: string, code: string): Promise<boolean> {
	const left: string[] = JSON.parse(recovery);
	const hash = recoveryHash(code);
	if (!left.includes(hash)) return false;
	const used = await db()
		.update(secondFactors)
		.set({ recovery: JSON.stringify(left.filter((one) => one !== hash)) })
		.where(and(eq(secondFactors.userId, userId), eq(secondFactors.recovery, recovery)))
		.returning({ userId: secondFactors.userId });
	return used.length > 0;
}

/** How many recovery codes a user has left; null without a second factor. */
export async function recoveryLeft(userId: string): Promise<number | null> {
	const row = await rowOf(userId);
	return row && row.enabledAt !== null ? JSON.parse(row.recovery).length : null;
}

async function rowOf(userId: string): Promise<Row | undefined> {
	const [row] = await db().select().from(secondFactors).where(eq(secondFactors.userId, userId)).limit(1);
	return row;
}

function newRecovery(): { codes: string[]; recovery: string } {
	const codes = Array.from({ length: RECOVERY_CODES }, () => {
		const letters = Array.from({ length: RECOVERY_CHARS }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
		return letters.replace(/.{4}(?=.)/g, "$&-");
	});
	return { codes, recovery: JSON.stringify(codes.map((code) => recoveryHash(typedCode(code)))) };
}

/** A typed code without the separators people insert. */
const typedCode = (given: string) => given.toLowerCase().replace(/[\s-]/g, "");
const recoveryHash = (code: string) => sign(`recovery-code.${code}`, config().authSecret);
const encrypt = (secret: Buffer) => symmetricEncrypt({ key: config().authSecret, data: secret.toString("base64url") });
const decrypt = async (stored: string) => Buffer.from(await symmetricDecrypt({ key: config().authSecret, data: stored }), "base64url");
