import { eq } from "drizzle-orm";
import { db } from "../../../db/connection.ts";
import { stripeCustomers } from "../../../db/schema.ts";

type StripeCustomer = typeof stripeCustomers.$inferSelect;

/**
 * Writes down whose a Stripe customer is (seed 002). Of two at once the first stays: that one is answered to both.
 * @param authenticatedUserId of a user or organization
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

/** The Stripe customer of a user or organization, or null. */
export async function getStripeCustomer(authenticatedUserId: string): Promise<StripeCustomer | null> {
	const [found] = await db().select().from(stripeCustomers).where(eq(stripeCustomers.userId, authenticatedUserId)).limit(1);
	return found ?? null;
}

/** Whose a Stripe customer is, or null. */
export async function getStripeCustomerByCustomerId(stripeCustomerId: string): Promise<StripeCustomer | null> {
	const [found] = await db().select().from(stripeCustomers).where(eq(stripeCustomers.stripeCustomerId, stripeCustomerId)).limit(1);
	return found ?? null;
}
