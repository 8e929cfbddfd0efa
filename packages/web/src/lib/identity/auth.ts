import { waitUntil } from "cloudflare:workers";
import { type BetterAuthOptions, betterAuth } from "better-auth";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { organization } from "better-auth/plugins/organization";
import { tanstackStartCookies } from "better-auth/tanstack-start";
import { config } from "../../config.ts";
import { db } from "../../db/connection.ts";
import * as schema from "../../db/schema.ts";
import { logFailure } from "../../log.ts";
import { billingProvider } from "../payments/provider.ts";
import { assertMayInvite, assertOrganization, assertUserName } from "./account-rules.ts";
import { sendEmail } from "./email.ts";
import { firstOrganizationOf } from "./organization.ts";
import { hashPassword, verifyPassword } from "./password.ts";

const ORGANIZATIONS_MAX = 10;
const INVITATION_SECONDS = 7 * 86_400;

/** On https the `__Host-` prefix binds cookies to this host. Browsers refuse the prefix on http, which only a local start uses. */
const cookiePrefix = (origin: string) => (origin.startsWith("https:") ? "__Host-parley" : "parley");

/** Whether a request has a session cookie at all, so that guests cost no query. */
function hasSessionCookie(request: Request): boolean {
	return (request.headers.get("cookie") ?? "").includes(`${cookiePrefix(new URL(request.url).origin)}.session_`);
}

/** The identity server for the origin of a request: email, password and organizations, stored in D1. */
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
			sendVerificationEmail: ({ user, url }) => sendConfirmation(user, url),
		},
		session: { cookieCache: { enabled: true, maxAge: 60 } },
		rateLimit: { enabled: true, storage: "database", modelName: "rateLimit" },
		advanced: {
			// better-auth's default, X-Forwarded-For, can be written by the client; the edge sets this one.
			ipAddress: { ipAddressHeaders: ["cf-connecting-ip"] },
			// Our API routes refuse other origins themselves (lib/http/api.ts), and accept clients that send no Origin.
			disableCSRFCheck: true,
			useSecureCookies: false,
			cookiePrefix: cookiePrefix(origin),
			defaultCookieAttributes: { secure: origin.startsWith("https:"), httpOnly: true, sameSite: "lax", path: "/" },
			backgroundTasks: { handler: (task) => waitUntil(task.catch((error) => logFailure("a task of better-auth", error))) },
			database: { joins: true },
		},
		databaseHooks,
		// tanstackStartCookies renews the session's cookie cache on pages and API routes. It must be the last plugin.
		plugins: [organizations(origin), tanstackStartCookies()],
		onAPIError: { errorURL: "/" },
		telemetry: { enabled: false },
	});
}

const databaseHooks = {
	user: {
		create: {
			before: async (user) => assertUserName(user.name),
			after: async (user) => waitUntil(welcome(user)),
		},
		update: { before: async (user) => assertUserName(user.name) },
	},
	session: {
		create: {
			before: async (session) => {
				if (config().billingSubject === "user") return;
				return { data: { ...session, activeOrganizationId: await firstOrganizationOf(session.userId) } };
			},
		},
	},
} satisfies BetterAuthOptions["databaseHooks"];

/** better-auth's organizations, with our rules. */
function organizations(origin: string) {
	return organization({
		organizationLimit: ORGANIZATIONS_MAX,
		// A deleted organization would leave its plan and its customer behind.
		disableOrganizationDeletion: true,
		// Admins see the ids of invitations, so an invited user has to prove that the address is theirs.
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
			beforeCreateInvitation: async ({ inviter }) => assertMayInvite(inviter),
			afterCreateOrganization: async ({ organization: { id, name }, user: { email } }) => waitUntil(welcome({ id, email, name })),
		},
	});
}

async function welcome(customer: { id: string; email: string; name: string }): Promise<void> {
	await (await billingProvider()).shop?.welcome(customer);
}

async function sendConfirmation(user: { name: string; email: string }, url: string): Promise<void> {
	await sendEmail({
		to: user.email,
		subject: "Confirm your email address",
		text: `Hello ${user.name},\n\nplease confirm your email address, so that you can buy a plan:\n\n${url}\n\nIf you did not sign up for Parley, you need not do anything.`,
	});
}

/**
 * The session of a request, or null. `fresh` reads the database even within the 60 s that the session cookie caches it: for money, keys,
 * account settings and admins.
 */
export async function session(request: Request, options: { fresh?: boolean } = {}) {
	if (!hasSessionCookie(request)) return null;
	return auth(request).api.getSession({ headers: request.headers, query: options.fresh ? { disableCookieCache: true } : {} });
}
