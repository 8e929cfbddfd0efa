import { and, asc, eq } from "drizzle-orm";
import { db } from "../db/connection.ts";
import { members, organizations } from "../db/schema.ts";

/** A user's place in the organization that their session acts for. */
export interface Membership {
	organizationId: string;
	/** Of the organization's ledger. */
	key: string;
	name: string;
	/** Whether their role decides on plans and payments. */
	mayBuy: boolean;
	/** What each member may use of a billing period, in requests; null for no cap but the plan. */
	cap: number | null;
}

/** The name of an organization's ledger. */
export function ledgerOf(organizationId: string): string {
	return `org:${organizationId}`;
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
	return { organizationId, key: ledgerOf(organizationId), name, mayBuy: /\b(owner|admin)\b/.test(role), cap };
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
