import { randomBytes } from "node:crypto";
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "@simplewebauthn/server";
import type { BetterAuthPlugin } from "better-auth";
import { APIError, createAuthEndpoint, getSessionFromCtx, sensitiveSessionMiddleware } from "better-auth/api";
import { setSessionCookie } from "better-auth/cookies";
import { and, eq } from "drizzle-orm";
import { z } from "zod";
import { config } from "../../config.ts";
import { db } from "../../db/connection.ts";
import { passkeys } from "../../db/schema.ts";
import { t } from "../../text/text.ts";
import type { PasskeyView } from "../../view/identity.ts";
import { passkeyAnswer } from "./auth-routes.ts";
import { take } from "./bounds.ts";
import { readCookie, setCookie } from "./cookies.ts";
import { deviceOf } from "./device.ts";
import { requestOf } from "./mail-proof.ts";
import { assertConfirmed, type Proofs, proveSession } from "./proofs.ts";
import { isSigned, sign } from "./signature.ts";

/*
 * Passkeys (WebAuthn). A device asks for a finger, a face or a PIN, so a passkey counts as two factors. better-auth's plugin is not used: its newest
 * release is incompatible with this better-auth, and it opens sessions without the gate of proofs.ts. @simplewebauthn does the verification.
 */

const CHALLENGE_SECONDS = 300;
const PASSKEYS_MAX = 20;

const nothing = z.object({});
const refused = () => new APIError("BAD_REQUEST", { code: "PASSKEY_REFUSED", message: t("auth_passkey_refused") });
/** Loaded on first use, because few requests need it. */
const webauthn = () => import("./webauthn-library.ts");

/** The passkey routes. The HTTP route in front of them requires a recent proof before adding or removing one. */
export const passkey = (proofs: Proofs) =>
	({
		id: "passkey",
		endpoints: { ...ownPasskeys(proofs), ...byPasskey(proofs) },
		rateLimit: [{ pathMatcher: (path) => path.startsWith("/passkey/") || path === "/sign-in/passkey", window: 10, max: 10 }],
	}) satisfies BetterAuthPlugin;

/** Adding and removing a user's own passkeys. */
const ownPasskeys = (proofs: Proofs) => ({
	passkeyOptions: createAuthEndpoint(
		"/passkey/options",
		{ method: "POST", body: nothing, use: [sensitiveSessionMiddleware] },
		async (ctx) => {
			const { user } = ctx.context.session;
			assertConfirmed(user);
			const known = await db().select({ id: passkeys.id }).from(passkeys).where(eq(passkeys.userId, user.id)).limit(PASSKEYS_MAX);
			const { generateRegistrationOptions } = await webauthn();
			const options = await generateRegistrationOptions({
				rpName: ctx.context.appName,
				rpID: hostOf(requestOf(ctx)),
				userID: new TextEncoder().encode(user.id),
				userName: user.email,
				userDisplayName: user.name,
				challenge: newChallenge(requestOf(ctx), proofs, user.id),
				excludeCredentials: known,
				attestationType: "none",
				authenticatorSelection: { residentKey: "required", userVerification: "required" },
			});
			return ctx.json(options);
		},
	),
	addPasskey: createAuthEndpoint(
		"/passkey/add",
		{ method: "POST", body: z.object({ answer: passkeyAnswer }), use: [sensitiveSessionMiddleware] },
		async (ctx) => {
			const { user } = ctx.context.session;
			assertConfirmed(user);
			const request = requestOf(ctx);
			const expectedChallenge = await spendChallenge(request, user.id);
			if (!(await hasNoCertificate(ctx.body.answer))) throw refused();
			const { verifyRegistrationResponse } = await webauthn();
			const checked = await verifyRegistrationResponse({
				response: ctx.body.answer as unknown as RegistrationResponseJSON,
				expectedChallenge,
				...expected(request),
			}).catch(() => null);
			if (!checked?.verified) throw refused();
			const { id, publicKey, counter, transports = [] } = checked.registrationInfo.credential;
			await assertHasRoom(user.id);
			const added = await db()
				.insert(passkeys)
				.values({
					id,
					userId: user.id,
					name: nameOfDevice(request),
					publicKey: Buffer.from(publicKey).toString("base64url"),
					counter,
					transports: JSON.stringify(transports),
					createdAt: new Date(),
				})
				.onConflictDoNothing()
				.returning({ id: passkeys.id });
			if (added.length === 0) throw refused();
			proofs.changes.push({ kind: "passkey-added", user });
			return ctx.json({ status: true });
		},
	),
	removePasskey: createAuthEndpoint(
		"/passkey/remove",
		{ method: "POST", body: z.object({ id: z.string() }), use: [sensitiveSessionMiddleware] },
		async (ctx) => {
			const { user } = ctx.context.session;
			const removed = await db()
				.delete(passkeys)
				.where(and(eq(passkeys.id, ctx.body.id), eq(passkeys.userId, user.id)))
				.returning({ id: passkeys.id });
			if (removed.length > 0) proofs.changes.push({ kind: "passkey-removed", user });
			return ctx.json({ status: true });
		},
	),
});

