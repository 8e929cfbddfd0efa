import { env } from "cloudflare:workers";

/**
 * Moves what a guest had to the account that it became: the units of today into the account's day, and the chats. The guest's ledger is closed,
 * so that it happens for one account only. Each step may be done again without harm, should one of them fail.
 */
export async function moveGuestToAccount(guestKey: string, userKey: string): Promise<void> {
	const units = await env.USAGE_LEDGER.getByName(guestKey).close(guestKey, userKey);
	if (units === null) return;
	await env.USAGE_LEDGER.getByName(userKey).carryOver(userKey, guestKey, units);
	const guestList = env.CHAT_LIST.getByName(guestKey);
	const userList = env.CHAT_LIST.getByName(userKey);
	for (const chat of await guestList.list()) {
		if (await env.CONVERSATION.getByName(chat.id).moveTo(guestKey, userKey)) await userList.put(chat);
		await guestList.remove(chat.id);
	}
}
