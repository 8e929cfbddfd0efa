import { and, asc, eq, gt } from "drizzle-orm";
import { db } from "../../db/connection.ts";
import { invitations, members, organizations, users } from "../../db/schema.ts";
import type { InvitationView, MemberView, OrganizationsView, OrganizationView, Role } from "../../view/identity.ts";
import { deletionOf } from "../deletion/deletions.ts";
import type { MemberLimit } from "./member-limit.ts";
import { type OrganizationKey, organizationKey } from "./subject-key.ts";

/** A user's membership of the organization their session acts for. */
export interface Membership {
	organizationId: string;
	key: OrganizationKey;
	name: string;
	/** Whether the role may manage plans and payments. */
	mayBuy: boolean;
	/** How much of the plan the user may use per billing period. */
	cap: MemberLimit;
}

/**
 * A configured limit applies to everyone. Without one, no plain member can use up the plan, however small. Owners and admins have none, because they
 * could change it anyway.
 */
function capOf(role: Role, set: number | null): MemberLimit {
	return set === null && role === "member" ? "a-fifth" : set;
}

/** Builds a membership from its stored role and the organization's name and limit per member. */
export function membershipFrom(
	organizationId: string,
	{ role, name, requestsPerMember }: { role: string; name: string; requestsPerMember: number | null },
): Membership {
	const exact = roleOf(role);
	return { organizationId, key: organizationKey(organizationId), name, mayBuy: exact !== "member", cap: capOf(exact, requestsPerMember) };
}

/** The organization that a user joined first, or null. New sessions act for it when BILLING_SUBJECT is `organization`. */
export async function firstOrganizationOf(userId: string): Promise<string | null> {
	const [first] = await db()
		.select({ id: members.organizationId })
		.from(members)
		.where(eq(members.userId, userId))
		.orderBy(asc(members.createdAt))
		.limit(1);
	return first?.id ?? null;
}

/** An organization that a user owns, or null. */
export async function ownedOrganization(userId: string, organizationId: string): Promise<Membership | null> {
	const [found] = await db()
		.select({ role: members.role, name: organizations.name, requestsPerMember: organizations.requestsPerMember })
		.from(members)
		.innerJoin(organizations, eq(organizations.id, members.organizationId))
		.where(and(eq(members.userId, userId), eq(members.organizationId, organizationId)))
		.limit(1);
	return found && roleOf(found.role) === "owner" ? membershipFrom(organizationId, found) : null;
}

/**
 * The user's organizations, and the details of one of them that they may see.
 * @param payerId the organization they act for
 * @param wantedId the one to show; by default the one they act for, or else the one they joined last
 */
export async function organizationsOf(userId: string, payerId: string | null, wantedId?: string): Promise<OrganizationsView> {
	const joined = await db()
		.select({
			id: organizations.id,
			name: organizations.name,
			requestsPerMember: organizations.requestsPerMember,
			role: members.role,
		})
		.from(members)
		.innerJoin(organizations, eq(organizations.id, members.organizationId))
		.where(eq(members.userId, userId))
		.orderBy(asc(members.createdAt));
	const mine = joined.map(({ id, name }) => ({ id, name }));
	const ofId = (id: string | null | undefined) => joined.find((one) => one.id === id);
	const found = ofId(wantedId) ?? ofId(payerId) ?? joined.at(-1);
	const payer = ofId(payerId)?.id ?? null;
	if (!found) return { mine, payer, shown: null };
	const role = roleOf(found.role);
	const [people, invited, deletion] = await Promise.all([
		membersOf(found.id, userId),
		role === "member" ? [] : openInvitationsTo(found.id),
		deletionOf(found.id),
	]);
	const deletesAt = deletion?.dueAt.toISOString() ?? null;
	const { id, name, requestsPerMember } = found;
	return { mine, payer, shown: { id, name, role, requestsPerMember, deletesAt, members: people, invitations: invited } };
}

async function membersOf(organizationId: string, viewerId: string): Promise<MemberView[]> {
	const found = await db()
		.select({ id: members.id, userId: members.userId, role: members.role, name: users.name, email: users.email })
		.from(members)
		.innerJoin(users, eq(users.id, members.userId))
		.where(eq(members.organizationId, organizationId))
		.orderBy(asc(members.createdAt));
	return found.map(({ userId, role, ...member }) => ({ ...member, role: roleOf(role), isYou: userId === viewerId }));
}

// better-auth expires invitations by the machine's clock, even while usage follows the sandbox's (lib/time/clock.ts).
async function openInvitationsTo(organizationId: string): Promise<OrganizationView["invitations"]> {
	const found = await db()
		.select({ id: invitations.id, email: invitations.email, role: invitations.role, expiresAt: invitations.expiresAt })
		.from(invitations)
		.where(and(eq(invitations.organizationId, organizationId), eq(invitations.status, "pending"), gt(invitations.expiresAt, new Date())))
		.orderBy(asc(invitations.createdAt));
	return found.map(({ role, expiresAt, ...one }) => ({ ...one, role: roleOf(role), expiresAt: expiresAt.toISOString() }));
}

/** The viewer of an invitation; null if not signed in. */
type Invitee = { userId: string; email: string; emailVerified: boolean } | null;

/** An invitation and whether this viewer can accept it; null if it does not exist. The id is secret: only the mail contains it. */
export async function invitationFor(id: string, viewer: Invitee): Promise<InvitationView | null> {
	const [found] = await db()
		.select({ invitation: invitations, name: organizations.name, inviter: users.name })
		.from(invitations)
		.innerJoin(organizations, eq(organizations.id, invitations.organizationId))
		.innerJoin(users, eq(users.id, invitations.inviterId))
		.where(eq(invitations.id, id))
		.limit(1);
	if (!found) return null;
	const { invitation, name, inviter } = found;
	const organization = { id: invitation.organizationId, name };
	const isMember = viewer !== null && (await isMemberOf(organization.id, viewer.userId));
	const state = isMember ? "member" : stateOf(invitation, viewer);
	return { id, organization, inviter, role: roleOf(invitation.role), state };
}

async function isMemberOf(organizationId: string, userId: string): Promise<boolean> {
	const found = await db()
		.select({ id: members.id })
		.from(members)
		.where(and(eq(members.userId, userId), eq(members.organizationId, organizationId)))
		.limit(1);
	return found.length > 0;
}

function stateOf({ status, expiresAt, email }: typeof invitations.$inferSelect, viewer: Invitee): InvitationView["state"] {
	if (status === "accepted") return "accepted";
	if (status === "rejected") return "declined";
	if (status !== "pending") return "cancelled";
	if (expiresAt < new Date()) return "expired";
	if (!viewer) return "signed-out";
	if (viewer.email.toLowerCase() !== email.toLowerCase()) return "other-account";
	return viewer.emailVerified ? "ready" : "unconfirmed";
}

/** The name of an organization, empty if it does not exist. */
export async function nameOfOrganization(id: string): Promise<string> {
	const [found] = await db().select({ name: organizations.name }).from(organizations).where(eq(organizations.id, id)).limit(1);
	return found?.name ?? "";
}

/** Parses a stored role. Anything but an exact role name grants no rights (the database refuses it, migration 0004). */
export function roleOf(stored: string): Role {
	return stored === "owner" || stored === "admin" ? stored : "member";
}
