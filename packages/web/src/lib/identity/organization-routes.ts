import { waitUntil } from "cloudflare:workers";
import type { BetterAuthPlugin } from "better-auth";
import { APIError, createAuthMiddleware, getSessionFromCtx } from "better-auth/api";
import type { z } from "zod";
import { t } from "../../text/text.ts";
import { organizationBodies } from "./auth-routes.ts";
import { type Bound, take } from "./bounds.ts";
import { type Mail, sendEmail } from "./email/send.ts";
import {
	acceptInvitation,
	assertMayInvite,
	cancelInvitation,
	createInvitation,
	createOrganization,
	declineInvitation,
	deny,
	type InvitationRow,
	leaveOrganization,
	removeMember,
	setRole,
} from "./membership.ts";
import { nameInMail } from "./names.ts";
import { nameOfOrganization } from "./organization.ts";
import { redirectReceipts } from "./receipts.ts";

const INVITATION_SECONDS = 7 * 86_400;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

interface Options {
	/** Base of the links in invitation mails. */
	origin: string;
	/** Runs after the response to creating an organization. */
	onCreated: (organization: { id: string; name: string; email: string }) => Promise<void>;
}

type Session = NonNullable<Awaited<ReturnType<typeof getSessionFromCtx>>>;

/** A signed-in user's call, and the changes it may make to their session. */
interface Call {
	user: Session["user"];
	/** The organization in the body, or else the session's active one. */
	organizationId: (given: string | undefined) => string;
	activate: (organizationId: string) => Promise<void>;
}

/**
 * Handles better-auth's routes that change members and invitations, instead of its own code, which checks and writes in separate steps:
 * concurrent changes could leave an organization without an owner. Runs behind better-auth's rate limit, with the session from the database.
 */
export function organizationRoutes(options: Options): BetterAuthPlugin {
	const routes = routesOf(options);
	return {
		id: "parley-organizations",
		hooks: {
			before: [
				{
					matcher: ({ path }) => path !== undefined && Object.hasOwn(routes, path),
					handler: createAuthMiddleware(async (ctx) => {
						const session = await getSessionFromCtx<Record<string, unknown>, { activeOrganizationId?: string | null }>(ctx, {
							disableCookieCache: true,
						});
						if (!session) throw new APIError("UNAUTHORIZED", { code: "UNAUTHORIZED", message: t("problem_sign_in_first") });
						const { activeOrganizationId, token } = session.session;
						const call: Call = {
							user: session.user,
							organizationId: (given) => given ?? activeOrganizationId ?? deny(400, "NO_ACTIVE_ORGANIZATION", t("org_name_one")),
							activate: async (organizationId) => {
								await ctx.context.internalAdapter.updateSession(token, { activeOrganizationId: organizationId });
							},
						};
						const route = routes[ctx.path];
						if (!route) throw new Error(`invariant: ${ctx.path} is one of these routes`);
						return ctx.json(await route(call, ctx.body));
					}),
				},
			],
		},
	};
}

