import { and, asc, eq, like } from "drizzle-orm";
import { db } from "../../db/connection.ts";
import { members, organizations, users } from "../../db/schema.ts";
import { organizationKey, type SubjectKey, userKey } from "../identity/subject-key.ts";

/**
 * A customer's name and email: a user's, or an organization's with the email of its longest-serving owner (seed 001 uses one id for both).
 * @throws Error when the id is neither
 */
export async function getCustomerDetails(externalId: string): Promise<{ email: string; name: string }> {
	const user = await db().query.users.findFirst({ where: eq(users.id, externalId), columns: { email: true, name: true } });
	if (user) return { email: user.email, name: user.name || user.email };
	const owner = await longestServingOwner(externalId);
	if (!owner) throw new Error("Customer not found");
	return { email: owner.email, name: owner.name };
}

/** External ids of the customers whose receipts a user receives: the user, and organizations where they are the longest-serving owner. */
export async function customersMailedTo(userId: string): Promise<string[]> {
	const owned = await db()
		.select({ id: members.organizationId })
		.from(members)
		.where(and(eq(members.userId, userId), like(members.role, "%owner%")));
	const first = await Promise.all(owned.map(async ({ id }) => ((await longestServingOwner(id))?.userId === userId ? [id] : [])));
	return [userId, ...first.flat()];
}

function longestServingOwner(organizationId: string) {
	return db()
		.select({ userId: users.id, email: users.email, name: organizations.name })
		.from(members)
		.innerJoin(users, eq(users.id, members.userId))
		.innerJoin(organizations, eq(organizations.id, members.organizationId))
		.where(and(eq(members.organizationId, organizationId), like(members.role, "%owner%")))
		.orderBy(asc(members.createdAt))
		.limit(1)
		.then(([owner]) => owner);
}

/** The key of the ledger that counts a customer's usage; null if the customer is not ours. */
export async function ledgerOfCustomer(externalId: string): Promise<SubjectKey | null> {
	const user = await db().query.users.findFirst({ where: eq(users.id, externalId), columns: { id: true } });
	if (user) return userKey(user.id);
	const organization = await db().query.organizations.findFirst({ where: eq(organizations.id, externalId), columns: { id: true } });
	return organization ? organizationKey(organization.id) : null;
}
