import { and, asc, eq, gt } from "drizzle-orm";
import { db } from "../../db/connection.ts";
import { invitations, members, organizations, users } from "../../db/schema.ts";
import type { InvitationView, MemberView, OrganizationsView, OrganizationView, Role } from "../../view/identity.ts";
import { type OrganizationKey, organizationKey } from "./subject-key.ts";

/** A user's place in the organization that their session acts for. */
export interface Membership {
	organizationId: string;
	key: OrganizationKey;
	name: string;
	/** Whether their role decides on plans and payments. */
	mayBuy: boolean;
	/** What each member may use of a billing period, in requests; null for no cap but the plan. */
	cap: number | null;
}

/** Read with each request (one query): who has left spends nothing more. Null when they are not, or no longer, a member. */
export async function membershipOf(userId: string, organizationId: string): Promise<Membership | null> {
	const [found] = await db()
		.select({ role: members.role, name: organizations.name, cap: organizations.requestsPerMember })
		.from(members)
		.innerJoin(organizations, eq(organizations.id, members.organizationId))
		.where(and(eq(members.userId, userId), eq(members.organizationId, organizationId)))
		.limit(1);
	if (!found) return null;
	const { role, name, cap } = found;
	return { organizationId, key: organizationKey(organizationId), name, mayBuy: roleOf(role) !== "member", cap };
}

/** The organization that a user joined first, or null: where organizations pay by default (BILLING_SUBJECT), a new session acts for it. */
export async function firstOrganizationOf(userId: string): Promise<string | null> {
	const [first] = await db()
		.select({ id: members.organizationId })
		.from(members)
		.where(eq(members.userId, userId))
		.orderBy(asc(members.createdAt))
		.limit(1);
	return first?.id ?? null;
}

/** Whom a user may let pay, and what they may see of the organization that they act for. */
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

async function membersOf(organizationId: string, readerId: string): Promise<MemberView[]> {
	const found = await db()
		.select({ id: members.id, userId: members.userId, role: members.role, name: users.name, email: users.email })
		.from(members)
		.innerJoin(users, eq(users.id, members.userId))
		.where(eq(members.organizationId, organizationId))
		.orderBy(asc(members.createdAt));
	return found.map(({ userId, role, ...member }) => ({ ...member, role: roleOf(role), isYou: userId === readerId }));
}

// better-auth lets invitations expire by the machine's clock, also where usage follows the sandbox's (lib/clock.ts).
async function openInvitationsTo(organizationId: string): Promise<OrganizationView["invitations"]> {
	const found = await db()
		.select({ id: invitations.id, email: invitations.email, role: invitations.role, expiresAt: invitations.expiresAt })
		.from(invitations)
		.where(and(eq(invitations.organizationId, organizationId), eq(invitations.status, "pending"), gt(invitations.expiresAt, new Date())))
		.orderBy(asc(invitations.createdAt));
	return found.map(({ role, expiresAt, ...one }) => ({ ...one, role: roleOf(role), expiresAt: expiresAt.toISOString() }));
}

/** The reader of an invitation's link: a user, or nobody who is signed in. */
type Reader = { userId: string; email: string; emailVerified: boolean } | null;

/** The invitation of an id, which only its mail names; null when there is none. */
export async function invitationFor(id: string, reader: Reader): Promise<InvitationView | null> {
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
	const isMember = reader !== null && (await membershipOf(reader.userId, organization.id)) !== null;
	const state = isMember ? "member" : stateOf(invitation, reader);
	return { id, organization, inviter, role: roleOf(invitation.role), state };
}

function stateOf({ status, expiresAt, email }: typeof invitations.$inferSelect, reader: Reader): InvitationView["state"] {
	if (status === "accepted") return "accepted";
	if (status === "rejected") return "declined";
	if (status !== "pending") return "cancelled";
	if (expiresAt < new Date()) return "expired";
	if (!reader) return "signed-out";
	if (reader.email.toLowerCase() !== email.toLowerCase()) return "other-account";
	return reader.emailVerified ? "ready" : "unconfirmed";
}

/** better-auth writes several roles with commas between; the highest of them counts. */
function roleOf(written: string): Role {
	const roles = written.split(/\s*,\s*/);
	return roles.includes("owner") ? "owner" : roles.includes("admin") ? "admin" : "member";
}