function routesOf({ origin, onCreated }: Options): Record<string, (call: Call, body: unknown) => Promise<object>> {
	const bodies = organizationBodies;
	return {
		"/organization/create": async ({ user, activate }, body) => {
			const { keepCurrentActiveOrganization, ...given } = parse(bodies.create, body);
			const created = await createOrganization(user.id, given);
			if (!keepCurrentActiveOrganization) await activate(created.id);
			waitUntil(onCreated({ id: created.id, name: created.name, email: user.email }));
			return created;
		},
		"/organization/update-member-role": async ({ user, organizationId }, body) => {
			const given = parse(bodies["update-member-role"], body);
			return withReceipts(await setRole(user.id, organizationId(given.organizationId), given.memberId, given.role));
		},
		"/organization/remove-member": async ({ user, organizationId }, body) => {
			const given = parse(bodies["remove-member"], body);
			return { member: withReceipts(await removeMember(user.id, organizationId(given.organizationId), given.memberIdOrEmail)) };
		},
		"/organization/leave": async ({ user }, body) =>
			withReceipts(await leaveOrganization(user.id, parse(bodies.leave, body).organizationId)),
		"/organization/invite-member": async ({ user, organizationId }, body) => {
			const { email, role, ...given } = parse(bodies["invite-member"], body);
			return invite(user, { organizationId: organizationId(given.organizationId), email, role }, origin);
		},
		"/organization/accept-invitation": async ({ user, activate }, body) => {
			const joined = await acceptInvitation(user, parse(bodies["accept-invitation"], body).invitationId);
			await activate(joined.member.organizationId);
			return joined;
		},
		"/organization/reject-invitation": async ({ user }, body) => {
			const { invitationId } = parse(bodies["reject-invitation"], body);
			return { invitation: await declineInvitation(user, invitationId), member: null };
		},
		"/organization/cancel-invitation": async ({ user }, body) =>
			cancelInvitation(user.id, parse(bodies["cancel-invitation"], body).invitationId),
	};
}

/** Sends receipts to the longest-serving owner, who may have changed with a member. */
function withReceipts<Row extends { organizationId: string }>(member: Row): Row {
	waitUntil(redirectReceipts([member.organizationId]));
	return member;
}

/** Parses a body that auth-routes.ts has already checked, unless the server calls the route. @throws {APIError} 400 */
function parse<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
	const parsed = schema.safeParse(body);
	if (!parsed.success) deny(400, "INVALID_BODY", t("problem_body"));
	return parsed.data;
}

/** Rate limits for invitation mails. */
function invitationBounds(userId: string, organizationId: string, email: string): Bound[] {
	const [recently, daily, often] = [t("bound_invited_recently"), t("bound_invited_daily"), t("bound_invited_often")];
	return [
		{ what: `invitation of ${email} to ${organizationId}`, max: 1, windowMs: 10 * MINUTE_MS, full: recently },
		{ what: `invitations by ${userId}`, max: 20, windowMs: DAY_MS, full: daily },
		{ what: `invitations of ${email}`, max: 10, windowMs: DAY_MS, full: often },
	];
}

/**
 * Writes an invitation and mails it.
 * @throws {APIError} 403 if the user may not invite, 429 if a bound is full
 */
async function invite(
	user: Session["user"],
	given: Pick<InvitationRow, "organizationId" | "email"> & { role: "owner" | "admin" | "member" },
	origin: string,
) {
	// Anyone can sign up with any address, and an invitation is a mail in our name.
	if (!user.emailVerified) deny(403, "EMAIL_NOT_VERIFIED", t("org_confirm_first"));
	await assertMayInvite(user.id, given.organizationId, given.email, given.role);
	const taken = await take(invitationBounds(user.id, given.organizationId, given.email));
	if (taken.kind === "refused") {
		const wait = { "retry-after": String(taken.retryAfterSeconds) };
		throw new APIError("TOO_MANY_REQUESTS", { code: "TOO_MANY_INVITATIONS", message: taken.why }, wait);
	}
	const invitation = await createInvitation(user.id, given, INVITATION_SECONDS).catch(async (error) => {
		await taken.giveBack();
		throw error;
	});
	const organization = await nameOfOrganization(given.organizationId);
	waitUntil(sendEmail(invitationMail(invitation, organization, user, origin)));
	return invitation;
}

function invitationMail({ id, email }: InvitationRow, organization: string, inviter: Session["user"], origin: string): Mail {
	const name = nameInMail(organization);
	return {
		to: email,
		event: `invitation/${id}`,
		origin,
		subject: t("mail_invite_subject", { organization: name }),
		text: t("mail_invite", {
			inviter: nameInMail(inviter.name),
			email: inviter.email,
			organization: name,
			link: `${origin}/invitation/${id}`,
		}),
		action: t("mail_invite_action"),
	};
}
