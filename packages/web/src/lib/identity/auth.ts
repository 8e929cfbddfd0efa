import { waitUntil } from "cloudflare:workers";
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { betterAuth } from "better-auth";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { APIError } from "better-auth/api";
import { organization } from "better-auth/plugins/organization";
import { tanstackStartCookies } from "better-auth/tanstack-start";
import { config } from "../../config.ts";
import { db } from "../../db/connection.ts";
import * as schema from "../../db/schema.ts";
import { billingProvider } from "../payments/provider.ts";
import { sendEmail } from "./email.ts";
import { firstOrganizationOf } from "./organization.ts";

const NAME_CHARS_MAX = 100;
const ORGANIZATIONS_MAX = 10;
const INVITATION_SECONDS = 7 * 86_400;
const REQUESTS_PER_MEMBER_MAX = 1_000_000;

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

/** What an owner may write of an organization. Its address (slug) is shown nowhere. */
function assertOrganization({ name, requestsPerMember }: { name?: string; requestsPerMember?: unknown }): void {
	if (name !== undefined && name.trim() === "") throw new APIError("BAD_REQUEST", { message: "An organization needs a name." });
	assertShortName(name);
	if (requestsPerMember === undefined || requestsPerMember === null) return;
	const isCount =
		Number.isInteger(requestsPerMember) && Number(requestsPerMember) >= 1 && Number(requestsPerMember) <= REQUESTS_PER_MEMBER_MAX;
	if (!isCount) throw new APIError("BAD_REQUEST", { message: "Requests for each member are a whole number, at least 1." });
}

/** Cookies carry the __Host- prefix on https; a browser refuses it on http, which only a local start uses. */
const cookiePrefix = (origin: string) => (origin.startsWith("https:") ? "__Host-parley" : "parley");

/** Whether a request carries a session cookie at all: a guest costs no query. */
function hasSessionCookie(request: Request): boolean {
	return (request.headers.get("cookie") ?? "").includes(`${cookiePrefix(new URL(request.url).origin)}.session_`);
}

async function welcome(customer: { id: string; email: string; name: string }): Promise<void> {
	await (await billingProvider()).shop?.welcome(customer);
}

/** The identity server for the origin that a request was made to: email + password and organizations on D1. */
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
			database: { joins: true },
		},
		databaseHooks: {
			user: {
				create: {
					before: async (user) => assertShortName(user.name),
					after: async (user) => waitUntil(welcome(user)),
				},
				update: { before: async (user) => assertShortName(user.name) },
			},
			session: {
				create: {
					before: async (session) => {
						if (config().billingSubject === "user") return;
						return { data: { ...session, activeOrganizationId: await firstOrganizationOf(session.userId) } };
					},
				},
			},
		},
		plugins: [
			organization({
				organizationLimit: ORGANIZATIONS_MAX,
				// Its plan and its customer outlive it otherwise.
				disableOrganizationDeletion: true,
				// Whoever is invited shows that the address is theirs: admins see the ids of invitations, too.
				requireEmailVerificationOnInvitation: true,
				cancelPendingInvitationsOnReInvite: true,
				invitationExpiresIn: INVITATION_SECONDS,
				schema: { organization: { additionalFields: { requestsPerMember: { type: "number", required: false } } } },
				sendInvitationEmail: async ({ id, email, organization: { name }, inviter }) => {
					await sendEmail({
						to: email,
						subject: `Join ${name} on Parley`,
						text: `Hello,\n\n${inviter.user.name} (${inviter.user.email}) invites you to chat on the plan of ${name}:\n\n${origin}/invitation/${id}\n\nThe link works for 7 days. If you do not know them, you need not do anything.`,
					});
				},
				organizationHooks: {
					beforeCreateOrganization: async ({ organization: written }) => assertOrganization(written),
					beforeUpdateOrganization: async ({ organization: written }) => assertOrganization(written),
					// A mail in our name to any address is not for who has shown none.
					beforeCreateInvitation: async ({ inviter: { emailVerified } }) => {
						if (!emailVerified)
							throw new APIError("FORBIDDEN", { code: "EMAIL_NOT_VERIFIED", message: "Confirm your email address first." });
					},
					afterCreateOrganization: async ({ organization: { id, name }, user: { email } }) => waitUntil(welcome({ id, email, name })),
				},
			}),
			// Renews the session's cookie cache from a page or API route; must be the last plugin.
			tanstackStartCookies(),
		],
		onAPIError: { errorURL: "/" },
		telemetry: { enabled: false },
	});
}

/** Who is signed in. `fresh` asks the database even within the 60 s of the cookie's cache: for money, keys, account and admin. */
export async function session(request: Request, options: { fresh?: boolean } = {}) {
	if (!hasSessionCookie(request)) return null;
	return auth(request).api.getSession({ headers: request.headers, query: options.fresh ? { disableCookieCache: true } : {} });
}
