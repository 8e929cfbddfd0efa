import type { BetterAuthPlugin } from "better-auth";
import { APIError, createAuthEndpoint, sensitiveSessionMiddleware } from "better-auth/api";
import { genericOAuth } from "better-auth/plugins/generic-oauth";
import { and, eq } from "drizzle-orm";
import { z } from "zod";
import { config, type OAuthClient } from "../../config.ts";
import { db } from "../../db/connection.ts";
import { accounts, users } from "../../db/schema.ts";
import { logFailure } from "../../log.ts";
import { PROVIDERS, type ProviderId } from "../../sign-in-providers.ts";
import { t } from "../../text/text.ts";
import { nameAtSignUp } from "./names.ts";
import { claimMailbox, type Proofs } from "./proofs.ts";

const CALL_MS = 5_000;

/** A person's profile at a provider. Null if the provider has no confirmed address of theirs. */
type Profile = { id: string; name: string; email: string; emailVerified: true; image: undefined } | null;

interface Kind {
	/** The provider's endpoints, or those below a base URL where a local start simulates it. */
	at: (baseUrl: string | null) => { authorizationUrl: string; tokenUrl: string; api: string };
	scopes: string[];
	read: (api: string, accessToken: string) => Promise<Profile>;
}

const githubUser = z.object({ id: z.number(), login: z.string(), name: z.string().nullish() });
const githubEmails = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));
const googleUser = z.object({ sub: z.string(), name: z.string().optional(), email: z.string(), email_verified: z.boolean() });

const KINDS: Record<ProviderId, Kind> = {
	github: {
		at: (baseUrl) => ({
			authorizationUrl: `${baseUrl ?? "https://github.com"}/login/oauth/authorize`,
			tokenUrl: `${baseUrl ?? "https://github.com"}/login/oauth/access_token`,
			api: baseUrl ? `${baseUrl}/api` : "https://api.github.com",
		}),
		scopes: ["read:user", "user:email"],
		read: async (api, accessToken) => {
			const user = githubUser.parse(await call(`${api}/user`, accessToken));
			// The profile's address may be any text; only this list says which are confirmed.
			const emails = githubEmails.parse(await call(`${api}/user/emails`, accessToken));
			const email = emails.find(({ primary, verified }) => primary && verified)?.email;
			return email === undefined ? null : profile(String(user.id), user.name || user.login, email);
		},
	},
	google: {
		at: (baseUrl) => ({
			authorizationUrl: baseUrl ? `${baseUrl}/o/oauth2/v2/auth` : "https://accounts.google.com/o/oauth2/v2/auth",
			tokenUrl: `${baseUrl ?? "https://oauth2.googleapis.com"}/token`,
			api: baseUrl ?? "https://openidconnect.googleapis.com",
		}),
		scopes: ["openid", "email", "profile"],
		read: async (api, accessToken) => {
			const user = googleUser.parse(await call(`${api}/v1/userinfo`, accessToken));
			return user.email_verified ? profile(user.sub, user.name ?? "", user.email) : null;
		},
	},
};

function profile(id: string, name: string, email: string): Profile {
	const address = email.toLowerCase();
	const shown = nameAtSignUp(name) ?? nameAtSignUp(address.split("@")[0]) ?? t("mail_someone");
	return { id, name: shown, email: address, emailVerified: true, image: undefined };
}

async function call(url: string, accessToken: string): Promise<unknown> {
	const response = await fetch(url, {
		// GitHub refuses requests without a User-Agent.
		headers: { authorization: `Bearer ${accessToken}`, accept: "application/json", "user-agent": "parley" },
		signal: AbortSignal.timeout(CALL_MS),
	});
	if (!response.ok) throw new Error(`status ${response.status}`);
	return response.json();
}

/** The providers this deployment has keys for. */
export const offeredProviders = (): ProviderId[] => PROVIDERS.filter((id) => config().oauth[id] !== null);

/**
 * GitHub and Google, if configured: better-auth's flow with state, PKCE and linking by confirmed addresses. An address confirmed by the provider
 * proves the mailbox, so an account that someone else opened with it first loses its password and sessions.
 */
export function oauthProviders(proofs: Proofs) {
	return genericOAuth({
		config: offeredProviders().map((providerId) => {
			const { clientId, clientSecret, baseUrl } = config().oauth[providerId] as OAuthClient;
			const kind = KINDS[providerId];
			const { api, ...urls } = kind.at(baseUrl);
			return {
				providerId,
				clientId,
				clientSecret,
				...urls,
				scopes: kind.scopes,
				pkce: true,
				getUserInfo: async ({ accessToken }) => {
					const found = accessToken ? await readProfile(kind, api, accessToken) : null;
					if (found) await arrive(proofs, providerId, found);
					return found;
				},
			};
		}),
	});
}

async function readProfile(kind: Kind, api: string, accessToken: string): Promise<Profile> {
	try {
		return await kind.read(api, accessToken);
	} catch (error) {
		logFailure("could not read the profile at a provider", error);
		return null;
	}
}

async function arrive(proofs: Proofs, providerId: ProviderId, { id, email }: NonNullable<Profile>): Promise<void> {
	proofs.provesProvider(providerId, id);
	const [user] = await db()
		.select({ id: users.id, email: users.email, emailVerified: users.emailVerified })
		.from(users)
		.where(eq(users.email, email))
		.limit(1);
	if (!user) return;
	proofs.atProvider = { user, provider: providerId };
	await claimMailbox(user.id, email);
}

/** Records that better-auth has stored a sign-in method. An account that a provider has just opened has no earlier owner to notify. */
export function noteLink({ atProvider, changes }: Proofs, userId: string): void {
	if (atProvider?.user.id === userId) changes.push({ kind: "provider-linked", ...atProvider });
}

/** Unlinks a provider. A user without a password can still sign in by mail. */
export const unlinkProvider = (proofs: Proofs) =>
	({
		id: "unlink-provider",
		endpoints: {
			unlinkProvider: createAuthEndpoint(
				"/unlink-provider",
				{ method: "POST", body: z.object({ provider: z.enum(PROVIDERS) }), use: [sensitiveSessionMiddleware] },
				async (ctx) => {
					const { user } = ctx.context.session;
					const { provider } = ctx.body;
					const ended = await db()
						.delete(accounts)
						.where(and(eq(accounts.userId, user.id), eq(accounts.providerId, provider)))
						.returning({ id: accounts.id });
					if (ended.length === 0) throw new APIError("NOT_FOUND", { code: "NOT_LINKED", message: t("problem_nothing_here") });
					proofs.changes.push({ kind: "provider-unlinked", user, provider });
					return ctx.json({ status: true });
				},
			),
		},
	}) satisfies BetterAuthPlugin;
