import { waitUntil } from "cloudflare:workers";
import { name as brandName } from "virtual:brand";
import { type BetterAuthOptions, betterAuth } from "better-auth";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { isAPIError } from "better-auth/api";
import { organization } from "better-auth/plugins/organization";
import { tanstackStartCookies } from "better-auth/tanstack-start";
import { config } from "../../config.ts";
import { db } from "../../db/connection.ts";
import * as schema from "../../db/schema.ts";
import { logFailure } from "../../log.ts";
import { t } from "../../text/text.ts";
import { billingProvider } from "../payments/provider.ts";
import { assertUserName } from "./account-rules.ts";
import { changeEmail } from "./change-email.ts";
import { changePassword } from "./change-password.ts";
import { confirmation, confirmationLink, LINK_SECONDS } from "./confirmation.ts";
import { sendEmail } from "./email/send.ts";
import { keepLanguage } from "./email/settings.ts";
import { tellOfSignIn } from "./email/sign-in-mail.ts";
import { mailProof } from "./mail-proof.ts";
import { noteLink, oauthProviders, unlinkProvider } from "./oauth-providers.ts";
import { firstOrganizationOf } from "./organization.ts";
import { organizationRoutes } from "./organization-routes.ts";
import { ownSession } from "./own-session.ts";
import { passkey } from "./passkey.ts";
import { type Proofs, proofsOfOneRequest } from "./proofs.ts";
import { secondFactor } from "./second-factor.ts";
import { takeSignUp } from "./sign-ups.ts";

/** On https the `__Host-` prefix binds cookies to this host. Browsers refuse the prefix on http, which only a local start uses. */
const cookiePrefix = (origin: string) => (origin.startsWith("https:") ? "__Host-parley" : "parley");

/** The name of the cookie with a request's session token. */
export const sessionCookie = (request: Request) => `${cookiePrefix(new URL(request.url).origin)}.session_token`;

/** How long a session lasts after its last extension, and how old it must be to be extended. */
export const SESSION_SECONDS = 7 * 86_400;
export const SESSION_RENEWED_AFTER_SECONDS = 86_400;

/** The identity server for a request's origin, stored in D1. `proofs` collects what the request proves and what resulted from it. */
export function auth(request: Request, proofs: Proofs = proofsOfOneRequest()) {
	const { origin } = new URL(request.url);
	const { assertProven, hash, verify } = proofs;
	return betterAuth({
		appName: brandName,
		baseURL: origin,
		secret: config().authSecret,
		database: drizzleAdapter(db(), { provider: "sqlite", schema, usePlural: true }),
		emailAndPassword: {
			enabled: true,
			minPasswordLength: 8,
			maxPasswordLength: 128,
			password: { hash, verify },
		},
		emailVerification: {
			sendOnSignUp: true,
			sendVerificationEmail: ({ user, url }) => sendConfirmation(user, confirmationLink(user, url), origin),
		},
		session: {
			expiresIn: SESSION_SECONDS,
			updateAge: SESSION_RENEWED_AFTER_SECONDS,
			// With a cookie cache, a session would survive its sign-out in any copy of the cookie.
			cookieCache: { enabled: false },
		},
		rateLimit: { enabled: true, storage: "database", modelName: "rateLimit" },
		advanced: {
			// better-auth's default, X-Forwarded-For, is client-controlled; this header is set by the edge.
			ipAddress: { ipAddressHeaders: ["cf-connecting-ip"] },
			// Our API routes check the origin themselves (lib/http/api.ts), and accept clients that send no Origin.
			disableCSRFCheck: true,
			useSecureCookies: false,
			cookiePrefix: cookiePrefix(origin),
			defaultCookieAttributes: { secure: origin.startsWith("https:"), httpOnly: true, sameSite: "lax", path: "/" },
			backgroundTasks: { handler: (task) => waitUntil(task.catch((error) => logFailure("a task of better-auth", error))) },
			database: { joins: true },
		},
		// A provider is called once, at sign-in. Its tokens are useless afterwards, and nothing that opens another account is stored.
		account: { updateAccountOnSignIn: false, accountLinking: { enabled: true, trustedProviders: [] } },
		databaseHooks: {
			...databaseHooks,
			user: { ...databaseHooks.user, create: { ...databaseHooks.user.create, before: (user) => admitUser(request, proofs, user) } },
			account: {
				create: {
					before: async (account) => ({ data: { ...account, ...NO_TOKENS } }),
					after: async ({ userId }) => noteLink(proofs, userId),
				},
			},
			session: {
				create: {
					...databaseHooks.session.create,
					after: async (session, ctx) => {
						await assertProven(session);
						waitUntil(
							afterSignIn(session, ctx?.path, origin).catch((error) => logFailure("could not store what follows a sign-in", error)),
						);
					},
				},
			},
		},
		// tanstackStartCookies renews the session cookie on pages and API routes. It must be the last plugin.
		plugins: [
			confirmation(),
			changePassword(proofs),
			mailProof(proofs),
			changeEmail(proofs),
			ownSession(proofs),
			passkey(proofs),
			secondFactor(proofs),
			oauthProviders(proofs),
			unlinkProvider(proofs),
			organizations(),
			organizationRoutes({ origin, onCreated: welcome }),
			tanstackStartCookies(),
		],
		onAPIError: { errorURL: "/", onError: (error) => keepFault(error, proofs) },
		telemetry: { enabled: false },
	});
}

const databaseHooks = {
	user: {
		create: {
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

const NO_TOKENS = { accessToken: null, refreshToken: null, idToken: null };

/** Admits a new account. The sign-up form counts towards the network's daily sign-ups itself (lib/http/sign-up.ts). @throws {APIError} 400 or 429 */
async function admitUser(request: Request, proofs: Proofs, user: { name: unknown }): Promise<void> {
	assertUserName(user.name);
	if (proofs.isFromProvider()) await takeSignUp(request);
}

/** Keeps errors that are not better-auth's, such as a failing database, for our own answer: better-auth replaces errors thrown here. */
function keepFault(error: unknown, proofs: Proofs): void {
	if (!isAPIError(error)) proofs.faults.push(error);
}

/** better-auth's organizations. organization-routes.ts handles every route that changes members or invitations. */
function organizations() {
	return organization({
		// A deleted organization would leave its plan and customer behind.
		disableOrganizationDeletion: true,
		schema: { organization: { additionalFields: { requestsPerMember: { type: "number", required: false } } } },
	});
}

async function afterSignIn(session: Parameters<typeof tellOfSignIn>[0], path: string | undefined, origin: string): Promise<void> {
	await keepLanguage(session.userId);
	await tellOfSignIn(session, path, origin);
}

/** Runs after sign-up: creates a customer at the billing provider. */
export async function welcome(customer: { id: string; email: string; name: string }): Promise<void> {
	await (await billingProvider()).shop?.welcome(customer);
}

/** Contains no text from the user, because anyone may sign up with any address. */
async function sendConfirmation({ id, email }: { id: string; email: string }, link: string, origin: string): Promise<void> {
	await sendEmail({
		to: email,
		userId: id,
		origin,
		usefulForMs: LINK_SECONDS * 1000,
		subject: t("mail_confirm_subject"),
		text: t("mail_confirm", { link }),
		action: t("mail_confirm_action"),
	});
}
