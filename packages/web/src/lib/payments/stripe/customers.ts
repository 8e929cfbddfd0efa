import { and, eq } from "drizzle-orm";
import { db } from "../../../db/connection.ts";
import { stripeCustomers } from "../../../db/schema.ts";

type StripeCustomer = typeof stripeCustomers.$inferSelect;

/**
 * Stores the owner of a Stripe customer (seed 002). If two calls race, the first wins and both return its row.
 * @param authenticatedUserId the id of a user or organization
 * @throws Error when the Stripe customer belongs to someone else
 */
export async function createStripeCustomer(
	authenticatedUserId: string,
	{ stripeCustomerId }: Pick<StripeCustomer, "stripeCustomerId">,
): Promise<StripeCustomer> {
	const customer = { userId: authenticatedUserId, stripeCustomerId, createdAt: new Date() };
	const [created] = await db().insert(stripeCustomers).values(customer).onConflictDoNothing().returning();
	const found = created ?? (await getStripeCustomer(authenticatedUserId));
	if (!found) throw new Error(`Stripe customer ${stripeCustomerId} belongs to someone else`);
	return found;
}

/** Replaces a Stripe customer that no longer exists. If two calls race, the first wins and both return its row. */
export async function replaceStripeCustomer(
	goneCustomerId: string,
	authenticatedUserId: string,
	{ stripeCustomerId }: Pick<StripeCustomer, "stripeCustomerId">,
): Promise<StripeCustomer> {
	const isOld = and(eq(stripeCustomers.userId, authenticatedUserId), eq(stripeCustomers.stripeCustomerId, goneCustomerId));
	await db().update(stripeCustomers).set({ stripeCustomerId, createdAt: new Date() }).where(isOld);
	return createStripeCustomer(authenticatedUserId, { stripeCustomerId });
}

/** The Stripe customer of a user or organization, or null. */
export async function getStripeCustomer(authenticatedUserId: string): Promise<StripeCustomer | null> {
	const [found] = await db().select().from(stripeCustomers).where(eq(stripeCustomers.userId, authenticatedUserId)).limit(1);
	return found ?? null;
}

/** The user or organization behind a Stripe customer, or null. */
export async function getStripeCustomerByCustomerId(stripeCustomerId: string): Promise<StripeCustomer | null> {
	const [found] = await db().select().from(stripeCustomers).where(eq(stripeCustomers.stripeCustomerId, stripeCustomerId)).limit(1);
	return found ?? null;
}
