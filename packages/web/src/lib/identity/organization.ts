import { and, asc, eq, gt } from "drizzle-orm";
import { db } from "../../db/connection.ts";
import { invitations, members, organizations, users } from "../../db/schema.ts";
import type { InvitationView, MemberView, OrganizationsView, OrganizationView, Role } from "../../view/identity.ts";
import { type OrganizationKey, organizationKey } from "./subject-key.ts";

/** A user's membership of the organization that their session acts for. */
export interface Membership {
	organizationId: string;
	key: OrganizationKey;
	name: string;
	/** Whether the role may manage plans and payments. */
	mayBuy: boolean;
	/** How many requests each member may use in a billing period; null for no cap of their own. */
	cap: number | null;
}

/** The user's membership of an organization, or null. A session's own membership comes with it (session.ts). */
export async function membershipOf(userId: string, organizationId: string): Promise<Membership | null> {
	const [found] = await db()
		.select({ role: members.role, name: organizations.name, cap: organizations.requestsPerMember })
		.from(members)
		.innerJoin(organizations, eq(organizations.id, members.organizationId))
		.where(and(eq(members.userId, userId), eq(members.organizationId, organizationId)))
		.limit(1);
	return found ? membershipFrom(organizationId, found) : null;
}

/** A membership from its stored role, and its organization's name and cap. */
export function membershipFrom(
	organizationId: string,
	{ role, name, cap }: { role: string; name: string; cap: number | null },
): Membership {
	return { organizationId, key: organizationKey(organizationId), name, mayBuy: roleOf(role) !== "member", cap };
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

/** The user's organizations, and what they may see of the active one. */
export async function organizationsOf(userId: string, active: Membership | null): Promise<OrganizationsView> {
	const [mine, people, invited] = await Promise.all([
		db()
			.select({ id: organizations.id, name: organizations.name })
			.from(members)
			.innerJoin(organizations, eq(organizations.id, members.organizationId))
			.where(eq(members.userId, userId))
			.orderBy(asc(members.createdAt)),
		active ? membersOf(active.organizationId, userId) : [],
		active?.mayBuy ? openInvitationsTo(active.organizationId) : [],
	]);
	const you = people.find(({ isYou }) => isYou);
	if (!active || !you) return { mine, active: null };
	const { organizationId: id, name, cap: requestsPerMember } = active;
	return { mine, active: { id, name, role: you.role, requestsPerMember, members: people, invitations: invited } };
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

/** Who opens an invitation; null if they are not signed in. */
type Invitee = { userId: string; email: string; emailVerified: boolean } | null;

/** An invitation and whether this viewer can accept it; null if there is none. The id is secret: only the mail contains it. */
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
	const isMember = viewer !== null && (await membershipOf(viewer.userId, organization.id)) !== null;
	const state = isMember ? "member" : stateOf(invitation, viewer);
	return { id, organization, inviter, role: roleOf(invitation.role), state };
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

/** better-auth stores several roles as a comma-separated list. The highest one counts. */
function roleOf(stored: string): Role {
	const roles = stored.split(/\s*,\s*/);
	return roles.includes("owner") ? "owner" : roles.includes("admin") ? "admin" : "member";
}
