import { APIError } from "better-auth/api";
import { and, eq, gt, ne, not, or, type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { db } from "../../db/connection.ts";
import { invitations, members, organizations, users } from "../../db/schema.ts";
import { t } from "../../text/text.ts";
import type { Role } from "../../view/identity.ts";
import { isLeaving, leaves } from "../deletion/deletions.ts";
import { roleOf } from "./organization.ts";
import { userKey } from "./subject-key.ts";

/*
 * Every change of an organization's members and roles. Each change is one D1 statement that also checks the actor's rights. D1 runs one statement
 * at a time, so no change relies on a role or an owner that another has just removed. The triggers of migration 0004 enforce this for other writers.
 */

const MEMBERS_MAX = 100;
const INVITATIONS_MAX = 100;
const ORGANIZATIONS_MAX = 10;

export type MemberRow = typeof members.$inferSelect;
export type InvitationRow = typeof invitations.$inferSelect;

/**
 * Refuses a change with an error in better-auth's format.
 * @throws {APIError} always
 */
export function deny(status: 400 | 403, code: string, message: string): never {
	throw new APIError(status === 400 ? "BAD_REQUEST" : "FORBIDDEN", { code, message });
}

/** SQL: the user may assign or remove this role in the organization. Owners may any; admins any but owner. */
function mayGive(userId: string | SQLWrapper, organizationId: string | SQLWrapper, role: string | SQLWrapper): SQL {
	return sql`exists (select 1 from ${members} as actor where actor.user_id = ${userId} and actor.organization_id = ${organizationId}
		and (actor.role = 'owner' or (actor.role = 'admin' and ${role} <> 'owner')))`;
}

/** SQL, in a statement over `members`: the row is not an owner, or not the only one. */
const isNotLastOwner = or(
	ne(members.role, "owner"),
	sql`exists (select 1 from ${members} as other where other.organization_id = ${members.organizationId} and other.role = 'owner' and other.id <> ${members.id})`,
);

/** Cancels open invitations whose inviter may no longer assign their role. */
const cancelUnbacked = (organizationId: string) =>
	db()
		.update(invitations)
		.set({ status: "canceled" })
		.where(
			and(
				eq(invitations.organizationId, organizationId),
				eq(invitations.status, "pending"),
				sql`not ${mayGive(invitations.inviterId, organizationId, invitations.role)}`,
			),
		);

/** The user's stored role in an organization, or null. */
async function roleIn(organizationId: string, userId: string): Promise<Role | null> {
	const [found] = await db()
		.select({ role: members.role })
		.from(members)
		.where(and(eq(members.organizationId, organizationId), eq(members.userId, userId)))
		.limit(1);
	return found ? roleOf(found.role) : null;
}

/**
 * Creates an organization and its owner in one transaction, so that neither exists alone.
 * @throws {APIError} 400 if the slug is taken, 403 if the user is in ten organizations
 */
export async function createOrganization(
	userId: string,
	{ name, slug, requestsPerMember = null }: { name: string; slug: string; requestsPerMember?: number | null | undefined },
) {
	const id = crypto.randomUUID();
	const memberId = crypto.randomUUID();
	const at = Date.now();
	// The columns are in the order of schema.ts.
	await db().batch([
		db()
			.insert(organizations)
			.select(sql`select ${id}, ${name}, ${slug}, null, null, ${requestsPerMember}, ${at}
			where not exists (select 1 from ${organizations} where slug = ${slug})
			and (select count(*) from ${members} where user_id = ${userId}) < ${ORGANIZATIONS_MAX}`),
		db().insert(members).select(sql`select ${memberId}, id, ${userId}, 'owner', ${at} from ${organizations} where id = ${id}`),
	]);
	const [member] = await db().select().from(members).where(eq(members.id, memberId)).limit(1);
	if (member) return { id, name, slug, requestsPerMember, createdAt: new Date(at), members: [member] };
	const [taken] = await db().select({ id: organizations.id }).from(organizations).where(eq(organizations.slug, slug)).limit(1);
	if (taken) deny(400, "ORGANIZATION_ALREADY_EXISTS", t("org_slug_taken"));
	deny(403, "YOU_HAVE_REACHED_THE_MAXIMUM_NUMBER_OF_ORGANIZATIONS", t("org_user_max", { max: String(ORGANIZATIONS_MAX) }));
}

/**
 * Changes a member's role. Only owners may promote to owner or change one.
 * @throws {APIError} 400 for the last owner or an unknown member, 403 if the actor may not
 */
export async function setRole(actorId: string, organizationId: string, memberId: string, role: Role): Promise<MemberRow> {
	const [changed] = await db().batch([
		db()
			.update(members)
			.set({ role })
			.where(
				and(
					eq(members.id, memberId),
					eq(members.organizationId, organizationId),
					mayGive(actorId, organizationId, members.role),
					mayGive(actorId, organizationId, role),
					role === "owner" ? not(leaves(members.userId)) : isNotLastOwner,
				),
			)
			.returning(),
		cancelUnbacked(organizationId),
	]);
	if (changed[0]) return changed[0];
	return refuseChange(actorId, organizationId, eq(members.id, memberId), role);
}

/**
 * Removes a member, identified by membership id or the user's email.
 * @throws {APIError} 400 for the last owner or an unknown member, 403 if the actor may not
 */
export async function removeMember(actorId: string, organizationId: string, memberIdOrEmail: string): Promise<MemberRow> {
	const isTarget = memberIdOrEmail.includes("@")
		? sql`${members.userId} = (select ${users.id} from ${users} where ${users.email} = ${memberIdOrEmail})`
		: eq(members.id, memberIdOrEmail);
	const inOrganization = and(isTarget, eq(members.organizationId, organizationId));
	const [removed] = await db().batch([
		db()
			.delete(members)
			.where(and(inOrganization, mayGive(actorId, organizationId, members.role), isNotLastOwner))
			.returning(),
		cancelUnbacked(organizationId),
	]);
	if (removed[0]) return removed[0];
	return refuseChange(actorId, organizationId, isTarget, "member");
}

/**
 * Ends the user's own membership.
 * @throws {APIError} 400 for the last owner, 403 for a user who is not a member
 */
export async function leaveOrganization(userId: string, organizationId: string): Promise<MemberRow> {
	const [left] = await db().batch([
		db()
			.delete(members)
			.where(and(eq(members.userId, userId), eq(members.organizationId, organizationId), isNotLastOwner))
			.returning(),
		cancelUnbacked(organizationId),
	]);
	if (left[0]) return left[0];
	await assertMember(userId, organizationId);
	return denyLastOwner();
}

/** Explains why a change of another member was refused. @throws {APIError} always */
async function refuseChange(actorId: string, organizationId: string, isTarget: SQL, given: Role): Promise<never> {
	const actor = await assertMember(actorId, organizationId);
	const [target] = await db()
		.select({ role: members.role, userId: members.userId })
		.from(members)
		.where(and(isTarget, eq(members.organizationId, organizationId)))
		.limit(1);
	if (!target) deny(400, "MEMBER_NOT_FOUND", t("org_no_such_member"));
	const touchesOwner = given === "owner" || roleOf(target.role) === "owner";
	if (actor === "member" || (actor === "admin" && touchesOwner))
		deny(403, "YOU_ARE_NOT_ALLOWED_TO_UPDATE_THIS_MEMBER", t("org_owners_decide"));
	if (given === "owner" && (await isLeaving(userKey(target.userId)))) deny(400, "MEMBER_IS_LEAVING", t("org_member_leaves"));
	return denyLastOwner();
}

async function assertMember(userId: string, organizationId: string): Promise<Role> {
	const role = await roleIn(organizationId, userId);
	return role ?? deny(403, "USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION", t("org_not_in_it"));
}

function denyLastOwner(): never {
	deny(400, "YOU_CANNOT_LEAVE_THE_ORGANIZATION_AS_THE_ONLY_OWNER", t("org_needs_owner"));
}

/**
 * Checks that a user may invite an address with a role, before anything is counted or written.
 * @throws {APIError} 400 if the address belongs to a member, 403 if the user may not
 */
export async function assertMayInvite(actorId: string, organizationId: string, email: string, role: Role): Promise<void> {
	const actor = await assertMember(actorId, organizationId);
	if (actor === "member") deny(403, "YOU_ARE_NOT_ALLOWED_TO_INVITE_USERS_TO_THIS_ORGANIZATION", t("org_owners_decide"));
	if (actor === "admin" && role === "owner") deny(403, "YOU_ARE_NOT_ALLOWED_TO_INVITE_USER_WITH_THIS_ROLE", t("org_only_owners_invite"));
	const [member] = await db()
		.select({ id: members.id })
		.from(members)
		.innerJoin(users, eq(users.id, members.userId))
		.where(and(eq(members.organizationId, organizationId), eq(users.email, email)))
		.limit(1);
	if (member) deny(400, "USER_IS_ALREADY_A_MEMBER_OF_THIS_ORGANIZATION", t("org_in_already"));
}

/**
 * Writes an invitation, replacing an open one to the same address.
 * @param seconds how long it can be accepted
 * @throws {APIError} 403 if a hundred are open, or the actor may no longer invite
 */
export async function createInvitation(
	actorId: string,
	{ organizationId, email, role }: { organizationId: string; email: string; role: Role },
	seconds: number,
): Promise<InvitationRow> {
	const id = crypto.randomUUID();
	const at = Date.now();
	const allowed = mayGive(actorId, organizationId, role);
	const isOpen = and(
		eq(invitations.organizationId, organizationId),
		eq(invitations.status, "pending"),
		gt(invitations.expiresAt, new Date(at)),
	);
	await db().batch([
		db()
			.update(invitations)
			.set({ status: "canceled" })
			.where(and(isOpen, eq(invitations.email, email), allowed)),
		db()
			.insert(invitations)
			.select(sql`
			select ${id}, ${organizationId}, ${email}, ${role}, 'pending', ${at + seconds * 1000}, ${at}, ${actorId}
			where ${allowed} and (select count(*) from ${invitations} where ${isOpen}) < ${INVITATIONS_MAX}`),
	]);
	const [created] = await db().select().from(invitations).where(eq(invitations.id, id)).limit(1);
	if (created) return created;
	await assertMayInvite(actorId, organizationId, email, role);
	return deny(403, "INVITATION_LIMIT_REACHED", t("org_invitations_open", { max: String(INVITATIONS_MAX) }));
}

interface Invitee {
	id: string;
	email: string;
	emailVerified: boolean;
}

/**
 * Makes the invited user a member, if the inviter may still assign the role.
 * @throws {APIError} 400 if the invitation is not open or the user is a member already, 403 for another or unconfirmed address, or a full organization
 */
export async function acceptInvitation(user: Invitee, invitationId: string): Promise<{ invitation: InvitationRow; member: MemberRow }> {
	const { organizationId } = await assertInvited(user, invitationId);
	const memberId = crypto.randomUUID();
	const at = Date.now();
	const count = sql`(select count(*) from ${members} where organization_id = ${organizationId})`;
	const isMember = sql`exists (select 1 from ${members} where organization_id = ${organizationId} and user_id = ${user.id})`;
	await db().batch([
		db()
			.insert(members)
			.select(sql`
			select ${memberId}, ${invitations.organizationId}, ${user.id}, ${invitations.role}, ${at} from ${invitations}
			where ${invitations.id} = ${invitationId} and ${invitations.status} = 'pending' and ${invitations.expiresAt} > ${at}
			and not ${isMember} and ${count} < ${MEMBERS_MAX}
			and ${mayGive(invitations.inviterId, invitations.organizationId, invitations.role)}`),
		db()
			.update(invitations)
			.set({ status: "accepted" })
			.where(and(eq(invitations.id, invitationId), sql`exists (select 1 from ${members} where ${members.id} = ${memberId})`)),
	]);
	const [joined] = await db()
		.select({ invitation: invitations, member: members })
		.from(members)
		.innerJoin(invitations, eq(invitations.id, invitationId))
		.where(eq(members.id, memberId))
		.limit(1);
	if (joined) return joined;
	if ((await roleIn(organizationId, user.id)) !== null) deny(400, "USER_IS_ALREADY_A_MEMBER_OF_THIS_ORGANIZATION", t("org_you_in_already"));
	const [{ size = 0 } = {}] = await db()
		.select({ size: sql<number>`count(*)` })
		.from(members)
		.where(eq(members.organizationId, organizationId));
	if (size >= MEMBERS_MAX) deny(403, "ORGANIZATION_MEMBERSHIP_LIMIT_REACHED", t("org_members_max", { max: String(MEMBERS_MAX) }));
	return denyInvitation();
}

/**
 * Declines an invitation. It cannot be accepted afterwards.
 * @throws {APIError} 400 for an invitation that is not open, 403 for another or an unconfirmed address
 */
export async function declineInvitation(user: Invitee, invitationId: string): Promise<InvitationRow> {
	await assertInvited(user, invitationId);
	return endInvitation(invitationId, "rejected", undefined);
}

/**
 * Cancels an open invitation.
 * @throws {APIError} 400 for an invitation that is not open, 403 if the actor may not
 */
export async function cancelInvitation(actorId: string, invitationId: string): Promise<InvitationRow> {
	const [found] = await db().select().from(invitations).where(eq(invitations.id, invitationId)).limit(1);
	const role = found && (await roleIn(found.organizationId, actorId));
	// Outsiders must not learn whether an invitation exists.
	if (!role) return denyInvitation();
	if (role === "member") deny(403, "YOU_ARE_NOT_ALLOWED_TO_CANCEL_THIS_INVITATION", t("org_owners_decide"));
	return endInvitation(invitationId, "canceled", mayGive(actorId, invitations.organizationId, "member"));
}

async function endInvitation(id: string, status: "rejected" | "canceled", allowed: SQL | undefined): Promise<InvitationRow> {
	const [ended] = await db()
		.update(invitations)
		.set({ status })
		.where(and(eq(invitations.id, id), eq(invitations.status, "pending"), allowed))
		.returning();
	return ended ?? denyInvitation();
}

/** @throws {APIError} 400 for an invitation that is not open, 403 for another or an unconfirmed address */
async function assertInvited(user: Invitee, invitationId: string): Promise<InvitationRow> {
	const [found] = await db().select().from(invitations).where(eq(invitations.id, invitationId)).limit(1);
	if (found?.status !== "pending" || found.expiresAt.getTime() <= Date.now()) return denyInvitation();
	if (found.email.toLowerCase() !== user.email.toLowerCase())
		deny(403, "YOU_ARE_NOT_THE_RECIPIENT_OF_THE_INVITATION", t("org_sent_elsewhere"));
	if (!user.emailVerified) deny(403, "EMAIL_VERIFICATION_REQUIRED_BEFORE_ACCEPTING_OR_REJECTING_INVITATION", t("org_confirm_first"));
	return found;
}

function denyInvitation(): never {
	deny(400, "INVITATION_NOT_FOUND", t("org_not_open"));
}
