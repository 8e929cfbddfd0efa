import { and, asc, eq, gt, lte, type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { db } from "../../db/connection.ts";
import { deletions, members, organizations, sessions } from "../../db/schema.ts";
import { externalIdOf, type UserKey } from "../identity/subject-key.ts";
import { now } from "../time/clock.ts";

// Pending deletions: whom to delete, and when.

/** Days during which an account can be kept after its deletion was requested. */
export const GRACE_DAYS = 7;
const DAY_MS = 86_400_000;

export type Deletion = typeof deletions.$inferSelect;

/** Whether an account is being deleted. */
export async function isLeaving(user: UserKey): Promise<boolean> {
	return (await deletionOf(externalIdOf(user))) !== null;
}

/** The deletion of a user or organization, or null. */
export async function deletionOf(id: string): Promise<Deletion | null> {
	const [found] = await db().select().from(deletions).where(eq(deletions.id, id)).limit(1);
	return found ?? null;
}

/** SQL, in a statement over `members`: the row is the only owner of its organization. */
const isOnlyOwner = (userId: string): SQL =>
	sql`${members.userId} = ${userId} and ${members.role} = 'owner' and not exists (select 1 from ${members} as other
		where other.organization_id = ${members.organizationId} and other.role = 'owner' and other.id <> ${members.id})`;

/** The organizations that have the user as their only owner. */
export function onlyOwnedBy(userId: string): Promise<{ id: string; name: string }[]> {
	return db()
		.select({ id: organizations.id, name: organizations.name })
		.from(members)
		.innerJoin(organizations, eq(organizations.id, members.organizationId))
		.where(isOnlyOwner(userId))
		.orderBy(asc(organizations.name));
}

/** When a deletion requested now takes place: after the grace period, and after the plan's end if it runs on. Epoch milliseconds. */
const dueAt = (kind: Deletion["kind"], planEndsAtMs: number | null): Date =>
	new Date(Math.max(kind === "user" ? now() + GRACE_DAYS * DAY_MS : now(), planEndsAtMs ?? 0));

/**
 * Locks an account, ends its sessions and removes its owner roles, in one transaction. Idempotent.
 * @param planEndsAtMs end of a plan that was cancelled at the end of its period
 * @throws the database's error when the user is the only owner of an organization (migration 0004)
 */
export async function lockAccount(userId: string, plan: Deletion["plan"], planEndsAtMs: number | null): Promise<Date> {
	await db().batch([
		db()
			.insert(deletions)
			.values(rowOf(userId, "user", plan, planEndsAtMs))
			.onConflictDoNothing(),
		db()
			.update(members)
			.set({ role: "admin" })
			.where(and(eq(members.userId, userId), eq(members.role, "owner"))),
		db().delete(sessions).where(eq(sessions.userId, userId)),
	]);
	return (await deletionOf(userId))?.dueAt ?? dueAt("user", planEndsAtMs);
}

/** Records that an organization is to be deleted: at once, or when its plan has ended. A second call replaces the first. */
export async function noteOrganization(id: string, plan: Deletion["plan"], planEndsAtMs: number | null): Promise<Deletion> {
	const { id: _, ...row } = rowOf(id, "organization", plan, planEndsAtMs);
	const [noted] = await db()
		.insert(deletions)
		.values({ id, ...row })
		.onConflictDoUpdate({ target: deletions.id, set: row })
		.returning();
	if (!noted) throw new Error("invariant: the row is inserted or updated");
	return noted;
}

function rowOf(id: string, kind: Deletion["kind"], plan: Deletion["plan"], planEndsAtMs: number | null): Deletion {
	const at = new Date(now());
	return { id, kind, plan, requestedAt: at, dueAt: dueAt(kind, planEndsAtMs), triedAt: at };
}

/** Withdraws a deletion. @returns false once it is due, because it may be half done */
export async function withdraw(id: string): Promise<boolean> {
	const kept = await db()
		.delete(deletions)
		.where(and(eq(deletions.id, id), gt(deletions.dueAt, new Date(now()))))
		.returning({ id: deletions.id });
	return kept.length > 0;
}

/** Takes the next due deletions, least recently attempted first, and records the attempt. */
export async function takeDue(max: number): Promise<Deletion[]> {
	const at = new Date(now());
	const due = await db().select().from(deletions).where(lte(deletions.dueAt, at)).orderBy(asc(deletions.triedAt)).limit(max);
	for (const { id } of due) await db().update(deletions).set({ triedAt: at }).where(eq(deletions.id, id));
	return due;
}

/** SQL: the user's account is being deleted. */
export const leaves = (userId: SQLWrapper): SQL => sql`exists (select 1 from ${deletions} where ${deletions.id} = ${userId})`;
