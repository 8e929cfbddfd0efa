import { and, asc, eq, like } from "drizzle-orm";
import { config } from "../../config.ts";
import { db } from "../../db/connection.ts";
import { members, organizations, users } from "../../db/schema.ts";
import type { BillingProvider } from "../billing.ts";
import { organizationKey, type SubjectKey, userKey } from "../identity/subject-key.ts";

let chosen: BillingProvider | undefined;

/** The billing provider that is configured. Its SDK is loaded with the first call, never at the start of the Worker, and the other's not at all. */
export async function billingProvider(): Promise<BillingProvider> {
	chosen ??= await load(config().billing.kind);
	return chosen;
}

async function load(kind: "flowglad" | "stripe" | "none"): Promise<BillingProvider> {
	switch (kind) {
		case "flowglad":
			return (await import("../flowglad.ts")).flowgladProvider;
		case "stripe":
			return (await import("./stripe/provider.ts")).stripeProvider;
		case "none":
			return (await import("./none.ts")).noBilling;
	}
}

/** The status that a provider answered with; null when it did not answer. Flowglad's SDK calls it `status`, Stripe's `statusCode`. */
export function statusOf(error: unknown): number | null {
	if (!(error instanceof Error)) return null;
	if ("statusCode" in error && typeof error.statusCode === "number") return error.statusCode;
	return "status" in error && typeof error.status === "number" ? error.status : null;
}

/** Whether a provider understood a report and will not take it. 401 is not among them: Flowglad's rate limit answers so. */
export function isRefusal(error: unknown): boolean {
	const status = statusOf(error);
	return status !== null && status >= 400 && status < 500 && ![401, 408, 409, 429].includes(status);
}

/** Whether a provider does not take our key, or (Flowglad) has had too much of it. */
export function isUnauthorized(error: unknown): boolean {
	return statusOf(error) === 401;
}

/**
 * Who a customer is: a user, or an organization under the address of the owner who has been there longest (seed 001: the same for both).
 * @throws when there is neither
 */
export async function getCustomerDetails(externalId: string): Promise<{ email: string; name: string }> {
	const user = await db().query.users.findFirst({ where: eq(users.id, externalId), columns: { email: true, name: true } });
	if (user) return { email: user.email, name: user.name || user.email };
	const [owner] = await db()
		.select({ email: users.email, name: organizations.name })
		.from(members)
		.innerJoin(users, eq(users.id, members.userId))
		.innerJoin(organizations, eq(organizations.id, members.organizationId))
		.where(and(eq(members.organizationId, externalId), like(members.role, "%owner%")))
		.orderBy(asc(members.createdAt))
		.limit(1);
	if (!owner) throw new Error("Customer not found");
	return owner;
}

/** The key of the ledger that a customer's usage is counted in; null for a customer who is none of ours. */
export async function ledgerOfCustomer(externalId: string): Promise<SubjectKey | null> {
	const user = await db().query.users.findFirst({ where: eq(users.id, externalId), columns: { id: true } });
	if (user) return userKey(user.id);
	const organization = await db().query.organizations.findFirst({ where: eq(organizations.id, externalId), columns: { id: true } });
	return organization ? organizationKey(organization.id) : null;
}
