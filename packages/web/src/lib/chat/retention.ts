import { env } from "cloudflare:workers";
import { asc, eq, inArray, lte } from "drizzle-orm";
import { config } from "../../config.ts";
import { db } from "../../db/connection.ts";
import { members, users } from "../../db/schema.ts";
import { logFailure, OwnError } from "../../log.ts";
import { externalIdOf, kindOf, organizationKey, userKey } from "../identity/subject-key.ts";
import { capabilities } from "../payments/provider.ts";

/** Accounts whose lists one cron run reminds, and how long until the next reminder: the configuration may change in between. */
const LISTS_AT_ONCE = 40;
const REMIND_AFTER_MS = 30 * 86_400_000;

/** Whether chats of any tier expire here. */
export const endsChats = (): boolean => Object.values(config().chatKeptDays).some((days) => days !== null);

/**
 * Days that a guest's or user's chat is kept after its last use; null for forever. A member of a paying organization keeps chats like a subscriber.
 * @throws if the tier cannot be read, because nothing is deleted on a doubt
 */
export async function keptDaysOf(owner: string): Promise<number | null> {
	const { chatKeptDays } = config();
	if (kindOf(owner) === "guest") return chatKeptDays.guest;
	if (!endsChats()) return null;
	return chatKeptDays[(await isPaidFor(owner)) ? "paid" : "free"];
}

async function isPaidFor(owner: string): Promise<boolean> {
	if (await hasPlan(owner)) return true;
	const joined = await db()
		.select({ id: members.organizationId })
		.from(members)
		.where(eq(members.userId, externalIdOf(owner)));
	for (const { id } of joined) if (await hasPlan(organizationKey(id))) return true;
	return false;
}

async function hasPlan(key: string): Promise<boolean> {
	if (!capabilities().sells) return false;
	// Not by the tier, which is the free one while a payment is overdue.
	const copy = await env.USAGE_LEDGER.getByName(key).billing(key, "page");
	if (copy.kind === "failed") throw new OwnError("its plan could not be read");
	return copy.answer.plans.length > 0;
}

/**
 * Reminds some accounts' chat lists that chats expire, which reaches accounts that are no longer used. Each list then continues by its own alarm
 * (objects/chat-list.ts). Never throws; a list that fails is reminded again after the others.
 */
export async function remindLists(): Promise<void> {
	if (!endsChats()) return;
	try {
		const before = new Date(Date.now() - REMIND_AFTER_MS);
		const due = await db()
			.select({ id: users.id })
			.from(users)
			.where(lte(users.listRemindedAt, before))
			.orderBy(asc(users.listRemindedAt))
			.limit(LISTS_AT_ONCE);
		if (due.length === 0) return;
		const ids = due.map(({ id }) => id);
		await db().update(users).set({ listRemindedAt: new Date() }).where(inArray(users.id, ids));
		const failed = (await Promise.all(ids.map(isReminded))).flatMap((done, at) => (done ? [] : (ids[at] ?? [])));
		if (failed.length > 0) await db().update(users).set({ listRemindedAt: before }).where(inArray(users.id, failed));
	} catch (error) {
		logFailure("lists of chats could not be reminded", error);
	}
}

async function isReminded(userId: string): Promise<boolean> {
	const key = userKey(userId);
	try {
		await env.CHAT_LIST.getByName(key).watch(key);
		return true;
	} catch (error) {
		logFailure(`the list of ${key} could not be reminded`, error);
		return false;
	}
}
