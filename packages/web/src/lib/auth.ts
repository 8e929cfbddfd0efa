import { waitUntil } from "cloudflare:workers";
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { betterAuth } from "better-auth";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { APIError } from "better-auth/api";
import { tanstackStartCookies } from "better-auth/tanstack-start";
import { config } from "../config.ts";
import { db } from "../db/connection.ts";
import * as schema from "../db/schema.ts";
import { sendEmail } from "./email.ts";
import { ensureCustomer } from "./flowglad.ts";

const NAME_CHARS_MAX = 100;

/** better-auth's own parameters, run by the platform: its JavaScript scrypt takes more CPU than a Worker's request has. */
const SCRYPT = { N: 16_384, r: 16, p: 1, keyLength: 64, maxmem: 64 * 1024 * 1024 };

function derive(password: string, salt: string): Promise<Buffer> {
	return new Promise((resolve, reject) => {
		scrypt(password.normalize("NFKC"), salt, SCRYPT.keyLength, SCRYPT, (error, key) => (error ? reject(error) : resolve(key)));
	});
}

async function hashPassword(password: string): Promise<string> {
	const salt = randomBytes(16).toString("hex");
	return `${salt}:${(await derive(password, salt)).toString("hex")}`;
}

async function verifyPassword({ hash, password }: { hash: string; password: string }): Promise<boolean> {
	const [salt, key] = hash.split(":");
	if (!salt || !key) return false;
	const expected = Buffer.from(key, "hex");
	const actual = await derive(password, salt);
	return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** The name travels in the session's cookie, which a browser keeps only up to 4 KiB. */
function assertShortName(name: string | undefined): void {
	if ((name?.length ?? 0) > NAME_CHARS_MAX)
		throw new APIError("BAD_REQUEST", { message: `A name may have at most ${NAME_CHARS_MAX} characters.` });
}

/** Cookies carry the __Host- prefix on https; a browser refuses it on http, which only a local start uses. */
const cookiePrefix = (origin: string) => (origin.startsWith("https:") ? "__Host-parley" : "parley");

/** Whether a request carries a session cookie at all: a guest costs no query. */
function hasSessionCookie(request: Request): boolean {
	return (request.headers.get("cookie") ?? "").includes(`${cookiePrefix(new URL(request.url).origin)}.session_`);
}

/** The identity server for the origin that a request was made to: email + password on D1. */
export function auth(request: Request) {
	const { origin } = new URL(request.url);
	return betterAuth({
		appName: "Parley",
		baseURL: origin,
		secret: config().authSecret,
		database: drizzleAdapter(db(), { provider: "sqlite", schema, usePlural: true }),
		emailAndPassword: {
			enabled: true,
			minPasswordLength: 8,
			maxPasswordLength: 128,
			password: { hash: hashPassword, verify: verifyPassword },
		},
		emailVerification: {
			sendOnSignUp: true,
			autoSignInAfterVerification: true,
			sendVerificationEmail: async ({ user, url }) => {
				await sendEmail({
					to: user.email,
					subject: "Confirm your email address",
					text: `Hello ${user.name},\n\nplease confirm your email address, so that you can buy a plan:\n\n${url}\n\nIf you did not sign up for Parley, you need not do anything.`,
				});
			},
		},
		session: { cookieCache: { enabled: true, maxAge: 60 } },
		rateLimit: { enabled: true, storage: "database", modelName: "rateLimit" },
		advanced: {
			// X-Forwarded-For, better-auth's default, is the client's to write; the edge sets this one.
			ipAddress: { ipAddressHeaders: ["cf-connecting-ip"] },
			// Every /api route refuses foreign origins already (lib/http.ts), and lets clients without a page send none.
			disableCSRFCheck: true,
			useSecureCookies: false,
			cookiePrefix: cookiePrefix(origin),
			defaultCookieAttributes: { secure: origin.startsWith("https:"), httpOnly: true, sameSite: "lax", path: "/" },
			backgroundTasks: { handler: waitUntil },
		},
		databaseHooks: {
			user: {
				create: {
					before: async (user) => assertShortName(user.name),
					// Seed 003: every account has a customer, paying or not. The ledger's next read makes up for a failure here.
					after: async (user) => waitUntil(ensureCustomer(user)),
				},
				update: { before: async (user) => assertShortName(user.name) },
			},
		},
		// Renews the session's cookie cache from a page or API route; must be the last plugin.
		plugins: [tanstackStartCookies()],
		onAPIError: { errorURL: "/" },
		telemetry: { enabled: false },
	});
}

/** Who is signed in. `fresh` asks the database even within the 60 s of the cookie's cache: for money, keys, account and admin. */
export async function session(request: Request, options: { fresh?: boolean } = {}) {
	if (!hasSessionCookie(request)) return null;
	return auth(request).api.getSession({ headers: request.headers, query: options.fresh ? { disableCookieCache: true } : {} });
}