/** Signing in, and proving one's identity again. */
const byPasskey = (proofs: Proofs) => ({
	passkeyChallenge: createAuthEndpoint("/passkey/challenge", { method: "POST", body: nothing }, async (ctx) => {
		const { generateAuthenticationOptions } = await webauthn();
		const request = requestOf(ctx);
		// Sends no list of keys: the device offers its own for this site, so nobody learns which account has any.
		const options = await generateAuthenticationOptions({
			rpID: hostOf(request),
			challenge: newChallenge(request, proofs, ""),
			userVerification: "required",
		});
		return ctx.json(options);
	}),
	signInByPasskey: createAuthEndpoint("/sign-in/passkey", { method: "POST", body: z.object({ answer: passkeyAnswer }) }, async (ctx) => {
		const userId = await verify(requestOf(ctx), ctx.body.answer);
		proofs.provesAccount(userId);
		proofs.provesSecondFactor(userId);
		const { internalAdapter } = ctx.context;
		const user = await internalAdapter.findUserById(userId);
		if (!user) throw refused();
		await setSessionCookie(ctx, { session: await internalAdapter.createSession(userId), user });
		return ctx.json({ user: { id: user.id, email: user.email } });
	}),
	proveByPasskey: createAuthEndpoint("/passkey/prove", { method: "POST", body: z.object({ answer: passkeyAnswer }) }, async (ctx) => {
		const here = await getSessionFromCtx(ctx, { disableCookieCache: true });
		if (!here || (await verify(requestOf(ctx), ctx.body.answer)) !== here.user.id) throw refused();
		await proveSession(here.session.id);
		return ctx.json({ status: true });
	}),
});

type Answer = z.output<typeof passkeyAnswer>;

/** The user whose passkey answered this browser's challenge. @throws {APIError} 400 */
async function verify(request: Request, answer: Answer): Promise<string> {
	const expectedChallenge = await spendChallenge(request, "");
	const [known] = await db().select().from(passkeys).where(eq(passkeys.id, answer.id)).limit(1);
	if (!known) throw refused();
	const { verifyAuthenticationResponse } = await webauthn();
	const checked = await verifyAuthenticationResponse({
		response: answer as unknown as AuthenticationResponseJSON,
		expectedChallenge,
		...expected(request),
		credential: { id: known.id, publicKey: new Uint8Array(Buffer.from(known.publicKey, "base64url")), counter: known.counter },
	}).catch(() => null);
	if (!checked?.verified) throw refused();
	await db().update(passkeys).set({ counter: checked.authenticationInfo.newCounter, usedAt: new Date() }).where(eq(passkeys.id, known.id));
	return known.userId;
}

/**
 * Whether a new passkey has no certificate. The library would fetch a revocation list from the address in a certificate, and we request no
 * attestation. Then browsers pass on `none` and self attestation only (WebAuthn, 5.1.3: `packed` without `x5c`).
 */
async function hasNoCertificate({ response: { attestationObject } }: Answer): Promise<boolean> {
	if (typeof attestationObject !== "string") return false;
	const { decodeAttestationObject, isoBase64URL } = await webauthn();
	try {
		const decoded = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject));
		const fmt = decoded.get("fmt");
		return fmt === "none" || (fmt === "packed" && decoded.get("attStmt").get("x5c") === undefined);
	} catch {
		return false;
	}
}

const hostOf = ({ url }: Request) => new URL(url).hostname;
const expected = (request: Request) => ({
	expectedOrigin: new URL(request.url).origin,
	expectedRPID: hostOf(request),
	requireUserVerification: true,
});

const challengeText = (challenge: string, userId: string, expires: string) => `passkey.${challenge}.${userId}.${expires}`;

/** Creates a challenge for this browser, in a signed cookie. `userId` is "" when signing in. */
function newChallenge(request: Request, proofs: Proofs, userId: string): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(randomBytes(32));
	const challenge = Buffer.from(bytes).toString("base64url");
	const expires = String(Date.now() + CHALLENGE_SECONDS * 1000);
	const signature = sign(challengeText(challenge, userId, expires), config().authSecret);
	proofs.cookies.push(setCookie(request, "passkey", `${challenge}.${expires}.${signature}`, CHALLENGE_SECONDS));
	return bytes;
}

/** Uses up this browser's challenge, so that a recorded response cannot be replayed. @throws {APIError} 400 */
async function spendChallenge(request: Request, userId: string): Promise<string> {
	const [challenge = "", expires = "", signature = ""] = readCookie(request, "passkey").split(".");
	const isOurs = isSigned(challengeText(challenge, userId, expires), signature, [config().authSecret]);
	if (!isOurs || !(Number(expires) > Date.now())) throw refused();
	const taken = await take([{ what: `passkey challenge ${challenge}`, max: 1, windowMs: 2 * CHALLENGE_SECONDS * 1000, full: "" }]);
	if (taken.kind === "refused") throw refused();
	return challenge;
}

async function assertHasRoom(userId: string): Promise<void> {
	const rows = await db().select({ id: passkeys.id }).from(passkeys).where(eq(passkeys.userId, userId)).limit(PASSKEYS_MAX);
	if (rows.length >= PASSKEYS_MAX) throw new APIError("BAD_REQUEST", { code: "TOO_MANY_PASSKEYS", message: t("auth_passkeys_full") });
}

function nameOfDevice(request: Request): string {
	const { browser, system } = deviceOf(request.headers.get("user-agent") ?? "");
	return [browser, system].filter(Boolean).join(" · ");
}

/** A user's passkeys, newest first. */
export async function passkeysOf(userId: string): Promise<PasskeyView[]> {
	const rows = await db()
		.select({ id: passkeys.id, name: passkeys.name, createdAt: passkeys.createdAt, usedAt: passkeys.usedAt })
		.from(passkeys)
		.where(eq(passkeys.userId, userId))
		.limit(PASSKEYS_MAX);
	return rows
		.map(({ id, name, createdAt, usedAt }) => ({ id, name, addedAt: createdAt.toISOString(), usedAt: usedAt?.toISOString() ?? null }))
		.toSorted((a, b) => b.addedAt.localeCompare(a.addedAt));
}
