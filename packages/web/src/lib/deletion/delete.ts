import { env } from "cloudflare:workers";
import { and, eq, type SQL, sql } from "drizzle-orm";
import { config } from "../../config.ts";
import { db } from "../../db/connection.ts";
import { deletions, invitations, members, organizations, stripeCustomers, users } from "../../db/schema.ts";
import { logFailure, logNote, OwnError } from "../../log.ts";
import { planGoesOn } from "../identity/email/subject-mails.ts";
import { externalIdOf, organizationKey, type SubjectKey, userKey } from "../identity/subject-key.ts";
import { within } from "../payments/deadline.ts";
import { PROVIDER_DEADLINE_MS } from "../payments/errors.ts";
import { billingPort, capabilities } from "../payments/provider.ts";
import { type Deletion, takeDue } from "./deletions.ts";

/*
 * Deletes what is due. Every step is idempotent, and the row in `deletions` is removed last, in one transaction with the identity. A run that dies
 * anywhere, or meets an object or provider that is down, is repeated from its beginning by the next cron run.
 */

/** Deletions attempted per run, and batches of chats it waits for. The chat list continues by its own alarm. */
const DELETIONS_AT_ONCE = 20;
const BATCHES_AT_ONCE = 8;
const DAY_MS = 86_400_000;

/** Deletes some of what is due. Never throws: a failed deletion waits for the next run and does not block others. */
export async function deleteDue(): Promise<void> {
	try {
		for (const deletion of await takeDue(DELETIONS_AT_ONCE)) await deleteOne(deletion);
	} catch (error) {
		logFailure("deletions that are due could not be read", error);
	}
}

/** Deletes a user or organization as far as possible. Never throws. @returns whether nothing is left to do */
export async function deleteOne(deletion: Deletion): Promise<boolean> {
	try {
		return await remove(deletion);
	} catch (error) {
		logFailure(`${deletion.kind} ${deletion.id} could not be deleted`, error);
		return false;
	}
}

async function remove({ id, kind, plan }: Deletion): Promise<boolean> {
	const key = kind === "user" ? userKey(id) : organizationKey(id);
	if (!(await hasPlanEnded(key, plan))) {
		// Its payment page was open when the deletion was requested.
		await db().delete(deletions).where(eq(deletions.id, id));
		logNote(`${kind} ${id} is kept: a plan was bought after its deletion was requested`);
		return true;
	}
	if (kind === "user") {
		await env.SHARE_LIST.getByName(key).endAll();
		if (!(await haveChatsEnded(key))) return false;
	}
	await env.USAGE_LEDGER.getByName(key).retire(config().ledgerKeptDays * DAY_MS);
	await (kind === "user" ? removeUser(id) : removeOrganization(id));
	return true;
}

/**
 * Cancels the rest of the plan that its owner chose to cancel.
 * @returns false for a plan bought since
 * @throws when the provider cannot be read, or the plan continues
 */
async function hasPlanEnded(key: SubjectKey, chosen: Deletion["plan"]): Promise<boolean> {
	if (!capabilities().sells) return true;
	const account = await billingPort("account");
	const { plans, waiting } = await readPlans(key);
	if (plans.length > 0 && chosen === "none") return false;
	const left = [...plans, ...(waiting ? [waiting] : [])];
	if (left.length === 0) return true;
	for (const { id } of left) await within(PROVIDER_DEADLINE_MS, () => account.cancelPlan(externalIdOf(key), id, "now"));
	await env.USAGE_LEDGER.getByName(key).refresh(key);
	if ((await readPlans(key)).plans.length > 0) throw new OwnError("its plan goes on after it was cancelled");
	return true;
}

async function readPlans(key: SubjectKey) {
	const copy = await env.USAGE_LEDGER.getByName(key).billing(key, "action");
	if (copy.kind === "failed") throw new OwnError("its plan could not be read");
	return copy.answer;
}

async function haveChatsEnded(key: SubjectKey): Promise<boolean> {
	const list = env.CHAT_LIST.getByName(key);
	for (let batch = 0; batch < BATCHES_AT_ONCE; batch += 1) if (await list.endAll(key)) return true;
	return false;
}

/** Deletes a user's rows; rows that reference the user are deleted with them (schema.ts). */
async function removeUser(id: string): Promise<void> {
	const email = sql`(select ${users.email} from ${users} where ${users.id} = ${id})`;
	await db().batch([
		...leaveOrganizations(id),
		db().delete(invitations).where(eq(invitations.email, email)),
		db().delete(stripeCustomers).where(eq(stripeCustomers.userId, id)),
		db().delete(users).where(eq(users.id, id)),
		db().delete(deletions).where(eq(deletions.id, id)),
	]);
}

/**
 * A locked account owns no organization, unless its request to create one was in progress at that time. Such an organization goes to its oldest
 * member, or is deleted with its only one.
 */
function leaveOrganizations(userId: string) {
	const mine = sql`select ${members.organizationId} from ${members} where ${members.userId} = ${userId} and ${members.role} = 'owner'`;
	const other = (what: SQL): SQL =>
		sql`select ${what} from ${members} as other where other.organization_id = owned.organization_id and other.user_id <> ${userId}`;
	const heirs = sql`select (${other(sql`other.id`)} order by other.created_at limit 1) from ${members} as owned
		where owned.user_id = ${userId} and owned.role = 'owner' and not exists (${other(sql`1`)} and other.role = 'owner')`;
	return [
		db().update(members).set({ role: "owner" }).where(sql`${members.id} in (${heirs})`),
		db()
			.delete(organizations)
			.where(
				and(
					sql`${organizations.id} in (${mine})`,
					sql`not exists (select 1 from ${members} as other where other.organization_id = ${organizations.id} and other.user_id <> ${userId})`,
				),
			),
	] as const;
}

/** Deletes an organization's rows, its members and invitations, and pending mails to its owners about the end of its plan. */
async function removeOrganization(id: string): Promise<void> {
	await planGoesOn(organizationKey(id));
	await db().batch([
		db().delete(stripeCustomers).where(eq(stripeCustomers.userId, id)),
		db().delete(organizations).where(eq(organizations.id, id)),
		db().delete(deletions).where(eq(deletions.id, id)),
	]);
}
